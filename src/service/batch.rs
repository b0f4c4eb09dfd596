//! Many changes of users and groups at once: all of them, or none.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{StreamExt, TryStreamExt, stream};
use zeroize::Zeroizing;

use super::act::{Act, enable};
use super::{Passwords, Service, UserRequest, group, subadmin, user};
use crate::domain::permission::check_scope;
use crate::domain::provisioning::UserField;
use crate::domain::{Action, Change, Error, Password, PasswordHash, Principal, Result};

/// As many passwords are hashed at a time, which the service limits further by what the machine has.
pub(super) const HASHED_AT_ONCE: usize = 16;

/// One change among many.
#[derive(Clone, Debug)]
pub enum Step {
    /// As [`Service::create_user`].
    CreateUser(UserRequest),
    /// As [`Service::edit_user`].
    EditUser {
        /// The user.
        user: String,
        /// What is changed; none is a field that there is not.
        field: Option<UserField>,
        /// To what; it may be a password.
        value: Option<Zeroizing<String>>,
    },
    /// As [`Service::delete_user`].
    DeleteUser(String),
    /// As [`Service::set_enabled`].
    SetEnabled {
        /// The user.
        user: String,
        /// Whether it may log in.
        enabled: bool,
    },
    /// As [`Service::create_group`].
    CreateGroup {
        /// The group.
        group: String,
        /// Its display name.
        name: Option<String>,
    },
    /// As [`Service::rename_group`].
    RenameGroup {
        /// The group.
        group: String,
        /// Its new display name.
        name: String,
    },
    /// As [`Service::delete_group`].
    DeleteGroup(String),
    /// As [`Service::add_to_group`].
    AddToGroup(GroupPlace),
    /// As [`Service::remove_from_group`].
    RemoveFromGroup(GroupPlace),
    /// As [`Service::add_subadmin`].
    AddSubadmin(GroupPlace),
    /// As [`Service::remove_subadmin`].
    RemoveSubadmin(GroupPlace),
}

/// A user's place in a group, or over it.
#[derive(Clone, Debug)]
pub struct GroupPlace {
    /// The user.
    pub user: String,
    /// The group.
    pub group: String,
}

/// Why nothing was changed.
#[derive(Debug)]
pub struct Undone {
    /// Which step was refused, counted from 0; none if it was no step, but the store.
    pub step: Option<usize>,
    /// Why.
    pub error: Error,
}

impl Service {
    /// Makes changes in their order, all in one transaction. They are tried first with passwords that are
    /// not hashed yet: what is refused is refused soon, and nothing is hashed for it.
    ///
    /// # Errors
    /// What the first step that is refused was refused for, as the function says that does it alone.
    /// Nothing was changed then.
    pub async fn perform_all(&self, who: &Principal, steps: Vec<Step>) -> Result<(), Undone> {
        let run = Run { steps: steps.into(), at: Arc::new(AtomicUsize::new(usize::MAX)) };
        let done = self.perform(who, &run).await;
        let Err(error) = done else { return Ok(()) };
        let step = Some(run.at.load(Ordering::Acquire)).filter(|at| *at < run.steps.len());
        let error = match step {
            Some(at) => self.refused(who, run.steps[at].attempt(), error).await,
            None => error,
        };
        Err(Undone { step, error })
    }

    async fn perform(&self, who: &Principal, run: &Run) -> Result<()> {
        self.rehearse(who, run.job(vec![PasswordHash::new(String::new()); run.steps.len()])).await?;
        run.at.store(usize::MAX, Ordering::Release);
        let hashes: Vec<_> = run.steps.iter().map(|step| hash(Arc::clone(&self.passwords), step)).collect();
        let hashes = stream::iter(hashes).buffered(HASHED_AT_ONCE).try_collect().await?;
        self.transact(who, run.job(hashes)).await
    }
}

/// The hash of a step's password; blank where it has none.
fn hash(passwords: Arc<Passwords>, step: &Step) -> impl Future<Output = Result<PasswordHash>> + Send + use<> {
    let password = step.password().map(Password::new);
    async move {
        match password {
            Some(password) => passwords.hash(&password?).await,
            None => Ok(PasswordHash::new(String::new())),
        }
    }
}

/// Steps, and the one that is being made.
struct Run {
    steps: Arc<[Step]>,
    at: Arc<AtomicUsize>,
}

impl Run {
    /// All steps, with the hash of each one's password.
    fn job(&self, hashes: Vec<PasswordHash>) -> impl FnOnce(&mut Act<'_>) -> Result<()> + Send + 'static {
        let (steps, at) = (Arc::clone(&self.steps), Arc::clone(&self.at));
        move |act| {
            for (number, (step, hash)) in steps.iter().zip(hashes).enumerate() {
                at.store(number, Ordering::Release);
                check_scope(&act.who, step.attempt().action)?;
                step.perform(act, hash)?;
            }
            at.store(usize::MAX, Ordering::Release);
            Ok(())
        }
    }
}

impl Step {
    fn password(&self) -> Option<&str> {
        match self {
            Step::CreateUser(request) => Some(request.password.expose()),
            Step::EditUser { field: Some(UserField::Password), value, .. } => {
                value.as_deref().map(String::as_str)
            }
            _ => None,
        }
    }

    fn perform(&self, act: &mut Act<'_>, hash: PasswordHash) -> Result<()> {
        match self {
            Step::CreateUser(request) => user::create(act, request, hash).map(drop),
            Step::EditUser { user, field, value } => {
                user::edit(act, user, *field, value.as_deref().map(String::as_str), Some(hash))
            }
            Step::DeleteUser(user) => user::delete(act, user),
            Step::SetEnabled { user, enabled } => user::set_enabled(act, user, *enabled),
            Step::CreateGroup { group, name } => group::create(act, group, name.as_deref()),
            Step::RenameGroup { group, name } => group::rename(act, group, name),
            Step::DeleteGroup(group) => group::delete(act, group),
            Step::AddToGroup(place) => group::add(act, &place.user, &place.group),
            Step::RemoveFromGroup(place) => group::remove(act, &place.user, &place.group),
            Step::AddSubadmin(place) => subadmin::add(act, &place.user, &place.group),
            Step::RemoveSubadmin(place) => subadmin::remove(act, &place.user, &place.group),
        }
    }

    /// What is written down of somebody who may not do it.
    fn attempt(&self) -> Change {
        let at = |action, place: &GroupPlace| Change::with(action, &place.group, &place.user);
        match self {
            Step::CreateUser(request) => Change::of(Action::CREATE_USER, &request.id),
            Step::EditUser { user, field, .. } => user::edit_attempt(user, *field),
            Step::DeleteUser(user) => Change::of(Action::DELETE_USER, user),
            Step::SetEnabled { user, enabled } => Change::of(enable(*enabled), user),
            Step::CreateGroup { group, .. } => Change::of(Action::CREATE_GROUP, group),
            Step::RenameGroup { group, name } => Change::with(Action::RENAME_GROUP, group, name),
            Step::DeleteGroup(group) => Change::of(Action::DELETE_GROUP, group),
            Step::AddToGroup(place) => at(Action::ADD_TO_GROUP, place),
            Step::RemoveFromGroup(place) => at(Action::REMOVE_FROM_GROUP, place),
            Step::AddSubadmin(place) => at(Action::ADD_SUBADMIN, place),
            Step::RemoveSubadmin(place) => at(Action::REMOVE_SUBADMIN, place),
        }
    }
}
