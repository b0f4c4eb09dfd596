//! Custom groups: numbers, names and order.

use davgroups::domain::{
    CustomGroup, CustomGroupNumber, DisplayName, Error, GroupRef, GroupUri, Result, Role, RoledGroup, Search,
};
use davgroups::store::SharedStore;

use crate::database::Database;
use crate::fixture::{
    add_custom_group, add_users, display_name, find_by_uri, id, member_ids, page, read, search, write,
};

fn uris(groups: Vec<RoledGroup>) -> Vec<String> {
    groups.into_iter().map(|listed| listed.group.uri.as_str().to_owned()).collect()
}

fn is_taken(store: &SharedStore, name: &str, except: Option<CustomGroupNumber>) -> bool {
    read(store, |reader| reader.display_name_taken(&display_name(name), except))
}

fn delete(store: &SharedStore, group: CustomGroupNumber) {
    write(store, move |tx| tx.delete_custom_group(group));
}

pub fn what_is_written_is_read(database: &dyn Database) {
    let store = database.open();
    let made = add_custom_group(&store, "100% #?+ \u{1F389}", "Sales/East: Zoë's", &[]);
    assert_eq!(made.uri.as_str(), "100% #?+ \u{1F389}");
    assert_eq!(made.display_name, display_name("Sales/East: Zoë's"));
    assert!(made.number.get() > 0);
    for group in [GroupRef::Uri("100% #?+ \u{1F389}".to_owned()), GroupRef::Number(made.number)] {
        assert_eq!(read(&store, |reader| reader.custom_group(&group)).as_ref(), Some(&made), "{group:?}");
    }
    for missing in [GroupRef::Uri("100%".to_owned()), GroupRef::Number(CustomGroupNumber::new(i64::MAX))] {
        assert_eq!(read(&store, |reader| reader.custom_group(&missing)), None, "{missing:?}");
    }
}

pub fn a_uri_is_taken_to_the_letter(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice"]);
    let first = add_custom_group(&store, "team", "Team", &[("alice", Role::Admin)]);
    let again: Result<_> = store.write_blocking(|tx| {
        tx.insert_custom_group(&GroupUri::new("team").expect("valid"), &display_name("Another"))
    });
    assert!(matches!(again, Err(Error::GroupUriTaken)), "{again:?}");
    assert_eq!(find_by_uri(&store, "team"), Some(first.clone()));
    assert_eq!(member_ids(&store, first.number, &search("")), ["alice"]);

    let other = add_custom_group(&store, "Team", "Capital", &[]);
    assert_ne!(other.number, first.number);
    assert_eq!(find_by_uri(&store, "TEAM"), None);
}

pub fn display_names_are_compared_in_any_case(database: &dyn Database) {
    let store = database.open();
    let group = add_custom_group(&store, "equipe", "Équipe Straße", &[]);
    for name in ["Équipe Straße", "ÉQUIPE STRASSE", "équipe straße"] {
        assert!(is_taken(&store, name, None), "{name}");
        assert!(!is_taken(&store, name, Some(group.number)), "one's own: {name}");
    }
    for name in ["Equipe Straße", "Équipe", "%quipe Stra_e"] {
        assert!(!is_taken(&store, name, None), "{name}");
    }
    let other = add_custom_group(&store, "other", "Other", &[]);
    assert!(is_taken(&store, "équipe STRASSE", Some(other.number)));
}

pub fn the_store_allows_equal_display_names(database: &dyn Database) {
    let store = database.open();
    let one = add_custom_group(&store, "one", "Same", &[]);
    let two = add_custom_group(&store, "two", "Same", &[]);
    assert!(is_taken(&store, "same", Some(one.number)) && is_taken(&store, "same", Some(two.number)));
    delete(&store, one.number);
    assert!(!is_taken(&store, "same", Some(two.number)));
}

pub fn renaming_changes_the_name_alone(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice"]);
    let mut team = add_custom_group(&store, "team", "Team", &[("alice", Role::Admin)]);
    let other = add_custom_group(&store, "other", "Other", &[]);
    let number = team.number;
    write(&store, move |tx| tx.rename_custom_group(number, &display_name("Ünion")));

    team.display_name = display_name("Ünion");
    assert_eq!(find_by_uri(&store, "team"), Some(team));
    assert_eq!(find_by_uri(&store, "other"), Some(other));
    assert_eq!(member_ids(&store, number, &search("")), ["alice"]);
    assert!(is_taken(&store, "üNION", None) && !is_taken(&store, "Team", None));
    assert_eq!(uris(read(&store, |reader| reader.custom_groups(&search("ÜNI")))), ["team"]);
    assert!(read(&store, |reader| reader.custom_groups(&search("team"))).is_empty());
}

pub fn numbers_are_never_used_again(database: &dyn Database) {
    let store = database.open();
    let first = add_custom_group(&store, "first", "First", &[]);
    let second = add_custom_group(&store, "second", "Second", &[]);
    assert!(second.number > first.number);
    delete(&store, second.number);
    let third = add_custom_group(&store, "third", "Third", &[]);
    assert!(third.number > second.number);
    delete(&store, first.number);
    delete(&store, third.number);
    let fourth = add_custom_group(&store, "second", "Second", &[]);
    assert!(fourth.number > third.number);
}

