//! Tokens: how far each scope reaches, and when one is worth nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::harness::{ROOT, Reply, Server, propfind, set};

const CLOUD: &str = "/ocs/v1.php/cloud";
const SCOPES: [&str; 4] = ["read", "groups", "users", "admin"];

/// What a refusal says before the scope.
const NEEDED: &str = "this needs at least the scope ";

/// What a request needs: the scope, the method, the path, the body, and what answers it then.
type Case = (&'static str, &'static str, String, String, u16);

fn token(server: &Server, user: &str, scope: &str) -> String {
    let arguments = ["token", "create", "--user", user, "--scope", scope];
    let printed = server.operate(&arguments);
    printed.lines().next().and_then(|line| line.strip_prefix("token: ")).expect("a token").to_owned()
}

fn bear(server: &Server, token: &str, method: &str, path: &str, body: &str) -> Reply {
    let bearer = format!("Bearer {token}");
    let headers = [&[("Authorization", bearer.as_str())], kind_of(body)].concat();
    server.send_with("", method, path, &headers, body.as_bytes())
}

/// What an extended MKCOL needs.
fn kind_of(body: &str) -> &'static [(&'static str, &'static str)] {
    if body.starts_with('<') { &[("Content-Type", "application/xml")] } else { &[] }
}

fn basic(server: &Server, login: &str, password: &str) -> Reply {
    let credentials = format!("Basic {}", STANDARD.encode(format!("{login}:{password}")));
    server.send_with("", "PROPFIND", &tree("groups/"), &[("Authorization", &credentials)], b"")
}

fn tree(path: &str) -> String {
    format!("{ROOT}/{path}")
}

/// The statuscode of OCS, the status of the one property of a PROPPATCH, or the HTTP status.
fn code(reply: &Reply) -> u16 {
    if let Some((_, rest)) = reply.body.split_once("<statuscode>") {
        return rest.split('<').next().expect("a statuscode").parse().expect("a number");
    }
    if reply.status == 207
        && let [response] = &reply.responses()[..]
    {
        return response.statuses.values().copied().max().unwrap_or(207);
    }
    reply.status
}

