//! The OCS API without its transport: every operation, for everybody, under both versions.

#![allow(clippy::expect_used, reason = "a case that cannot be set up has failed")]

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use davgroups::domain::{
    AppId, CustomGroupNumber, Email, GroupId, GroupRef, GroupUri, NewUser, Origin, PasswordHash, Place,
    Principal, Quota, Role, Rules, UserId, UserName,
};
use davgroups::edge::{Compat, Refusal};
use davgroups::ocs::{Ocs, OcsSettings};
use davgroups::service::{Passwords, Service};
use davgroups::store::SharedStore;
use davgroups::store::sqlite::SqliteStore;
use http::header::{ACCEPT, ALLOW, CONTENT_TYPE};
use http::{Request, StatusCode};
use proptest::prelude::*;
use serde_json::{Value, json};

const FORM: &str = "application/x-www-form-urlencoded";

/// A small world: `admin` and `boss` are administrators, the latter in `staff`, too; `erin` is subadmin
/// and member of `staff`, with `frank` and `alice`; `dave` is in `other`.
struct World {
    ocs: Ocs,
    service: Service,
    store: SharedStore,
    sqlite: Arc<SqliteStore>,
    _directory: tempfile::TempDir,
}

struct Answer {
    http: StatusCode,
    allow: Option<String>,
    content_type: String,
    body: Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    fn statuscode(&self) -> u64 {
        self.json()["ocs"]["meta"]["statuscode"].as_u64().expect("a statuscode")
    }

    fn data(&self) -> Value {
        self.json()["ocs"]["data"].clone()
    }
}

fn user(id: &str) -> UserId {
    UserId::new(id).expect(id)
}

fn group(id: &str) -> GroupId {
    GroupId::stored(id.to_owned())
}

async fn world(settings: OcsSettings, rules: Rules) -> World {
    let directory = tempfile::tempdir().expect("a directory");
    let sqlite = Arc::new(SqliteStore::open(directory.path()).expect("a store"));
    let store: SharedStore = sqlite.clone();
    store.write(fill).await.expect("filled");
    let service = Service::new(Arc::clone(&store), Arc::new(Passwords::new().expect("random")), rules);
    World { ocs: Ocs::new(service.clone(), settings), service, store, sqlite, _directory: directory }
}

fn fill(tx: &mut dyn davgroups::store::Tx) -> davgroups::domain::Result<()> {
    for id in ["admin", "boss", "erin", "frank", "alice", "dave"] {
        let id = user(id);
        let display_name = UserName::new(&format!("The {id}"), &id).expect("a name");
        let email = Email::new(&format!("{id}@example.org")).expect("an address");
        let password = PasswordHash::new("none".to_owned());
        tx.insert_user(&NewUser { id, password, display_name, email, quota: Quota::Default })?;
    }
    for id in ["staff", "other", "empty"] {
        tx.insert_group(&group(id))?;
    }
    for (id, member) in [
        ("admin", "admin"),
        ("admin", "boss"),
        ("staff", "boss"),
        ("staff", "erin"),
        ("staff", "frank"),
        ("staff", "alice"),
        ("other", "alice"),
        ("other", "dave"),
    ] {
        tx.add_to_group(&group(id), &user(member))?;
    }
    tx.add_subadmin(&group("staff"), &user("erin")).map(drop)
}

async fn plain_world() -> World {
    world(OcsSettings::default(), Rules::default()).await
}

impl World {
    fn principal(&self, id: &str) -> Principal {
        let account = self.service.account(id).expect("read").expect(id);
        let subadmin = account.subadmin && self.service.rules().allow_subadmins;
        Principal {
            user: account.id,
            administrator: account.administrator,
            subadmin,
            token: None,
            origin: Origin::Machine,
        }
    }

    async fn send(&self, who: &str, request: Request<Bytes>) -> Answer {
        let response = if who.is_empty() {
            self.ocs.handle(Err(&Refusal::NoCredentials), request).await
        } else {
            self.ocs.handle(Ok(&self.principal(who)), request).await
        };
        let header = |name| response.headers().get(name).map(|v| v.to_str().expect("ASCII").to_owned());
        Answer {
            http: response.status(),
            allow: header(ALLOW),
            content_type: header(CONTENT_TYPE).unwrap_or_default(),
            body: response.body().whole(),
        }
    }

    /// Asks for JSON; the body is a form.
    async fn call(&self, who: &str, method: &str, path: &str, form: &str) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, FORM)
            .body(Bytes::copy_from_slice(form.as_bytes()))
            .expect("a request");
        self.send(who, request).await
    }

    /// The same below `/ocs/v1.php/cloud/`.
    async fn v1(&self, who: &str, method: &str, path: &str, form: &str) -> Answer {
        self.call(who, method, &format!("/ocs/v1.php/cloud/{path}"), form).await
    }

    async fn custom_group(&self, owner: &str, uri: &str, members: &[&str]) {
        let who = self.principal(owner);
        let place = Place::Group(uri.to_owned());
        self.service.create_custom_group(&who, &place, None).await.expect("made");
        for member in members {
            self.service.add_member(&who, &place.child(member)).await.expect("added");
        }
    }

    fn role(&self, uri: &str, member: &str) -> Option<Role> {
        let read = self.store.read(|reader| {
            let group = reader.custom_group(&GroupRef::Uri(uri.to_owned()))?;
            group.map_or(Ok(None), |group| reader.role(group.number, &user(member)))
        });
        read.expect("read")
    }

    fn in_group(&self, id: &str, member: &str) -> bool {
        self.store.read(|reader| reader.is_group_member(&group(id), &user(member))).expect("read")
    }
}

/// What v1's statuscode becomes under v2: statuscode and HTTP status.
fn under_v2(code: u64) -> (u64, u16) {
    match code {
        100 => (200, 200),
        997 => (997, 401),
        998 => (404, 404),
        104 => (403, 403),
        200..600 => (code, u16::try_from(code).expect("small")),
        _ => (400, 400),
    }
}

