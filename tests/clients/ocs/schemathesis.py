"""Schemathesis, which makes requests up from `/openapi.json` and compares what is answered with it.

Shows: no answer fails in the server or is one that the description does not have, in the status, the
media type, the statuscode or the data; and every operation succeeds at least once.
"""
# again: COMPAT=documented
# again: COMPAT=nextcloud

import os
from collections import Counter
from xml.etree import ElementTree

import requests
import schemathesis
from schemathesis.cli import schemathesis as program

URL = os.environ["SERVER_URL"]
ADMINISTRATOR = (os.environ["ADMIN_USER"], os.environ["ADMIN_PASSWORD"])

# Requests of each operation and phase; the same ones in every run.
EXAMPLES = 5
SEED = 7

# What the examples in the description name is there, and what they make is not; in this order, as some
# need those before.
NAMED = [
    ("DELETE", "users/newuser", {}),
    ("DELETE", "groups/newgroup", {}),
    ("POST", "groups", {"groupid": "staff"}),
    ("POST", "users", {"userid": "Frank", "password": "frankspassword"}),
    ("PUT", "users/Frank/enable", {}),
    ("POST", "users/Frank/groups", {"groupid": "staff"}),
    ("POST", "users/Frank/subadmins", {"groupid": "staff"}),
    ("POST", "groups", {"groupid": "details"}),
    ("POST", "users", {"userid": "details", "password": "detailspassword"}),
]

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "nothing_fails_inside",
    "nobody_is_locked_out",
]

administration = requests.Session()
administration.auth = ADMINISTRATOR
described, succeeded, answers = set(), set(), Counter()


def make_named():
    for method, path, data in NAMED:
        administration.request(method, f"{URL}/ocs/v1.php/cloud/{path}", data=data)


@schemathesis.hook
def map_path_parameters(context, parameters):
    """Makes every other request one about what is there."""
    examples = {"userid": "Frank", "groupid": "staff", "appid": "dav"}
    return {name: examples[name] if len(str(value)) % 2 else value for name, value in (parameters or {}).items()}


@schemathesis.hook
def before_init_operation(context, operation):
    described.add(operation.label)


@schemathesis.hook
def after_call(context, case, response):
    said = meta(response)
    answers[response.status_code, said.get("statuscode")] += 1
    if response.status_code == 200 and said.get("status") in ("ok", None):
        succeeded.add(case.operation.label)
        if case.method not in ("GET", "HEAD"):
            make_named()


@schemathesis.check
def nothing_fails_inside(context, response, case):
    """Below v1 a failure of the server is answered 200, too."""
    assert meta(response).get("statuscode") != "996", response.text


@schemathesis.check
def nobody_is_locked_out(context, response, case):
    """Or else refusals, which may be answered anywhere, would be all there is."""
    assert meta(response).get("message") != "Username or password was incorrect"
    assert response.status_code != 429


def meta(response):
    """What an answer says about itself, whichever way it is written."""
    if not response.content or "openapi.json" in response.request.url:
        return {}
    if "xml" in response.headers["content-type"][0]:
        return {entry.tag: entry.text for entry in ElementTree.fromstring(response.content).find("meta")}
    found = response.json().get("ocs", {}).get("meta", {})
    return {name: value if value is None else str(value) for name, value in found.items()}


def run():
    """The status that the program would have ended with."""
    try:
        program([
            "run", f"{URL}/openapi.json",
            "--auth", ":".join(ADMINISTRATOR), "--header", "Accept: application/json",
            "--checks", ",".join(CHECKS), "--mode", "all", "--phases", "examples,coverage,fuzzing",
            "--max-examples", str(EXAMPLES), "--seed", str(SEED), "--generation-database", "none",
            "--suppress-health-check", "all", "--workers", "1", "--continue-on-failure",
        ])
    except SystemExit as end:
        return end.code


make_named()
status = run()
print(sorted(answers.items(), key=str))
assert status == 0, status
assert len(described) > 50, described
assert described == succeeded, f"these never succeed: {sorted(described - succeeded)}"