/// What an administrator may do, in an order in which each can be done. `scope` stands in the names, so that
/// each token has users and groups of its own.
fn cases(scope: &str) -> Vec<Case> {
    let group = |below: &str| tree(&format!("groups/{scope}-team{below}"));
    let cloud = |path: String| format!("{CLOUD}/{path}");
    let user = |rest: &str| cloud(format!("users/{scope}-user{rest}"));
    let make = |rest: &str| cloud(format!("users?password=pass-word-1&userid={scope}-{rest}"));
    let extended = format!(
        r#"<d:mkcol xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:set><d:prop><d:resourcetype><d:collection/></d:resourcetype><oc:display-name>{scope} two</oc:display-name></d:prop></d:set></d:mkcol>"#
    );
    let cases = [
        ("read", "PROPFIND", tree(""), propfind(&["d:resourcetype"]), 207),
        ("read", "OPTIONS", tree("groups/"), String::new(), 200),
        ("read", "GET", cloud("users".into()), String::new(), 100),
        ("read", "GET", cloud("users/alice".into()), String::new(), 100),
        ("read", "GET", cloud("groups/admin".into()), String::new(), 100),
        ("read", "GET", cloud("apps".into()), String::new(), 100),
        ("groups", "MKCOL", group(""), String::new(), 201),
        ("groups", "MKCOL", group("-two"), extended, 201),
        ("groups", "PROPPATCH", group(""), set("oc:display-name", &format!("{scope} one")), 200),
        ("groups", "PUT", group("/bob"), String::new(), 201),
        ("groups", "PROPPATCH", group("/bob"), set("oc:role", "admin"), 200),
        ("groups", "POST", group(""), "carol,member\n".into(), 201),
        ("groups", "DELETE", group("/bob"), String::new(), 204),
        ("groups", "DELETE", group("-two"), String::new(), 204),
        ("users", "POST", make("user"), String::new(), 100),
        ("users", "PUT", user("?key=email&value=u@example.org"), String::new(), 100),
        ("users", "PUT", user("?key=password&value=pass-word-2"), String::new(), 100),
        ("users", "PUT", user("?key=quota&value=5+GB"), String::new(), 100),
        ("users", "PUT", user("/disable"), String::new(), 100),
        ("users", "PUT", user("/enable"), String::new(), 100),
        ("users", "POST", cloud(format!("groups?groupid={scope}-group")), String::new(), 100),
        ("users", "POST", user(&format!("/groups?groupid={scope}-group")), String::new(), 100),
        ("users", "DELETE", user(&format!("/groups?groupid={scope}-group")), String::new(), 100),
        ("users", "POST", user(&format!("/groups?groupid=customgroup_{scope}-team")), String::new(), 100),
        ("users", "DELETE", user(&format!("/groups?groupid=customgroup_{scope}-team")), String::new(), 100),
        ("admin", "POST", user(&format!("/subadmins?groupid={scope}-group")), String::new(), 100),
        ("admin", "DELETE", user(&format!("/subadmins?groupid={scope}-group")), String::new(), 100),
        ("admin", "POST", user(&format!("/subadmins?groupid=customgroup_{scope}-team")), String::new(), 100),
        ("users", "DELETE", cloud(format!("groups/{scope}-group")), String::new(), 100),
        ("users", "DELETE", cloud(format!("groups/customgroup_{scope}-team")), String::new(), 100),
        // Whoever is an administrator, or would become one, is out of reach but for the widest scope.
        ("admin", "POST", user("/groups?groupid=admin"), String::new(), 100),
        ("admin", "PUT", user("?key=password&value=pass-word-3"), String::new(), 100),
        ("admin", "PUT", user("?key=email&value=v@example.org"), String::new(), 100),
        ("admin", "PUT", user("/disable"), String::new(), 100),
        ("admin", "PUT", user("/enable"), String::new(), 100),
        ("admin", "DELETE", user("/groups?groupid=admin"), String::new(), 100),
        ("users", "DELETE", user(""), String::new(), 100),
        ("admin", "POST", make("boss&groups[]=admin"), String::new(), 100),
        ("admin", "DELETE", cloud(format!("users/{scope}-boss")), String::new(), 100),
        ("admin", "POST", make("deputy&subadmin[]=staff"), String::new(), 100),
        ("users", "DELETE", cloud(format!("users/{scope}-deputy")), String::new(), 100),
        ("admin", "PUT", cloud("users/admin?key=password&value=pw-admin".into()), String::new(), 100),
        ("admin", "PUT", cloud(format!("users/ADMIN?key=display&value={scope}")), String::new(), 100),
        ("admin", "DELETE", cloud("apps/customgroups".into()), String::new(), 100),
        ("admin", "POST", cloud("apps/customgroups".into()), String::new(), 100),
    ];
    cases.into()
}

fn rank(scope: &str) -> usize {
    SCOPES.iter().position(|other| *other == scope).expect("a scope")
}

/// Tries a case with a token that does not reach it: refused with a wider scope, and nothing changed.
fn assert_out_of_reach(server: &Server, token: &str, own: usize, (needed, method, path, body, _): &Case) {
    let before = server.rows();
    let reply = bear(server, token, method, path, body);
    let expected = if path.starts_with("/ocs") { 997 } else { 403 };
    assert_eq!(code(&reply), expected, "{method} {path}: {reply:?}");
    let told = reply.body.split_once(NEEDED).and_then(|(_, rest)| rest.split('<').next()).map(rank);
    match told {
        Some(told) => assert!(told > own && told <= rank(needed), "{method} {path}: {reply:?}"),
        None => assert_eq!(*method, "PROPPATCH", "it has a status for a property, and no reason: {reply:?}"),
    }
    assert_eq!(server.rows(), before, "{method} {path}");
}