/// Asks the same of a fresh world under each version.
async fn check(settings: &OcsSettings, rules: Rules, row: (&str, &str, &str, &str, u64)) {
    let (who, method, path, form, code) = row;
    let v1 = world(settings.clone(), rules).await;
    let answer = v1.v1(who, method, path, form).await;
    let http = if code == 997 { 401 } else { 200 };
    assert_eq!((answer.statuscode(), answer.http.as_u16()), (code, http), "v1 {row:?} {:?}", answer.json());

    let v2 = world(settings.clone(), rules).await;
    let answer = v2.call(who, method, &format!("/ocs/v2.php/cloud/{path}"), form).await;
    assert_eq!((answer.statuscode(), answer.http.as_u16()), under_v2(code), "v2 {row:?}");
}

#[tokio::test]
async fn every_operation_for_everybody() {
    // Method, path, form, and the statuscode for administrator, subadmin of the user's group, the user,
    // a stranger, and nobody.
    let table: &[(&str, &str, &str, [u64; 5])] = &[
        ("GET", "users", "", [100, 100, 997, 997, 997]),
        ("POST", "users", "userid=newbie&password=x&groups[]=staff", [100, 100, 997, 997, 997]),
        ("GET", "users/frank", "", [100, 100, 100, 997, 997]),
        ("PUT", "users/frank", "key=email&value=f@example.org", [100, 100, 100, 997, 997]),
        ("PUT", "users/frank", "key=display&value=F", [100, 100, 100, 997, 997]),
        ("PUT", "users/frank", "key=password&value=secret", [100, 100, 100, 997, 997]),
        ("PUT", "users/frank", "key=quota&value=5+GB", [100, 100, 997, 997, 997]),
        ("DELETE", "users/frank", "", [100, 100, 997, 997, 997]),
        ("PUT", "users/frank/disable", "", [100, 100, 997, 997, 997]),
        ("PUT", "users/frank/enable", "", [100, 100, 997, 997, 997]),
        ("GET", "users/frank/groups", "", [100, 100, 100, 997, 997]),
        ("POST", "users/frank/groups", "groupid=other", [100, 104, 997, 997, 997]),
        ("DELETE", "users/frank/groups", "groupid=staff", [100, 100, 997, 997, 997]),
        ("GET", "users/frank/subadmins", "", [100, 100, 100, 997, 997]),
        ("POST", "users/frank/subadmins", "groupid=other", [100, 997, 997, 997, 997]),
        ("DELETE", "users/erin/subadmins", "groupid=staff", [100, 997, 997, 997, 997]),
        ("GET", "groups", "", [100, 100, 997, 997, 997]),
        ("POST", "groups", "groupid=new", [100, 997, 997, 997, 997]),
        ("GET", "groups/staff", "", [100, 100, 997, 997, 997]),
        ("DELETE", "groups/staff", "", [100, 997, 997, 997, 997]),
        ("GET", "groups/staff/subadmins", "", [100, 997, 997, 997, 997]),
        ("GET", "apps", "", [100, 997, 997, 997, 997]),
        ("GET", "apps/dav", "", [100, 997, 997, 997, 997]),
        ("POST", "apps/dav", "", [100, 997, 997, 997, 997]),
        ("DELETE", "apps/dav", "", [100, 997, 997, 997, 997]),
        ("GET", "capabilities", "", [100, 100, 100, 100, 997]),
        ("GET", "user", "", [100, 100, 100, 100, 997]),
    ];
    for &(method, path, form, codes) in table {
        for (who, code) in ["admin", "erin", "frank", "dave", ""].into_iter().zip(codes) {
            check(&OcsSettings::default(), Rules::default(), (who, method, path, form, code)).await;
        }
    }
}

fn nextcloud() -> OcsSettings {
    OcsSettings { compat: Compat::Nextcloud, ..OcsSettings::default() }
}

#[tokio::test]
async fn what_nextcloud_has_besides_for_everybody() {
    let rename = "key=displayname&value=The+Staff";
    let table: &[(&str, &str, &str, [u64; 5])] = &[
        ("GET", "users/details", "", [100, 100, 997, 997, 997]),
        ("GET", "groups/details", "", [100, 100, 997, 997, 997]),
        ("GET", "groups/staff/users", "", [100, 100, 997, 997, 997]),
        ("GET", "groups/staff/users/details", "", [100, 100, 997, 997, 997]),
        ("GET", "groups/other/users/details", "", [100, 997, 997, 997, 997]),
        ("GET", "user/fields", "", [100, 100, 100, 100, 997]),
        ("PUT", "groups/staff", rename, [100, 997, 997, 997, 997]),
        (
            "POST",
            "users",
            "userid=newbie&password=x&groups[]=staff&subadmin[]=staff",
            [100, 997, 997, 997, 997],
        ),
        ("PUT", "users/details", "key=email&value=f@example.org", [997, 997, 997, 997, 997]),
        ("DELETE", "groups/details", "", [101, 997, 997, 997, 997]),
    ];
    for &(method, path, form, codes) in table {
        for (who, code) in ["admin", "erin", "frank", "dave", ""].into_iter().zip(codes) {
            check(&nextcloud(), Rules::default(), (who, method, path, form, code)).await;
        }
    }
    for row in [
        ("admin", "GET", "users/nosuch", "", 404),
        ("dave", "GET", "users/nosuch/groups", "", 404),
        ("admin", "GET", "users/nosuch/subadmins", "", 404),
        ("admin", "GET", "groups/nosuch", "", 404),
        ("erin", "GET", "groups/nosuch/users", "", 404),
        ("admin", "GET", "groups/nosuch/users/details", "", 404),
        ("admin", "PUT", "groups/nosuch", rename, 404),
        ("admin", "PUT", "groups/staff", "key=color&value=red", 101),
        ("admin", "PUT", "groups/staff", "value=red", 101),
        ("admin", "PUT", "groups/staff", "key=displayname&value=a%0Ab", 101),
        ("admin", "POST", "groups", "groupid=new&displayname=a%0Ab", 101),
        ("admin", "POST", "users", "userid=newbie&password=x&subadmin[]=nosuch", 104),
        ("admin", "POST", "users", "userid=newbie&password=x&subadmin[]=admin", 101),
        // As in ownCloud.
        ("admin", "DELETE", "users/nosuch", "", 101),
        ("admin", "PUT", "users/nosuch", "key=email&value=f@example.org", 997),
        ("admin", "GET", "groups/nosuch/subadmins", "", 101),
    ] {
        check(&nextcloud(), Rules::default(), row).await;
    }
    for path in ["users/details", "groups/details", "groups/staff/users", "groups/staff/users/details"] {
        let answer = plain_world().await.v1("admin", "GET", path, "").await;
        assert!(
            [998, 999].contains(&answer.statuscode()),
            "{path} is there in ownCloud: {:?}",
            answer.json()
        );
    }
}

