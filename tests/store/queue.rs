//! The queue of writes: bounded, and never forgotten.

use std::sync::mpsc::{Sender, channel};

use davgroups::domain::{Error, Result};
use davgroups::store::{Tx, WriteJob};

use crate::database::Database;
use crate::fixture::{Hold, add_users, id, new_user, read, search, user_ids};

/// As many writes wait at most.
const QUEUE: usize = 1024;

/// Inserts a user and tells what became of it.
struct Insert {
    user: String,
    told: Sender<Result<()>>,
}

impl WriteJob for Insert {
    fn run(&mut self, tx: &mut dyn Tx) -> bool {
        tx.insert_user(&new_user(&self.user)).is_ok()
    }

    fn finish(self: Box<Self>, outcome: Result<()>) {
        self.told.send(outcome).expect("somebody waits");
    }
}

pub fn a_full_queue_is_busy(database: &dyn Database) {
    let store = database.open();
    let hold = Hold::on(&store);
    let (told, outcomes) = channel();
    let insert = |n: usize| Box::new(Insert { user: format!("user{n:04}"), told: told.clone() });
    for n in 0..QUEUE {
        store.submit(insert(n)).expect("there is room");
    }
    for n in QUEUE..QUEUE + 3 {
        let refused = store.submit(insert(n));
        assert!(matches!(refused, Err(Error::Busy)), "{refused:?}");
    }
    let refused: Result<()> = store.write_blocking(|tx| tx.insert_user(&new_user("late")));
    assert!(matches!(refused, Err(Error::Busy)), "{refused:?}");
    assert!(read(&store, |reader| reader.users()).is_empty(), "reading goes on meanwhile");

    drop(hold);
    for _ in 0..QUEUE {
        outcomes.recv().expect("each is finished").expect("written");
    }
    drop(told);
    assert!(outcomes.recv().is_err(), "none is finished twice, and none that was refused");
    assert_eq!(user_ids(&store, &search("")).len(), QUEUE);
    add_users(&store, &["late"]);
}

pub fn what_is_queued_is_finished_when_the_store_goes(database: &dyn Database) {
    let store = database.open();
    let hold = Hold::on(&store);
    let (told, outcomes) = channel();
    for n in 0..300 {
        let user = format!("user{n:04}");
        store.submit(Box::new(Insert { user, told: told.clone() })).expect("there is room");
    }
    drop(told);
    drop(hold);
    drop(store);
    assert_eq!(outcomes.iter().filter(Result::is_ok).count(), 300);
    let store = database.open();
    assert!(read(&store, |reader| reader.user("user0299")).is_some_and(|user| user.id == id("user0299")));
    assert_eq!(user_ids(&store, &search("")).len(), 300);
}
