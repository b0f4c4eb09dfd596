//! Groups of the provisioning API and their subadmins.

use davgroups::domain::{Error, GroupId, GroupName, Result, Search, UserId};
use davgroups::store::{SharedStore, UserChange};

use crate::database::Database;
use crate::fixture::{add_users, group_id, id, is_store_failure, page, read, search, texts, write};

fn add_groups(store: &SharedStore, groups: &[&str]) {
    let groups: Vec<_> = groups.iter().map(|group| group_id(group)).collect();
    write(store, move |tx| groups.iter().try_for_each(|group| tx.insert_group(group)));
}

fn exists(store: &SharedStore, group: &str) -> bool {
    read(store, |reader| reader.group_exists(&GroupId::stored(group.to_owned())))
}

pub fn the_group_admin_is_there_from_the_start(database: &dyn Database) {
    let store = database.open();
    assert_eq!(texts(read(&store, |reader| reader.find_groups(&search("")))), ["admin"]);
    assert!(read(&store, |reader| reader.group_members(&GroupId::admin())).is_empty());
    let again: Result<()> = store.write_blocking(|tx| tx.insert_group(&GroupId::admin()));
    assert!(matches!(again, Err(Error::GroupExists)), "{again:?}");
}

pub fn ids_differ_by_case_and_are_taken_once(database: &dyn Database) {
    let store = database.open();
    add_groups(&store, &["team", "Team", "Mgmt/Sydney", "50%", "Größe"]);
    for group in ["team", "Team", "Mgmt/Sydney", "50%", "Größe"] {
        assert!(exists(&store, group), "{group}");
        let id = group_id(group);
        let again: Result<()> = store.write_blocking(move |tx| tx.insert_group(&id));
        assert!(matches!(again, Err(Error::GroupExists)), "{group}: {again:?}");
    }
    for group in ["TEAM", "GRÖSSE", "Mgmt", ""] {
        assert!(!exists(&store, group), "{group}");
    }
}

pub fn searching_disregards_case(database: &dyn Database) {
    let store = database.open();
    add_groups(&store, &["zebra", "Team", "team", "Équipe", "50%"]);
    let find = |what: &Search| texts(read(&store, |reader| reader.find_groups(what)));
    assert_eq!(find(&search("")), ["50%", "Team", "admin", "team", "zebra", "Équipe"]);
    assert_eq!(find(&search("TEA")), ["Team", "team"]);
    assert_eq!(find(&search("éQU")), ["Équipe"]);
    assert_eq!(find(&search("%")), ["50%"]);
    assert_eq!(find(&page(1, Some(2))), ["Team", "admin"]);
}

pub fn names_are_shown_and_searched(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice", "bob"]);
    add_groups(&store, &["team", "other"]);
    write(&store, |tx| {
        tx.rename_group(&group_id("team"), &GroupName::stored("Große Runde".to_owned()))?;
        tx.add_to_group(&group_id("team"), &id("alice"))?;
        tx.add_to_group(&group_id("team"), &id("bob"))?;
        tx.update_user(&id("bob"), &UserChange::Enabled(false))
    });
    let shown = |what: &Search| {
        let groups = read(&store, |reader| reader.groups(what)).into_iter();
        let shown = groups.map(|group| {
            let name = group.display_name.as_str().to_owned();
            (group.id.to_string(), name, group.members, group.disabled)
        });
        shown.collect::<Vec<_>>()
    };
    let team = ("team".to_owned(), "Große Runde".to_owned(), 2, 1);
    assert_eq!(shown(&search("GROSSE")), std::slice::from_ref(&team));
    assert_eq!(shown(&search("TEAM")), std::slice::from_ref(&team));
    assert_eq!(shown(&page(1, Some(1))), [("other".to_owned(), "other".to_owned(), 0, 0)]);
    assert_eq!(texts(read(&store, |reader| reader.find_groups(&search("runde")))), ["team"]);
    assert_eq!(read(&store, |reader| reader.count_groups(&search("runde").pattern)), 1);
}

pub fn members_come_and_go(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice", "Bob", "carol"]);
    add_groups(&store, &["team", "Team", "other"]);
    write(&store, |tx| {
        for (group, user) in
            [("team", "carol"), ("team", "Bob"), ("team", "Bob"), ("other", "Bob"), ("Team", "Bob")]
        {
            tx.add_to_group(&group_id(group), &id(user))?;
        }
        Ok(())
    });
    let members = |group: &str| texts(read(&store, |reader| reader.group_members(&group_id(group))));
    let groups = |user: &str| texts(read(&store, |reader| reader.groups_of(&id(user))));
    let is_member =
        |group: &str, user: &str| read(&store, |reader| reader.is_group_member(&group_id(group), &id(user)));
    assert_eq!(members("team"), ["Bob", "carol"]);
    assert_eq!(groups("Bob"), ["Team", "other", "team"]);
    assert!(groups("alice").is_empty());
    assert!(is_member("team", "carol") && !is_member("Team", "carol") && !is_member("team", "alice"));

    write(&store, |tx| {
        tx.remove_from_group(&group_id("team"), &id("Bob"))?;
        tx.remove_from_group(&group_id("team"), &id("alice"))
    });
    assert_eq!(members("team"), ["carol"]);
    assert_eq!(groups("Bob"), ["Team", "other"]);
}