#[tokio::test]
async fn users_as_clients_of_nextcloud_read_them() {
    let world = world(nextcloud(), Rules::default()).await;
    world.v1("admin", "PUT", "users/frank", "key=quota&value=1+GB").await;
    world.v1("admin", "PUT", "users/frank/disable", "").await;
    let frank = world.v1("admin", "GET", "users/FRANK", "").await.data();
    for (key, expected) in [
        ("id", json!("frank")),
        ("enabled", json!(false)),
        ("displayname", json!("The frank")),
        ("display-name", json!("The frank")),
        ("email", json!("frank@example.org")),
        ("home", json!(null)),
        ("storageLocation", json!(null)),
        ("last_login", json!(0)),
        ("lastLogin", json!(0)),
        ("groups", json!(["staff"])),
        ("subadmin", json!([])),
        ("backend", json!("Database")),
        ("phone", json!("")),
    ] {
        assert_eq!(frank[key], expected, "{key}");
    }
    assert_eq!(frank["quota"]["definition"], "1 GB");
    assert_eq!(frank["quota"]["quota"], 1 << 30);
    assert_eq!(
        world.v1("erin", "GET", "users/erin", "").await.data(),
        world.v1("erin", "GET", "user", "").await.data()
    );
    let erin = world.v1("erin", "GET", "user", "").await.data();
    assert_eq!((&erin["subadmin"], &erin["quota"]["quota"]), (&json!(["staff"]), &json!("none")));
    assert_eq!(erin.get("enabled"), None, "one knows that");
    // What is another group's is not told to a subadmin.
    assert_eq!(world.v1("admin", "GET", "users/alice", "").await.data()["groups"], json!(["other", "staff"]));
    assert_eq!(world.v1("erin", "GET", "users/alice", "").await.data()["groups"], json!(["staff"]));
}

#[tokio::test]
async fn listings_with_details() {
    let world = world(nextcloud(), Rules::default()).await;
    let ids = async |who: &str, path: &str| {
        let users = world.v1(who, "GET", path, "").await.data()["users"].clone();
        users.as_object().map(|users| users.keys().cloned().collect::<Vec<_>>()).unwrap_or_default()
    };
    assert_eq!(ids("admin", "users/details").await, ["admin", "alice", "boss", "dave", "erin", "frank"]);
    assert_eq!(ids("admin", "users/details?search=THE+&offset=4").await, ["erin", "frank"]);
    assert!(ids("admin", "users/details?search=nosuch").await.is_empty());
    // An administrator in the own group is among its members, but none of a subadmin's business.
    assert_eq!(ids("erin", "users/details").await, ["alice", "erin", "frank"]);
    assert_eq!(ids("erin", "groups/staff/users/details").await, ["alice", "erin", "frank"]);
    assert_eq!(ids("admin", "groups/staff/users/details").await, ["alice", "boss", "erin", "frank"]);
    assert!(ids("admin", "groups/empty/users/details").await.is_empty());
    let one = world.v1("admin", "GET", "users/frank", "").await.data();
    let listed = world.v1("admin", "GET", "users/details", "").await.data();
    assert_eq!(listed["users"]["frank"]["groups"], one["groups"]);
    assert_eq!(listed["users"]["erin"]["subadmin"], json!(["staff"]));

    world.v1("admin", "PUT", "groups/staff", "key=displayname&value=The+Crew").await;
    world.v1("admin", "PUT", "users/frank/disable", "").await;
    world.v1("admin", "POST", "groups", "groupid=a/b&displayname=Both").await;
    let groups = async |who: &str, search: &str| {
        world.v1(who, "GET", &format!("groups/details?search={search}"), "").await.data()["groups"].clone()
    };
    let mut staff = json!([{
        "id": "staff", "displayname": "The Crew", "usercount": 4, "disabled": 1, "canAdd": true, "canRemove": true
    }]);
    assert_eq!(groups("admin", "CREW").await, staff);
    assert_eq!(groups("admin", "staff").await, staff);
    staff[0]["canAdd"] = json!(false);
    assert_eq!(groups("erin", "staff").await, staff);
    assert_eq!(groups("erin", "other").await[0]["canRemove"], json!(false));
    assert_eq!(groups("admin", "a/b").await[0]["displayname"], "Both");
    assert_eq!(world.v1("admin", "GET", "groups/a/b/users", "").await.data(), json!({"users": []}));
    let found = world.v1("admin", "GET", "groups?search=crew", "").await.data();
    assert_eq!(found, json!({"groups": ["staff"]}));

    world.custom_group("alice", "team", &[]).await;
    let form = "key=displayname&value=Our+Team";
    assert_eq!(world.v1("admin", "PUT", "groups/customgroup_team", form).await.statuscode(), 100);
    let team = world.store.read(|reader| reader.custom_group(&GroupRef::Uri("team".to_owned())));
    assert_eq!(team.expect("read").expect("there").display_name.as_str(), "Our Team");
}

