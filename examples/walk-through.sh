#!/bin/sh
# A walk through custom groups with curl, against a server that runs already:
#
#     cargo run --release                        (in one terminal; it prints the password of admin)
#     examples/walk-through.sh PASSWORD [URL]    (in another one)
#
# Makes the groups walk-one and walk-two as admin and deletes them again. Needs curl; with xmllint
# (package libxml2-utils) the answers are indented.
set -eu

password=${1:?usage: walk-through.sh PASSWORD [URL]}
url=${2:-http://127.0.0.1:8080}
groups=$url/remote.php/dav/customgroups/groups
here=$(dirname "$0")

show() { if command -v xmllint >/dev/null; then xmllint --format -; else cat; echo; fi; }
ask() { curl --silent --show-error --fail-with-body -u "admin:$password" "$@"; }
say() { printf '\n== %s\n' "$1"; }

say "make a group: its maker is its admin and only member"
ask -X MKCOL "$groups/walk-one"

say "make another one with a display name of its own"
ask -X MKCOL -H 'Content-Type: application/xml' "$groups/walk-two" --data-binary @- <<'XML'
<d:mkcol xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns">
  <d:set><d:prop>
    <d:resourcetype><d:collection/></d:resourcetype>
    <oc:display-name>The second walk</oc:display-name>
  </d:prop></d:set>
</d:mkcol>
XML

say "list the groups"
ask -X PROPFIND --data "@$here/list-custom-groups.xml" "$groups/" | show

say "rename the first one"
ask -X PROPPATCH --data "@$here/rename-custom-group.xml" "$groups/walk-one"

say "list its members with their roles"
ask -X PROPFIND --data "@$here/list-custom-group-members.xml" "$groups/walk-one/" | show

say "the same as CSV"
ask "$groups/walk-one?export"

say "leaving as its last admin is refused"
curl --silent -u "admin:$password" -X DELETE "$groups/walk-one/admin" | show

say "delete both groups"
ask -X DELETE "$groups/walk-one"
ask -X DELETE "$groups/walk-two"
echo done
