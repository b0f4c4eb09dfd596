//! What all listings have in common: patterns, pages, cost.

use davgroups::domain::fold::fold;
use davgroups::domain::{
    CustomGroup, DisplayName, GroupId, GroupRef, GroupUri, Page, Pattern, Result, Role, Search, UserId,
};
use davgroups::store::{Members, Reader, SharedStore, Tx};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use crate::database::Database;
use crate::fixture::{
    add_custom_group, add_new_users, add_users, display_name, find_by_uri, group_id, id, member_ids,
    named_user, new_user, page, read, search, user_ids, write,
};

fn names_of_all_groups(store: &SharedStore, what: &Search) -> Vec<String> {
    let groups = read(store, |reader| reader.custom_groups(what));
    groups.into_iter().map(|listed| listed.group.display_name.as_str().to_owned()).collect()
}

pub fn no_character_is_a_wildcard(database: &dyn Database) {
    let store = database.open();
    let names = ["100%", "a_b", "axb", "back\\slash", "star*", "que?tion", "[set]", "quo'te\""];
    for (n, name) in names.iter().enumerate() {
        add_custom_group(&store, &format!("group{n}"), name, &[]);
        add_new_users(&store, vec![named_user(&format!("user{n}"), name, "")]);
    }
    for (pattern, found) in [
        ("%", &["100%"][..]),
        ("_", &["a_b"]),
        ("a_b", &["a_b"]),
        ("a%b", &[]),
        ("\\", &["back\\slash"]),
        ("\\s", &["back\\slash"]),
        ("\\%", &[]),
        ("*", &["star*"]),
        ("?", &["que?tion"]),
        ("[s", &["[set]"]),
        ("[a-z]", &[]),
        ("'", &["quo'te\""]),
        ("\"", &["quo'te\""]),
    ] {
        assert_eq!(names_of_all_groups(&store, &search(pattern)), found, "{pattern:?}");
        assert_eq!(user_ids(&store, &search(pattern)).len(), found.len(), "{pattern:?}");
    }
}

/// No name holds any, so that nothing may be found, whatever the database thinks of them.
pub fn control_characters_match_nothing(database: &dyn Database) {
    let store = database.open();
    add_new_users(&store, vec![named_user("alice", "Alice", "alice@example.org")]);
    let group = add_custom_group(&store, "team", "Team", &[("alice", Role::Admin)]).number;
    for pattern in ["\0", "e\0", "\n", "e\na", "\u{7f}", "\u{85}"] {
        let what = search(pattern);
        assert!(user_ids(&store, &what).is_empty(), "users: {pattern:?}");
        assert!(member_ids(&store, group, &what).is_empty(), "members: {pattern:?}");
        assert!(names_of_all_groups(&store, &what).is_empty(), "custom groups: {pattern:?}");
        assert!(read(&store, |reader| reader.find_groups(&what)).is_empty(), "groups: {pattern:?}");
    }
}

pub fn pages_are_cut_from_the_whole(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["ann", "ben", "cat", "dan", "eve"]);
    for (offset, limit, found) in [
        (0, None, &["ann", "ben", "cat", "dan", "eve"][..]),
        (0, Some(2), &["ann", "ben"]),
        (2, Some(2), &["cat", "dan"]),
        (4, Some(2), &["eve"]),
        (3, None, &["dan", "eve"]),
        (5, None, &[]),
        (0, Some(0), &[]),
        (1, Some(u64::MAX), &["ben", "cat", "dan", "eve"]),
        (u64::MAX, Some(1), &[]),
    ] {
        assert_eq!(user_ids(&store, &page(offset, limit)), found, "{offset}, {limit:?}");
    }
    let second_with_an_n = Search { page: Page { limit: Some(1), offset: 1 }, ..search("N") };
    assert_eq!(user_ids(&store, &second_with_an_n), ["ben"]);
}

