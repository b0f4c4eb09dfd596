//! Many changes in one request.

use serde_json::{Value, json};

use crate::harness::{Reply, Server};

const BATCH: &str = "/ocs/v2.php/cloud/batch?format=json";

fn post(server: &Server, who: &str, changes: &Value) -> Reply {
    let body = changes.to_string();
    server.send_with(who, "POST", BATCH, &[("Content-Type", "application/json")], body.as_bytes())
}

fn ocs(reply: &Reply) -> Value {
    serde_json::from_str::<Value>(&reply.body).expect(&reply.body)["ocs"].take()
}

/// The statuscodes of the items.
fn codes(reply: &Reply) -> Vec<u64> {
    let items = ocs(reply)["data"]["items"].take();
    let items = items.as_array().expect("a list of items").clone();
    items.iter().map(|item| item["statuscode"].as_u64().expect("a number")).collect()
}

fn users(server: &Server) -> String {
    server.send("admin", "GET", "/ocs/v2.php/cloud/users?format=json", "").body
}

#[test]
fn all_of_it_is_done() {
    let server = Server::start();
    let reply = post(
        &server,
        "admin",
        &json!([
            { "method": "POST", "path": "groups", "data": { "groupid": "choir" } },
            { "method": "POST", "path": "users",
              "data": { "userid": "grace", "password": "pw-grace", "groups": ["choir"], "subadmin": ["choir"] } },
            { "method": "PUT", "path": "users/grace", "data": { "key": "email", "value": "g@example.org" } },
            { "method": "PUT", "path": "users/grace", "data": { "key": "password", "value": "pw-grace-2" } },
            { "method": "POST", "path": "users/bob/groups", "data": { "groupid": "choir" } },
            { "method": "PUT", "path": "users/dave/disable" },
            { "method": "DELETE", "path": "users/carol" },
        ]),
    );
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(codes(&reply), [200; 7]);
    let members = server.send("admin", "GET", "/ocs/v2.php/cloud/groups/choir?format=json", "").body;
    assert!(members.contains(r#"["bob","grace"]"#), "{members}");
    assert!(!users(&server).contains("carol"));
    let login = |password| {
        use base64::Engine;
        let basic = base64::prelude::BASE64_STANDARD.encode(format!("g@example.org:{password}"));
        let header = format!("Basic {basic}");
        server.send_with("", "GET", "/ocs/v2.php/cloud/user", &[("Authorization", &header)], b"").status
    };
    assert_eq!((login("pw-grace"), login("pw-grace-2")), (401, 200));
    assert_eq!(codes(&post(&server, "admin", &json!([]))), [] as [u64; 0]);
}

#[test]
fn or_none_of_it() {
    let server = Server::start();
    let before = server.rows();
    let group = json!({ "method": "POST", "path": "groups", "data": { "groupid": "choir" } });
    for (who, change, status, code, reason) in [
        (
            "admin",
            json!({ "method": "DELETE", "path": "users/nobody" }),
            400,
            400,
            "User \"nobody\" not found",
        ),
        ("admin", json!({ "method": "DELETE", "path": "users/admin" }), 400, 400, "your own account"),
        ("admin", group.clone(), 400, 400, "group exists"),
        (
            "admin",
            json!({ "method": "POST", "path": "users", "data": { "userid": "x", "password": "p" } }),
            400,
            400,
            "The username is not valid",
        ),
        (
            "admin",
            json!({ "method": "PUT", "path": "users/bob", "data": { "key": "password", "value": "" } }),
            403,
            403,
            "A valid password",
        ),
    ] {
        let reply = post(&server, who, &json!([group, change, group]));
        assert_eq!(reply.status, status, "{reply:?}");
        assert_eq!(codes(&reply), [424, code, 424], "{reply:?}");
        let message = ocs(&reply)["meta"]["message"].as_str().expect("a message").to_owned();
        assert!(
            message.starts_with("Nothing was changed: change 2: ") && message.contains(reason),
            "{message}"
        );
        assert_eq!(server.rows(), before, "{change}");
    }
    // What others may not do one by one, they may not do at once.
    let own = json!({ "method": "PUT", "path": "users/bob", "data": { "key": "display", "value": "B" } });
    let admin = json!({ "method": "POST", "path": "users/bob/groups", "data": { "groupid": "admin" } });
    let reply = post(&server, "bob", &json!([own, admin]));
    assert_eq!((reply.status, codes(&reply)), (401, vec![424, 997]), "{reply:?}");
    assert_eq!(server.rows(), before);
    assert_eq!(codes(&post(&server, "bob", &json!([own]))), [200]);
    assert_ne!(server.rows(), before);
}

#[test]
fn what_is_no_list_is_refused() {
    let server = Server::with(&[("MAX_BODY_BYTES", "2000000")]);
    let before = server.rows();
    let group =
        |id: usize| json!({ "method": "POST", "path": "groups", "data": { "groupid": format!("g{id}") } });
    let many: Vec<_> = (0..10_001).map(group).collect();
    for (changes, reason) in [
        (json!({}), "not a JSON list of changes"),
        (json!([{ "method": "POST" }]), "not a JSON list of changes"),
        (json!([group(1), { "method": "GET", "path": "users" }]), "Change 2 cannot be made"),
        (json!([{ "method": "POST", "path": "apps/dav" }]), "Change 1 cannot be made"),
        (Value::Array(many), "more than 10000 changes"),
    ] {
        let reply = post(&server, "admin", &changes);
        assert_eq!(reply.status, 400, "{reply:?}");
        assert!(
            ocs(&reply)["meta"]["message"].as_str().is_some_and(|said| said.contains(reason)),
            "{reply:?}"
        );
    }
    assert_eq!(post(&server, "", &json!([])).status, 401);
    let got = server.send("admin", "GET", BATCH, "");
    assert_eq!((got.status, got.headers["allow"].as_str()), (405, "POST"));
    assert_eq!(server.rows(), before);
    let most: Vec<_> = (0..10_000).map(group).collect();
    let reply = post(&server, "admin", &Value::Array(most));
    assert_eq!((reply.status, codes(&reply).len()), (200, 10_000));
}
