//! Users of the provisioning API: making, finding, changing and deleting them.

use zeroize::Zeroizing;

use super::Service;
use super::act::{Act, enable};
use super::custom_group::leave_all;
use super::group::{self, Target};
use super::paged::Paged;
use super::searches::SearchesNow;
use super::subadmin;
use crate::domain::permission::check_scope;
use crate::domain::provisioning::{Level, Relation, UserField};
use crate::domain::{
    Action, Change, Denied, Email, Error, GroupId, NewUser, Password, PasswordHash, Principal, Quota, Result,
    Rules, Search, User, UserId, UserName,
};
use crate::store::{Members, Reader, UserChange};

/// What somebody wants of a new user, not checked yet.
#[derive(Clone, Debug, Default)]
pub struct UserRequest {
    /// The id; empty when none was given.
    pub id: String,
    /// The password; empty when none was given.
    pub password: Password,
    /// The name people see; none means the id.
    pub display_name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// How much the user may store.
    pub quota: Option<String>,
    /// The groups it is put into.
    pub groups: Vec<String>,
    /// The groups it becomes subadmin of, which administrators alone may ask for.
    pub subadmin_of: Vec<String>,
}

/// A user, and what the principal is to it.
#[derive(Clone, Debug)]
pub(super) struct UserView {
    /// The user.
    pub user: User,
    /// What the principal is to it.
    pub relation: Relation,
}

impl Service {
    /// Makes a user, in the groups asked for. Cheap refusals come before the password is hashed.
    ///
    /// # Errors
    /// `NotPermitted` for those who manage no users; `UserExists`; for each group `GroupUnknown`, then
    /// `NotSubadminOf`; `GroupRequired` for a subadmin who names none; what is wrong with the id, the
    /// password and the rest; and for each group to be subadmin of, as [`Self::add_subadmin`].
    pub async fn create_user(&self, who: &Principal, request: UserRequest) -> Result<User> {
        let attempt = Change::of(Action::CREATE_USER, &request.id);
        let early = check_scope(who, attempt.action)
            .and_then(|()| self.read(|reader| check_request(reader, who, &self.rules, &request)));
        let checked = match early.and_then(|_| check_fields(&request, &self.rules)) {
            Ok(checked) => checked,
            Err(error) => return Err(self.refused(who, attempt, error).await),
        };
        let hash = self.passwords.hash(&checked.password).await?;
        self.act(who, attempt, move |act| create(act, &request, hash)).await
    }

    /// The users that match: all for an administrator, else the members of the principal's own groups.
    ///
    /// # Errors
    /// `NotPermitted` for those who manage no users.
    pub async fn find_users(&self, who: &Principal, search: Search) -> Result<Paged<UserId>> {
        Level::Subadmin.check(who)?;
        let (who, searches) = (who.clone(), self.searches.at(self.store.generation()?));
        self.read_long(move |reader| find(reader, &searches, &who, Members::All, &search)).await
    }

    /// Changes one field of a user; none stands for a field that there is not.
    ///
    /// # Errors
    /// `UserUnknown`; `NotPermitted` for strangers; `FieldUnknown`; `NotPermitted` for fields the
    /// principal may not change; and what is wrong with the value.
    pub async fn edit_user(
        &self,
        who: &Principal,
        id: &str,
        field: Option<UserField>,
        value: Option<Zeroizing<String>>,
    ) -> Result<()> {
        let attempt = edit_attempt(id, field);
        let early = check_scope(who, attempt.action)
            .and_then(|()| self.read(|reader| check_edit(reader, who, id, field)));
        if let Err(error) = early {
            return Err(self.refused(who, attempt, error).await);
        }
        let hash = match (field, &value) {
            (Some(UserField::Password), Some(password)) => {
                Some(self.passwords.hash(&new_password(password, &self.rules)?).await?)
            }
            _ => None,
        };
        let id = id.to_owned();
        self.act(who, attempt, move |act| edit(act, &id, field, value.as_deref().map(String::as_str), hash))
            .await
    }

    /// Deletes a user with everything that hangs on it, in one transaction: places in groups, subadmin
    /// rights, memberships in custom groups.
    ///
    /// # Errors
    /// `NotPermitted` for those who manage no users; `UserUnknown`; `OneselfNotAllowed`;
    /// `NotPermitted` for users the principal does not manage.
    pub async fn delete_user(&self, who: &Principal, id: &str) -> Result<()> {
        let (attempt, id) = (Change::of(Action::DELETE_USER, id), id.to_owned());
        self.act(who, attempt, move |act| delete(act, &id)).await
    }

