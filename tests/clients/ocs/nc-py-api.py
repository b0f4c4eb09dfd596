"""nc-py-api, the Python library that apps of Nextcloud are written with.

Shows: logging in, users and groups in full, groups with details and display names, subadmins, and the
exceptions it has for refusals; all of it blocking, and the same with asyncio.
"""
# setting: COMPAT=nextcloud

import asyncio
import os

from nc_py_api import AsyncNextcloud, Nextcloud, NextcloudException, NextcloudExceptionNotFound

ACCESS = {
    "nextcloud_url": os.environ["SERVER_URL"],
    "nc_auth_user": os.environ["ADMIN_USER"],
    "nc_auth_pass": os.environ["ADMIN_PASSWORD"],
}


async def now(value):
    """The value, whether the client that returned it is blocking or not."""
    return await value if asyncio.iscoroutine(value) else value


async def refused(call):
    try:
        await now(call())
    except NextcloudException as error:
        return error
    raise AssertionError("not refused")


async def walk(nc):
    users, groups = nc.users, nc.users_groups
    assert await now(nc.user) == "admin"
    assert (await now(nc.srv_version))["major"] == 31
    assert (await now(nc.capabilities))["provisioning_api"]
    assert await now(users.editable_fields()) == ["displayname", "email", "password", "quota"]

    await now(groups.create("staff", display_name="The Staff"))
    assert (await refused(lambda: groups.create("staff"))).status_code == 102
    await now(users.create("erin", display_name="Erin E.", password="erinpw", groups=["staff"], quota="5 GB"))
    assert (await refused(lambda: users.create("erin", password="x"))).status_code == 102

    erin = await now(users.get_user("erin"))
    assert (erin.user_id, erin.display_name, erin.email) == ("erin", "Erin E.", ""), erin
    assert (erin.enabled, erin.groups, erin.subadmin, erin.backend) == (True, ["staff"], [], "Database")
    assert erin.quota["quota"] == 5 * 1024**3 and erin.quota["used"] == 0, erin.quota
    assert erin.last_login.year == 1970
    assert (await now(users.get_user())).user_id == "admin"
    assert (await now(users.get_user("admin"))).last_login.year > 2000
    assert isinstance(await refused(lambda: users.get_user("nobody")), NextcloudExceptionNotFound)
    assert await now(users.get_list("ERI")) == ["erin"]
    assert await now(users.get_list(limit=2, offset=1)) == ["alice", "bob"]

    await now(users.edit("erin", email="erin@example.org", displayname="Erin"))
    await now(users.disable("erin"))
    erin = await now(users.get_user("erin"))
    assert (erin.display_name, erin.email, erin.enabled) == ("Erin", "erin@example.org", False), erin
    [staff] = await now(groups.get_details("STAFF"))
    assert (staff.group_id, staff.display_name, staff.user_count) == ("staff", "The Staff", 1), staff
    assert (staff.disabled, staff.can_add, staff.can_remove) == (True, True, True)
    await now(users.enable("erin"))
    await now(groups.edit("staff", "Everybody"))
    assert [group.display_name for group in await now(groups.get_details())] == ["admin", "Everybody"]

    await now(users.add_to_group("bob", "staff"))
    assert await now(groups.get_members("staff")) == ["bob", "erin"]
    await now(users.promote_to_subadmin("bob", "staff"))
    assert await now(groups.get_subadmins("staff")) == ["bob"]
    assert (await now(users.get_user("bob"))).subadmin == ["staff"]
    await now(users.demote_from_subadmin("bob", "staff"))
    await now(users.remove_from_group("bob", "staff"))
    assert (await refused(lambda: users.remove_from_group("bob", "none"))).status_code == 102
    assert await now(groups.get_members("staff")) == ["erin"]
    assert isinstance(await refused(lambda: groups.get_members("none")), NextcloudExceptionNotFound)

    await now(users.delete("erin"))
    await now(groups.delete("staff"))
    assert await now(groups.get_list()) == ["admin"]
    assert "erin" not in await now(users.get_list())


async def both():
    await walk(Nextcloud(**ACCESS))
    await walk(AsyncNextcloud(**ACCESS))


asyncio.run(both())
