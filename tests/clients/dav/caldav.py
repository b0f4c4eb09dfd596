"""caldav's DAVClient: its plain WebDAV calls, REPORT among them, which few clients have.

Shows: searching groups and members with oc:search-query, with a pattern, a limit and an offset; any
other report is refused, and the server is not taken for a calendar.
"""

import os

from caldav.davclient import DAVClient

OC = "{http://owncloud.org/ns}"
ROOT = "/remote.php/dav/customgroups/groups"
GROUPS = os.environ["DAV_URL"] + "groups/"

client = DAVClient(
    url=GROUPS, username=os.environ["DAV_USER"], password=os.environ["DAV_PASSWORD"]
)


def search(url, prop, terms):
    """The answers in their order: the last part of each href, and the property's value."""
    answer = client.report(url, f"""
        <oc:search-query xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns">
            <d:prop><oc:{prop}/></d:prop><oc:search>{terms}</oc:search>
        </oc:search-query>""", depth=1)
    assert answer.status == 207, answer.status
    return [(found.href.split("/")[-1], found.properties[OC + prop]) for found in answer.parse_propfind()]


def find(terms):
    return [name for _, name in search(GROUPS, "display-name", terms)]


assert client.check_dav_support() == "1, 3, extended-mkcol"
assert not client.check_cdav_support()

for uri in ("blue-team", "red-team", "100%25"):
    assert client.mkcol(GROUPS + uri, "").status == 201
assert client.mkcol(GROUPS + "red-team", "").status == 405
for user in ("bob", "carol"):
    assert client.put(f"{GROUPS}red-team/{user}", "").status == 201

assert find("<oc:pattern>TEAM</oc:pattern>") == ["blue-team", "red-team"]
assert find("<oc:pattern>%</oc:pattern>") == ["100%"], "% is no wildcard"
assert find("<oc:pattern>nowhere</oc:pattern>") == []
assert find("<oc:pattern>team</oc:pattern><oc:limit>1</oc:limit>") == ["blue-team"]
assert find("<oc:pattern>team</oc:pattern><oc:limit>1</oc:limit><oc:offset>1</oc:offset>") == ["red-team"]

members = search(GROUPS + "red-team", "role", "<oc:pattern>o</oc:pattern>")
assert members == [("bob", "member"), ("carol", "member")], members

calendars = '<c:calendar-query xmlns:c="urn:ietf:params:xml:ns:caldav"/>'
assert client.report(GROUPS, calendars, depth=1).status == 415
