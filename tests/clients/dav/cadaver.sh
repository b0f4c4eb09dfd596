# cadaver, the command line client of the neon library.
# Shows: walking the tree, making and deleting groups and members, names and values of properties,
# a role set, and that refusals reach the user.
set -euo pipefail

host=${DAV_URL#http://}
printf 'machine %s login %s password %s\n' "${host%%:*}" "$DAV_USER" "$DAV_PASSWORD" >.netrc
chmod 600 .netrc
: >empty

cadaver "$DAV_URL" <<'END' | tee answers
ls
cd groups
mkcol team
mkcol team
ls
cd team
put empty bob
put empty nobody
set namespace http://owncloud.org/ns
propnames bob
propget bob role
propset bob role admin
propget bob role
delete bob
cd ..
propnames team
propget team display-name
rmcol team
ls
END

# expect TEXT: the next answer, in the order of the commands, holds this.
expect() {
    while read -r line <&3; do
        case $line in *"$1"*) return ;; esac
    done
    echo "not answered, or not in this order: $1" >&2
    return 1
}
exec 3<answers
expect 'Coll:   groups '
expect 'Coll:   users '
expect 'Creating `team'\'': succeeded.'
expect '405 Method Not Allowed'
expect 'Coll:   team '
expect 'groups/team/bob'\'': succeeded.'
expect '412 Precondition Failed'
expect 'http://owncloud.org/ns role'
expect 'http://owncloud.org/ns user-id'
expect 'Value of role is: member'
expect 'Setting property on `bob'\'': succeeded.'
expect 'Value of role is: admin'
expect 'Deleting `bob'\'': succeeded.'
expect 'DAV: resourcetype'
expect 'http://owncloud.org/ns display-name'
expect 'Value of display-name is: team'
expect 'Deleting collection `team'\'': succeeded.'
expect 'collection is empty.'
