//! Users: being found, logging in, changing.

use davgroups::domain::{
    Account, Error, GroupId, NewUser, PasswordHash, Quota, Result, Role, Search, Timestamp, User, UserName,
};
use davgroups::store::{Members, Reader, SharedStore, UserChange};

use crate::database::Database;
use crate::fixture::{
    add_custom_group, add_new_users, add_users, email, group_id, id, member_ids, named_user, new_user, page,
    read, search, texts, user_ids, write,
};

fn find(store: &SharedStore, user: &str) -> Option<User> {
    read(store, |reader| reader.user(user))
}

fn account(store: &SharedStore, login: &str) -> Option<Account> {
    read(store, |reader| reader.account(login))
}

fn logged_in(store: &SharedStore, login: &str) -> Option<String> {
    account(store, login).map(|account| account.id.to_string())
}

fn change(store: &SharedStore, user: &str, change: UserChange) {
    let user = id(user);
    write(store, move |tx| tx.update_user(&user, &change));
}

pub fn what_is_written_is_read(database: &dyn Database) {
    let store = database.open();
    let quota = Quota::parse("1.5 GB").expect("a size");
    let alice = NewUser { quota, ..named_user("Alice", "Älice L.", "Alice@Example.org") };
    let made = write(&store, move |tx| tx.insert_user(&alice).map(|()| tx.now()));

    let expected = User {
        id: id("Alice"),
        display_name: UserName::stored("Älice L."),
        email: email("Alice@Example.org"),
        quota,
        enabled: true,
        guest: false,
        last_login: None,
        created: made,
    };
    assert_eq!(find(&store, "Alice"), Some(expected.clone()));
    assert_eq!(read(&store, |reader| reader.users()), [expected]);
}

pub fn ids_are_found_in_any_case(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["Alice", "bob"]);
    for spelling in ["Alice", "alice", "ALICE"] {
        assert_eq!(find(&store, spelling).map(|user| user.id), Some(id("Alice")), "{spelling}");
    }
    for other in ["alic", "alicee", "%", "", "alice\0"] {
        assert_eq!(find(&store, other), None, "{other:?}");
    }
}

pub fn an_id_is_taken_in_any_case(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["Alice"]);
    for spelling in ["Alice", "aLICE"] {
        let again = named_user(spelling, "Somebody Else", "");
        let refused: Result<()> = store.write_blocking(move |tx| tx.insert_user(&again));
        assert!(matches!(refused, Err(Error::UserExists)), "{spelling}: {refused:?}");
    }
    assert_eq!(find(&store, "alice").map(|user| user.display_name), Some(UserName::stored("Alice")));
}

pub fn login_is_by_id_before_email(database: &dyn Database) {
    let store = database.open();
    add_new_users(
        &store,
        vec![named_user("carol", "Carol", "dave@example.org"), named_user("dave@example.org", "Dave", "")],
    );
    assert_eq!(logged_in(&store, "CAROL").as_deref(), Some("carol"));
    assert_eq!(logged_in(&store, "Dave@example.org").as_deref(), Some("dave@example.org"));
    assert_eq!(logged_in(&store, "nobody").as_deref(), None);
}

pub fn login_by_email_needs_a_single_owner(database: &dyn Database) {
    let store = database.open();
    add_new_users(
        &store,
        vec![
            named_user("alice", "Alice", "Älice@Example.org"),
            named_user("bob", "Bob", "shared@example.org"),
            named_user("carol", "Carol", "SHARED@example.org"),
            named_user("dave", "Dave", ""),
        ],
    );
    assert_eq!(logged_in(&store, "äLICE@example.ORG").as_deref(), Some("alice"));
    assert_eq!(logged_in(&store, "shared@example.org"), None);
    assert_eq!(logged_in(&store, ""), None);

    change(&store, "carol", UserChange::Email(None));
    assert_eq!(logged_in(&store, "Shared@example.org").as_deref(), Some("bob"));
}

pub fn an_account_says_what_its_owner_may_do(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice", "bob", "carol"]);
    write(&store, |tx| {
        tx.insert_group(&group_id("team"))?;
        tx.add_to_group(&GroupId::admin(), &id("alice"))?;
        tx.add_to_group(&group_id("team"), &id("carol"))?;
        tx.add_subadmin(&group_id("team"), &id("bob"))
    });
    for (user, administrator, subadmin) in
        [("alice", true, false), ("bob", false, true), ("carol", false, false)]
    {
        let account = account(&store, user).expect(user);
        assert_eq!((account.administrator, account.subadmin), (administrator, subadmin), "{user}");
        assert_eq!((account.enabled, account.last_login), (true, None), "{user}");
        assert_eq!(account.password, PasswordHash::new("no hash".to_owned()), "{user}");
    }
}

