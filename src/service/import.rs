//! Taking over what another server kept: users with their hashed passwords, groups, custom groups.

use std::collections::HashMap;

use super::{Service, password_hash};
use crate::domain::{
    Action, Change, CustomGroup, CustomGroupNumber, Error, GroupId, GroupName, GroupRef, NewUser, Outcome,
    PasswordHash, Principal, Result, Role, Timestamp, User, UserId,
};
use crate::store::{Tx, UserChange};

/// A user as another server knew it.
#[derive(Clone, Debug)]
pub struct ImportedUser {
    /// What every user has. The password is hashed as the other server did it.
    pub user: NewUser,
    /// Whether the user may log in.
    pub enabled: bool,
    /// Whether the account is marked as a guest's.
    pub guest: bool,
    /// When the account was made, if that is known.
    pub created: Option<Timestamp>,
    /// When its password was last verified, if ever.
    pub last_login: Option<Timestamp>,
}

/// A custom group as another server knew it.
#[derive(Clone, Debug)]
pub struct ImportedCustomGroup {
    /// The group, with the number it had.
    pub group: CustomGroup,
    /// Its members, the one of longest standing first.
    pub members: Vec<(UserId, Role)>,
}

/// Everything that is to be taken over. Each value has been checked; whether it fits to what is here
/// already has not.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// Users.
    pub users: Vec<ImportedUser>,
    /// Groups of the provisioning API, with their display names.
    pub groups: Vec<(GroupId, GroupName)>,
    /// Who is in which group.
    pub group_members: Vec<(GroupId, UserId)>,
    /// Who is subadmin of which group.
    pub subadmins: Vec<(GroupId, UserId)>,
    /// Custom groups.
    pub custom_groups: Vec<ImportedCustomGroup>,
}

/// How many of one kind were taken over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Those that were not here.
    pub added: u64,
    /// Those that were here, and were left as they are.
    pub present: u64,
}

impl Tally {
    fn count(&mut self, added: bool) {
        if added {
            self.added += 1;
        } else {
            self.present += 1;
        }
    }
}

/// Something about one row that the operator has to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether the row was taken over nevertheless.
    pub taken: bool,
    /// What it is about, such as `user alice`.
    pub subject: String,
    /// What is wrong with it, in the operator's words.
    pub reason: String,
}

impl Finding {
    /// About a row that was not taken over.
    pub fn left_out(subject: impl Into<String>, reason: impl ToString) -> Self {
        Self { taken: false, subject: subject.into(), reason: reason.to_string() }
    }

    /// About a row that was taken over.
    pub fn noted(subject: impl Into<String>, reason: impl ToString) -> Self {
        Self { taken: true, ..Self::left_out(subject, reason) }
    }
}

/// What became of an import.
#[derive(Clone, Debug, Default)]
pub struct Moved {
    /// Users.
    pub users: Tally,
    /// Groups of the provisioning API.
    pub groups: Tally,
    /// Places in them.
    pub group_members: Tally,
    /// Rights over them.
    pub subadmins: Tally,
    /// Custom groups.
    pub custom_groups: Tally,
    /// Memberships of custom groups.
    pub memberships: Tally,
    /// What the operator has to know.
    pub findings: Vec<Finding>,
}

impl Service {
    /// Takes over what another server kept, as the operator, in one transaction. What is here already
    /// stays as it is; a second time nothing changes. With `rehearse` everything is undone again.
    ///
    /// # Errors
    /// `Busy`, `StorageFull` or `Store`; nothing was taken over then.
    pub async fn import(&self, imported: Imported, rehearse: bool) -> Result<Moved> {
        let job = move |tx: &mut dyn Tx| Importing { tx, moved: Moved::default() }.run(&imported);
        if rehearse { self.store.rehearse(job).await } else { self.write(job).await }
    }

    /// Whether passwords can be verified against a hash that another server made.
    pub fn is_known_hash(hash: &PasswordHash) -> bool {
        password_hash::is_readable(hash)
    }
}

/// One import inside its transaction.
struct Importing<'a> {
    tx: &'a mut dyn Tx,
    moved: Moved,
}

