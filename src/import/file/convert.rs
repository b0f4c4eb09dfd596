//! From rows to what can be taken over: every rule of ours is checked here. A row is taken as it is or
//! not at all, and is named then.

use std::collections::{HashMap, HashSet};

use super::rows::{Row, Rows};
use crate::domain::{
    CustomGroupNumber, DisplayName, Email, Error, GroupId, GroupName, GroupUri, NewUser, PasswordHash, Quota,
    Role, UserId, UserName,
};
use crate::export::shape::{CustomGroup, Group, Membership, Place, SUBADMIN, User};
use crate::import::{Reading, shared_addresses};
use crate::service::{CustomGroupRecord, Finding, Service, UserRecord};

/// Makes of `rows` what can be taken over.
pub(super) fn convert(rows: Rows) -> Reading {
    let mut conversion = Conversion::default();
    conversion.each(rows.users, |row| format!("user {}", row.id), Conversion::user);
    conversion.note_users();
    conversion.each(rows.groups, |row| format!("group {}", row.id), Conversion::group);
    let subject = |row: &Place| format!("the {} {} of group {}", row.role, row.user, row.group);
    conversion.each(rows.places, subject, Conversion::place);
    conversion.each(rows.custom_groups, |row| format!("custom group {}", row.uri), Conversion::custom_group);
    let subject =
        |row: &Membership| format!("the membership of {} in custom group {}", row.user, row.custom_group);
    conversion.each(rows.memberships, subject, Conversion::membership);
    conversion.reading
}

/// What has been made so far.
#[derive(Default)]
struct Conversion {
    reading: Reading,
    /// The users that were taken, without regard to case, and how each is spelt.
    users: HashMap<String, UserId>,
    groups: HashSet<GroupId>,
    uris: HashSet<GroupUri>,
    numbers: HashSet<i64>,
    memberships: HashSet<(GroupUri, String)>,
    without_password: usize,
}

impl Conversion {
    /// Takes each row that can be read with `take`, and names the others.
    fn each<T>(
        &mut self,
        rows: Vec<Row<T>>,
        subject: impl Fn(&T) -> String,
        take: fn(&mut Self, &T) -> Result<(), String>,
    ) {
        for Row { place, read } in rows {
            let finding = match read.map(|row| (take(self, &row), row)) {
                Ok((Ok(()), _)) => continue,
                Ok((Err(reason), row)) => Finding::left_out(format!("{} ({place})", subject(&row)), reason),
                Err(reason) => Finding::left_out(place.to_string(), reason),
            };
            self.reading.findings.push(finding);
        }
    }

    fn user(&mut self, row: &User) -> Result<(), String> {
        let id = UserId::new(&row.id).map_err(told)?;
        if let Some(other) = self.users.get(&id.folded()) {
            return Err(match *other == id {
                true => "an earlier row has this id".to_owned(),
                false => format!("the id differs from {other} in nothing but case"),
            });
        }
        let user = NewUser {
            display_name: UserName::new(&row.display_name, &id).map_err(told)?,
            email: Email::new(row.email.as_deref().unwrap_or_default()).map_err(told)?,
            quota: Quota::parse(&row.quota).map_err(told)?,
            password: password(row.password.as_deref())?,
            id: id.clone(),
        };
        self.without_password += usize::from(user.password.is_locked());
        self.users.insert(id.folded(), id);
        let record =
            UserRecord { user, enabled: row.enabled, guest: row.guest, created: None, last_login: None };
        self.reading.inventory.users.push(record);
        Ok(())
    }

    /// What concerns several users.
    fn note_users(&mut self) {
        if self.without_password > 0 {
            let reason = format!(
                "{} users come without one; who is not here yet cannot log in before davgroups user passwd",
                self.without_password
            );
            self.reading.findings.push(Finding::noted("passwords", reason));
        }
        self.reading.findings.extend(shared_addresses(&self.reading.inventory.users));
    }

    fn group(&mut self, row: &Group) -> Result<(), String> {
        let id = GroupId::new(&row.id).map_err(told)?;
        let name = GroupName::new(&row.display_name, &id).map_err(told)?;
        if !self.groups.insert(id.clone()) {
            return Err("an earlier row has this id".to_owned());
        }
        self.reading.inventory.groups.push((id, name));
        Ok(())
    }

    fn place(&mut self, row: &Place) -> Result<(), String> {
        let place = (GroupId::new(&row.group).map_err(told)?, UserId::new(&row.user).map_err(told)?);
        let places = match row.role.as_str() {
            role if role == Role::Member.as_str() => &mut self.reading.inventory.group_members,
            SUBADMIN if place.0.is_admin() => return Err("the group admin has no subadmins".to_owned()),
            SUBADMIN => &mut self.reading.inventory.subadmins,
            _ => return Err("the role is neither member nor subadmin".to_owned()),
        };
        places.push(place);
        Ok(())
    }

    fn custom_group(&mut self, row: &CustomGroup) -> Result<(), String> {
        let uri = GroupUri::new(&row.uri).map_err(told)?;
        let display_name = match row.display_name.as_str() {
            "" => DisplayName::of_uri(&uri),
            name => DisplayName::new(name).map_err(told)?,
        };
        let number =
            row.number.map(CustomGroupNumber::brought).transpose().map_err(|fault| fault.to_string())?;
        if self.uris.contains(&uri) {
            return Err("an earlier row has this uri".to_owned());
        }
        if row.number.is_some_and(|number| !self.numbers.insert(number)) {
            return Err("an earlier row has this number".to_owned());
        }
        self.uris.insert(uri.clone());
        self.reading.inventory.custom_groups.push(CustomGroupRecord { number, uri, display_name });
        Ok(())
    }

    fn membership(&mut self, row: &Membership) -> Result<(), String> {
        let group = GroupUri::new(&row.custom_group).map_err(told)?;
        let user = UserId::new(&row.user).map_err(told)?;
        let role = Role::from_word(&row.role).ok_or("the role is neither member nor admin")?;
        if !self.memberships.insert((group.clone(), user.folded())) {
            return Err("an earlier row has this user in this group".to_owned());
        }
        self.reading.inventory.memberships.push((group, user, role));
        Ok(())
    }
}

fn password(hash: Option<&str>) -> Result<PasswordHash, String> {
    let Some(hash) = hash else {
        return Ok(PasswordHash::locked());
    };
    let hash = PasswordHash::new(hash.to_owned());
    match hash.is_locked() || Service::is_known_hash(&hash) {
        true => Ok(hash),
        false => {
            Err("the password is not hashed in a way that is known, or in one that takes seconds".to_owned())
        }
    }
}

/// In the operator's words, which are those of clients here.
fn told(error: Error) -> String {
    error.to_string()
}
