# owncloudcmd, the synchronising client of ownCloud without its windows.
# Shows: it takes the server for one of ownCloud's, logs in, and agrees on the empty files of a user.
set -euo pipefail

export QT_QPA_PLATFORM=offscreen
mkdir files
# The list of its own is in a package with its windows.
: >excluded
owncloudcmd --non-interactive --exclude excluded -u "$DAV_USER" -p "$DAV_PASSWORD" files "$SERVER_URL" \
    >log 2>&1 || { cat log; exit 1; }
for found in '"productname":"ownCloud"' 'Server "10.15.0.0"' "files/$DAV_USER/" 'Sync run took'; do
    grep -qF -- "$found" log || { cat log; echo "not in the log: $found"; exit 1; }
done
[ -z "$(ls files)" ]