    /// Lets a user log in, or no longer.
    ///
    /// # Errors
    /// As for [`Self::delete_user`].
    pub async fn set_enabled(&self, who: &Principal, id: &str, enabled: bool) -> Result<()> {
        let (attempt, id) = (Change::of(enable(enabled), id), id.to_owned());
        self.act(who, attempt, move |act| set_enabled(act, &id, enabled)).await
    }

    /// The groups a user is in; to a subadmin, those of them that are its own.
    ///
    /// # Errors
    /// `UserUnknown`, then `NotPermitted`.
    pub fn groups_of_user(&self, who: &Principal, id: &str) -> Result<Vec<GroupId>> {
        self.read(|reader| {
            let view = view(reader, who, id)?;
            let mut groups = reader.groups_of(&view.user.id)?;
            match view.relation {
                Relation::Administrator | Relation::Oneself => Ok(groups),
                Relation::Subadmin => {
                    let own = reader.subadmin_groups(&who.user)?;
                    groups.retain(|group| own.contains(group));
                    Ok(groups)
                }
                Relation::Stranger => Err(Denied::ManageUser.into()),
            }
        })
    }
}

/// The users that match: all for an administrator, else these members of the principal's own groups.
pub(super) fn find(
    reader: &dyn Reader,
    searches: &SearchesNow,
    who: &Principal,
    members: Members,
    search: &Search,
) -> Result<Paged<UserId>> {
    if who.administrator {
        let found = searches.page(search, |search, last| match last {
            Some(last) => reader.find_users_after(search, last),
            None => reader.find_users(search),
        })?;
        Paged::new(found, search, |pattern| searches.total(pattern, || reader.count_users(pattern)))
    } else {
        let found = reader.find_managed_users(&who.user, members, search)?;
        Paged::new(found, search, |pattern| reader.count_managed_users(&who.user, members, pattern))
    }
}

fn unknown(id: &str) -> Error {
    Error::UserUnknown(id.to_owned())
}

/// The user with this id in any case, and what the principal is to it.
pub(super) fn view(reader: &dyn Reader, who: &Principal, id: &str) -> Result<UserView> {
    let user = reader.user(id)?.ok_or_else(|| unknown(id))?;
    let administrator = reader.is_group_member(&GroupId::admin(), &user.id)?;
    let manages = who.subadmin && reader.manages(&who.user, &user.id)?;
    let relation = Relation::of(who, &user.id, administrator, manages);
    Ok(UserView { user, relation })
}

/// Makes a user, in the groups asked for, with the hash of its password.
pub(super) fn create(act: &mut Act<'_>, request: &UserRequest, hash: PasswordHash) -> Result<User> {
    let groups = check_request(&**act, &act.who, &act.rules, request)?;
    let user = check_fields(request, &act.rules)?.with_hash(hash);
    act.insert_user(&user)?;
    groups.iter().try_for_each(|group| group::put_in(act, group, &user.id))?;
    for group in &request.subadmin_of {
        Level::Administrator.check(&act.who)?;
        let group = group::find(&**act, group)?;
        subadmin::appoint(act, &group, &user.id)?;
    }
    act.user(user.id.as_str())?.ok_or_else(|| unknown(user.id.as_str()))
}

/// Changes one field of a user. `hash` is that of the value, if it is a password.
pub(super) fn edit(
    act: &mut Act<'_>,
    id: &str,
    field: Option<UserField>,
    value: Option<&str>,
    hash: Option<PasswordHash>,
) -> Result<()> {
    let (user, field) = check_edit(&**act, &act.who, id, field)?;
    let given = value.unwrap_or_default();
    let change = match field {
        UserField::DisplayName => UserChange::DisplayName(UserName::new(given, &user.id)?),
        UserField::Email => UserChange::Email(Email::new(value.ok_or(Error::EmailInvalid)?)?),
        UserField::Quota => UserChange::Quota(Quota::parse(given)?),
        UserField::Password => {
            new_password(given, &act.rules)?;
            UserChange::Password(hash.ok_or(Error::PasswordBlank)?)
        }
    };
    act.update_user(&user.id, &change)
}

