//! The description of the API, as programs fetch it.

use serde_json::{Value, json};

use crate::harness::{Reply, Server};

fn document(reply: &Reply) -> Value {
    assert_eq!((reply.status, reply.headers["content-type"].as_str()), (200, "application/json"));
    serde_json::from_str(&reply.body).expect("JSON")
}

#[test]
fn everybody_may_read_what_the_api_is() {
    let server = Server::start();
    let read = document(&server.send("", "GET", "/openapi.json", ""));
    assert_eq!((&read["openapi"], &read["servers"][0]["url"]), (&json!("3.1.0"), &json!("/")));
    assert_eq!(document(&server.send("alice", "GET", "//openapi.json?x=%ff", "")), read);
    assert_eq!(document(&server.send("nobody", "GET", "/openapi.json", "")), read, "whoever cannot log in");
    let head = server.send("", "HEAD", "/openapi.json", "");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    for method in ["POST", "PUT", "DELETE", "PROPFIND"] {
        let reply = server.send("admin", method, "/openapi.json", "");
        assert_eq!((reply.status, reply.headers["allow"].as_str()), (405, "GET, HEAD"), "{method}");
    }
}

#[test]
fn it_is_of_the_server_that_answers() {
    let server = Server::with(&[("BASE_PATH", "/owncloud"), ("COMPAT", "nextcloud")]);
    let read = document(&server.send("", "GET", "/owncloud/openapi.json", ""));
    assert_eq!(read["servers"], json!([{ "url": "/owncloud" }]));
    assert!(read["paths"]["/ocs/v2.php/cloud/groups/{groupid}"]["put"].is_object());
    let elsewhere = document(&Server::start().send("", "GET", "/openapi.json", ""));
    assert_eq!(elsewhere["paths"]["/ocs/v2.php/cloud/groups/{groupid}"]["put"], Value::Null);
}
