# litmus, the protocol tests of neon's author. Its five suites run in a group; a user is called as the
# file is that it sets properties on, so that it gets that far.
# user: prop
# Shows: every test passes but those that litmus/expected.tsv lists with the reason. A listed one that
# passes fails this script, too.
set -euo pipefail
beside=$(dirname "$0")/litmus

address=${SERVER_URL#http://}
mkfifo port
python3 "$beside/relay.py" "${address%:*}" "${address#*:}" >port &
relay=$!
trap 'kill "$relay"' EXIT
read -r port <port

# A suite with failures ends with a status of 1; what failed is read below.
url=http://127.0.0.1:$port/${DAV_URL#"$SERVER_URL/"}groups/
litmus --keep-going "$url" "$DAV_USER" "$DAV_PASSWORD" | tr '\r' '\n' >answers || true
cat answers

# Of each test the suite, number, name and result; a result may stand lines below the name.
awk '
    /^-> running/                   { suite = $3; gsub(/[^a-z]/, "", suite) }
    /^ *[0-9]+\. [a-z0-9_]+\./      { number = $1 + 0; name = $2; sub(/\.+$/, "", name) }
    /\.\. (pass|FAIL|SKIPPED)/      { match($0, /pass|FAIL|SKIPPED/)
                                      print suite, number, name, substr($0, RSTART, RLENGTH) }
' answers >results

grep -v '^#' "$beside/expected.tsv" | cut -f1 >expected
if ! diff <(grep -v ' pass$' results) expected; then
    echo '< did not pass, > should not have passed' >&2
    exit 1
fi
# A suite that broke off has no last test; "locks" ends itself when there are no locks.
[ "$(grep -c ' finish pass$' results)" -eq 4 ] || { echo 'a suite broke off' >&2; exit 1; }
