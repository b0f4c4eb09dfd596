//! Jobs: all or nothing, one time, one snapshot; what is answered is kept.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use davgroups::domain::{Error, GroupRef, GroupUri, Result, Role, Timestamp};
use davgroups::store::{SharedStore, Tx};

use crate::database::Database;
use crate::fixture::{
    Hold, add_custom_group, add_users, display_name, find_by_uri, group_id, id, is_store_failure, member_ids,
    new_user, on_runtime, read, search, user_ids, write,
};

fn all_users(store: &SharedStore) -> Vec<String> {
    user_ids(store, &search(""))
}

fn insert(user: &'static str) -> impl FnOnce(&mut dyn Tx) -> Result<()> + Send + 'static {
    move |tx| tx.insert_user(&new_user(user))
}

pub fn an_error_changes_nothing(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice"]);
    let group = add_custom_group(&store, "team", "Team", &[("alice", Role::Admin)]).number;
    let refused: Result<()> = store.write_blocking(move |tx| {
        tx.insert_user(&new_user("bob"))?;
        tx.add_member(group, &id("bob"), Role::Admin)?;
        tx.remove_member(group, &id("alice"))?;
        tx.rename_custom_group(group, &display_name("Other"))?;
        tx.insert_custom_group(&GroupUri::new("second").expect("valid"), &display_name("Second"))?;
        Err(Error::LastAdmin(group))
    });
    assert!(matches!(refused, Err(Error::LastAdmin(of)) if of == group), "{refused:?}");
    assert_eq!(all_users(&store), ["alice"]);
    assert_eq!(member_ids(&store, group, &search("")), ["alice"]);
    assert_eq!(find_by_uri(&store, "team").expect("kept").display_name, display_name("Team"));
    assert_eq!(find_by_uri(&store, "second"), None);
}

/// Among jobs that are committed together, one that returns an error, one that panics and one that
/// breaks a constraint undo what they did themselves, and nothing else.
pub fn jobs_of_one_batch_fail_alone(database: &dyn Database) {
    let store = database.open();
    let hold = Hold::on(&store);
    let (first, refused, panicked, broken, last, ()) = on_runtime(1, async {
        tokio::join!(
            store.write(|tx| insert("first")(tx).map(|()| tx.now())),
            store.write(|tx| insert("refused")(tx).and(Err::<(), _>(Error::OneselfNotAllowed))),
            store.write(|tx| insert("panicked")(tx).map(|()| -> () { panic!("as the test wants it") })),
            store.write(|tx| insert("broken")(tx).and(tx.add_to_group(&group_id("no"), &id("broken")))),
            store.write(|tx| insert("last")(tx).map(|()| tx.now())),
            // Polled when all of them are queued.
            async { drop(hold) },
        )
    });
    assert_eq!(first.expect("first"), last.expect("last"), "one batch has one time");
    assert!(matches!(refused, Err(Error::OneselfNotAllowed)), "{refused:?}");
    assert!(is_store_failure(&panicked), "{panicked:?}");
    assert!(is_store_failure(&broken), "{broken:?}");
    assert_eq!(all_users(&store), ["first", "last"]);
    add_users(&store, &["afterwards"]);
    drop(store);
    assert_eq!(all_users(&database.open()), ["afterwards", "first", "last"]);
}

pub fn a_job_reads_what_it_wrote(database: &dyn Database) {
    let store = database.open();
    let seen = write(&store, |tx| {
        tx.insert_user(&new_user("alice"))?;
        let group = tx.insert_custom_group(&GroupUri::new("team").expect("valid"), &display_name("Team"))?;
        tx.add_member(group.number, &id("alice"), Role::Admin)?;
        Ok((tx.user("ALICE")?.is_some(), tx.count_admins(group.number)?, tx.users()?.len()))
    });
    assert_eq!(seen, (true, 1, 1));
}

pub fn a_job_bears_one_time(database: &dyn Database) {
    let store = database.open();
    let (before, after) = write(&store, |tx| {
        let before = tx.now();
        tx.insert_user(&new_user("alice"))?;
        thread::sleep(Duration::from_millis(5));
        tx.insert_user(&new_user("bob"))?;
        Ok((before, tx.now()))
    });
    assert_eq!(before, after);
    let made: Vec<_> = read(&store, |reader| reader.users()).into_iter().map(|user| user.created).collect();
    assert_eq!(made, [before, before]);
    let now = Timestamp::now();
    assert!(before <= now && now.0 - before.0 < 60_000, "{before:?} is not about {now:?}");
}

pub fn a_reading_job_sees_one_snapshot(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice"]);
    let (before, after) = read(&store, |reader| {
        let before = reader.find_users(&search(""))?.len();
        add_users(&store, &["bob"]);
        add_custom_group(&store, "team", "Team", &[]);
        assert!(reader.custom_group(&GroupRef::Uri("team".to_owned()))?.is_none());
        Ok((before, reader.find_users(&search(""))?.len()))
    });
    assert_eq!((before, after), (1, 1));
    assert_eq!(all_users(&store), ["alice", "bob"]);
}

/// More often than connections are kept, so that none is left behind in a transaction.
pub fn a_reading_job_may_fail_or_panic(database: &dyn Database) {
    let store = database.open();
    for round in 0..20 {
        let refused: Result<()> = store.read(|reader| reader.users().and(Err(Error::GroupExists)));
        assert!(matches!(refused, Err(Error::GroupExists)), "{refused:?}");
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            store.read(|reader| reader.users().map(|_| -> () { panic!("as the test wants it") }))
        }));
        assert!(panicked.is_err());
        let user = format!("user{round:02}");
        add_users(&store, &[&user]);
        assert_eq!(all_users(&store).len(), round + 1, "what was written is read");
    }
}