pub fn hashes_of_others_come_by_bytes(database: &dyn Database) {
    let store = database.open();
    let ours = "$argon2id$v=19$m=12288,t=3,p=1$c2FsdHNhbHQ$aGFzaGhhc2g";
    let sha1 = "23b74494475f5f874980b7676d511e23d886da64";
    let others = ["$2y$10$a|salt", "$argon2id$v=19$m=65536,t=4,p=1$s$h", "1|$2y$10$a", "1|$2y$12$b"];
    for (number, hash) in [ours, sha1, "!"].into_iter().chain(others).enumerate() {
        let password = PasswordHash::new(hash.to_owned());
        add_new_users(&store, vec![NewUser { password, ..new_user(&format!("user{number}")) }]);
    }
    let first = |from: &str| read(&store, |reader| reader.foreign_password(from));
    let first = |from: &str| first(from).map(|hash| hash.as_str().to_owned());
    for hash in others {
        assert_eq!(first(hash).as_deref(), Some(hash));
    }
    assert_eq!(first("").as_deref(), Some(others[0]));
    assert_eq!(first("$2y$10%").as_deref(), Some(others[1]));
    assert_eq!(first("1|$2y$10%").as_deref(), Some(others[3]));
    assert_eq!(first("1|$2y$12%"), None);
    change(&store, "user3", UserChange::Password(PasswordHash::new(ours.to_owned())));
    assert_eq!(first("").as_deref(), Some(others[1]));
}

pub fn one_thing_changes_at_a_time(database: &dyn Database) {
    let store = database.open();
    let quota = Quota::Bytes(123_456_789);
    add_new_users(&store, vec![named_user("alice", "Alice", "a@example.org"), new_user("bob")]);
    let bystander = find(&store, "bob");
    let mut expected = find(&store, "alice").expect("made");

    change(&store, "alice", UserChange::DisplayName(UserName::stored("Ms. A")));
    expected.display_name = UserName::stored("Ms. A");
    assert_eq!(find(&store, "alice").as_ref(), Some(&expected));

    change(&store, "alice", UserChange::Email(email("new@example.org")));
    expected.email = email("new@example.org");
    assert_eq!(find(&store, "alice").as_ref(), Some(&expected));

    for quota in [quota, Quota::Unlimited, Quota::Default, Quota::Bytes(0)] {
        change(&store, "alice", UserChange::Quota(quota));
        expected.quota = quota;
        assert_eq!(find(&store, "alice").as_ref(), Some(&expected));
    }

    change(&store, "alice", UserChange::Enabled(false));
    expected.enabled = false;
    assert_eq!(find(&store, "alice").as_ref(), Some(&expected));

    change(&store, "alice", UserChange::LastLogin(Timestamp(1_234)));
    expected.last_login = Some(Timestamp(1_234));
    assert_eq!(find(&store, "alice").as_ref(), Some(&expected));

    let hash = PasswordHash::new("another hash".to_owned());
    change(&store, "alice", UserChange::Password(hash.clone()));
    let account = account(&store, "alice").expect("made");
    assert_eq!((account.password, account.enabled), (hash, false));
    assert_eq!(account.last_login, Some(Timestamp(1_234)));

    assert_eq!(find(&store, "alice").as_ref(), Some(&expected));
    assert_eq!(find(&store, "bob"), bystander);
}

pub fn searching_looks_at_id_name_and_email(database: &dyn Database) {
    let store = database.open();
    add_new_users(
        &store,
        vec![
            named_user("zoe", "Zoë Straße", "z@elsewhere.net"),
            named_user("Bob", "Robert", "builder@example.org"),
            named_user("anna", "Ann-Sophie", ""),
        ],
    );
    for (pattern, found) in [
        ("", &["Bob", "anna", "zoe"][..]),
        ("BO", &["Bob"]),
        ("bert", &["Bob"]),
        ("ZOË", &["zoe"]),
        ("STRASSE", &["zoe"]),
        ("elseWHERE", &["zoe"]),
        ("example", &["Bob"]),
        ("nn", &["anna"]),
        ("an", &["anna"]),
        ("o", &["Bob", "anna", "zoe"]),
        ("nobody", &[]),
        ("anna ann", &[]),
    ] {
        assert_eq!(user_ids(&store, &search(pattern)), found, "{pattern:?}");
    }
}

pub fn changed_names_are_found_and_old_ones_not(database: &dyn Database) {
    let store = database.open();
    add_new_users(&store, vec![named_user("alice", "Old Name", "old@example.org")]);
    change(&store, "alice", UserChange::DisplayName(UserName::stored("Frêsh")));
    change(&store, "alice", UserChange::Email(email("Neu@example.net")));
    for (pattern, count) in [("FRÊSH", 1), ("neu@", 1), ("alic", 1), ("old", 0)] {
        assert_eq!(user_ids(&store, &search(pattern)).len(), count, "{pattern:?}");
    }
    change(&store, "alice", UserChange::Email(None));
    assert!(user_ids(&store, &search("neu@")).is_empty());
}

