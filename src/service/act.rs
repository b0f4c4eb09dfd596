//! Somebody's changes inside one transaction.

use std::ops::Deref;

use super::Service;
use super::locate::Tree;
use crate::domain::permission::{check_scope, check_scope_over_administrators};
use crate::domain::{
    Action, AppId, Change, CustomGroup, CustomGroupNumber, Denied, DisplayName, Error, GroupId, GroupName,
    GroupUri, NewToken, NewUser, Outcome, Principal, Result, Role, Rules, Timestamp, Token, UserId,
};
use crate::store::{Reader, Tx, UserChange};

/// Somebody at work inside one transaction. Reads are the transaction's; whatever is written is written
/// down, too, for there is no other way to write.
pub(super) struct Act<'t> {
    tx: &'t mut dyn Tx,
    /// Who acts, with the rights that are left inside the transaction.
    pub who: Principal,
    /// The rules in force.
    pub rules: Rules,
    changes: Vec<Change>,
}

impl<'t> Deref for Act<'t> {
    type Target = dyn Reader + 't;

    fn deref(&self) -> &Self::Target {
        &*self.tx
    }
}

impl<'t> Act<'t> {
    /// Begins with the rights that `who` still has: what was taken away since the request was
    /// authenticated is gone.
    ///
    /// # Errors
    /// `NotPermitted` for somebody who was deleted or disabled meanwhile, or whose token was revoked.
    pub fn begin(tx: &'t mut dyn Tx, who: &Principal, rules: Rules) -> Result<Self> {
        let who = refresh(&*tx, who, &rules)?;
        Ok(Self { tx, who, rules, changes: Vec::new() })
    }

    /// What was changed so far.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Writes down what was changed, and returns it.
    pub fn finish(self) -> Result<Vec<Change>> {
        for change in &self.changes {
            self.tx.insert_audit(&self.who, change, &Outcome::Done)?;
        }
        Ok(self.changes)
    }