pub fn data_survive_reopening(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice", "bob"]);
    let group = add_custom_group(&store, "team", "Team", &[("bob", Role::Admin), ("alice", Role::Member)]);
    let (users, members) = (
        read(&store, |reader| reader.users()),
        read(&store, |reader| reader.memberships(group.number, &search(""))),
    );
    drop(store);
    for _ in 0..2 {
        let store = database.open();
        assert_eq!(read(&store, |reader| reader.users()), users);
        assert_eq!(find_by_uri(&store, "team"), Some(group.clone()));
        assert_eq!(read(&store, |reader| reader.memberships(group.number, &search(""))), members);
        assert_eq!(read(&store, |reader| reader.longest_standing(group.number)), Some(id("bob")));
    }
}

/// A client that goes away once its write is queued changes nothing about the write.
pub fn an_abandoned_write_is_done(database: &dyn Database) {
    let store = database.open();
    let hold = Hold::on(&store);
    on_runtime(1, async {
        let write = store.write(insert("alice"));
        let given_up = tokio::time::timeout(Duration::from_millis(10), write).await;
        assert!(given_up.is_err(), "the writer is held");
    });
    drop(hold);
    add_users(&store, &["bob"]);
    assert_eq!(all_users(&store), ["alice", "bob"]);
}

/// As the command line does beside the server: both write, each sees what the other wrote, and an id
/// that both want goes to one of them.
pub fn two_stores_share_one_database(database: &dyn Database) {
    const WRITES: usize = 30;
    let stores = [database.open(), database.open()];
    let start = Arc::new(Barrier::new(2));
    let writers: Vec<_> = stores
        .iter()
        .cloned()
        .enumerate()
        .map(|(number, store)| {
            let start = Arc::clone(&start);
            thread::spawn(move || {
                start.wait();
                (0..WRITES)
                    .map(|n| {
                        add_users(&store, &[&format!("own{number}-{n:02}")]);
                        store
                            .write_blocking(move |tx| tx.insert_user(&new_user(&format!("both-{n:02}"))))
                            .is_ok()
                    })
                    .collect::<Vec<bool>>()
            })
        })
        .collect();
    let won: Vec<Vec<bool>> = writers.into_iter().map(|writer| writer.join().expect("both write")).collect();
    for n in 0..WRITES {
        assert!(won[0][n] != won[1][n], "both-{n:02} goes to one of them: {won:?}");
    }
    assert_eq!(all_users(&stores[0]).len(), 3 * WRITES);
    assert_eq!(all_users(&stores[0]), all_users(&stores[1]));
}

pub fn many_may_open_a_new_database_at_once(database: &dyn Database) {
    const OPENED: usize = 8;
    let (done, opened) = channel();
    let start = Barrier::new(OPENED);
    thread::scope(|scope| {
        for n in 0..OPENED {
            let (done, start) = (done.clone(), &start);
            scope.spawn(move || {
                start.wait();
                let store = database.open();
                add_users(&store, &[&format!("user{n}")]);
                done.send(store).expect("somebody waits");
            });
        }
    });
    drop(done);
    let stores: Vec<SharedStore> = opened.iter().collect();
    assert_eq!(stores.len(), OPENED);
    for store in &stores {
        assert_eq!(all_users(store).len(), OPENED);
    }
}