#[test]
fn each_scope_reaches_as_far_as_it_says() {
    let server = Server::start();
    let mut refused = 0;
    for (own, scope) in SCOPES.into_iter().enumerate() {
        let token = token(&server, "admin", scope);
        for case in cases(scope) {
            let (needed, method, path, body, expected) = &case;
            let reply = if rank(needed) <= own {
                bear(&server, &token, method, path, body)
            } else {
                assert_out_of_reach(&server, &token, own, &case);
                refused += 1;
                // The next ones need it done.
                server.send_with("admin", method, path, kind_of(body), body.as_bytes())
            };
            assert_eq!(code(&reply), *expected, "{scope}: {method} {path}: {reply:?}");
        }
    }
    let audit = server.operate(&["audit", "--limit", "10000"]);
    assert_eq!(audit.lines().filter(|line| line.contains(NEEDED)).count(), refused);
}

#[test]
fn the_profiles_agree_on_what_is_out_of_reach() {
    for profile in ["documented", "nextcloud"] {
        let server = Server::with(&[("COMPAT", profile)]);
        let token = token(&server, "alice", "read");
        let group = tree("groups/team");
        let reply = bear(&server, &token, "MKCOL", &group, "");
        assert_eq!((reply.status, reply.exception().as_str()), (403, "Forbidden"), "{reply:?}");
        server.send("alice", "MKCOL", &group, "");
        assert_eq!(bear(&server, &token, "DELETE", &group, "").status, 403);
        let renamed = bear(&server, &token, "PROPPATCH", &group, &set("oc:display-name", "Mine"));
        assert_eq!(code(&renamed), 403, "{renamed:?}");
        let path = "/ocs/v2.php/cloud/users/alice?key=email&value=a@example.org";
        let reply = bear(&server, &token, "PUT", path, "");
        assert_eq!((reply.status, code(&reply)), (401, 997), "{reply:?}");
    }
}

#[test]
fn a_token_allows_no_more_than_its_user_may() {
    let server = Server::start();
    server.send("bob", "MKCOL", &tree("groups/bobs"), "");
    for (user, method, path) in [
        ("alice", "PROPFIND", tree("groups/bobs")),
        ("alice", "DELETE", tree("groups/bobs")),
        ("alice", "GET", format!("{CLOUD}/users")),
        ("alice", "POST", format!("{CLOUD}/users/alice/groups?groupid=admin")),
        ("alice", "DELETE", format!("{CLOUD}/apps/customgroups")),
        ("erin", "POST", format!("{CLOUD}/users/erin/subadmins?groupid=staff")),
        ("erin", "PUT", format!("{CLOUD}/users/alice?key=password&value=pass-word-1")),
    ] {
        let token = token(&server, user, "admin");
        let (with, without) =
            (bear(&server, &token, method, &path, ""), server.send(user, method, &path, ""));
        assert!(matches!(code(&with), 403 | 997), "{user}: {method} {path}: {with:?}");
        assert_eq!((with.status, with.body), (without.status, without.body), "{user}: {method} {path}");
    }
    // What was given is used, and what is taken away is gone.
    let erins = token(&server, "erin", "users");
    let edit = format!("{CLOUD}/users/frank?key=email&value=f@example.org");
    assert_eq!(code(&bear(&server, &erins, "PUT", &edit, "")), 100);
    let own = format!("{CLOUD}/users/erin?key=password&value=pass-word-1");
    assert_eq!(code(&bear(&server, &erins, "PUT", &own, "")), 100, "no administrator, so it is a user's");
    server.operate(&["subadmin", "remove", "erin", "staff"]);
    assert_eq!(code(&bear(&server, &erins, "PUT", &edit, "")), 997);
}

