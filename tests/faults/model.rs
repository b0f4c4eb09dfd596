//! What one client has made, so far as it knows, and what it may do next.
//!
//! Each client has users and custom groups of its own, and asks for one thing at a time. So what it finds
//! after a crash is what it knew, or that with the one request applied which was not answered.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::harness::{GROUPS, database};

/// How many names of users, and of groups, a client has.
const NAMES: u64 = 4;

/// Random numbers from a seed: SplitMix64.
#[derive(Clone)]
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// A custom group: its display name, and its members in the order of joining, each with being admin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    name: String,
    members: Vec<(String, bool)>,
}

/// Everything that is one client's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    users: BTreeSet<String>,
    groups: BTreeMap<String, Group>,
}

/// One thing to ask for.
#[derive(Clone, Debug)]
pub enum Change {
    CreateUser(String),
    DeleteUser(String),
    CreateGroup(String),
    DeleteGroup(String),
    Rename(String, String),
    Add(String, String),
    Remove(String, String),
    SetAdmin(String, String, bool),
}

impl Change {
    /// Something that `client` may ask for.
    pub fn random(client: &str, random: &mut Random) -> Self {
        let user = format!("{client}-user{}", random.below(NAMES));
        let member = if random.below(4) == 0 { client.to_owned() } else { user.clone() };
        let group = format!("{client}-group{}", random.below(NAMES));
        match random.below(40) {
            0 | 1 => Self::CreateUser(user),
            2 => Self::DeleteUser(user),
            3..10 => Self::CreateGroup(group),
            10..13 => Self::DeleteGroup(group),
            13..17 => Self::Rename(group, format!("{client} {}", random.below(6))),
            17..27 => Self::Add(group, member),
            27..32 => Self::Remove(group, member),
            _ => Self::SetAdmin(group, member, random.below(2) == 0),
        }
    }

    /// The request: method, path, body.
    pub fn request(&self) -> (&'static str, String, String) {
        const USERS: &str = "/ocs/v2.php/cloud/users";
        let none = String::new;
        match self {
            Self::CreateUser(user) => ("POST", USERS.to_owned(), format!("userid={user}&password=x")),
            Self::DeleteUser(user) => ("DELETE", format!("{USERS}/{user}"), none()),
            Self::CreateGroup(group) => ("MKCOL", format!("{GROUPS}/{group}"), none()),
            Self::DeleteGroup(group) => ("DELETE", format!("{GROUPS}/{group}"), none()),
            Self::Rename(group, name) => {
                ("PROPPATCH", format!("{GROUPS}/{group}"), set("display-name", name))
            }
            Self::Add(group, user) => ("PUT", format!("{GROUPS}/{group}/{user}"), none()),
            Self::Remove(group, user) => ("DELETE", format!("{GROUPS}/{group}/{user}"), none()),
            Self::SetAdmin(group, user, admin) => {
                let role = if *admin { "admin" } else { "member" };
                ("PROPPATCH", format!("{GROUPS}/{group}/{user}"), set("role", role))
            }
        }
    }

    /// Whether an answer with this status says that it was done.
    pub fn succeeded(status: u16, body: &str) -> bool {
        match status {
            200 | 201 | 204 => true,
            207 => body.contains("HTTP/1.1 200 OK"),
            _ => false,
        }
    }
}

/// The body of a PROPPATCH that sets one property.
pub fn set(property: &str, value: &str) -> String {
    format!(
        r#"<d:propertyupdate xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:set><d:prop><oc:{property}>{value}</oc:{property}></d:prop></d:set></d:propertyupdate>"#
    )
}

