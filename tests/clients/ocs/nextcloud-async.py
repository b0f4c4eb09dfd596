"""nextcloud-async, a Python library over httpx: forms, queries and JSON, with asyncio.

Shows: users, groups, subadmins and apps, several changes at once, and its exception for refusals.
"""
# setting: COMPAT=nextcloud

import asyncio
import os

import httpx
from nextcloud_async import NextCloudAsync
from nextcloud_async.exceptions import NextCloudException


async def refused(statuscode, promise):
    try:
        await promise
    except NextCloudException as error:
        assert error.status_code == statuscode, error
        return
    raise AssertionError(f"not refused with {statuscode}")


async def walk(http):
    url, admin, password = (os.environ[key] for key in ("SERVER_URL", "ADMIN_USER", "ADMIN_PASSWORD"))
    nc = NextCloudAsync(client=http, endpoint=url, user=admin, password=password)
    assert (await nc.get_capabilities("version"))["string"] == "31.0.0"
    assert await nc.get_user_editable_fields() == ["displayname", "email", "password", "quota"]

    await nc.create_group("staff")
    await refused(102, nc.create_group("staff"))
    erin = {"display_name": "Erin", "email": "erin@example.org", "quota": "none", "language": "en"}
    await nc.create_user("erin", password="erinpw", **erin)
    await refused(102, nc.create_user("erin", password="erinpw", **erin))
    await nc.update_user("erin", {"displayname": "Erin E.", "quota": "1 GB", "password": "erinpw2"})
    erin = await nc.get_user("erin")
    assert (erin["displayname"], erin["email"], erin["enabled"]) == ("Erin E.", "erin@example.org", True), erin
    assert erin["quota"]["quota"] == 1024**3, erin
    await refused(404, nc.get_user("nobody"))
    assert await nc.search_users("ERIN") == ["erin"]
    assert await nc.search_users("", limit=2, offset=1) == ["alice", "bob"]

    await nc.add_user_to_group("erin", "staff")
    await refused(102, nc.add_user_to_group("erin", "none"))
    await nc.promote_user_to_subadmin("erin", "staff")
    assert await nc.get_group_members("staff") == ["erin"]
    assert await nc.get_group_subadmins("staff") == ["erin"]
    assert await nc.get_user_groups("erin") == await nc.get_user_subadmin_groups("erin") == ["staff"]
    await refused(404, nc.get_group_members("none"))

    own = NextCloudAsync(client=http, endpoint=url, user="erin", password="erinpw2")
    assert await own.get_users() == ["erin"]
    await refused(401, own.create_group("other"))
    await nc.disable_user("erin")
    await refused(401, own.get_user())
    await nc.enable_user("erin")
    assert (await own.get_user())["lastLogin"] > 0

    await nc.demote_user_from_subadmin("erin", "staff")
    await nc.remove_user_from_group("erin", "staff")
    await nc.remove_user("erin")
    await refused(101, nc.remove_user("erin"))
    await nc.remove_group("staff")
    assert await nc.search_groups("") == ["admin"]
    await nc.disable_app("customgroups")
    await nc.enable_app("customgroups")
    assert "customgroups" in await nc.get_apps()


async def main():
    async with httpx.AsyncClient() as http:
        await walk(http)


asyncio.run(main())