#[test]
fn both_headers_say_the_same() {
    let server = Server::start();
    let secret = token(&server, "Mixed.Case", "groups");
    server.operate(&["user", "set", "Mixed.Case", "--email", "mixed@example.org"]);
    for login in ["Mixed.Case", "mixed.case", "MIXED@example.org"] {
        assert_eq!(basic(&server, login, &secret).status, 207, "{login}");
    }
    for scheme in ["Bearer", "bearer", "BEARER  "] {
        let header = format!("{scheme} {secret}");
        let reply = server.send_with("", "PROPFIND", &tree("groups/"), &[("Authorization", &header)], b"");
        assert_eq!(reply.status, 207, "{scheme}");
    }
    let wrong_password = basic(&server, "alice", "wrong");
    assert_eq!(wrong_password.status, 401);
    assert!(wrong_password.header("www-authenticate").starts_with("Basic "));
    let other = format!("dgt_{}", "A".repeat(43));
    for (login, password) in [
        ("alice", &secret),
        ("", &secret),
        ("Mixed.Case", &other),
        ("nobody", &other),
        ("Mixed.Case", &secret.to_uppercase()),
        ("Mixed.Case", &secret[..40].to_owned()),
    ] {
        assert_same(&basic(&server, login, password), &wrong_password);
    }
    assert_same(&bear(&server, &other, "PROPFIND", &tree("groups/"), ""), &wrong_password);
    let ocs = bear(&server, &other, "GET", &format!("{CLOUD}/user"), "");
    assert_eq!((ocs.status, code(&ocs)), (401, 997));
    // What is no token is no credential of a kind that is taken.
    assert_eq!(bear(&server, "eyJhbGciOi", "PROPFIND", &tree("groups/"), "").status, 401);
}

fn assert_same(reply: &Reply, other: &Reply) {
    assert_eq!((reply.status, &reply.body), (other.status, &other.body));
    let names = |reply: &Reply| reply.headers.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(reply), names(other));
    assert_eq!(reply.header("www-authenticate"), other.header("www-authenticate"));
}

/// A connection that stays open.
struct Client(BufReader<TcpStream>);

impl Client {
    fn of(server: &Server) -> Self {
        Self(BufReader::new(TcpStream::connect(&server.address).expect("connected")))
    }

    /// The status of a listing.
    fn list(&mut self, token: &str) -> u16 {
        let path = tree("groups/");
        let request = format!("PROPFIND {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
        self.0.get_mut().write_all(request.as_bytes()).expect("sent");
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(self.0.read_line(&mut head).expect("answered"), 0, "still open: {head}");
        }
        let reply = Reply::parse(&head);
        let length = reply.header("content-length").parse().expect("a length");
        self.0.read_exact(&mut vec![0; length]).expect("a body");
        reply.status
    }
}

#[test]
fn revoking_counts_at_once_on_a_connection_that_stays_open() {
    let server = Server::start();
    let (one, other) = (token(&server, "alice", "read"), token(&server, "alice", "read"));
    let mut client = Client::of(&server);
    for _ in 0..3 {
        assert_eq!((client.list(&one), client.list(&other)), (207, 207));
    }
    server.operate(&["token", "revoke", "1"]);
    assert_eq!((client.list(&one), client.list(&other)), (401, 207));
    server.operate(&["token", "revoke", "--user", "alice", "--all"]);
    assert_eq!((client.list(&one), client.list(&other)), (401, 401));
}

#[test]
fn a_token_ends_with_its_time_and_with_its_user() {
    let server = Server::start();
    let secret = token(&server, "dave", "admin");
    let mut client = Client::of(&server);
    assert_eq!(client.list(&secret), 207);
    server.alter("UPDATE tokens SET expires = created - 1");
    assert_eq!(client.list(&secret), 401);
    server.alter("UPDATE tokens SET expires = NULL");
    assert_eq!(client.list(&secret), 207);
    for (command, status) in [("disable", 401), ("enable", 207), ("delete", 401)] {
        server.operate(&["user", command, "dave"]);
        assert_eq!(client.list(&secret), status, "{command}");
    }
    let again = format!("{CLOUD}/users?userid=dave&password=pass-word-1");
    assert_eq!(code(&server.send("admin", "POST", &again, "")), 100);
    assert_eq!(client.list(&secret), 401, "another user of the same name");
    assert_eq!(server.operate(&["token", "list"]), "");
}

