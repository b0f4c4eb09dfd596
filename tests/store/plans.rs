//! Statements are compiled once for each connection.

use std::sync::Arc;

use davgroups::domain::{GroupRef, Role};
use davgroups::store::SharedStore;
use davgroups::store::sqlite::SqliteStore;

use crate::fixture::{
    add_custom_group, add_users, find_by_uri, id, member_ids, page, read, search, user_ids,
};

#[test]
fn no_statement_is_compiled_again() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let sqlite = Arc::new(SqliteStore::open(directory.path()).expect("a store"));
    let store: SharedStore = sqlite.clone();
    let before = sqlite.statements_run();
    for round in 0..20 {
        // The store grows all the while, and what is asked for varies.
        let users: Vec<String> = (0..50).map(|n| format!("user{round}-{n}")).collect();
        let users: Vec<&str> = users.iter().map(String::as_str).collect();
        add_users(&store, &users);
        let uri = format!("club{round}");
        let group =
            add_custom_group(&store, &uri, &uri, &[(users[0], Role::Admin), (users[1], Role::Member)]);
        for pattern in ["", "u", "user", "user1-7", "%"] {
            user_ids(&store, &search(pattern));
            member_ids(&store, group.number, &search(pattern));
            read(&store, |reader| reader.custom_groups(&search(pattern)));
            read(&store, |reader| reader.count_users(&search(pattern).pattern));
        }
        user_ids(&store, &page(round, Some(round)));
        let who = id(users[0]);
        read(&store, |reader| reader.account(users[0]));
        read(&store, |reader| reader.account("nobody@example.org"));
        read(&store, |reader| reader.foreign_password(""));
        read(&store, |reader| reader.custom_groups_of(&who, &search("club")));
        read(&store, |reader| reader.role(group.number, &who));
        read(&store, |reader| reader.membership(group.number, users[1]));
        read(&store, |reader| reader.custom_group(&GroupRef::Number(group.number)));
        read(&store, |reader| reader.memberships_after(group.number, &who, round));
        assert!(find_by_uri(&store, &uri).is_some());
    }
    assert!(sqlite.statements_run() - before > 500);
    assert_eq!(sqlite.statements_recompiled(), 0);
}