#[tokio::test]
async fn the_profiles_name_different_products() {
    for (settings, product, version) in
        [(OcsSettings::default(), "ownCloud", "10.15.0"), (nextcloud(), "Nextcloud", "31.0.0")]
    {
        let world = world(settings, Rules::default()).await;
        let status: Value = world.call("", "GET", "/status.php", "").await.json();
        assert_eq!((&status["productname"], &status["versionstring"]), (&json!(product), &json!(version)));
        let capabilities = world.v1("dave", "GET", "capabilities", "").await.data();
        assert_eq!(capabilities["version"]["string"], version);
        assert_eq!(capabilities["capabilities"]["core"]["status"], status);
    }
}

#[tokio::test]
async fn every_refusal() {
    for row in [
        ("admin", "POST", "users", "userid=FRANK&password=x", 102),
        ("admin", "POST", "users", "userid=newbie&password=x&groups[]=nosuch", 104),
        ("admin", "POST", "users", "userid=newbie&password=x&groups[]=", 104),
        ("erin", "POST", "users", "userid=newbie&password=x&groups[]=staff&groups[]=other", 105),
        ("erin", "POST", "users", "userid=newbie&password=x", 106),
        ("erin", "POST", "users", "userid=newbie&password=x&groups=staff", 106),
        ("erin", "POST", "users", "userid[]=newbie&password=x", 106),
        ("admin", "POST", "users", "userid[]=newbie&password=x", 101),
        ("admin", "POST", "users", "userid=ab&password=x", 101),
        ("admin", "POST", "users", "userid=a/bc&password=x", 101),
        ("admin", "POST", "users", "userid=newbie&password=++", 101),
        ("admin", "POST", "users", "userid=newbie", 101),
        ("admin", "POST", "users", "userid=newbie&password=x&email=none", 101),
        ("admin", "POST", "users", "userid=newbie&password=x&quota=lots", 101),
        ("admin", "POST", "users", "", 101),
        ("admin", "GET", "users?search[]=a", "", 101),
        ("admin", "GET", "users/nosuch", "", 998),
        ("erin", "GET", "users/nosuch", "", 998),
        ("erin", "GET", "users/boss", "", 997),
        ("admin", "PUT", "users/nosuch", "key=email&value=a@b.c", 997),
        ("admin", "PUT", "users/frank", "key=EMAIL&value=a@b.c", 997),
        ("admin", "PUT", "users/frank", "value=a", 997),
        ("admin", "PUT", "users/frank", "key[]=email&value=a", 101),
        ("admin", "PUT", "users/frank", "key=email&value=none", 102),
        ("admin", "PUT", "users/frank", "key=email", 102),
        ("admin", "PUT", "users/frank", "key=quota&value=lots", 103),
        ("admin", "PUT", "users/frank", "key=quota&value=", 103),
        ("admin", "PUT", "users/frank", "key=password&value=", 403),
        ("erin", "PUT", "users/boss", "key=display&value=x", 997),
        ("erin", "PUT", "users/dave", "key=display&value=x", 997),
        ("erin", "PUT", "users/erin", "key=quota&value=1+GB", 997),
        ("frank", "PUT", "users/frank", "key=quota&value=nonsense", 997),
        ("admin", "DELETE", "users/nosuch", "", 101),
        ("admin", "DELETE", "users/Admin", "", 101),
        ("erin", "DELETE", "users/erin", "", 101),
        ("erin", "DELETE", "users/nosuch", "", 101),
        ("erin", "DELETE", "users/boss", "", 997),
        ("erin", "DELETE", "users/dave", "", 997),
        ("admin", "PUT", "users/nosuch/disable", "", 101),
        ("admin", "PUT", "users/admin/disable", "", 101),
        ("erin", "PUT", "users/erin/enable", "", 101),
        ("erin", "PUT", "users/dave/disable", "", 997),
        ("admin", "GET", "users/nosuch/groups", "", 998),
        ("admin", "POST", "users/frank/groups", "", 101),
        ("admin", "POST", "users/frank/groups", "groupid[]=other", 101),
        ("admin", "POST", "users/frank/groups", "groupid=nosuch", 102),
        ("admin", "POST", "users/nosuch/groups", "groupid=nosuch", 102),
        ("admin", "POST", "users/nosuch/groups", "groupid=other", 103),
        ("erin", "POST", "users/nosuch/groups", "groupid=staff", 103),
        ("erin", "POST", "users/dave/groups", "groupid=staff", 104),
        ("admin", "DELETE", "users/frank/groups", "groupid=", 101),
        ("admin", "DELETE", "users/frank/groups", "groupid=nosuch", 102),
        ("erin", "DELETE", "users/nosuch/groups", "groupid=other", 104),
        ("erin", "DELETE", "users/nosuch/groups", "groupid=staff", 103),
        ("erin", "DELETE", "users/erin/groups", "groupid=staff", 105),
        ("admin", "DELETE", "users/admin/groups", "groupid=admin", 105),
        ("admin", "DELETE", "users/dave/groups", "groupid=staff", 100),
        ("admin", "DELETE", "users/boss/groups", "groupid=admin", 100),
        ("admin", "POST", "users/nosuch/subadmins", "groupid=staff", 101),
        ("admin", "POST", "users/frank/subadmins", "groupid=nosuch", 102),
        ("admin", "POST", "users/frank/subadmins", "", 102),
        ("admin", "POST", "users/frank/subadmins", "groupid=admin", 103),
        ("admin", "POST", "users/erin/subadmins", "groupid=staff", 100),
        ("admin", "DELETE", "users/nosuch/subadmins", "groupid=staff", 101),
        ("admin", "DELETE", "users/erin/subadmins", "groupid=nosuch", 101),
        ("admin", "DELETE", "users/erin/subadmins", "groupid=other", 102),
        ("admin", "GET", "users/nosuch/subadmins", "", 998),
        ("admin", "POST", "groups", "groupid=", 101),
        ("erin", "POST", "groups", "groupid=+x", 101),
        ("admin", "POST", "groups", "groupid=..", 101),
        ("erin", "POST", "groups", "groupid=..", 997),
        ("admin", "POST", "groups", "groupid=customgroup_new", 101),
        ("admin", "POST", "groups", "groupid=a%00b", 101),
        ("admin", "POST", "groups", "groupid=a%FFb", 101),
        ("erin", "POST", "groups", "groupid=staff", 102),
        ("admin", "POST", "groups", "groupid=STAFF", 100),
        ("admin", "GET", "groups/STAFF", "", 998),
        ("erin", "GET", "groups/nosuch", "", 998),
        ("erin", "GET", "groups/other", "", 997),
        ("admin", "DELETE", "groups/nosuch", "", 101),
        ("admin", "DELETE", "groups/admin", "", 102),
        ("admin", "GET", "groups/nosuch/subadmins", "", 101),
        ("admin", "GET", "apps?filter=bogus", "", 101),
        ("admin", "GET", "apps/nosuch", "", 998),
        ("admin", "POST", "apps/nosuch", "", 998),
        ("admin", "DELETE", "apps/nosuch", "", 998),
        ("admin", "DELETE", "apps/provisioning_api", "", 101),
    ] {
        check(&OcsSettings::default(), Rules::default(), row).await;
    }
}

