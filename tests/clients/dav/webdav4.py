"""webdav4, the Python client under fsspec's WebDAV file system.

Shows: the classes it detects, listings as files and directories, members put without overwriting, and
each refusal as the exception that it has for it.
"""

import io
import os

from webdav4.client import Client, HTTPError, ResourceAlreadyExists, ResourceConflict, ResourceNotFound

client = Client(os.environ["DAV_URL"], auth=(os.environ["DAV_USER"], os.environ["DAV_PASSWORD"]))


def raises(kind, call, *arguments):
    try:
        call(*arguments)
    except kind as error:
        return error
    raise AssertionError(f"{call.__name__}{arguments} raised no {kind.__name__}")


def status_of(call, *arguments):
    return raises(HTTPError, call, *arguments).status_code


assert client.options("groups") == {"1", "3", "extended-mkcol"}, client.options("groups")
assert client.ls("", detail=False) == ["groups", "users"]

client.mkdir("groups/team")
raises(ResourceAlreadyExists, client.mkdir, "groups/team")
raises(ResourceConflict, client.mkdir, "groups/none/team")
[team] = client.ls("groups")
assert (team["name"], team["type"]) == ("groups/team", "directory"), team

client.upload_fileobj(io.BytesIO(b""), "groups/team/bob")
raises(ResourceAlreadyExists, client.upload_fileobj, io.BytesIO(b""), "groups/team/bob")
assert status_of(client.upload_fileobj, io.BytesIO(b""), "groups/team/nobody") == 412
assert client.ls("groups/team", detail=False) == ["groups/team/alice", "groups/team/bob"]
assert client.isdir("groups/team") and client.isfile("groups/team/bob")
assert not client.exists("groups/team/carol")

assert status_of(client.move, "groups/team", "groups/crew") == 405
assert status_of(client.remove, "groups/team/alice") == 403
client.remove("groups/team/bob")
client.remove("groups/team")
raises(ResourceNotFound, client.remove, "groups/team")
assert client.ls("groups") == []
