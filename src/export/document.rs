//! From what is in a store to what an export says.

use std::collections::HashMap;

use super::shape::{CustomGroup, Document, Group, Member, User, VERSION};
use crate::domain::{GroupId, PasswordHash, Quota, UserId};
use crate::service::{Inventory, UserRecord};

/// `inventory` as a document; hashes of passwords only if they are wanted.
pub fn document(inventory: &Inventory, with_passwords: bool) -> Document {
    Document {
        davgroups_export: VERSION,
        users: inventory.users.iter().map(|record| user(record, with_passwords)).collect(),
        groups: groups(inventory),
        custom_groups: custom_groups(inventory),
    }
}

fn user(record: &UserRecord, with_password: bool) -> User {
    let user = &record.user;
    User {
        id: user.id.to_string(),
        display_name: user.display_name.as_str().to_owned(),
        email: user.email.as_ref().map(|email| email.as_str().to_owned()),
        quota: quota(user.quota),
        enabled: record.enabled,
        guest: record.guest,
        password: Some(&user.password)
            .filter(|hash| with_password && !hash.is_locked())
            .map(PasswordHash::as_str)
            .map(str::to_owned),
    }
}

/// As it is shown, unless that is rounded.
fn quota(quota: Quota) -> String {
    let shown = quota.to_string();
    match quota {
        Quota::Bytes(bytes) if Quota::parse(&shown).ok() != Some(quota) => bytes.to_string(),
        _ => shown,
    }
}

fn groups(inventory: &Inventory) -> Vec<Group> {
    let mut members = gathered(&inventory.group_members);
    let mut subadmins = gathered(&inventory.subadmins);
    let group = |(id, name): &(GroupId, _)| {
        let name: &crate::domain::GroupName = name;
        Group {
            id: id.to_string(),
            display_name: name.as_str().to_owned(),
            members: members.remove(id).unwrap_or_default(),
            subadmins: subadmins.remove(id).unwrap_or_default(),
        }
    };
    inventory.groups.iter().map(group).collect()
}

fn gathered(places: &[(GroupId, UserId)]) -> HashMap<&GroupId, Vec<String>> {
    let mut gathered: HashMap<_, Vec<_>> = HashMap::new();
    for (group, user) in places {
        gathered.entry(group).or_default().push(user.to_string());
    }
    gathered
}

fn custom_groups(inventory: &Inventory) -> Vec<CustomGroup> {
    let mut members: HashMap<_, Vec<_>> = HashMap::new();
    for (group, user, role) in &inventory.memberships {
        let member = Member { user: user.to_string(), role: role.as_str().to_owned() };
        members.entry(group).or_default().push(member);
    }
    let mut groups = Vec::with_capacity(inventory.custom_groups.len());
    for record in &inventory.custom_groups {
        groups.push(CustomGroup {
            number: record.number.map(|number| number.get()),
            uri: record.uri.as_str().to_owned(),
            display_name: record.display_name.as_str().to_owned(),
            members: members.remove(&record.uri).unwrap_or_default(),
        });
    }
    groups
}
