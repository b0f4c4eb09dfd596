//! Short words for what the cases are about.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use davgroups::domain::{
    CustomGroup, CustomGroupNumber, DisplayName, Email, Error, GroupId, GroupRef, GroupUri, NewUser, Page,
    PasswordHash, Pattern, Quota, Result, Role, Search, UserId, UserName,
};
use davgroups::store::{Reader, SharedStore, Tx, WriteJob};

pub fn id(id: &str) -> UserId {
    UserId::new(id).expect(id)
}

pub fn group_id(id: &str) -> GroupId {
    GroupId::new(id).expect(id)
}

pub fn display_name(name: &str) -> DisplayName {
    DisplayName::new(name).expect(name)
}

pub fn email(address: &str) -> Option<Email> {
    Email::new(address).expect(address)
}

/// A user whose display name is the id and whose password nobody knows.
pub fn new_user(user: &str) -> NewUser {
    NewUser {
        id: id(user),
        password: PasswordHash::new("no hash".to_owned()),
        display_name: UserName::new(user, &id(user)).expect(user),
        email: None,
        quota: Quota::Default,
    }
}

/// The same with another display name and an address.
pub fn named_user(user: &str, name: &str, address: &str) -> NewUser {
    NewUser {
        display_name: UserName::new(name, &id(user)).expect(name),
        email: email(address),
        ..new_user(user)
    }
}

/// Finds whatever has `pattern` in it.
pub fn search(pattern: &str) -> Search {
    Search { pattern: Pattern::new(pattern).expect("short"), page: Page::default() }
}

/// At most `limit` entries after the first `offset`.
pub fn page(offset: u64, limit: Option<u64>) -> Search {
    Search { pattern: Pattern::default(), page: Page { limit, offset } }
}

pub fn read<T>(store: &SharedStore, job: impl FnOnce(&dyn Reader) -> Result<T>) -> T {
    store.read(job).expect("read")
}

pub fn write<T: Send + 'static>(
    store: &SharedStore,
    job: impl FnOnce(&mut dyn Tx) -> Result<T> + Send + 'static,
) -> T {
    store.write_blocking(job).expect("written")
}

pub fn add_users(store: &SharedStore, users: &[&str]) {
    add_new_users(store, users.iter().map(|user| new_user(user)).collect());
}

pub fn add_new_users(store: &SharedStore, users: Vec<NewUser>) {
    write(store, move |tx| users.iter().try_for_each(|user| tx.insert_user(user)));
}

/// Makes a custom group whose members are `(user, role)`.
pub fn add_custom_group(store: &SharedStore, uri: &str, name: &str, members: &[(&str, Role)]) -> CustomGroup {
    let (uri, name) = (GroupUri::new(uri).expect(uri), display_name(name));
    let members: Vec<_> = members.iter().map(|&(user, role)| (id(user), role)).collect();
    write(store, move |tx| {
        let group = tx.insert_custom_group(&uri, &name)?;
        members.iter().try_for_each(|(user, role)| tx.add_member(group.number, user, *role))?;
        Ok(group)
    })
}

pub fn find_by_uri(store: &SharedStore, uri: &str) -> Option<CustomGroup> {
    read(store, |reader| reader.custom_group(&GroupRef::Uri(uri.to_owned())))
}

/// The ids of a group's members, in the order in which the store gives them.
pub fn member_ids(store: &SharedStore, group: CustomGroupNumber, what: &Search) -> Vec<String> {
    let members = read(store, |reader| reader.memberships(group, what));
    members.into_iter().map(|member| member.user.to_string()).collect()
}

pub fn user_ids(store: &SharedStore, what: &Search) -> Vec<String> {
    texts(read(store, |reader| reader.find_users(what)))
}

/// A list of ids as text, to be compared with literals.
pub fn texts<T: ToString>(ids: Vec<T>) -> Vec<String> {
    ids.iter().map(T::to_string).collect()
}

/// Whether the store itself, rather than a rule, refused.
pub fn is_store_failure<T>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::Store(_)))
}

/// Keeps the writing thread of a store waiting until dropped, so that what is written meanwhile queues.
pub struct Hold {
    _release: SyncSender<()>,
}

impl Hold {
    pub fn on(store: &SharedStore) -> Self {
        let (release, released) = sync_channel(0);
        let (started, has_started) = sync_channel(1);
        store.submit(Box::new(Waiting { started, released })).expect("queued");
        has_started.recv().expect("the writer takes the job");
        Self { _release: release }
    }
}

struct Waiting {
    started: SyncSender<()>,
    released: Receiver<()>,
}

impl WriteJob for Waiting {
    fn run(&mut self, _tx: &mut dyn Tx) -> bool {
        self.started.send(()).expect("somebody waits");
        // Nothing is ever sent: this ends when the sender is dropped.
        let _ = self.released.recv();
        true
    }

    fn finish(self: Box<Self>, outcome: Result<()>) {
        assert!(outcome.is_ok(), "nothing was written");
    }
}

/// Runs `job` on a Tokio runtime with `threads` worker threads.
pub fn on_runtime<T>(threads: usize, job: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(threads).enable_time().build().expect("a runtime").block_on(job)
}