/// What is written down of somebody who may not change a field.
pub(super) fn edit_attempt(id: &str, field: Option<UserField>) -> Change {
    let action = match field {
        Some(UserField::DisplayName) | None => Action::SET_DISPLAY_NAME,
        Some(UserField::Email) => Action::SET_EMAIL,
        Some(UserField::Quota) => Action::SET_QUOTA,
        Some(UserField::Password) => Action::SET_PASSWORD,
    };
    Change::of(action, id)
}

/// Deletes a user with everything that hangs on it.
pub(super) fn delete(act: &mut Act<'_>, id: &str) -> Result<()> {
    let user = check_managed(act, id)?;
    leave_all(act, &user.id)?;
    act.delete_user(&user.id)
}

pub(super) fn set_enabled(act: &mut Act<'_>, id: &str, enabled: bool) -> Result<()> {
    let user = check_managed(act, id)?;
    act.update_user(&user.id, &UserChange::Enabled(enabled))
}

/// The user, if the principal may delete and disable it.
fn check_managed(act: &Act<'_>, id: &str) -> Result<User> {
    Level::Subadmin.check(&act.who)?;
    let view = view(&**act, &act.who, id)?;
    if act.who.is(&view.user.id) {
        return Err(Error::OneselfNotAllowed);
    }
    if !view.relation.may_manage() {
        return Err(Denied::ManageUser.into());
    }
    Ok(view.user)
}

fn check_edit(
    reader: &dyn Reader,
    who: &Principal,
    id: &str,
    field: Option<UserField>,
) -> Result<(User, UserField)> {
    let view = view(reader, who, id)?;
    if view.relation == Relation::Stranger {
        return Err(Denied::ManageUser.into());
    }
    let field = field.ok_or(Error::FieldUnknown)?;
    if !view.relation.may_change(field) {
        return Err(Denied::ManageUser.into());
    }
    Ok((view.user, field))
}

/// What can be said about a new user before its id, password and the rest are looked at, in the order
/// that clients of ownCloud know.
fn check_request(
    reader: &dyn Reader,
    who: &Principal,
    rules: &Rules,
    request: &UserRequest,
) -> Result<Vec<Target>> {
    Level::Subadmin.check(who)?;
    if reader.user(&request.id)?.is_some() {
        return Err(Error::UserExists);
    }
    let mut groups = Vec::with_capacity(request.groups.len());
    for id in &request.groups {
        let group = group::find(reader, id)?;
        if !group::may_fill(reader, who, rules, &group)? {
            return Err(Error::NotSubadminOf(id.clone()));
        }
        groups.push(group);
    }
    if groups.is_empty() && !who.administrator {
        return Err(Error::GroupRequired);
    }
    Ok(groups)
}

/// A new user whose password has not been hashed yet.
struct Checked {
    id: UserId,
    password: Password,
    display_name: UserName,
    email: Option<Email>,
    quota: Quota,
}

impl Checked {
    fn with_hash(self, password: PasswordHash) -> NewUser {
        let Self { id, display_name, email, quota, .. } = self;
        NewUser { id, password, display_name, email, quota }
    }
}

fn new_password(text: &str, rules: &Rules) -> Result<Password> {
    let password = Password::new(text)?;
    rules.check_password(&password)?;
    Ok(password)
}

fn check_fields(request: &UserRequest, rules: &Rules) -> Result<Checked> {
    let id = UserId::new(&request.id)?;
    let password = new_password(request.password.expose(), rules)?;
    let display_name = UserName::new(request.display_name.as_deref().unwrap_or_default(), &id)?;
    let email = Email::new(request.email.as_deref().unwrap_or_default())?;
    let quota = request.quota.as_deref().filter(|quota| !quota.is_empty());
    let quota = quota.map_or(Ok(Quota::Default), Quota::parse)?;
    Ok(Checked { id, password, display_name, email, quota })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_user_has_defaults() {
        let request = UserRequest {
            id: "frank".into(),
            password: Password::offered("secret".to_owned()),
            ..UserRequest::default()
        };
        let user = check_fields(&request, &Rules::default()).expect("valid");
        assert_eq!(user.display_name.as_str(), "frank");
        assert_eq!(user.email, None);
        assert_eq!(user.quota, Quota::Default);
    }
}
