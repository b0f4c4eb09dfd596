"""nextcloud-api-wrapper, a Python library over requests: forms in, JSON out.

Shows: users, groups, subadmins and apps, each answer with its statuscode and data.
"""
# setting: COMPAT=nextcloud

import os

from nextcloud import NextCloud

client = NextCloud(
    endpoint=os.environ["SERVER_URL"], user=os.environ["ADMIN_USER"], password=os.environ["ADMIN_PASSWORD"]
)


def done(response):
    assert response.is_ok, (response.status_code, response.meta)
    return response.data


def refused(statuscode, response):
    assert not response.is_ok and response.status_code == statuscode, (response.status_code, response.meta)


with client as nc:
    assert nc.get_connection_issues() is None
    assert "provisioning_api" in done(nc.get_apps())["apps"]
    assert done(nc.get_app("dav"))["id"] == "dav"
    done(nc.disable_app("customgroups"))
    done(nc.enable_app("customgroups"))

    done(nc.add_group("staff"))
    refused(102, nc.add_group("staff"))
    done(nc.add_user("erin", "erinpw"))
    refused(102, nc.add_user("erin", "erinpw"))
    refused(101, nc.add_user("x", "erinpw"))
    for key, value in {"displayname": "Erin E.", "email": "erin@example.org", "quota": "1 GB"}.items():
        done(nc.edit_user("erin", key, value))
    refused(102, nc.edit_user("erin", "email", "none"))

    erin = done(nc.get_user("erin"))
    assert (erin["displayname"], erin["email"], erin["enabled"]) == ("Erin E.", "erin@example.org", True), erin
    assert (erin["id"], erin["quota"]["quota"]) == ("erin", 1024**3), erin
    assert done(nc.get_user())["id"] == "admin"
    refused(404, nc.get_user("nobody"))
    assert done(nc.get_users(search="erin"))["users"] == ["erin"]
    assert done(nc.get_users(limit=1, offset=1))["users"] == ["alice"]
    done(nc.disable_user("erin"))
    assert done(nc.get_user("erin"))["enabled"] is False
    done(nc.enable_user("erin"))

    done(nc.add_to_group("erin", "staff"))
    refused(102, nc.add_to_group("erin", "none"))
    assert done(nc.get_group("staff"))["users"] == ["erin"]
    refused(404, nc.get_group("none"))
    done(nc.create_subadmin("erin", "staff"))
    assert done(nc.get_subadmins("staff")) == ["erin"]
    assert done(nc.get_subadmin_groups("erin")) == ["staff"]
    done(nc.remove_subadmin("erin", "staff"))
    refused(102, nc.remove_subadmin("erin", "staff"))
    done(nc.remove_from_group("erin", "staff"))

    done(nc.delete_group("staff"))
    refused(101, nc.delete_group("staff"))
    assert done(nc.get_groups())["groups"] == ["admin"]
    done(nc.delete_user("erin"))
    refused(101, nc.delete_user("erin"))
