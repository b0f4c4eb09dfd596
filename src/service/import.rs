//! Taking over what another server kept.

use std::collections::HashMap;

use super::inventory::{CustomGroupRecord, Inventory, UserRecord};
use super::{Service, password_hash};
use crate::domain::{
    Action, Change, CustomGroup, CustomGroupNumber, Error, GroupId, GroupName, GroupRef, GroupUri, Outcome,
    PasswordHash, Pattern, Principal, Result, Role, Search, User, UserId,
};
use crate::store::{Tx, UserChange};

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
    pub async fn import(&self, inventory: Inventory, rehearse: bool) -> Result<Moved> {
        let job = move |tx: &mut dyn Tx| {
            Importing { tx, moved: Moved::default(), numbers: HashMap::new() }.run(&inventory)
        };
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
    /// Which number each custom group has here that was looked for; none if its memberships cannot be taken.
    numbers: HashMap<GroupUri, Option<CustomGroupNumber>>,
}

impl Importing<'_> {
    fn run(mut self, inventory: &Inventory) -> Result<Moved> {
        inventory.users.iter().try_for_each(|user| self.user(user))?;
        inventory.groups.iter().try_for_each(|(group, name)| self.group(group, name))?;
        inventory.group_members.iter().try_for_each(|(group, user)| self.group_member(group, user))?;
        inventory.subadmins.iter().try_for_each(|(group, user)| self.subadmin(group, user))?;
        // Groups without a number get one that no other in the inventory wants.
        let (numbered, others): (Vec<_>, Vec<_>) =
            inventory.custom_groups.iter().partition(|group| group.number.is_some());
        numbered.iter().chain(&others).try_for_each(|group| self.custom_group(group))?;
        for (group, user, role) in &inventory.memberships {
            self.membership(group, user, *role)?;
        }
        numbered.iter().chain(&others).try_for_each(|group| self.note_missing_admin(group))?;
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

    fn left_out(&mut self, subject: String, reason: impl ToString) {
        self.moved.findings.push(Finding::left_out(subject, reason));
    }

    fn noted(&mut self, subject: String, reason: impl ToString) {
        self.moved.findings.push(Finding::noted(subject, reason));
    }

    fn user(&mut self, record: &UserRecord) -> Result<()> {
        let id = &record.user.id;
        if let Some(here) = self.tx.user(id.as_str())? {
            self.moved.users.count(false);
            if differs(&here, record) {
                let reason = "is here already with other details, which stay, and so does the password";
                self.noted(format!("user {id}"), reason);
            }
            return Ok(());
        }
        self.tx.insert_user(&record.user)?;
        let changes = [
            (!record.enabled).then_some(UserChange::Enabled(false)),
            record.guest.then_some(UserChange::Guest(true)),
            record.created.map(UserChange::Created),
            record.last_login.map(UserChange::LastLogin),
        ];
        changes.into_iter().flatten().try_for_each(|change| self.tx.update_user(id, &change))?;
        self.moved.users.count(true);
        Ok(())
    }

    fn group(&mut self, group: &GroupId, name: &GroupName) -> Result<()> {
        let added = !self.tx.group_exists(group)?;
        if added {
            self.tx.insert_group(group)?;
        }
        if added || self.is_unnamed_admin_group(group)? {
            self.tx.rename_group(group, name)?;
        }
        self.moved.groups.count(added);
        Ok(())
    }

    /// The group of administrators is here always, and bears its id until somebody gives it a name.
    fn is_unnamed_admin_group(&self, group: &GroupId) -> Result<bool> {
        if !group.is_admin() {
            return Ok(false);
        }
        let here = self.tx.groups(&Search { pattern: Pattern::new(GroupId::ADMIN)?, ..Search::default() })?;
        Ok(here.iter().any(|here| here.id == *group && here.display_name.as_str() == GroupId::ADMIN))
    }

    fn group_member(&mut self, group: &GroupId, user: &UserId) -> Result<()> {
        let Some(user) = self.place("the place of", group, user)? else {
            return Ok(());
        };
        let added = !self.tx.is_group_member(group, &user)?;
        self.tx.add_to_group(group, &user)?;
        self.moved.group_members.count(added);
        Ok(())
    }

    fn subadmin(&mut self, group: &GroupId, user: &UserId) -> Result<()> {
        let Some(user) = self.place("the subadmin", group, user)? else {
            return Ok(());
        };
        let added = !self.tx.is_subadmin(group, &user)?;
        self.tx.add_subadmin(group, &user)?;
        self.moved.subadmins.count(added);
        Ok(())
    }

    /// The user as stored, if both user and group are here.
    fn place(&mut self, what: &str, group: &GroupId, user: &UserId) -> Result<Option<UserId>> {
        let stored = self.stored_id(user)?;
        let reason = match &stored {
            None => NO_USER,
            Some(_) if !self.tx.group_exists(group)? => "there is no such group",
            Some(_) => return Ok(stored),
        };
        self.left_out(format!("{what} {user} in group {group}"), reason);
        Ok(None)
    }

    fn custom_group(&mut self, group: &CustomGroupRecord) -> Result<()> {
        let number = match self.find(group)? {
            Found::Nothing => {
                if self.tx.display_name_taken(&group.display_name, None)? {
                    let reason = format!("shares the display name {:?}", group.display_name.as_str());
                    self.noted(group.to_string(), reason);
                }
                self.moved.custom_groups.count(true);
                Some(self.insert(group)?)
            }
            Found::Itself(number) => {
                self.moved.custom_groups.count(false);
                Some(number)
            }
            Found::Another(reason) => {
                self.left_out(group.to_string(), reason);
                None
            }
        };
        self.numbers.insert(group.uri.clone(), number);
        Ok(())
    }

    fn insert(&mut self, group: &CustomGroupRecord) -> Result<CustomGroupNumber> {
        let (uri, display_name) = (group.uri.clone(), group.display_name.clone());
        match group.number {
            Some(number) => {
                self.tx.insert_numbered_custom_group(&CustomGroup { number, uri, display_name })?;
                Ok(number)
            }
            None => Ok(self.tx.insert_custom_group(&uri, &display_name)?.number),
        }
    }

    fn find(&self, group: &CustomGroupRecord) -> Result<Found> {
        let by_uri = self.tx.custom_group(&GroupRef::Uri(group.uri.as_str().to_owned()))?;
        let by_number = match group.number {
            Some(number) => self.tx.custom_group(&GroupRef::Number(number))?,
            None => None,
        };
        Ok(match (by_uri, by_number) {
            (None, None) => Found::Nothing,
            (Some(here), _) if group.number.is_none_or(|number| number == here.number) => {
                Found::Itself(here.number)
            }
            (Some(here), _) => {
                Found::Another(format!("its uri belongs to the group with number {}", here.number))
            }
            (None, Some(here)) => Found::Another(format!("its number belongs to {}", here.uri.as_str())),
        })
    }

    fn membership(&mut self, group: &GroupUri, user: &UserId, role: Role) -> Result<()> {
        let number = match self.numbers.get(group) {
            Some(None) => return Ok(()), // the group was named already
            Some(number) => *number,
            None => {
                let here = self.tx.custom_group(&GroupRef::Uri(group.as_str().to_owned()))?;
                here.map(|group| group.number)
            }
        };
        let reason = match (number, self.stored_id(user)?) {
            (Some(number), Some(user)) => return self.add_member(number, &user, role),
            (None, _) => "there is no such group",
            (_, None) => NO_USER,
        };
        self.left_out(format!("the membership of {user} in custom group {}", group.as_str()), reason);
        Ok(())
    }

    fn add_member(&mut self, group: CustomGroupNumber, user: &UserId, role: Role) -> Result<()> {
        let added = match self.tx.add_member(group, user, role) {
            Ok(()) => true,
            Err(Error::AlreadyMember) => false,
            Err(error) => return Err(error),
        };
        self.moved.memberships.count(added);
        Ok(())
    }

    fn note_missing_admin(&mut self, group: &CustomGroupRecord) -> Result<()> {
        if let Some(Some(number)) = self.numbers.get(&group.uri)
            && self.tx.count_admins(*number)? == 0
        {
            let reason = "has no admin; davgroups customgroup set-role can make one";
            self.noted(group.to_string(), reason);
        }
        Ok(())
    }

    /// The id of a user as it is stored, which may have other capitals than the one taken over.
    fn stored_id(&self, user: &UserId) -> Result<Option<UserId>> {
        Ok(self.tx.user(user.as_str())?.map(|user| user.id))
    }
}

const NO_USER: &str = "there is no such user";

/// What is here where a custom group would go.
enum Found {
    Nothing,
    /// The group itself.
    Itself(CustomGroupNumber),
    /// Another one; why the two collide.
    Another(String),
}

/// Whether a user who is here looks like another one than the user taken over. Neither passwords nor
/// times are compared, for they move on.
fn differs(here: &User, record: &UserRecord) -> bool {
    let there = &record.user;
    (&here.id, &here.display_name, &here.email, here.quota, here.enabled, here.guest)
        != (&there.id, &there.display_name, &there.email, there.quota, record.enabled, record.guest)
}
