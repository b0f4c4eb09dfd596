//! The tree as dav-server sees it: a file system with access control.
//!
//! Collections are directories, memberships are files of one line. There is no rule in here: everything
//! is asked of the service. As the trait can only say [`FsError`], the precise reason is left in the
//! [`Context`] for whoever renders the answer.

use std::io::SeekFrom;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use bytes::{Buf, Bytes};
use dav_server::davpath::DavPath;
use dav_server::fs::{
    DavDirEntry, DavFile, DavMetaData, FsError, FsFuture, FsResult, FsStream, GuardedFileSystem, OpenOptions,
    ReadDirMeta,
};
use futures_util::{FutureExt, StreamExt, stream};

use super::path::{self, Target};
use crate::domain::{Error, Membership, Node, Place, Principal};
use crate::service::{Children, Scope, Service};

/// What went wrong last, and whether it was a change that failed or a look-up.
#[derive(Debug)]
pub struct Failure {
    /// What went wrong.
    pub error: Error,
    /// Whether something was to be changed. The framework looks things up that need not exist, so that
    /// the error of a look-up counts only if it is the one that was answered.
    pub change: bool,
}

/// One request: who asks, whom to ask, and what went wrong.
#[derive(Clone)]
pub struct Context {
    pub(super) who: Principal,
    pub(super) service: Service,
    /// Directories look empty while one is being deleted: else the framework would delete a group member
    /// by member, where the service deletes all of it at once.
    pub(super) deleting: bool,
    /// Cleared by what succeeds.
    pub(super) failure: Arc<Mutex<Option<Failure>>>,
}

impl Context {
    /// What went wrong last.
    pub(super) fn take_failure(&self) -> Option<Failure> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn note<T>(&self, result: Result<T, Error>, change: bool) -> FsResult<T> {
        let (result, failure) = match result {
            Ok(value) => (Ok(value), None),
            Err(error) => (Err(fs_error(&error)), Some(Failure { error, change })),
        };
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
        result
    }

    fn locate(&self, target: &Target) -> FsResult<Entry> {
        match target {
            Target::Tree(place) => {
                let node = self.note(self.service.locate(&self.who, place), false)?;
                Ok(Entry::of(place.name(), &node))
            }
            Target::Around(segments) => Ok(Entry::directory(segments.last().map_or("", String::as_str))),
            Target::Nowhere(segments) => {
                let name = segments.last().cloned().unwrap_or_default();
                self.note(Err(Error::NothingThere(name)), false)
            }
        }
    }

    async fn entries(&self, target: &Target) -> FsResult<Vec<Entry>> {
        match target {
            Target::Tree(place) => {
                let listing = self.service.browse(&self.who, place, Scope::all_children()).await;
                Ok(Entry::below(self.note(listing, false)?.children))
            }
            Target::Around(segments) => Ok(self.around(segments)),
            Target::Nowhere(_) => Err(FsError::NotFound),
        }
    }

    /// What lies in the plain collections around the tree.
    fn around(&self, segments: &[String]) -> Vec<Entry> {
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let names: &[&str] = match &segments[..] {
            [] => &["remote.php"],
            ["remote.php"] => &["dav", "webdav"],
            ["remote.php", "dav"] => &["customgroups", "files"],
            ["remote.php", "dav", "files"] => &[self.who.user.as_str()],
            _ => &[],
        };
        names.iter().map(|name| Entry::directory(name)).collect()
    }
}

/// Only how the framework goes on depends on this; the answer is made from the error itself.
fn fs_error(error: &Error) -> FsError {
    match error {
        Error::CustomGroupUnknown(_)
        | Error::UserUnknown(_)
        | Error::NotAMember { .. }
        | Error::NothingThere(_) => FsError::NotFound,
        Error::Busy | Error::Store(_) => FsError::GeneralFailure,
        _ => FsError::Forbidden,
    }
}

/// The place a path names for changing something; what is outside the tree cannot be changed.
fn place(path: &DavPath) -> Result<Place, Error> {
    match target(path)? {
        Target::Tree(place) => Ok(place),
        Target::Around(_) => Err(crate::domain::Denied::FixedCollection.into()),
        Target::Nowhere(segments) => Err(Error::NothingThere(segments.last().cloned().unwrap_or_default())),
    }
}

fn target(path: &DavPath) -> Result<Target, Error> {
    let url = path.as_url_string();
    path::parse(&url).map_err(|_| Error::NothingThere(url))
}

/// The file system itself; all state is in the [`Context`].
#[derive(Clone)]
pub struct TreeFs;