pub fn numbers_are_never_used_again_after_reopening(database: &dyn Database) {
    let store = database.open();
    let gone = add_custom_group(&store, "gone", "Gone", &[]);
    delete(&store, gone.number);
    drop(store);
    let next = add_custom_group(&database.open(), "gone", "Gone", &[]);
    assert!(next.number > gone.number);
}

pub fn all_groups_come_by_display_name(database: &dyn Database) {
    let store = database.open();
    for (uri, name) in
        [("one", "beta"), ("two", "Éclair"), ("three", "Beta"), ("four", "alpha"), ("five", "beta")]
    {
        add_custom_group(&store, uri, name, &[]);
    }
    let all = read(&store, |reader| reader.custom_groups(&search("")));
    assert!(all.iter().all(|listed| listed.role.is_none()));
    assert_eq!(uris(all), ["three", "four", "one", "five", "two"]);
    assert_eq!(uris(read(&store, |reader| reader.custom_groups(&search("BETA")))), ["three", "one", "five"]);
    assert_eq!(uris(read(&store, |reader| reader.custom_groups(&page(1, Some(2))))), ["four", "one"]);
}

pub fn groups_of_a_user_come_by_number_with_the_role(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice", "bob"]);
    let zoo = add_custom_group(&store, "zoo", "Zoo", &[("alice", Role::Member), ("bob", Role::Admin)]);
    add_custom_group(&store, "without", "Zoo without", &[("bob", Role::Admin)]);
    let ant = add_custom_group(&store, "ant", "Ant (ZOO)", &[("alice", Role::Admin)]);
    let cat = add_custom_group(&store, "cat", "Cat", &[("alice", Role::Member)]);

    let of_alice = |what: &Search| read(&store, |reader| reader.custom_groups_of(&id("alice"), what));
    let roled = |group: &CustomGroup, role| RoledGroup { group: group.clone(), role: Some(role) };
    let expected = [roled(&zoo, Role::Member), roled(&ant, Role::Admin), roled(&cat, Role::Member)];
    assert_eq!(of_alice(&search("")), expected);
    assert_eq!(of_alice(&search("zOO")), expected[..2]);
    assert_eq!(of_alice(&page(1, None)), expected[1..]);
    assert_eq!(of_alice(&page(0, Some(1))), expected[..1]);
    assert!(read(&store, |reader| reader.custom_groups_of(&id("nobody"), &search(""))).is_empty());
}

pub fn deleting_takes_memberships_along(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice"]);
    let gone = add_custom_group(&store, "gone", "Gone", &[("alice", Role::Admin)]);
    let kept = add_custom_group(&store, "kept", "Kept", &[("alice", Role::Admin)]);
    delete(&store, gone.number);

    assert_eq!(find_by_uri(&store, "gone"), None);
    assert_eq!(read(&store, |reader| reader.role(gone.number, &id("alice"))), None);
    assert_eq!(read(&store, |reader| reader.count_admins(gone.number)), 0);
    assert!(member_ids(&store, gone.number, &search("")).is_empty());
    let left = read(&store, |reader| reader.custom_groups_of(&id("alice"), &search("")));
    assert_eq!(left, [RoledGroup { group: kept, role: Some(Role::Admin) }]);
    let name = DisplayName::stored("Gone".to_owned());
    assert!(!read(&store, |reader| reader.display_name_taken(&name, None)));
}

pub fn a_group_keeps_the_number_it_had(database: &dyn Database) {
    let store = database.open();
    let first = add_custom_group(&store, "first", "First", &[]);
    let numbered = |number: i64, uri: &str| CustomGroup {
        number: CustomGroupNumber::new(number),
        uri: GroupUri::new(uri).expect(uri),
        display_name: display_name("Moved In"),
    };
    let insert = |group: CustomGroup| store.write_blocking(move |tx| tx.insert_numbered_custom_group(&group));
    insert(numbered(70, "moved")).expect("free");
    assert_eq!(find_by_uri(&store, "moved"), Some(numbered(70, "moved")));
    for taken in [numbered(70, "other"), numbered(71, "moved"), numbered(first.number.get(), "third")] {
        assert!(matches!(insert(taken), Err(Error::GroupUriTaken)));
    }
    delete(&store, CustomGroupNumber::new(70));
    let next = add_custom_group(&store, "next", "Next", &[]);
    assert!(next.number.get() > 70, "{}", next.number);
}

pub fn groups_without_an_admin_are_found(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice", "bob"]);
    add_custom_group(&store, "led", "Led", &[("alice", Role::Admin), ("bob", Role::Member)]);
    let left = add_custom_group(&store, "left", "Left", &[("bob", Role::Member)]);
    let empty = add_custom_group(&store, "empty", "Empty", &[]);
    assert_eq!(read(&store, |reader| reader.custom_groups_without_admin()), [left, empty]);
}
