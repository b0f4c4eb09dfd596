"""webdavclient3, a synchronous Python client.

Shows: listings, groups made and removed, members put, roles read and set by the client's own property
calls, and refusals as its own exceptions.
"""

import io
import os

from webdav3.client import Client
from webdav3.exceptions import MethodNotSupported, RemoteResourceNotFound, ResponseErrorCode

ROLE = {"namespace": "http://owncloud.org/ns", "name": "role"}

client = Client({
    "webdav_hostname": os.environ["DAV_URL"],
    "webdav_login": os.environ["DAV_USER"],
    "webdav_password": os.environ["DAV_PASSWORD"],
    "verbose": False,
})


def raises(kind, call, *arguments):
    try:
        call(*arguments)
    except kind as error:
        return error
    raise AssertionError(f"{call.__name__}{arguments} raised no {kind.__name__}")


assert client.valid()
assert client.list() == ["customgroups/", "groups/", "users/"], client.list()

assert client.mkdir("groups/team") is True
assert client.list("groups") == ["groups/", "team/"], client.list("groups")
assert client.is_dir("groups/team") is True

client.upload_to(io.BytesIO(b""), "groups/team/bob")
refusal = raises(ResponseErrorCode, client.upload_to, io.BytesIO(b""), "groups/team/nobody")
assert refusal.code == 412, refusal.code
assert client.list("groups/team") == ["team/", "alice", "bob"], client.list("groups/team")
assert client.is_dir("groups/team/bob") is False
assert client.check("groups/team/carol") is False

assert client.get_property("groups/team/bob", ROLE) == "member"
client.set_property("groups/team/bob", ROLE | {"value": "admin"})
assert client.get_property("groups/team/bob", ROLE) == "admin"

raises(MethodNotSupported, client.move, "groups/team", "groups/crew")
raises(MethodNotSupported, client.copy, "groups/team", "groups/crew")
client.clean("groups/team/bob")
assert client.list("groups/team") == ["team/", "alice"]
client.clean("groups/team")
assert client.list("groups") == ["groups/"]
raises(RemoteResourceNotFound, client.list, "groups/team")
