"""pyocclient, ownCloud's own client library for Python: its own tests, from the package.

Shows: all of them pass that are about users, groups, apps, the server's configuration and logging in.
The rest is about files and shares.
"""
# setting: APPS_DIR=ocs/apps

import os
import sys
from pathlib import Path

import owncloud
import pytest

SELECTED = "(UserAndGroup or Apps or GetConfig or Login or OCSRequest) and not PublicFolder"
TESTS = 18

config = {
    "owncloud_url": os.environ["SERVER_URL"],
    "owncloud_login": os.environ["ADMIN_USER"],
    "owncloud_password": os.environ["ADMIN_PASSWORD"],
    "owncloud_share2user": "share",
    "test_group": "my_test_group",
    "test_root": "pyoctestroot",
    "app_name": "pyocclient_test",
    "groups_to_create": ["grp1", "grp2", "grp3"],
    "not_existing_group": "this_group_should_not_exist",
}
# The tests import it by this name.
Path("config.py").write_text(f"Config = {config!r}\n")
sys.path.insert(0, os.getcwd())

# They take for granted that nobody gave the administrator a name.
client = owncloud.Client(config["owncloud_url"])
client.login(config["owncloud_login"], config["owncloud_password"])
assert client.set_user_attribute("admin", "display", "admin")


class Count:
    passed = 0

    def pytest_runtest_logreport(self, report):
        self.passed += report.when == "call" and report.passed


count = Count()
status = pytest.main(
    ["-q", "-p", "no:cacheprovider", "-k", SELECTED, "--pyargs", "owncloud.test.test"], plugins=[count]
)
assert status == 0 and count.passed == TESTS, f"{count.passed} of {TESTS} passed"
