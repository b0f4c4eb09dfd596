//! Memberships of custom groups.

use davgroups::domain::{CustomGroupNumber, Error, Membership, Result, Role, UserName};
use davgroups::store::{SharedStore, UserChange};

use crate::database::Database;
use crate::fixture::{
    add_custom_group, add_new_users, add_users, id, is_store_failure, member_ids, named_user, page, read,
    search, texts, write,
};

fn add(store: &SharedStore, group: CustomGroupNumber, user: &str, role: Role) -> Result<()> {
    let user = id(user);
    store.write_blocking(move |tx| tx.add_member(group, &user, role))
}

fn remove(store: &SharedStore, group: CustomGroupNumber, user: &str) {
    let user = id(user);
    write(store, move |tx| tx.remove_member(group, &user));
}

fn role(store: &SharedStore, group: CustomGroupNumber, user: &str) -> Option<Role> {
    read(store, |reader| reader.role(group, &id(user)))
}

fn eldest(store: &SharedStore, group: CustomGroupNumber) -> Option<String> {
    read(store, |reader| reader.longest_standing(group)).map(|user| user.to_string())
}

pub fn what_is_written_is_read(database: &dyn Database) {
    let store = database.open();
    add_new_users(&store, vec![named_user("alice", "Älice", "")]);
    let group = add_custom_group(&store, "team", "Team", &[("alice", Role::Member)]).number;
    let expected = Membership {
        user: id("alice"),
        user_display_name: UserName::stored("Älice"),
        guest: false,
        role: Role::Member,
    };
    assert_eq!(read(&store, |reader| reader.membership(group, "alice")), Some(expected.clone()));
    assert_eq!(read(&store, |reader| reader.memberships(group, &search(""))), [expected]);

    write(&store, |tx| tx.update_user(&id("alice"), &UserChange::Guest(true)));
    assert!(read(&store, |reader| reader.membership(group, "alice")).expect("still a member").guest);
    write(&store, |tx| tx.update_user(&id("alice"), &UserChange::DisplayName(UserName::stored("Liz"))));
    let renamed = read(&store, |reader| reader.membership(group, "alice")).expect("still a member");
    assert_eq!(renamed.user_display_name.as_str(), "Liz");
}

pub fn a_member_is_added_once(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice"]);
    let group = add_custom_group(&store, "team", "Team", &[]).number;
    let other = add_custom_group(&store, "other", "Other", &[]).number;
    add(&store, group, "alice", Role::Admin).expect("new");
    let again = add(&store, group, "alice", Role::Member);
    assert!(matches!(again, Err(Error::AlreadyMember)), "{again:?}");
    assert_eq!(role(&store, group, "alice"), Some(Role::Admin), "the role stays as it was");
    add(&store, other, "alice", Role::Member).expect("another group");
}

pub fn members_are_found_in_just_their_spelling(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["Alice", "bob"]);
    let group = add_custom_group(&store, "team", "Team", &[("Alice", Role::Admin)]).number;
    assert!(read(&store, |reader| reader.membership(group, "Alice")).is_some());
    for other in ["alice", "ALICE", "bob", "%", ""] {
        assert_eq!(read(&store, |reader| reader.membership(group, other)), None, "{other:?}");
    }
}

pub fn roles_change_and_admins_are_counted(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice", "bob", "carol"]);
    let members = [("alice", Role::Admin), ("bob", Role::Member)];
    let group = add_custom_group(&store, "team", "Team", &members).number;
    let other = add_custom_group(&store, "other", "Other", &members).number;
    let admins = || read(&store, |reader| reader.count_admins(group));
    assert_eq!((admins(), role(&store, group, "carol")), (1, None));

    write(&store, move |tx| tx.set_role(group, &id("bob"), Role::Admin));
    assert_eq!((admins(), role(&store, group, "bob")), (2, Some(Role::Admin)));
    write(&store, move |tx| tx.set_role(group, &id("alice"), Role::Member));
    assert_eq!((admins(), role(&store, group, "alice")), (1, Some(Role::Member)));
    write(&store, move |tx| tx.set_role(group, &id("carol"), Role::Admin));
    assert_eq!((admins(), role(&store, group, "carol")), (1, None), "a stranger gets no role");
    assert_eq!(role(&store, other, "bob"), Some(Role::Member), "another group is not touched");
}

pub fn members_come_by_id_bytewise(database: &dyn Database) {
    let store = database.open();
    let users = ["zoe", "Zoe2", "adam", "Eve", "10th", "a b", "a-b", "_ed"];
    add_users(&store, &users);
    let members: Vec<_> = users.iter().map(|&user| (user, Role::Member)).collect();
    let group = add_custom_group(&store, "team", "Team", &members).number;
    let mut sorted = users;
    sorted.sort_unstable();
    assert_eq!(member_ids(&store, group, &search("")), sorted);
    assert_eq!(member_ids(&store, group, &page(2, Some(3))), sorted[2..5]);
    assert_eq!(member_ids(&store, group, &page(6, Some(10))), sorted[6..]);
}

