# gio and GVfs, which mount for GNOME's file manager.
# Shows: the mount finds its way up to / as GVfs does, and groups are directories that can be made,
# filled with members, listed and emptied again as far as the rules allow.
set -euo pipefail

if [ -z "${DBUS_SESSION_BUS_ADDRESS:-}" ]; then
    mkdir -m 700 run
    export XDG_RUNTIME_DIR=$PWD/run
    exec dbus-run-session -- bash "$0"
fi

server=dav://$DAV_USER@${SERVER_URL#http://}
tree=$server/${DAV_URL#"$SERVER_URL/"}

# is EXPECTED COMMAND...: what the command prints, in order of names.
is() {
    local printed
    printed=$("${@:2}" 2>errors | sort) || { cat errors >&2; return 1; }
    [ "$printed" = "$1" ] || { printf '%s\nprints %s\n   not %s\n' "${*:2}" "$printed" "$1" >&2; return 1; }
}

# type_of FILE: as GVfs sees it.
type_of() {
    gio info -a standard::type "$1" | sed -n 's/.*standard::type: //p'
}

gio mount "$tree" <<<"$DAV_PASSWORD" >/dev/null

# The mount is the highest directory that answers, so paths above the tree are in it, too.
gio mount -l | grep -F -- "-> $server/"
gio list "$server/" | grep -x remote.php
gio list "$server/remote.php" | grep -x dav
is $'groups\nusers' gio list "$tree"

gio mkdir "$tree/groups/team"
is 'team' gio list "$tree/groups"
is '2' type_of "$tree/groups/team"    # G_FILE_TYPE_DIRECTORY

gio save --create "$tree/groups/team/bob" </dev/null
is $'alice\nbob' gio list "$tree/groups/team"
if gio save --create "$tree/groups/team/nobody" </dev/null; then
    echo 'somebody unknown was added' >&2
    exit 1
fi

gio remove "$tree/groups/team/bob"
is 'alice' gio list "$tree/groups/team"
# GVfs removes only empty directories, and the last admin cannot leave.
if gio remove "$tree/groups/team/alice" || gio remove "$tree/groups/team"; then
    echo 'the last admin was removed' >&2
    exit 1
fi
gio mount -u "$tree"