pub fn managed_users_are_found_once(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["chief", "amy", "Ben", "cat", "dan"]);
    write(&store, |tx| {
        for (group, members) in
            [("one", &["amy", "Ben"][..]), ("two", &["amy", "cat"]), ("other", &["dan", "cat"])]
        {
            tx.insert_group(&group_id(group))?;
            members.iter().try_for_each(|user| tx.add_to_group(&group_id(group), &id(user)).map(drop))?;
        }
        tx.add_subadmin(&group_id("one"), &id("chief"))?;
        tx.add_subadmin(&group_id("two"), &id("chief"))?;
        tx.add_subadmin(&group_id("other"), &id("amy"))
    });
    let managed = |chief: &str, what: &Search| {
        let all = |reader: &dyn Reader| reader.find_managed_users(&id(chief), Members::All, what);
        texts(read(&store, all))
    };
    assert_eq!(managed("chief", &search("")), ["Ben", "amy", "cat"]);
    assert_eq!(managed("chief", &search("A")), ["amy", "cat"]);
    assert_eq!(managed("chief", &page(1, Some(1))), ["amy"]);
    assert_eq!(managed("amy", &search("")), ["cat", "dan"]);
    assert!(managed("dan", &search("")).is_empty());
}

pub fn administrators_are_members_and_not_managed(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["chief", "amy", "ben"]);
    write(&store, |tx| {
        tx.insert_group(&group_id("one"))?;
        ["amy", "ben"].iter().try_for_each(|user| tx.add_to_group(&group_id("one"), &id(user)).map(drop))?;
        tx.add_to_group(&GroupId::admin(), &id("amy"))?;
        tx.add_subadmin(&group_id("one"), &id("chief"))
    });
    for (members, found) in [(Members::All, &["amy", "ben"][..]), (Members::Managed, &["ben"])] {
        let chief = id("chief");
        let first = read(&store, |reader| reader.find_managed_users(&chief, members, &page(0, Some(1))));
        assert_eq!(texts(first), found[..1]);
        let all = search("");
        let count = |reader: &dyn Reader| reader.count_managed_users(&chief, members, &all.pattern);
        assert_eq!(read(&store, count), found.len() as u64);
    }
}

pub fn a_search_goes_on_behind_a_user(database: &dyn Database) {
    let store = database.open();
    let users: Vec<String> = (10..40).map(|number| format!("user{number}")).collect();
    add_users(&store, &users.iter().map(String::as_str).collect::<Vec<_>>());
    // All of them, those with too few letters for the index, and those that it finds.
    for pattern in ["", "r1", "user2", "nobody"] {
        let all = user_ids(&store, &search(pattern));
        let rest = |last: &str, offset, limit| {
            let search = Search { page: page(offset, limit).page, ..search(pattern) };
            texts(read(&store, |reader| reader.find_users_after(&search, &id(last))))
        };
        let behind = |last: &str| all.iter().filter(|id| id.as_str() > last).cloned().collect::<Vec<_>>();
        for last in ["aaa", "user13", "user135", "user25", "user39", "zzz"] {
            assert_eq!(rest(last, 0, None), behind(last), "{pattern:?} behind {last}");
            let some: Vec<_> = behind(last).into_iter().skip(1).take(3).collect();
            assert_eq!(rest(last, 1, Some(3)), some, "{pattern:?} behind {last}");
        }
    }
}

pub fn deleting_takes_places_and_rights_along(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice", "bob"]);
    write(&store, |tx| {
        tx.insert_group(&group_id("team"))?;
        for user in ["alice", "bob"] {
            tx.add_to_group(&group_id("team"), &id(user))?;
            tx.add_subadmin(&group_id("team"), &id(user))?;
        }
        Ok(())
    });
    let group = add_custom_group(&store, "club", "Club", &[("bob", Role::Admin)]);
    write(&store, |tx| tx.delete_user(&id("alice")));

    assert_eq!(find(&store, "alice"), None);
    assert!(account(&store, "alice").is_none());
    assert_eq!(user_ids(&store, &search("")), ["bob"]);
    assert_eq!(read(&store, |reader| reader.count_users(&search("").pattern)), 1);
    assert_eq!(read(&store, |reader| reader.group_members(&group_id("team"))), [id("bob")]);
    assert_eq!(read(&store, |reader| reader.subadmins(&group_id("team"))), [id("bob")]);
    assert_eq!(member_ids(&store, group.number, &search("")), ["bob"]);

    add_users(&store, &["alice"]);
    assert!(read(&store, |reader| reader.groups_of(&id("alice"))).is_empty());
    assert!(read(&store, |reader| reader.subadmin_groups(&id("alice"))).is_empty());
}

pub fn an_empty_store_has_no_users(database: &dyn Database) {
    let store = database.open();
    let count = || read(&store, |reader| reader.count_users(&search("").pattern));
    assert!(read(&store, |reader| reader.users()).is_empty());
    assert_eq!(count(), 0);
    add_users(&store, &["bob", "Alice", "alan"]);
    assert_eq!(count(), 3);
    let ids = read(&store, |reader| reader.users()).into_iter().map(|user| user.id).collect();
    assert_eq!(texts(ids), ["Alice", "alan", "bob"]);
}