#[tokio::test]
async fn the_manual_to_the_letter() {
    let settings = OcsSettings { compat: Compat::Documented, ..OcsSettings::default() };
    for row in [
        ("admin", "PUT", "users/nosuch", "key=email&value=a@b.c", 101),
        ("admin", "PUT", "users/frank", "key=nosuch&value=a", 102),
        ("admin", "PUT", "users/frank", "key=quota&value=lots", 102),
        ("admin", "PUT", "users/frank", "key=password&value=", 102),
        ("dave", "PUT", "users/frank", "key=email&value=a@b.c", 997),
        ("admin", "GET", "users/nosuch/subadmins", "", 101),
        ("admin", "DELETE", "users/erin/subadmins", "groupid=nosuch", 102),
        ("admin", "POST", "groups/staff", "", 100),
    ] {
        check(&settings, Rules::default(), row).await;
    }
    let world = world(settings, Rules::default()).await;
    let found = world.v1("admin", "GET", "users/frank", "").await.data();
    assert_eq!(found["quota"], json!(0));
    world.v1("admin", "PUT", "users/frank", "key=quota&value=1+KB").await;
    assert_eq!(world.v1("admin", "GET", "users/frank", "").await.data()["quota"], json!(1024));
    let members = world.v1("admin", "POST", "groups/other", "").await.data();
    assert_eq!(members, json!({"users": ["alice", "dave"]}));
}

#[tokio::test]
async fn subadmins_switched_off() {
    let off = Rules { allow_subadmins: false, ..Rules::default() };
    for row in [
        ("erin", "GET", "users", "", 997),
        ("erin", "GET", "users/frank", "", 997),
        ("erin", "GET", "users/erin", "", 100),
        ("admin", "POST", "users/frank/subadmins", "groupid=staff", 103),
        ("admin", "POST", "users/frank/subadmins", "groupid=nosuch", 102),
        ("admin", "DELETE", "users/erin/subadmins", "groupid=staff", 102),
    ] {
        check(&OcsSettings::default(), off, row).await;
    }
    let world = world(OcsSettings::default(), off).await;
    assert_eq!(world.v1("admin", "GET", "users/erin/subadmins", "").await.data(), json!([]));
    assert_eq!(world.v1("admin", "GET", "groups/staff/subadmins", "").await.data(), json!([]));
}

#[tokio::test]
async fn what_is_read_is_what_was_written() {
    let world = plain_world().await;
    let form = "userid=New+User&password=x&displayname=N%C3%BC&email=n@e.org&quota=1GB&groups[0]=staff";
    let made = world.v1("admin", "POST", "users", form).await;
    assert_eq!(made.data()["email"], json!("n@e.org"));
    assert_eq!(made.data()["enabled"], json!("true"));
    assert_eq!(made.data()["quota"]["definition"], json!("1 GB"));
    assert!(world.in_group("staff", "new user") || world.in_group("staff", "New User"));

    let read = world.v1("admin", "GET", "users/NEW%20USER", "").await.data();
    let names: Vec<_> = read.as_object().expect("an object").keys().cloned().collect();
    let expected = [
        "enabled",
        "quota",
        "email",
        "displayname",
        "home",
        "two_factor_auth_enabled",
        "last_login",
        "creation_time",
        "language",
    ];
    assert_eq!(names, expected);
    assert_eq!(read["displayname"], json!("Nü"));
    let quota = &read["quota"];
    let number = |name: &str| quota[name].as_u64().expect("a number");
    assert_eq!(number("free") + number("used"), number("total"));
    assert_eq!(number("total"), 1 << 30);

    // Who asks about oneself is not told that one is enabled.
    assert_eq!(world.v1("frank", "GET", "users/frank", "").await.data()["enabled"], Value::Null);
    let own = world.v1("frank", "GET", "user", "").await.data();
    let expected = json!({"id": "frank", "display-name": "The frank", "email": "frank@example.org",
                          "language": "en"});
    assert_eq!(own, expected);

    // A subadmin sees those groups of a user that are its own.
    let seen = world.v1("erin", "GET", "users/alice/groups", "").await.data();
    assert_eq!(seen, json!({"groups": ["staff"]}));
    let all = world.v1("alice", "GET", "users/alice/groups", "").await.data();
    assert_eq!(all, json!({"groups": ["other", "staff"]}));
}