    /// The tree as the one who acts sees it.
    pub fn tree(&self, denied: fn(CustomGroupNumber) -> Denied) -> Tree<'_> {
        Tree { reader: &**self, who: &self.who, rules: &self.rules, denied }
    }

    /// Makes a change, which is written down.
    fn make<T>(&mut self, change: Change, job: impl FnOnce(&mut dyn Tx) -> Result<T>) -> Result<T> {
        check_scope(&self.who, change.action)?;
        let done = job(self.tx)?;
        self.changes.push(change);
        Ok(done)
    }

    /// The same for a change that may not have been needed; what changes nothing is not written down.
    fn make_needed(&mut self, change: Change, job: impl FnOnce(&mut dyn Tx) -> Result<bool>) -> Result<()> {
        check_scope(&self.who, change.action)?;
        if job(self.tx)? {
            self.changes.push(change);
        }
        Ok(())
    }

    /// `ScopeTooNarrow` for a token that must not reach a user who is an administrator.
    fn check_reach(&self, user: &UserId) -> Result<()> {
        match check_scope_over_administrators(&self.who) {
            Err(error) if self.is_group_member(&GroupId::admin(), user)? => Err(error),
            _ => Ok(()),
        }
    }

    /// The same for the group of the administrators.
    fn check_reach_into(&self, group: &GroupId) -> Result<()> {
        if group.is_admin() { check_scope_over_administrators(&self.who) } else { Ok(()) }
    }

    pub fn insert_user(&mut self, user: &NewUser) -> Result<()> {
        let change = Change::with(Action::CREATE_USER, &user.id, user.display_name.as_str());
        self.make(change, |tx| tx.insert_user(user))
    }

    pub fn update_user(&mut self, user: &UserId, change: &UserChange) -> Result<()> {
        self.check_reach(user)?;
        match described(user, change) {
            Some(described) => self.make(described, |tx| tx.update_user(user, change)),
            None => self.tx.update_user(user, change),
        }
    }

    /// Memberships in custom groups must have been ended before.
    pub fn delete_user(&mut self, user: &UserId) -> Result<()> {
        self.check_reach(user)?;
        self.make(Change::of(Action::DELETE_USER, user), |tx| tx.delete_user(user))
    }

    pub fn insert_group(&mut self, group: &GroupId) -> Result<()> {
        self.make(Change::of(Action::CREATE_GROUP, group), |tx| tx.insert_group(group))
    }

    pub fn rename_group(&mut self, group: &GroupId, name: &GroupName) -> Result<()> {
        self.check_reach_into(group)?;
        let change = Change::with(Action::RENAME_GROUP, group, name.as_str());
        self.make(change, |tx| tx.rename_group(group, name))
    }

    pub fn delete_group(&mut self, group: &GroupId) -> Result<()> {
        self.make(Change::of(Action::DELETE_GROUP, group), |tx| tx.delete_group(group))
    }

    pub fn add_to_group(&mut self, group: &GroupId, user: &UserId) -> Result<()> {
        self.check_reach_into(group)?;
        let change = Change::with(Action::ADD_TO_GROUP, group, user);
        self.make_needed(change, |tx| tx.add_to_group(group, user))
    }

    pub fn remove_from_group(&mut self, group: &GroupId, user: &UserId) -> Result<()> {
        self.check_reach_into(group)?;
        let change = Change::with(Action::REMOVE_FROM_GROUP, group, user);
        self.make_needed(change, |tx| tx.remove_from_group(group, user))
    }

    pub fn add_subadmin(&mut self, group: &GroupId, user: &UserId) -> Result<()> {
        let change = Change::with(Action::ADD_SUBADMIN, group, user);
        self.make_needed(change, |tx| tx.add_subadmin(group, user))
    }

    pub fn remove_subadmin(&mut self, group: &GroupId, user: &UserId) -> Result<()> {
        let change = Change::with(Action::REMOVE_SUBADMIN, group, user);
        self.make_needed(change, |tx| tx.remove_subadmin(group, user))
    }

    pub fn insert_custom_group(&mut self, uri: &GroupUri, name: &DisplayName) -> Result<CustomGroup> {
        let change = Change::with(Action::CREATE_CUSTOM_GROUP, uri.as_str(), name.as_str());
        self.make(change, |tx| tx.insert_custom_group(uri, name))
    }

    /// Under a number that it had elsewhere.
    pub fn insert_numbered_custom_group(&mut self, group: &CustomGroup) -> Result<()> {
        let name = group.display_name.as_str();
        let change = Change::with(Action::CREATE_CUSTOM_GROUP, group.uri.as_str(), name);
        self.make(change, |tx| tx.insert_numbered_custom_group(group))
    }

    pub fn rename_custom_group(&mut self, group: &CustomGroup, name: &DisplayName) -> Result<()> {
        let change = Change::with(Action::RENAME_CUSTOM_GROUP, group.uri.as_str(), name.as_str());
        self.make(change, |tx| tx.rename_custom_group(group.number, name))
    }

    pub fn delete_custom_group(&mut self, group: &CustomGroup) -> Result<()> {
        let change = Change::of(Action::DELETE_CUSTOM_GROUP, group.uri.as_str());
        self.make(change, |tx| tx.delete_custom_group(group.number))
    }

    pub fn add_member(&mut self, group: &CustomGroup, user: &UserId, role: Role) -> Result<()> {
        let change = Change::with(Action::ADD_MEMBER, group.uri.as_str(), in_role(user, role));
        self.make(change, |tx| tx.add_member(group.number, user, role))
    }

    pub fn set_role(&mut self, group: &CustomGroup, user: &UserId, role: Role) -> Result<()> {
        let change = Change::with(Action::SET_ROLE, group.uri.as_str(), in_role(user, role));
        self.make(change, |tx| tx.set_role(group.number, user, role))
    }

    pub fn remove_member(&mut self, group: &CustomGroup, user: &UserId) -> Result<()> {
        let change = Change::with(Action::REMOVE_MEMBER, group.uri.as_str(), user);
        self.make(change, |tx| tx.remove_member(group.number, user))
    }

    pub fn switch_app(&mut self, app: &AppId, enabled: bool) -> Result<()> {
        self.make(Change::of(switch(enabled), app), |tx| tx.switch_app(app, enabled))
    }

    pub fn insert_token(&mut self, token: &NewToken) -> Result<Token> {
        check_scope(&self.who, Action::CREATE_TOKEN)?;
        let made = self.tx.insert_token(token)?;
        self.changes.push(of_token(Action::CREATE_TOKEN, &made));
        Ok(made)
    }

    pub fn delete_token(&mut self, token: &Token) -> Result<()> {
        self.make(of_token(Action::REVOKE_TOKEN, token), |tx| tx.delete_token(token.number))
    }

    /// Remembers that a user was made since it is declared. Not a change of anything that anybody sees.
    pub fn declare_user(&mut self, user: &UserId) -> Result<()> {
        self.tx.declare_user(user)
    }

    pub fn declare_group(&mut self, group: &GroupId) -> Result<()> {
        self.tx.declare_group(group)
    }

    pub fn declare_custom_group(&mut self, group: &CustomGroup) -> Result<()> {
        self.tx.declare_custom_group(group.number)
    }

    pub fn forget_audit(&mut self, before: Timestamp) -> Result<u64> {
        check_scope(&self.who, Action::FORGET_AUDIT)?;
        let forgotten = self.tx.delete_audit(before)?;
        if forgotten > 0 {
            self.changes.push(Change::with(Action::FORGET_AUDIT, "", format!("{forgotten} records")));
        }
        Ok(forgotten)
    }
}

/// Switching an app on or off.
pub(super) fn switch(enabled: bool) -> Action {
    if enabled { Action::ENABLE_APP } else { Action::DISABLE_APP }
}

/// Letting a user log in, or no longer.
pub(super) fn enable(enabled: bool) -> Action {
    if enabled { Action::ENABLE_USER } else { Action::DISABLE_USER }
}