impl GuardedFileSystem<Context> for TreeFs {
    fn open<'a>(
        &'a self,
        path: &'a DavPath,
        options: OpenOptions,
        context: &'a Context,
    ) -> FsFuture<'a, Box<dyn DavFile>> {
        async move {
            let place = context.note(place(path), options.write)?;
            if options.write {
                let added = context.service.add_member(&context.who, &place).await;
                context.note(added, true)?;
                return Ok(Box::new(Line::default()) as Box<dyn DavFile>);
            }
            match context.note(context.service.locate(&context.who, &place), false)? {
                Node::Membership(_, member) => Ok(Box::new(Line::of(&member)) as Box<dyn DavFile>),
                _ => Err(FsError::Forbidden),
            }
        }
        .boxed()
    }

    fn read_dir<'a>(
        &'a self,
        path: &'a DavPath,
        _meta: ReadDirMeta,
        context: &'a Context,
    ) -> FsFuture<'a, FsStream<Box<dyn DavDirEntry>>> {
        async move {
            let target = context.note(target(path), false)?;
            let entries = if context.deleting { Vec::new() } else { context.entries(&target).await? };
            let boxed = entries.into_iter().map(|entry| Ok(Box::new(entry) as Box<dyn DavDirEntry>));
            Ok(stream::iter(boxed.collect::<Vec<_>>()).boxed())
        }
        .boxed()
    }

    fn metadata<'a>(&'a self, path: &'a DavPath, context: &'a Context) -> FsFuture<'a, Box<dyn DavMetaData>> {
        async move {
            let target = context.note(target(path), false)?;
            Ok(Box::new(context.locate(&target)?) as Box<dyn DavMetaData>)
        }
        .boxed()
    }

    fn create_dir<'a>(&'a self, path: &'a DavPath, context: &'a Context) -> FsFuture<'a, ()> {
        async move {
            let place = context.note(place(path), true)?;
            let created = context.service.create_custom_group(&context.who, &place, None).await;
            context.note(created.map(|_| ()), true)
        }
        .boxed()
    }

    fn remove_dir<'a>(&'a self, path: &'a DavPath, context: &'a Context) -> FsFuture<'a, ()> {
        async move {
            let place = context.note(place(path), true)?;
            let deleted = context.service.delete(&context.who, &place).await;
            context.note(deleted, true)
        }
        .boxed()
    }

    fn remove_file<'a>(&'a self, path: &'a DavPath, context: &'a Context) -> FsFuture<'a, ()> {
        self.remove_dir(path, context)
    }
}

/// A name in a directory, and what is behind it.
#[derive(Clone, Debug)]
struct Entry {
    name: String,
    /// Length of the file; none for a directory.
    length: Option<u64>,
}

impl Entry {
    fn directory(name: &str) -> Self {
        Self { name: name.to_owned(), length: None }
    }

    fn file(member: &Membership) -> Self {
        let length = Line::of(member).text.len() as u64;
        Self { name: member.user.to_string(), length: Some(length) }
    }

    fn of(name: &str, node: &Node) -> Self {
        match node {
            Node::Membership(_, member) => Self::file(member),
            _ => Self::directory(name),
        }
    }

    fn below(children: Children) -> Vec<Self> {
        match children {
            Children::None => Vec::new(),
            Children::Top => vec![Self::directory("groups"), Self::directory("users")],
            Children::Users(users) => users.iter().map(|user| Self::directory(user.as_str())).collect(),
            Children::Groups(groups) => {
                groups.iter().map(|listed| Self::directory(listed.group.uri.as_str())).collect()
            }
            Children::Members(members) => members.iter().map(Self::file).collect(),
        }
    }
}

impl DavMetaData for Entry {
    fn len(&self) -> u64 {
        self.length.unwrap_or(0)
    }

    fn modified(&self) -> FsResult<SystemTime> {
        Err(FsError::NotImplemented)
    }

    fn is_dir(&self) -> bool {
        self.length.is_none()
    }
}

impl DavDirEntry for Entry {
    fn name(&self) -> Vec<u8> {
        self.name.clone().into_bytes()
    }

    fn metadata(&self) -> FsFuture<'_, Box<dyn DavMetaData>> {
        let meta = Box::new(self.clone()) as Box<dyn DavMetaData>;
        std::future::ready(Ok(meta)).boxed()
    }
}

/// A membership as a file: its role on a line. What is written to one is ignored.
#[derive(Debug, Default)]
struct Line {
    text: Bytes,
}

impl Line {
    fn of(member: &Membership) -> Self {
        let mut line = member.role.as_str().to_owned();
        line.push('\n');
        Self { text: line.into() }
    }
}

impl DavFile for Line {
    fn metadata(&mut self) -> FsFuture<'_, Box<dyn DavMetaData>> {
        let meta = Entry { name: String::new(), length: Some(self.text.len() as u64) };
        std::future::ready(Ok(Box::new(meta) as Box<dyn DavMetaData>)).boxed()
    }

    fn write_buf(&mut self, mut buf: Box<dyn Buf + Send>) -> FsFuture<'_, ()> {
        buf.advance(buf.remaining());
        std::future::ready(Ok(())).boxed()
    }

    fn write_bytes(&mut self, _buf: Bytes) -> FsFuture<'_, ()> {
        std::future::ready(Ok(())).boxed()
    }

    fn read_bytes(&mut self, count: usize) -> FsFuture<'_, Bytes> {
        let part = self.text.split_to(count.min(self.text.len()));
        std::future::ready(Ok(part)).boxed()
    }

    fn seek(&mut self, _pos: SeekFrom) -> FsFuture<'_, u64> {
        std::future::ready(Err(FsError::NotImplemented)).boxed()
    }

    fn flush(&mut self) -> FsFuture<'_, ()> {
        std::future::ready(Ok(())).boxed()
    }
}