#[tokio::test]
async fn listings_search_and_pages() {
    let world = plain_world().await;
    let users = |data: Value| data["users"].clone();
    let found = world.v1("admin", "GET", "users?search=E%20F", "").await;
    assert_eq!(users(found.data()), json!(["frank"]), "in display names");
    let found = world.v1("admin", "GET", "users?search=DAVE@", "").await;
    assert_eq!(users(found.data()), json!(["dave"]), "in addresses");
    let found = world.v1("admin", "GET", "users?search=%25", "").await;
    assert_eq!(users(found.data()), json!([]), "wildcards are letters");
    let found = world.v1("erin", "GET", "users", "").await;
    assert_eq!(users(found.data()), json!(["alice", "boss", "erin", "frank"]), "own groups, each once");
    assert_eq!(found.json()["ocs"]["meta"].get("totalitems"), None);

    let page = world.v1("erin", "GET", "users?limit=2&offset=1", "").await;
    assert_eq!(users(page.data()), json!(["boss", "erin"]));
    let meta = &page.json()["ocs"]["meta"];
    assert_eq!((&meta["totalitems"], &meta["itemsperpage"]), (&json!(4), &json!(2)));
    let rest = world.v1("admin", "GET", "groups?offset=2", "").await;
    assert_eq!(rest.data(), json!({"groups": ["other", "staff"]}));
    assert_eq!(rest.json()["ocs"]["meta"]["totalitems"], json!(4));

    // Page after page is all of it, also when something is written between them.
    let page = async |offset: usize| {
        users(world.v1("admin", "GET", &format!("users?search=e&limit=2&offset={offset}"), "").await.data())
    };
    let whole = users(world.v1("admin", "GET", "users?search=e", "").await.data());
    let whole = whole.as_array().expect("a list");
    assert!(whole.len() > 4, "{whole:?}");
    for offset in (0..=whole.len()).step_by(2) {
        let expected: Vec<_> = whole.iter().skip(offset).take(2).collect();
        assert_eq!(page(offset).await, json!(expected), "from {offset}");
    }
    let second = whole[1].as_str().expect("an id");
    assert_eq!(
        world.v1("admin", "DELETE", &format!("users/{second}"), "").await.statuscode(),
        100,
        "{second}"
    );
    assert_eq!(page(2).await, json!([whole[3], whole[4]]), "one fewer before it");

    let long = format!("users?search={}", "a".repeat(5000));
    assert_eq!(world.v1("admin", "GET", &long, "").await.statuscode(), 101);
}

#[tokio::test]
async fn listings_cost_a_fixed_number_of_queries() {
    // Under this profile there are all listings.
    let world = world(nextcloud(), Rules::default()).await;
    let cost = async |path: &str| {
        let who = world.principal("admin");
        let before = world.sqlite.statements_run();
        let request = Request::builder().uri(format!("/ocs/v1.php/cloud/{path}"));
        let response = world.ocs.handle(Ok(&who), request.body(Bytes::new()).expect("a request")).await;
        assert_eq!(response.status(), StatusCode::OK);
        world.sqlite.statements_run() - before
    };
    let paths = [
        "users",
        "users?limit=1",
        "users/details",
        "groups",
        "groups/details",
        "groups/staff",
        "groups/staff/subadmins",
        "groups/staff/users/details",
    ];
    let mut before = Vec::new();
    for path in paths {
        before.push(cost(path).await);
    }
    world
        .store
        .write(|tx| {
            for number in 0..200 {
                let id = user(&format!("user{number}"));
                let display_name = UserName::stored(id.to_string());
                let password = PasswordHash::new("none".to_owned());
                let new = NewUser { id, password, display_name, email: None, quota: Quota::Default };
                tx.insert_user(&new)?;
                tx.add_to_group(&group("staff"), &new.id)?;
                tx.add_subadmin(&group("staff"), &new.id)?;
                tx.insert_group(&group(&format!("group{number}")))?;
            }
            Ok(())
        })
        .await
        .expect("written");
    for (path, before) in paths.into_iter().zip(before) {
        assert!(cost(path).await <= before, "{path}");
    }
}

#[tokio::test]
async fn a_deleted_user_leaves_nothing_behind() {
    let world = plain_world().await;
    world.custom_group("frank", "alone", &[]).await;
    world.custom_group("frank", "shared", &["alice", "dave"]).await;
    assert_eq!(world.v1("admin", "DELETE", "users/FRANK", "").await.statuscode(), 100);
    assert_eq!(world.role("alone", "frank"), None);
    assert_eq!(world.role("shared", "alice"), Some(Role::Admin), "the longest-standing member");
    assert_eq!(world.role("shared", "dave"), Some(Role::Member));
    assert!(!world.in_group("staff", "frank"));
    let gone = world.store.read(|reader| reader.custom_group(&GroupRef::Uri("alone".to_owned())));
    assert_eq!(gone.expect("read"), None);

    assert_eq!(world.v1("admin", "DELETE", "groups/staff", "").await.statuscode(), 100);
    assert_eq!(world.v1("admin", "GET", "users/erin/subadmins", "").await.data(), json!([]));
    assert!(!world.principal("erin").subadmin);
}

#[tokio::test]
async fn rights_that_were_taken_away_are_gone() {
    let world = plain_world().await;
    let was = world.principal("boss");
    world.v1("admin", "DELETE", "users/boss/groups", "groupid=admin").await;
    let request = Request::builder().method("DELETE").uri("/ocs/v1.php/cloud/users/admin");
    let answer = world.ocs.handle(Ok(&was), request.body(Bytes::new()).expect("a request")).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert!(world.service.account("admin").expect("read").is_some());
}