fn of_token(action: Action, token: &Token) -> Change {
    Change::with(action, &token.user, format!("{} ({})", token.number, token.scope))
}

fn in_role(user: &UserId, role: Role) -> String {
    format!("{user} ({})", role.as_str())
}

/// What a change is written down as. What a server notes for itself is not.
fn described(user: &UserId, change: &UserChange) -> Option<Change> {
    Some(match change {
        UserChange::DisplayName(name) => Change::with(Action::SET_DISPLAY_NAME, user, name.as_str()),
        UserChange::Email(email) => {
            Change::with(Action::SET_EMAIL, user, email.as_ref().map_or("", |email| email.as_str()))
        }
        UserChange::Quota(quota) => Change::with(Action::SET_QUOTA, user, quota),
        UserChange::Password(_) => Change::of(Action::SET_PASSWORD, user),
        UserChange::Enabled(enabled) => Change::of(enable(*enabled), user),
        UserChange::Guest(guest) => Change::with(Action::SET_GUEST, user, guest),
        UserChange::LastLogin(_) | UserChange::Created(_) => return None,
    })
}

/// The principal as it stands inside the transaction that acts for it. The operator's rights cannot be
/// taken away.
fn refresh(tx: &dyn Tx, who: &Principal, rules: &Rules) -> Result<Principal> {
    if who.is_operator() {
        return Ok(who.clone());
    }
    let account = tx.account(who.user.as_str())?.filter(|found| found.enabled && found.id == who.user);
    let account = account.ok_or(Denied::ManageUser)?;
    if let Some(grant) = who.token {
        let token = tx.token(grant.number)?.filter(|token| token.is_valid(tx.now()));
        token.ok_or(Denied::TokenGone)?;
    }
    Ok(Principal {
        user: account.id,
        administrator: account.administrator,
        subadmin: account.subadmin && rules.allow_subadmins,
        ..who.clone()
    })
}

impl Service {
    /// Changes by somebody: all of them in one transaction with what is written down of them, or none.
    /// `attempt` is what is written down of somebody who lacks the right.
    ///
    /// # Errors
    /// Whatever the job returns, `Busy`, `StorageFull` and `Store`. Nothing was changed then.
    pub(super) async fn act<T: Send + 'static>(
        &self,
        who: &Principal,
        attempt: Change,
        job: impl FnOnce(&mut Act<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let done = match check_scope(who, attempt.action) {
            Ok(()) => self.transact(who, job).await,
            Err(error) => Err(error),
        };
        match done {
            Ok(done) => Ok(done),
            Err(error) => Err(self.refused(who, attempt, error).await),
        }
    }

    /// Changes by the operator of the machine, who is not denied anything.
    ///
    /// # Errors
    /// As for [`Self::act`].
    pub(super) async fn operate<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Act<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.transact(&Principal::operator(), job).await
    }

    /// The same as [`Self::transact`], undone again.
    pub(super) async fn rehearse<T: Send + 'static>(
        &self,
        who: &Principal,
        job: impl FnOnce(&mut Act<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (actor, rules) = (who.clone(), self.rules);
        self.store.rehearse(move |tx| job(&mut Act::begin(tx, &actor, rules)?)).await
    }

    /// Changes by somebody, whose refusals the caller sees to.
    pub(super) async fn transact<T: Send + 'static>(
        &self,
        who: &Principal,
        job: impl FnOnce(&mut Act<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (actor, rules) = (who.clone(), self.rules);
        let acted = self.write(move |tx| {
            let mut act = Act::begin(tx, &actor, rules)?;
            let done = job(&mut act)?;
            Ok((done, act.finish()?))
        });
        let (done, changes) = acted.await?;
        changes.iter().for_each(|change| log(who, change, &Outcome::Done));
        Ok(done)
    }

    /// Writes down that somebody tried what it may not, and hands the error on. Other refusals, such as of
    /// a name that is taken, say nothing about anybody.
    pub(super) async fn refused(&self, who: &Principal, attempt: Change, error: Error) -> Error {
        if !error.is_denial() {
            return error;
        }
        let outcome = Outcome::Denied(error.to_string());
        log(who, &attempt, &outcome);
        let who = who.clone();
        if let Err(failure) = self.write(move |tx| tx.insert_audit(&who, &attempt, &outcome)).await {
            tracing::warn!(error = %failure, "a denied change could not be written down");
        }
        error
    }
}

/// A line in the log for a change.
fn log(who: &Principal, change: &Change, outcome: &Outcome) {
    let actor = if who.is_operator() { "(operator)" } else { who.user.as_str() };
    let action = change.action.as_str();
    let [subject, detail] = [&change.subject, &change.detail].map(|text| text.escape_debug());
    let outcome = match outcome {
        Outcome::Done => "done",
        Outcome::Denied(reason) => reason,
    };
    tracing::info!(actor, origin = %who.origin, action, %subject, %detail, outcome, "audit");
}