impl State {
    /// What is there after `change`, or none if the rules forbid it. `client` asks, an administrator.
    pub fn after(&self, client: &str, change: &Change) -> Option<Self> {
        let mut next = self.clone();
        let done = match change {
            Change::CreateUser(user) => next.users.insert(user.clone()),
            Change::DeleteUser(user) => next.delete_user(user),
            Change::CreateGroup(group) => next.create_group(client, group),
            Change::DeleteGroup(group) => next.groups.remove(group).is_some(),
            Change::Rename(group, name) => {
                let taken = next.groups.iter().any(|(uri, other)| other.name == *name && uri != group);
                !taken && next.groups.get_mut(group).map(|group| group.name.clone_from(name)).is_some()
            }
            Change::Add(group, user) => next.add(client, group, user),
            Change::Remove(group, user) => next.groups.get_mut(group).is_some_and(|group| group.remove(user)),
            Change::SetAdmin(group, user, admin) => {
                next.groups.get_mut(group).is_some_and(|group| group.set_admin(user, *admin))
            }
        };
        done.then_some(next)
    }

    fn delete_user(&mut self, user: &str) -> bool {
        for group in self.groups.values_mut() {
            group.members.retain(|(member, _)| member != user);
            if let (0, Some(first)) = (group.admins(), group.members.first_mut()) {
                first.1 = true;
            }
        }
        self.groups.retain(|_, group| !group.members.is_empty());
        self.users.remove(user)
    }

    fn create_group(&mut self, client: &str, uri: &str) -> bool {
        if self.groups.iter().any(|(other, group)| other == uri || group.name == uri) {
            return false;
        }
        let group = Group { name: uri.to_owned(), members: vec![(client.to_owned(), true)] };
        self.groups.insert(uri.to_owned(), group);
        true
    }

    fn add(&mut self, client: &str, group: &str, user: &str) -> bool {
        let exists = user == client || self.users.contains(user);
        let Some(group) = self.groups.get_mut(group).filter(|_| exists) else { return false };
        if group.members.iter().any(|(member, _)| member == user) {
            return false;
        }
        group.members.push((user.to_owned(), false));
        true
    }

    /// What the database holds of `client`.
    pub fn stored(data_dir: &Path, client: &str) -> Self {
        let database = database(data_dir);
        let prefix = format!("{client}-%");
        let mut users = database.prepare("SELECT id FROM users WHERE id LIKE ?1").expect("prepared");
        let users = users.query_map([&prefix], |row| row.get(0)).expect("read");
        let mut groups = database
            .prepare(
                "SELECT uri, display_name, user_id, role = 'admin'
                 FROM custom_groups LEFT JOIN custom_group_members ON group_number = number
                 WHERE uri LIKE ?1 ORDER BY number, joined_at",
            )
            .expect("prepared");
        let mut state = Self { users: users.map(|user| user.expect("text")).collect(), ..Self::default() };
        let mut rows = groups.query([&prefix]).expect("read");
        while let Some(row) = rows.next().expect("a row") {
            let name = row.get(1).expect("text");
            let group = state.groups.entry(row.get(0).expect("text"));
            let group = group.or_insert(Group { name, members: Vec::new() });
            group.members.push((row.get(2).expect("a member"), row.get(3).expect("a role")));
        }
        state
    }

    /// The uris of the groups.
    pub fn uris(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().map(String::as_str)
    }
}

impl Group {
    fn admins(&self) -> usize {
        self.members.iter().filter(|(_, admin)| *admin).count()
    }

    fn is_last_admin(&self, user: &str) -> bool {
        self.admins() == 1 && self.members.iter().any(|(member, admin)| member == user && *admin)
    }

    fn remove(&mut self, user: &str) -> bool {
        let before = self.members.len();
        if !self.is_last_admin(user) {
            self.members.retain(|(member, _)| member != user);
        }
        self.members.len() < before
    }

    fn set_admin(&mut self, user: &str, admin: bool) -> bool {
        if !admin && self.is_last_admin(user) {
            return false;
        }
        let found = self.members.iter_mut().find(|(member, _)| member == user);
        found.map(|(_, is_admin)| *is_admin = admin).is_some()
    }
}