impl Importing<'_> {
    fn run(mut self, imported: &Imported) -> Result<Moved> {
        imported.users.iter().try_for_each(|user| self.user(user))?;
        imported.groups.iter().try_for_each(|(group, name)| self.group(group, name))?;
        imported.group_members.iter().try_for_each(|(group, user)| self.group_member(group, user))?;
        imported.subadmins.iter().try_for_each(|(group, user)| self.subadmin(group, user))?;
        imported.custom_groups.iter().try_for_each(|group| self.custom_group(group))?;
        self.write_down()?;
        Ok(self.moved)
    }

    /// One record for all of it: nobody reads one for each of a million rows.
    fn write_down(&mut self) -> Result<()> {
        let Moved { users, groups, group_members, subadmins, custom_groups, memberships, .. } = &self.moved;
        let kinds = [
            ("users", users),
            ("groups", groups),
            ("places in groups", group_members),
            ("subadmins", subadmins),
            ("custom groups", custom_groups),
            ("memberships", memberships),
        ];
        let added: Vec<_> = kinds.iter().filter(|(_, tally)| tally.added > 0).collect();
        if added.is_empty() {
            return Ok(());
        }
        let detail: Vec<_> = added.iter().map(|(kind, tally)| format!("{} {kind}", tally.added)).collect();
        let change = Change::with(Action::IMPORT, "", detail.join(", "));
        self.tx.insert_audit(&Principal::operator(), &change, &Outcome::Done)
    }

    fn user(&mut self, imported: &ImportedUser) -> Result<()> {
        let id = &imported.user.id;
        if let Some(here) = self.tx.user(id.as_str())? {
            self.moved.users.count(false);
            if differs(&here, imported) {
                let reason = "is here already with other details, which stay, and so does the password";
                self.moved.findings.push(Finding::noted(format!("user {id}"), reason));
            }
            return Ok(());
        }
        self.tx.insert_user(&imported.user)?;
        let changes = [
            (!imported.enabled).then_some(UserChange::Enabled(false)),
            imported.guest.then_some(UserChange::Guest(true)),
            imported.created.map(UserChange::Created),
            imported.last_login.map(UserChange::LastLogin),
        ];
        changes.into_iter().flatten().try_for_each(|change| self.tx.update_user(id, &change))?;
        self.moved.users.count(true);
        Ok(())
    }

    fn group(&mut self, group: &GroupId, name: &GroupName) -> Result<()> {
        let added = !self.tx.group_exists(group)?;
        if added {
            self.tx.insert_group(group)?;
            self.tx.rename_group(group, name)?;
        }
        self.moved.groups.count(added);
        Ok(())
    }

    fn group_member(&mut self, group: &GroupId, user: &UserId) -> Result<()> {
        let user = self.stored_id(user)?;
        let added = !self.tx.is_group_member(group, &user)?;
        self.tx.add_to_group(group, &user)?;
        self.moved.group_members.count(added);
        Ok(())
    }

    fn subadmin(&mut self, group: &GroupId, user: &UserId) -> Result<()> {
        let user = self.stored_id(user)?;
        let added = !self.tx.is_subadmin(group, &user)?;
        self.tx.add_subadmin(group, &user)?;
        self.moved.subadmins.count(added);
        Ok(())
    }

    fn custom_group(&mut self, imported: &ImportedCustomGroup) -> Result<()> {
        let group = &imported.group;
        let subject = || format!("custom group {} (number {})", group.uri.as_str(), group.number);
        match self.place_of(group)? {
            Place::Free => {
                if self.tx.display_name_taken(&group.display_name, None)? {
                    let reason = format!("shares the display name {:?}", group.display_name.as_str());
                    self.moved.findings.push(Finding::noted(subject(), reason));
                }
                self.tx.insert_numbered_custom_group(group)?;
                self.moved.custom_groups.count(true);
            }
            Place::Here => self.moved.custom_groups.count(false),
            Place::Taken(reason) => {
                self.moved.findings.push(Finding::left_out(subject(), reason));
                return Ok(());
            }
        }
        imported.members.iter().try_for_each(|(user, role)| self.membership(group.number, user, *role))?;
        if self.tx.count_admins(group.number)? == 0 {
            let reason = "has no admin; davgroups customgroup set-role can make one";
            self.moved.findings.push(Finding::noted(subject(), reason));
        }
        Ok(())
    }

    fn place_of(&self, group: &CustomGroup) -> Result<Place> {
        let by_uri = self.tx.custom_group(&GroupRef::Uri(group.uri.as_str().to_owned()))?;
        let by_number = self.tx.custom_group(&GroupRef::Number(group.number))?;
        Ok(match (by_uri, by_number) {
            (None, None) => Place::Free,
            (Some(here), _) if here.number == group.number => Place::Here,
            (Some(here), _) => {
                Place::Taken(format!("its uri belongs to the group with number {}", here.number))
            }
            (None, Some(here)) => Place::Taken(format!("its number belongs to {}", here.uri.as_str())),
        })
    }

    fn membership(&mut self, group: CustomGroupNumber, user: &UserId, role: Role) -> Result<()> {
        let user = self.stored_id(user)?;
        let added = match self.tx.add_member(group, &user, role) {
            Ok(()) => true,
            Err(Error::AlreadyMember) => false,
            Err(error) => return Err(error),
        };
        self.moved.memberships.count(added);
        Ok(())
    }

    /// The id of a user as it is stored, which may have other capitals than the one taken over.
    fn stored_id(&self, user: &UserId) -> Result<UserId> {
        let found = self.tx.user(user.as_str())?;
        found.map(|user| user.id).ok_or_else(|| Error::UserUnknown(user.to_string()))
    }
}

/// Where a custom group would go.
enum Place {
    /// Nothing is there.
    Free,
    /// It is there itself.
    Here,
    /// Another one is there; why the two collide.
    Taken(String),
}

/// Whether a user who is here looks like another one than the user taken over. Neither passwords nor
/// times are compared, for they move on.
fn differs(here: &User, imported: &ImportedUser) -> bool {
    let there = &imported.user;
    (&here.id, &here.display_name, &here.email, here.quota, here.enabled, here.guest)
        != (&there.id, &there.display_name, &there.email, there.quota, imported.enabled, imported.guest)
}

/// Users whose addresses are no good for logging in, since others have the same: each such address and
/// who has it.
pub(crate) fn shared_addresses(users: &[ImportedUser]) -> Vec<(String, Vec<&UserId>)> {
    let mut owners: HashMap<String, Vec<&UserId>> = HashMap::new();
    for user in users {
        if let Some(email) = &user.user.email {
            owners.entry(email.folded()).or_default().push(&user.user.id);
        }
    }
    let mut shared: Vec<_> = owners.into_iter().filter(|(_, owners)| owners.len() > 1).collect();
    shared.sort();
    shared
}