#[test]
fn the_use_of_a_token_is_noted_and_the_token_itself_never() {
    let server = Server::start();
    let secret = token(&server, "alice", "read");
    assert_eq!(bear(&server, &secret, "PROPFIND", &tree("groups/"), "").status, 207);
    assert_eq!(bear(&server, &secret, "MKCOL", &tree("groups/team"), "").status, 403);
    basic(&server, "bob", &secret);
    let noted = || server.operate(&["token", "list", "--output", "json"]);
    for _ in 0..200 {
        if !noted().contains("\"last_used\": null") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(!noted().contains("\"last_used\": null"), "{}", noted());
    let log = server.log();
    assert!(log.contains("customgroup.create"), "{log}");
    assert!(!log.contains(&secret[4..]) && !log.contains(&STANDARD.encode(&secret)[..20]), "{log}");
}

#[test]
fn new_passwords_have_the_length_that_is_asked_for() {
    let server = Server::with(&[("PASSWORD_MIN_LENGTH", "8")]);
    let reason = "The password is too short; use at least 8 characters";
    let add = |password: &str| {
        let path = format!("{CLOUD}/users?userid=newbie&password={password}");
        server.send("admin", "POST", &path, "")
    };
    let change = |password: &str| {
        let path = format!("{CLOUD}/users/alice?key=password&value={password}");
        server.send("alice", "PUT", &path, "")
    };
    for (reply, expected) in [(add("seven-7"), 101), (change("seven-7"), 403)] {
        assert_eq!(code(&reply), expected, "{reply:?}");
        assert!(reply.body.contains(reason), "{reply:?}");
    }
    assert_eq!((code(&add("eight-88")), code(&change("%C3%A4%C3%B6%C3%BC-8888"))), (100, 100));
    assert_eq!(code(&server.send("bob", "GET", &format!("{CLOUD}/user"), "")), 100, "a short old one");
}

#[test]
fn a_list_of_changes_reaches_no_further_than_each_alone() {
    let server = Server::start();
    let change =
        |path: &str, data: &str| format!(r#"{{"method": "POST", "path": "{path}", "data": {data}}}"#);
    let group = change("groups", r#"{"groupid": "new"}"#);
    let user = change("users", r#"{"userid": "newbie", "password": "pass-word-1"}"#);
    let promote = change("users/newbie/groups", r#"{"groupid": "admin"}"#);
    let nothing_to_do = change("users/admin/groups", r#"{"groupid": "admin"}"#);
    let [read, users] = ["read", "users"].map(|scope| token(&server, "admin", scope));
    for (token, list, refused) in [
        (&read, vec![&group], "users"),
        (&read, vec![&nothing_to_do], "users"),
        (&users, vec![&user, &promote], "admin"),
        (&users, vec![&group, &nothing_to_do], "admin"),
    ] {
        let body = format!("[{}]", list.iter().map(|item| item.as_str()).collect::<Vec<_>>().join(","));
        let before = server.rows();
        let reply = bear(&server, token, "POST", &format!("{CLOUD}/batch"), &body);
        assert!(reply.body.contains(&format!("{NEEDED}{refused}")), "{body}: {reply:?}");
        assert_eq!(server.rows(), before, "{body}");
    }
    let reply = bear(&server, &users, "POST", &format!("{CLOUD}/batch"), &format!("[{group},{user}]"));
    assert_eq!((reply.status, code(&reply)), (200, 100), "{reply:?}");
}