pub fn searching_looks_at_id_and_display_name(database: &dyn Database) {
    let store = database.open();
    add_new_users(
        &store,
        vec![
            named_user("alice", "Zoë", "alice@example.org"),
            named_user("Bob", "Ali Baba", "bob@example.org"),
            named_user("carol", "Alina", ""),
        ],
    );
    let members = [("alice", Role::Admin), ("Bob", Role::Member)];
    let group = add_custom_group(&store, "team", "Team", &members).number;
    for (pattern, found) in [
        ("ALI", &["Bob", "alice"][..]),
        ("ZOË", &["alice"]),
        ("bob", &["Bob"]),
        ("example", &[]),
        ("e\nz", &[]),
    ] {
        assert_eq!(member_ids(&store, group, &search(pattern)), found, "{pattern:?}");
    }
}

pub fn removing_takes_one_away(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice", "bob"]);
    let members = [("alice", Role::Admin), ("bob", Role::Member)];
    let group = add_custom_group(&store, "team", "Team", &members).number;
    let other = add_custom_group(&store, "other", "Other", &members).number;
    remove(&store, group, "bob");
    assert_eq!(member_ids(&store, group, &search("")), ["alice"]);
    assert_eq!(member_ids(&store, other, &search("")), ["alice", "bob"]);
    remove(&store, group, "bob");
    add(&store, group, "bob", Role::Admin).expect("back again");
    assert_eq!(role(&store, group, "bob"), Some(Role::Admin));
}

pub fn the_first_to_join_is_of_longest_standing(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["zoe", "alice", "mary"]);
    let group = add_custom_group(&store, "team", "Team", &[]).number;
    assert_eq!(eldest(&store, group), None);
    for user in ["zoe", "alice", "mary"] {
        add(&store, group, user, Role::Member).expect(user);
    }
    assert_eq!(eldest(&store, group).as_deref(), Some("zoe"));
    write(&store, move |tx| tx.set_role(group, &id("mary"), Role::Admin));
    assert_eq!(eldest(&store, group).as_deref(), Some("zoe"), "roles do not count");
    remove(&store, group, "zoe");
    assert_eq!(eldest(&store, group).as_deref(), Some("alice"));
    add(&store, group, "zoe", Role::Member).expect("back again");
    remove(&store, group, "alice");
    assert_eq!(eldest(&store, group).as_deref(), Some("mary"), "who comes back starts anew");
}

/// Everything in one transaction has the same time, and still the order is kept.
pub fn the_order_of_joining_holds_within_one_transaction(database: &dyn Database) {
    let store = database.open();
    let users: Vec<String> = (0..40).map(|n| format!("user{:02}", (n * 23) % 40)).collect();
    let names: Vec<&str> = users.iter().map(String::as_str).collect();
    add_users(&store, &names);
    let members: Vec<_> = names.iter().map(|&user| (user, Role::Member)).collect();
    let group = add_custom_group(&store, "team", "Team", &members).number;
    let left = write(&store, move |tx| {
        let mut left = Vec::new();
        while let Some(first) = tx.longest_standing(group)? {
            tx.remove_member(group, &first)?;
            left.push(first.to_string());
        }
        Ok(left)
    });
    assert_eq!(left, users);
}

pub fn users_with_memberships_come_once(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["bob", "Alice", "carol"]);
    assert!(read(&store, |reader| reader.users_with_memberships()).is_empty());
    add_custom_group(&store, "one", "One", &[("bob", Role::Admin), ("Alice", Role::Member)]);
    add_custom_group(&store, "two", "Two", &[("bob", Role::Admin)]);
    assert_eq!(texts(read(&store, |reader| reader.users_with_memberships())), ["Alice", "bob"]);
}

pub fn deleting_a_user_takes_memberships_along(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice", "bob"]);
    let members = [("alice", Role::Admin), ("bob", Role::Admin)];
    let group = add_custom_group(&store, "team", "Team", &members).number;
    write(&store, |tx| tx.delete_user(&id("alice")));
    assert_eq!(member_ids(&store, group, &search("")), ["bob"]);
    assert_eq!(read(&store, |reader| reader.count_admins(group)), 1);
    add_users(&store, &["alice"]);
    assert_eq!(role(&store, group, "alice"), None, "a namesake inherits nothing");
}

pub fn a_membership_needs_a_group_and_a_user(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice"]);
    let group = add_custom_group(&store, "team", "Team", &[]).number;
    let missing = CustomGroupNumber::new(group.get() + 1);
    for (group, user) in [(group, "nobody"), (missing, "alice")] {
        let added = add(&store, group, user, Role::Member);
        assert!(is_store_failure(&added), "{group}, {user}: {added:?}");
    }
    assert!(read(&store, |reader| reader.users_with_memberships()).is_empty());
}
