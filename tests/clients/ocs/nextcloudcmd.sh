# nextcloudcmd, the synchronising client of Nextcloud without its windows.
# Shows: it takes the server for one of Nextcloud's, logs in, and agrees on the empty files of a user.
# setting: COMPAT=nextcloud
set -euo pipefail

export QT_QPA_PLATFORM=offscreen
mkdir files
nextcloudcmd --non-interactive -u "$DAV_USER" -p "$DAV_PASSWORD" files "$SERVER_URL" \
    >log 2>&1 || { cat log; exit 1; }
for found in '"productname":"Nextcloud"' 'Server "31.0.0.0"' "files/$DAV_USER/" 'Sync run took'; do
    grep -qF -- "$found" log || { cat log; echo "not in the log: $found"; exit 1; }
done
[ -z "$(ls files)" ]

if nextcloudcmd --non-interactive -u "$DAV_USER" -p wrong files "$SERVER_URL" >log 2>&1; then
    cat log
    echo 'logged in with a wrong password'
    exit 1
fi