#[tokio::test]
async fn custom_groups_are_groups_of_a_kind() {
    let world = plain_world().await;
    world.custom_group("alice", "team", &["frank"]).await;
    let id = "customgroup_team";
    let members = async || world.v1("admin", "GET", "groups/customgroup_team", "").await.data();
    assert_eq!(members().await, json!({"users": ["alice", "frank"]}));
    assert_eq!(world.v1("erin", "GET", "groups/customgroup_team", "").await.statuscode(), 997);
    // Its admins are its subadmins; its plain members are none, and nobody is one of another group.
    for (who, statuscode) in [("alice", 100), ("frank", 997), ("dave", 997)] {
        let listed = world.v1(who, "GET", "groups/customgroup_team", "").await;
        assert_eq!(listed.statuscode(), statuscode, "{who}");
    }
    assert_eq!(world.v1("alice", "GET", "groups/staff", "").await.statuscode(), 997);
    assert_eq!(world.v1("alice", "GET", "groups/nosuch", "").await.statuscode(), 997);
    let listed = world.v1("admin", "GET", "groups?search=team", "").await.data();
    assert_eq!(listed, json!({"groups": []}));

    let form = format!("groupid={id}");
    assert_eq!(world.v1("admin", "POST", "users/DAVE/groups", &form).await.statuscode(), 100);
    assert_eq!(world.v1("admin", "POST", "users/dave/groups", &form).await.statuscode(), 100);
    assert_eq!(world.role("team", "dave"), Some(Role::Member));
    assert_eq!(world.v1("erin", "POST", "users/erin/groups", &form).await.statuscode(), 104);
    assert_eq!(world.v1("admin", "POST", "users/nosuch/groups", &form).await.statuscode(), 103);
    let missing = "groupid=customgroup_nosuch";
    assert_eq!(world.v1("admin", "POST", "users/dave/groups", missing).await.statuscode(), 102);

    assert_eq!(world.v1("admin", "DELETE", "users/alice/groups", &form).await.statuscode(), 105, "last");
    assert_eq!(world.v1("admin", "POST", "users/frank/subadmins", &form).await.statuscode(), 100);
    assert_eq!(world.role("team", "frank"), Some(Role::Admin));
    let admins = world.v1("admin", "GET", "groups/customgroup_team/subadmins", "").await.data();
    assert_eq!(admins, json!(["alice", "frank"]));
    assert_eq!(world.v1("admin", "DELETE", "users/alice/groups", &form).await.statuscode(), 100);
    assert_eq!(world.v1("admin", "DELETE", "users/frank/subadmins", &form).await.statuscode(), 103);
    assert_eq!(world.v1("admin", "DELETE", "users/dave/subadmins", &form).await.statuscode(), 102);
    assert_eq!(members().await, json!({"users": ["dave", "frank"]}));

    let new = format!("userid=newbie&password=x&groups[]={id}");
    assert_eq!(world.v1("admin", "POST", "users", &new).await.statuscode(), 100);
    assert_eq!(world.role("team", "newbie"), Some(Role::Member));
    assert_eq!(world.v1("admin", "DELETE", "groups/customgroup_team", "").await.statuscode(), 100);
    assert_eq!(world.v1("admin", "GET", "groups/customgroup_team", "").await.statuscode(), 998);
}

#[tokio::test]
async fn apps_go_off_and_on() {
    let apps = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/apps");
    let settings = OcsSettings { apps_dir: Some(apps), ..OcsSettings::default() };
    let world = world(settings, Rules::default()).await;
    let list = async |filter: &str| {
        world.v1("admin", "GET", &format!("apps/?filter={filter}"), "").await.data()["apps"].clone()
    };
    let own = ["customgroups", "dav", "files", "provisioning_api"];
    assert_eq!(list("enabled").await, json!(own));
    assert_eq!(list("disabled").await, json!(["files_texteditor"]));
    assert_eq!(world.v1("admin", "POST", "apps/files_texteditor", "").await.statuscode(), 100);
    assert_eq!(list("disabled").await, json!([]));
    assert_eq!(list("").await.as_array().map(Vec::len), Some(5));

    let customgroups = AppId::new("customgroups");
    assert!(world.service.app_enabled(&customgroups).expect("read"));
    assert_eq!(world.v1("admin", "DELETE", "apps/customgroups", "").await.statuscode(), 100);
    assert!(!world.service.app_enabled(&customgroups).expect("read"));
    let capabilities = world.v1("admin", "GET", "capabilities", "").await.data();
    assert_eq!(capabilities["capabilities"].get("customgroups"), None);
    assert_eq!(world.v1("admin", "POST", "apps/customgroups", "").await.statuscode(), 100);
    assert!(world.service.app_enabled(&customgroups).expect("read"));

    let info = world.v1("admin", "GET", "apps/files", "").await.data();
    assert_eq!(info["remote"]["webdav"], json!("appinfo/remote.php"));
    assert_eq!(info["types"], json!(["filesystem"]));
    assert_eq!((&info["id"], &info["shipped"]), (&json!("files"), &json!("true")));
    let info = world.v1("admin", "GET", "apps/files_texteditor", "").await.data();
    assert_eq!(info["dependencies"]["owncloud"]["min-version"], json!("10.0"));

    // The operator may switch the API itself off.
    let apps = davgroups::service::Apps::default();
    let provisioning = AppId::new("provisioning_api");
    world.service.install_app_switch(&apps, &provisioning, false).await.expect("switched");
    let answer = world.v1("admin", "GET", "users", "").await;
    assert_eq!((answer.http, answer.statuscode()), (StatusCode::NOT_FOUND, 998));
    assert_eq!(world.v1("admin", "GET", "user", "").await.statuscode(), 100);
}

#[tokio::test]
async fn what_everybody_may_read() {
    let world = plain_world().await;
    let status = world.call("", "GET", "/status.php", "").await;
    assert_eq!((status.http, status.content_type.as_str()), (StatusCode::OK, "application/json"));
    assert_eq!(status.json()["installed"], json!(true));
    for version in ["v1", "v2"] {
        let config = world.call("", "GET", &format!("/ocs/{version}.php/config"), "").await;
        assert_eq!(config.http, StatusCode::OK);
        assert_eq!(config.data()["ssl"], json!("false"));
    }
    for (path, http, code) in [
        ("/ocs/v1.php/cloud/nosuch", 200, 999),
        ("/ocs/v1.php", 200, 999),
        ("/ocs/v2.php/cloud/nosuch", 404, 404),
        ("/ocs/v3.php/cloud/users", 404, 404),
    ] {
        let answer = world.call("", "GET", path, "").await;
        assert_eq!((answer.http.as_u16(), answer.statuscode()), (http, code), "{path}");
    }
    let wrong = world.call("", "PATCH", "/ocs/v1.php/cloud/users", "").await;
    assert_eq!((wrong.http.as_u16(), wrong.allow.as_deref()), (405, Some("GET, HEAD, POST")));
    let wrong = world.call("admin", "POST", "/ocs/v1.php/cloud/groups/staff", "").await;
    assert_eq!((wrong.http.as_u16(), wrong.allow.as_deref()), (405, Some("GET, HEAD, DELETE")));
}