/// Names and patterns out of characters that are special somewhere, against a filter written in Rust.
pub fn searching_agrees_with_a_plain_filter(database: &dyn Database) {
    let store = database.open();
    let text = "[aAbß%_\\\\éÉİſ ]{1,5}";
    let names = prop::collection::btree_set("[abß%_\\\\éÉİſ][aAbßS%_\\\\éÉ ]{1,4}", 1..12);
    let window = (0..4_u64, prop::option::of(0..6_u64));
    let mut runner = TestRunner::new(Config { cases: 150, failure_persistence: None, ..Config::default() });
    let cases = (names, text, window);
    let outcome = runner.run(&cases, |(names, text, (offset, limit))| {
        let what = Search { pattern: Pattern::new(&text).expect("short"), page: Page { limit, offset } };
        let groups = add_groups(&store, names.iter().map(|name| DisplayName::stored(name.clone())).collect());
        let found = names_of_all_groups(&store, &what);
        write(&store, move |tx| groups.iter().try_for_each(|group| tx.delete_custom_group(group.number)));

        let matching = names.into_iter().filter(|name| fold(name).contains(&fold(&text)));
        let limit = limit.map_or(usize::MAX, |limit| limit as usize);
        let expected: Vec<String> = matching.skip(offset as usize).take(limit).collect();
        if found == expected {
            Ok(())
        } else {
            Err(TestCaseError::fail(format!("{found:?} != {expected:?}")))
        }
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

fn add_groups(store: &SharedStore, names: Vec<DisplayName>) -> Vec<CustomGroup> {
    write(store, move |tx| {
        let with_uri = names.iter().enumerate();
        with_uri.map(|(n, name)| tx.insert_custom_group(&GroupUri::stored(format!("g{n}")), name)).collect()
    })
}

/// The same listings with 10 and with 1000 entries.
pub fn a_listing_costs_a_fixed_number_of_statements(database: &dyn Database) {
    let (store, statements) = database.open_counted();
    let users: Vec<UserId> = (0..1000).map(|n| id(&format!("user{n:04}"))).collect();
    let everyone = users.clone();
    write(&store, move |tx| {
        tx.insert_group(&group_id("team"))?;
        tx.insert_user(&new_user("chief"))?;
        tx.add_subadmin(&group_id("team"), &id("chief"))?;
        everyone.iter().try_for_each(|user| tx.insert_user(&new_user(user.as_str())))
    });
    let mut listed = 0;
    let mut costs = Vec::new();
    for entries in [10, 1000] {
        let more = users[listed..entries].to_vec();
        listed = entries;
        write(&store, move |tx| more.iter().try_for_each(|user| belong(tx, user)));
        let club = find_by_uri(&store, "user0000").expect("made").number;
        let mut cost = Vec::new();
        let mut list = |what: &str, expected: usize, job: &dyn Fn(&dyn Reader) -> usize| {
            let before = statements();
            assert_eq!(read(&store, |reader| Ok(job(reader))), expected, "{what}");
            cost.push((what.to_owned(), statements() - before));
        };
        let all = &Search::default();
        let (chief, team, first) = (&id("chief"), &group_id("team"), &id("user0000"));
        list("find_users", 1001, &|r| r.find_users(all).expect("read").len());
        list("users", 1001, &|r| r.users().expect("read").len());
        list("find_managed_users", entries, &|r| {
            r.find_managed_users(chief, Members::All, all).expect("read").len()
        });
        list("group_members", entries, &|r| r.group_members(team).expect("read").len());
        list("subadmins", entries + 1, &|r| r.subadmins(team).expect("read").len());
        list("find_groups", entries + 2, &|r| r.find_groups(all).expect("read").len());
        list("groups", entries + 2, &|r| r.groups(all).expect("read").len());
        list("users_with", 1000, &|r| r.users_with(&users).expect("read").len());
        list("groups_of_each", entries, &|r| r.groups_of_each(&users).expect("read").len());
        list("subadmin_groups_of_each", entries, &|r| r.subadmin_groups_of_each(&users).expect("read").len());
        list("groups_of", entries, &|r| r.groups_of(chief).expect("read").len());
        list("custom_groups", entries, &|r| r.custom_groups(all).expect("read").len());
        list("custom_groups_of", entries, &|r| r.custom_groups_of(first, all).expect("read").len());
        list("memberships", entries, &|r| r.memberships(club, all).expect("read").len());
        list("users_with_memberships", entries, &|r| r.users_with_memberships().expect("read").len());
        costs.push(cost);
    }
    assert_eq!(costs[0], costs[1]);
    assert!(costs[0].iter().all(|&(_, statements)| statements == 1), "{costs:?}");
}

/// Puts `user` into everything that is listed: the group, the first custom group, and one of its own,
/// which the first user joins as well.
fn belong(tx: &mut dyn Tx, user: &UserId) -> Result<()> {
    let team = group_id("team");
    tx.add_to_group(&team, user)?;
    tx.add_subadmin(&team, user)?;
    let own = GroupId::stored(format!("group of {user}"));
    tx.insert_group(&own)?;
    tx.add_to_group(&own, &id("chief"))?;
    let uri = GroupUri::stored(user.to_string());
    let club = tx.insert_custom_group(&uri, &display_name(user.as_str()))?.number;
    tx.add_member(club, user, Role::Admin)?;
    let first = id("user0000");
    if *user == first {
        return Ok(());
    }
    tx.add_member(club, &first, Role::Member)?;
    let shared = GroupRef::Uri(first.to_string());
    let shared = tx.custom_group(&shared)?.expect("made first").number;
    tx.add_member(shared, user, Role::Member)
}
