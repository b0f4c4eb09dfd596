# rclone, which copies between stores of files of every kind.
# Shows: it takes groups for directories and members for files, lists them at any depth, makes and purges
# a group, and adds members as empty files.
set -euo pipefail

export RCLONE_CONFIG=/dev/null RCLONE_WEBDAV_URL=$DAV_URL RCLONE_WEBDAV_VENDOR=owncloud
export RCLONE_WEBDAV_USER=$DAV_USER RCLONE_WEBDAV_PASS
RCLONE_WEBDAV_PASS=$(rclone obscure "$DAV_PASSWORD")

# is EXPECTED COMMAND...: what the command prints, in order of names.
is() {
    local printed
    printed=$("${@:2}" | sort)
    [ "$printed" = "$1" ] || { printf '%s\nprints %s\n   not %s\n' "${*:2}" "$printed" "$1" >&2; return 1; }
}

# directories REMOTE: without the sizes and times that `lsd` shows.
directories() {
    rclone lsd "$1" | awk '{print $NF}'
}

is $'groups\nusers' directories :webdav:
is '' rclone lsf :webdav:groups
rclone mkdir :webdav:groups/team
rclone mkdir :webdav:groups/team
is 'team/' rclone lsf :webdav:groups
is 'alice' rclone lsf :webdav:groups/team
is $'alice/\nalice/team/\nalice/team/alice' rclone lsf -R :webdav:users

rclone touch :webdav:groups/team/bob
: >carol
rclone copy carol :webdav:groups/team
is $'alice\nbob\ncarol' rclone lsf :webdav:groups/team
rclone deletefile :webdav:groups/team/bob
rclone deletefile :webdav:groups/team/carol
if rclone --retries 1 touch :webdav:groups/team/nobody; then
    echo 'somebody unknown was added' >&2
    exit 1
fi

# A group is not emptied by removing its last admin, and rclone says that it failed.
if rclone --retries 1 deletefile :webdav:groups/team/alice; then
    echo 'the last admin was removed' >&2
    exit 1
fi
is 'alice' rclone lsf :webdav:groups/team
rclone purge :webdav:groups/team
is '' rclone lsf :webdav:groups
