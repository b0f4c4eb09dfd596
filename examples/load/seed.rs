//! Stores with as many users and groups as are wanted, written through the library.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use davgroups::domain::{
    DisplayName, Email, GroupId, GroupUri, NewUser, Password, PasswordHash, Quota, Result as Written, Role,
    UserId, UserName,
};
use davgroups::service::Passwords;
use davgroups::store::sqlite::SqliteStore;
use davgroups::store::{SharedStore, Tx};

use crate::Result;

/// The password of every user that is seeded.
pub const PASSWORD: &str = "correct horse";

/// Users of the store that the large one is held against.
pub const SMALL_USERS: usize = 1_000;

/// Custom groups of that store.
pub const SMALL_GROUPS: usize = 200;

/// As many members the group `huge` has, if there are as many users.
pub const HUGE: usize = 200_000;

/// As many things are written in one transaction.
const BATCH: usize = 20_000;

/// A store that was seeded.
#[derive(Clone, Debug)]
pub struct Seeded {
    pub data_dir: PathBuf,
    pub users: usize,
}

/// The store with that many users and groups below `stores`, made if it is not there.
pub fn store(stores: &Path, users: usize, groups: usize) -> Result<Seeded> {
    let data_dir = stores.join(format!("{users}-users-{groups}-groups"));
    let complete = data_dir.join("seeded");
    if !complete.exists() {
        eprintln!("seeding {users} users and {groups} groups ...");
        let store: SharedStore = Arc::new(SqliteStore::open(&data_dir)?);
        add_users(&store, users, &hash()?)?;
        add_groups(&store, users, groups)?;
        drop(store);
        std::fs::write(complete, "")?;
    }
    Ok(Seeded { data_dir, users })
}

/// One for all users, as making a million takes hours.
fn hash() -> Result<PasswordHash> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    Ok(runtime.block_on(Passwords::new()?.hash(&Password::offered(PASSWORD.to_owned())))?)
}

/// The id of a user.
pub fn user(number: usize) -> String {
    format!("user{number:07}")
}

/// The uri of an ordinary group.
pub fn group(number: usize) -> String {
    format!("group{number:07}")
}

fn add_users(store: &SharedStore, users: usize, hash: &PasswordHash) -> Result<()> {
    let admin = new_user("admin", "Admin", hash)?;
    let hash = hash.clone();
    store.write_blocking(move |tx| {
        tx.insert_user(&admin)?;
        tx.add_to_group(&GroupId::admin(), &admin.id)
    })?;
    in_batches(store, users, move |tx, number| {
        // Names that differ in the middle, so that searching has something to find.
        let first = if number == RARE { "Xanthippe" } else { FIRST_NAMES[number % FIRST_NAMES.len()] };
        let name = format!("{first} Number {number}");
        tx.insert_user(&new_user(&user(number), &name, &hash)?)
    })
}

/// The user with a name that nobody else has.
const RARE: usize = 321;

/// First names; how they are spread is what searches find.
const FIRST_NAMES: [&str; 8] =
    ["Ada", "Grace", "Edsger", "Barbara", "Donald", "Frances", "Niklaus", "Margaret"];

/// Ordinary groups of five members each, and those that are measured: `hundred`, `thousand` and `huge`,
/// each named after how many there are in it.
fn add_groups(store: &SharedStore, users: usize, groups: usize) -> Result<()> {
    in_batches(store, groups, move |tx, number| {
        let made = add_group(tx, &group(number))?;
        (0..5).try_for_each(|step| {
            let member = UserId::stored(user((number * 7 + step) % users));
            tx.add_member(made, &member, if step == 0 { Role::Admin } else { Role::Member })
        })
    })?;
    for (uri, members) in [("hundred", 100), ("thousand", 1_000), ("huge", HUGE)] {
        let made = store.write_blocking(move |tx| {
            let made = add_group(tx, uri)?;
            tx.add_member(made, &UserId::stored("admin"), Role::Admin)?;
            Ok(made)
        })?;
        in_batches(store, members.min(users), move |tx, number| {
            tx.add_member(made, &UserId::stored(user(number)), Role::Member)
        })?;
    }
    Ok(())
}

fn add_group(tx: &mut dyn Tx, uri: &str) -> Written<davgroups::domain::CustomGroupNumber> {
    let name =
        DisplayName::new(&if uri == group(42) { "Quokka".to_owned() } else { format!("The {uri} society") })?;
    Ok(tx.insert_custom_group(&GroupUri::new(uri)?, &name)?.number)
}

fn new_user(id: &str, name: &str, hash: &PasswordHash) -> Written<NewUser> {
    let id = UserId::new(id)?;
    Ok(NewUser {
        password: hash.clone(),
        display_name: UserName::new(name, &id)?,
        email: Email::new(&format!("{id}@example.org"))?,
        quota: Quota::Default,
        id,
    })
}

/// Calls `write` for each number, many in one transaction.
fn in_batches(
    store: &SharedStore,
    count: usize,
    write: impl Fn(&mut dyn Tx, usize) -> Written<()> + Clone + Send + 'static,
) -> Result<()> {
    for start in (0..count).step_by(BATCH) {
        let write = write.clone();
        let end = count.min(start + BATCH);
        store.write_blocking(move |tx| (start..end).try_for_each(|number| write(tx, number)))?;
    }
    Ok(())
}
