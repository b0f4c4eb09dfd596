"""aiowebdav2, the asynchronous client that Home Assistant uses.

Shows: listings, groups made and removed, members put, roles and names of a whole listing by the client's
own property calls, a role set, and refusals as its own exceptions.
"""

import asyncio
import os

from aiowebdav2.client import Client
from aiowebdav2.exceptions import (
    MethodNotSupportedError,
    RemoteParentNotFoundError,
    RemoteResourceNotFoundError,
    ResponseErrorCodeError,
)
from aiowebdav2.models import Property, PropertyRequest

OC = "http://owncloud.org/ns"
ROLE = PropertyRequest(name="role", namespace=OC)
NAME = PropertyRequest(name="display-name", namespace=OC)


async def nothing():
    yield b""


async def raises(kind, call):
    try:
        await call
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


async def use(client):
    assert await client.list_files() == ["/groups/", "/users/"]

    assert await client.mkdir("/groups/team") is True
    await raises(RemoteParentNotFoundError, client.mkdir("/groups/none/team"))
    assert await client.list_files("/groups") == ["/groups/team/"]
    assert await client.is_dir("/groups/team")

    await client.upload_iter(nothing(), "/groups/team/bob")
    refusal = await raises(ResponseErrorCodeError, client.upload_iter(nothing(), "/groups/team/nobody"))
    assert refusal.code == 412, refusal.code
    assert await client.list_files("/groups/team") == ["/groups/team/alice", "/groups/team/bob"]
    assert not await client.is_dir("/groups/team/bob")

    assert (await client.get_property("/groups/team/bob", ROLE)).value == "member"
    await client.set_property("/groups/team/bob", Property(name="role", namespace=OC, value="admin"))
    assert (await client.get_property("/groups/team/bob", ROLE)).value == "admin"
    listing = await client.list_with_properties("/groups", [NAME, ROLE])
    assert {found.name: found.value for found in listing["groups/team/"]} == {
        "display-name": "team",
        "role": "admin",
    }, listing

    await raises(MethodNotSupportedError, client.move("/groups/team", "/groups/crew"))
    await client.clean("/groups/team/bob")
    await client.clean("/groups/team")
    assert await client.list_files("/groups") == []
    await raises(RemoteResourceNotFoundError, client.list_files("/groups/team"))


async def main():
    user, password = os.environ["DAV_USER"], os.environ["DAV_PASSWORD"]
    async with Client(url=os.environ["DAV_URL"], username=user, password=password) as client:
        await use(client)


asyncio.run(main())