pub fn subadmins_come_and_go(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice", "Bob"]);
    add_groups(&store, &["team", "Team"]);
    write(&store, |tx| {
        tx.add_subadmin(&group_id("team"), &id("alice"))?;
        tx.add_subadmin(&group_id("team"), &id("alice"))?;
        tx.add_subadmin(&group_id("team"), &id("Bob"))?;
        tx.add_subadmin(&group_id("Team"), &id("alice"))
    });
    let managed = |user: &str| texts(read(&store, |reader| reader.subadmin_groups(&id(user))));
    let is_subadmin =
        |group: &str, user: &str| read(&store, |reader| reader.is_subadmin(&group_id(group), &id(user)));
    assert_eq!(managed("alice"), ["Team", "team"]);
    assert_eq!(read(&store, |reader| reader.subadmins(&group_id("team"))), [id("Bob"), id("alice")]);
    assert!(is_subadmin("team", "Bob") && !is_subadmin("Team", "Bob"));
    assert!(read(&store, |reader| reader.groups_of(&id("alice"))).is_empty(), "a subadmin is no member");

    write(&store, |tx| {
        tx.remove_subadmin(&group_id("team"), &id("alice"))?;
        tx.remove_subadmin(&group_id("Team"), &id("Bob"))
    });
    assert_eq!(managed("alice"), ["Team"]);
    assert_eq!(managed("Bob"), ["team"]);
}

pub fn many_users_are_asked_about_at_once(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["o'neil+x@ex.org", "bob", "carol", "zed"]);
    add_groups(&store, &["team", "staff"]);
    write(&store, |tx| {
        for (group, user) in
            [("team", "bob"), ("staff", "bob"), ("team", "carol"), ("team", "o'neil+x@ex.org")]
        {
            tx.add_to_group(&group_id(group), &id(user))?;
        }
        tx.add_subadmin(&group_id("staff"), &id("zed"))
    });
    let asked = [id("zed"), id("o'neil+x@ex.org"), id("bob"), id("nosuch")];
    let users = read(&store, |reader| reader.users_with(&asked));
    assert_eq!(texts(users.into_iter().map(|user| user.id).collect()), ["bob", "o'neil+x@ex.org", "zed"]);
    let pairs = |rows: Vec<(UserId, GroupId)>| {
        rows.into_iter().map(|(user, group)| format!("{user} {group}")).collect::<Vec<_>>()
    };
    let groups = pairs(read(&store, |reader| reader.groups_of_each(&asked)));
    assert_eq!(groups, ["bob staff", "bob team", "o'neil+x@ex.org team"]);
    assert_eq!(pairs(read(&store, |reader| reader.subadmin_groups_of_each(&asked))), ["zed staff"]);
    assert!(read(&store, |reader| reader.users_with(&[])).is_empty());
}

pub fn sharing_and_managing_go_through_a_common_group(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice", "bob", "carol", "chief"]);
    add_groups(&store, &["one", "two"]);
    write(&store, |tx| {
        tx.add_to_group(&group_id("one"), &id("alice"))?;
        tx.add_to_group(&group_id("one"), &id("bob"))?;
        tx.add_to_group(&group_id("two"), &id("bob"))?;
        tx.add_to_group(&group_id("two"), &id("carol"))?;
        tx.add_subadmin(&group_id("one"), &id("chief"))
    });
    let share = |one: &str, other: &str| read(&store, |reader| reader.share_a_group(&id(one), &id(other)));
    for (one, other, expected) in
        [("alice", "bob", true), ("bob", "carol", true), ("alice", "carol", false), ("chief", "alice", false)]
    {
        assert_eq!((share(one, other), share(other, one)), (expected, expected), "{one}, {other}");
    }
    let manages = |chief: &str, user: &str| read(&store, |reader| reader.manages(&id(chief), &id(user)));
    assert!(manages("chief", "alice") && manages("chief", "bob"));
    assert!(!manages("chief", "carol") && !manages("chief", "chief") && !manages("alice", "bob"));
}

pub fn deleting_takes_members_and_subadmins_along(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice"]);
    add_groups(&store, &["team", "Team"]);
    write(&store, |tx| {
        for group in ["team", "Team"] {
            tx.add_to_group(&group_id(group), &id("alice"))?;
            tx.add_subadmin(&group_id(group), &id("alice"))?;
        }
        tx.delete_group(&group_id("team"))
    });
    assert!(!exists(&store, "team") && exists(&store, "Team"));
    assert_eq!(texts(read(&store, |reader| reader.groups_of(&id("alice")))), ["Team"]);
    assert_eq!(texts(read(&store, |reader| reader.subadmin_groups(&id("alice")))), ["Team"]);

    add_groups(&store, &["team"]);
    assert!(read(&store, |reader| reader.group_members(&group_id("team"))).is_empty());
    assert!(read(&store, |reader| reader.subadmins(&group_id("team"))).is_empty());
}

pub fn places_need_a_group_and_a_user(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice"]);
    add_groups(&store, &["team"]);
    for (group, user) in [("team", "nobody"), ("nowhere", "alice")] {
        let added: Result<bool> =
            store.write_blocking(move |tx| tx.add_to_group(&group_id(group), &id(user)));
        assert!(is_store_failure(&added), "{group}, {user}: {added:?}");
        let raised: Result<bool> =
            store.write_blocking(move |tx| tx.add_subadmin(&group_id(group), &id(user)));
        assert!(is_store_failure(&raised), "{group}, {user}: {raised:?}");
    }
    assert!(read(&store, |reader| reader.groups_of(&id("alice"))).is_empty());
    assert!(read(&store, |reader| reader.group_members(&group_id("team"))).is_empty());
}