#[tokio::test]
async fn refusals_come_in_the_format_asked_for() {
    let world = plain_world().await;
    let refusal = Refusal::BodyTooLarge { limit: 10 };
    let uri = "/ocs/v2.php/cloud/users?format=json".parse().expect("a uri");
    let answer = world.ocs.refuse(&uri, &http::HeaderMap::new(), &refusal);
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let body: Value = serde_json::from_slice(&answer.body().whole()).expect("JSON");
    assert_eq!(body["ocs"]["meta"]["statuscode"], json!(413));

    let request = Request::get("/ocs/v1.php/cloud/users/nosuch").body(Bytes::new()).expect("a request");
    let answer = world.send("admin", request).await;
    assert_eq!(answer.content_type, "text/xml; charset=UTF-8");
    let text = String::from_utf8(answer.body.to_vec()).expect("UTF-8");
    assert!(text.contains("<statuscode>998</statuscode>"), "{text}");
}

#[tokio::test]
async fn quota_and_what_is_used_of_it() {
    let homes = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(homes.path().join("frank")).expect("made");
    std::fs::write(homes.path().join("frank/file"), [0; 512]).expect("written");
    let home_template = Some(format!("{}/{{user}}", homes.path().display()));
    let world = world(OcsSettings { home_template, ..OcsSettings::default() }, Rules::default()).await;
    world.v1("admin", "PUT", "users/frank", "key=quota&value=2048").await;
    let frank = world.v1("admin", "GET", "users/frank", "").await.data();
    let expected = json!({"free": 1536, "used": 512, "total": 2048, "relative": 25, "definition": "2 KB"});
    assert_eq!(frank["quota"], expected);
    assert_eq!(frank["home"], json!(homes.path().join("frank")));
    for (value, definition) in [("none", "none"), ("default", "default"), ("12MB", "12 MB")] {
        world.v1("admin", "PUT", "users/frank", &format!("key=quota&value={value}")).await;
        let frank = world.v1("admin", "GET", "users/frank", "").await.data();
        assert_eq!(frank["quota"]["definition"], json!(definition));
        assert_eq!(frank["quota"]["used"], json!(512));
    }
}

#[tokio::test]
async fn numbers_of_custom_groups_are_no_groups() {
    let world = plain_world().await;
    world.custom_group("alice", "team", &[]).await;
    let number = GroupRef::Number(CustomGroupNumber::new(1));
    let stored = world.store.read(|reader| reader.custom_group(&number)).expect("read");
    assert_eq!(stored.map(|group| group.uri), GroupUri::new("team").ok());
    assert_eq!(world.v1("admin", "GET", "groups/1", "").await.statuscode(), 998);
}

/// Percent-encodes everything but letters and digits.
fn encoded(id: &str) -> String {
    percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC).to_string()
}

async fn lives_through_everything(world: &World, id: &str) {
    let path = format!("groups/{}", encoded(id));
    let form = format!("groupid={}", encoded(id));
    assert_eq!(world.v1("admin", "POST", "groups", &form).await.statuscode(), 100, "{id:?} made");
    assert_eq!(world.v1("admin", "POST", "groups", &form).await.statuscode(), 102, "{id:?} made again");
    let listed = world.v1("admin", "GET", &format!("groups?search={}", encoded(id)), "").await.data();
    let listed = listed["groups"].as_array().expect("a list").clone();
    assert!(listed.contains(&json!(id)), "{id:?} listed in {listed:?}");
    assert_eq!(world.v1("admin", "POST", "users/dave/groups", &form).await.statuscode(), 100, "{id:?}");
    let members = world.v1("admin", "GET", &path, "").await;
    assert_eq!(members.data(), json!({"users": ["dave"]}), "{id:?}");
    assert_eq!(world.v1("admin", "POST", "users/dave/subadmins", &form).await.statuscode(), 100, "{id:?}");
    let subadmins = world.v1("admin", "GET", &format!("{path}/subadmins"), "").await;
    assert_eq!(subadmins.data(), json!(["dave"]), "{id:?}");
    assert_eq!(world.v1("dave", "GET", &path, "").await.statuscode(), 100, "{id:?}");
    assert_eq!(world.v1("admin", "DELETE", "users/dave/groups", &form).await.statuscode(), 100, "{id:?}");
    assert_eq!(world.v1("admin", "GET", &path, "").await.data(), json!({"users": []}), "{id:?}");
    assert_eq!(world.v1("admin", "DELETE", &path, "").await.statuscode(), 100, "{id:?} deleted");
    assert_eq!(world.v1("admin", "GET", &path, "").await.statuscode(), 998, "{id:?} gone");
}

#[tokio::test]
async fn ids_that_are_hard_on_paths() {
    let world = plain_world().await;
    for id in [
        "Mgmt/Sydney",
        "50%2Fix",
        "var/../etc",
        "../..",
        "/",
        "a/",
        "//",
        "C:\\x",
        "a#b?c&d=e",
        "1+1=2",
        "🎉 party",
        "Größe",
        "<g>&\"'",
        "subadmins",
        "users",
        "[]",
        "%",
        "null",
    ] {
        lives_through_everything(&world, id).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_unicode_is_an_id(id in any::<String>()) {
        prop_assume!(GroupId::new(&id).is_ok() && id != "staff" && id != "other" && id != "empty");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async { lives_through_everything(&plain_world().await, &id).await });
    }
}
