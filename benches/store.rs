//! Reads and writes of the store, and whole requests without a connection: `cargo bench`.

#![allow(clippy::expect_used, reason = "a bench that cannot be set up has failed")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use davgroups::domain::{
    CustomGroupNumber, DisplayName, GroupId, GroupRef, GroupUri, NewUser, Password, PasswordHash, Pattern,
    Quota, Role, Search, UserId, UserName,
};
use davgroups::edge::Client;
use davgroups::service::Passwords;
use davgroups::store::SharedStore;
use davgroups::store::sqlite::SqliteStore;
use davgroups::{App, Config};
use divan::Bencher;
use http_body_util::{BodyExt, Full};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const MEMBERS: usize = 1_000;

fn main() {
    divan::main();
}

/// A store with the administrator `admin` (password `adminpw`) and a group of a thousand.
fn seeded() -> (TempDir, SharedStore, CustomGroupNumber) {
    let directory = tempfile::tempdir().expect("temporary directory");
    let store: SharedStore = Arc::new(SqliteStore::open(directory.path()).expect("store"));
    let hash = hash("adminpw");
    let group = store.write_blocking(move |tx| {
        tx.insert_user(&user("admin", hash))?;
        tx.add_to_group(&GroupId::admin(), &UserId::new("admin")?)?;
        let uri = GroupUri::new("thousand")?;
        let group = tx.insert_custom_group(&uri, &DisplayName::of_uri(&uri))?.number;
        for number in 0..MEMBERS {
            let member = user(&name(number), PasswordHash::locked());
            tx.insert_user(&member)?;
            tx.add_member(group, &member.id, Role::Member)?;
        }
        Ok(group)
    });
    (directory, store, group.expect("seeded"))
}

fn name(number: usize) -> String {
    format!("user{number:07}")
}

fn hash(password: &str) -> PasswordHash {
    let passwords = Passwords::new().expect("a decoy");
    let password = Password::offered(password.to_owned());
    Runtime::new().expect("a runtime").block_on(passwords.hash(&password)).expect("hashed")
}

fn user(id: &str, password: PasswordHash) -> NewUser {
    let id = UserId::new(id).expect("id");
    NewUser {
        password,
        display_name: UserName::new("Ada Lovelace", &id).expect("name"),
        email: None,
        quota: Quota::Default,
        id,
    }
}

#[divan::bench]
fn read_a_user(bencher: Bencher) {
    let (_directory, store, _) = seeded();
    bencher.bench(|| store.read(|reader| reader.user("user0000500")));
}

#[divan::bench]
fn read_an_account(bencher: Bencher) {
    let (_directory, store, _) = seeded();
    bencher.bench(|| store.read(|reader| reader.account("user0000500")));
}

#[divan::bench]
fn read_a_group(bencher: Bencher) {
    let (_directory, store, _) = seeded();
    let group = GroupRef::Uri("thousand".to_owned());
    bencher.bench(|| store.read(|reader| reader.custom_group(&group)));
}

#[divan::bench]
fn read_the_generation(bencher: Bencher) {
    let (_directory, store, _) = seeded();
    bencher.bench(|| store.generation());
}

#[divan::bench]
fn read_a_thousand_members(bencher: Bencher) {
    let (_directory, store, group) = seeded();
    bencher.bench(|| store.read(|reader| reader.memberships(group, &Search::default())));
}

#[divan::bench(args = ["0500", "ada", "zz"])]
fn find_users(bencher: Bencher, pattern: &str) {
    let (_directory, store, _) = seeded();
    let search = Search { pattern: Pattern::new(pattern).expect("short"), ..Search::default() };
    bencher.bench(|| store.read(|reader| reader.find_users(&search)));
}

#[divan::bench(sample_count = 20)]
fn add_a_member_durably(bencher: Bencher) {
    let (_directory, store, _) = seeded();
    let next = AtomicUsize::new(0);
    bencher.bench(|| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        store.write_blocking(move |tx| {
            let uri = GroupUri::new(&format!("group{number}"))?;
            let group = tx.insert_custom_group(&uri, &DisplayName::of_uri(&uri))?.number;
            tx.add_member(group, &UserId::new("user0000500")?, Role::Member)
        })
    });
}

/// The requests of [`whole_request`].
const REQUESTS: [(&str, &str, &str, &str); 6] = [
    ("GET", "/status.php", "0", ""),
    ("GET", "/ocs/v1.php/cloud/users/admin", "0", ""),
    ("PROPFIND", "/remote.php/dav/customgroups/groups/thousand/", "0", PROPFIND),
    ("PROPFIND", "/remote.php/dav/customgroups/groups/thousand/", "1", PROPFIND),
    ("REPORT", "/remote.php/dav/customgroups/groups/thousand/", "0", SEARCH),
    ("PROPPATCH", "/remote.php/dav/customgroups/groups/thousand/", "0", "<malformed"),
];

const PROPFIND: &str = "<d:propfind xmlns:d=\"DAV:\" xmlns:o=\"http://owncloud.org/ns\"><d:prop><o:role/>\
    <o:user-id/><o:user-display-name/><d:resourcetype/><d:getetag/></d:prop></d:propfind>";

/// Finds all members, so that this is the rendering of a listing that is never kept.
const SEARCH: &str = "<o:search-query xmlns:d=\"DAV:\" xmlns:o=\"http://owncloud.org/ns\"><d:prop><o:role/>\
    <o:user-id/></d:prop><o:search><o:pattern>user</o:pattern></o:search></o:search-query>";

/// Authenticating, parsing, reading and rendering, without HTTP.
#[divan::bench(args = 0..REQUESTS.len())]
fn whole_request(bencher: Bencher, number: usize) {
    let (directory, store, _) = seeded();
    drop(store);
    let runtime = Runtime::new().expect("runtime");
    let config = Config { data_dir: directory.path().to_owned(), ..Config::default() };
    let app = App::open(&config).expect("app");
    let (method, path, depth, body) = REQUESTS[number];
    let credentials = format!("Basic {}", BASE64_STANDARD.encode("admin:adminpw"));
    let respond = || {
        let request = http::Request::builder().method(method).uri(path);
        let request = request.header("authorization", &credentials).header("depth", depth);
        let request = request.body(Full::new(Bytes::from_static(body.as_bytes()))).expect("request");
        runtime.block_on(async {
            app.dispatch().respond(Client::LOCAL, request).await.into_body().collect().await
        })
    };
    // The first login hashes the password.
    respond().expect("answered");
    bencher.bench(respond);
}
