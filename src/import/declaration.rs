//! Files that declare what is to be, for `davgroups apply`. What an export wrote is such a file, too.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use thiserror::Error as ThisError;

use super::file::yaml;
use crate::domain::{
    CustomGroupNumber, DisplayName, Email, GroupId, GroupName, GroupUri, Password, PasswordHash, Quota, Role,
    UserId, UserName,
};
use crate::export::shape::VERSION;
use crate::service::{
    Declaration, DeclaredCustomGroup, DeclaredGroup, DeclaredPassword, DeclaredUser, Service,
};

/// Why a file declares nothing.
#[derive(Debug, ThisError)]
pub enum DeclarationError {
    /// It is no YAML, or has other fields.
    #[error("{0}")]
    Malformed(String),
    /// Some of what it declares breaks rules: what, and which.
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
}

/// Where secrets come from that a file only names.
pub struct Secrets<'a> {
    /// Where files are that are named without a directory.
    pub directory: &'a Path,
    /// The environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    davgroups_export: Option<u64>,
    #[serde(default)]
    users: Vec<User>,
    #[serde(default)]
    groups: Vec<Group>,
    #[serde(default)]
    custom_groups: Vec<CustomGroup>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    id: String,
    display_name: Option<String>,
    /// Blank or null is none, if the field is there.
    #[serde(default, deserialize_with = "there")]
    email: Option<Option<String>>,
    quota: Option<String>,
    enabled: Option<bool>,
    guest: Option<bool>,
    /// The hash, as an export has it.
    password: Option<String>,
    password_file: Option<String>,
    password_env: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    id: String,
    display_name: Option<String>,
    members: Option<Vec<String>>,
    subadmins: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CustomGroup {
    uri: String,
    number: Option<i64>,
    display_name: Option<String>,
    members: Option<Vec<Member>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Member {
    user: String,
    role: Option<String>,
}

/// A field that is there, be it null.
fn there<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Reads a declaration in YAML, of which JSON is a part. Every rule of ours is checked.
///
/// # Errors
/// [`DeclarationError`], with everything that is wrong.
pub fn read(text: &[u8], secrets: &Secrets<'_>) -> Result<Declaration, DeclarationError> {
    let file = parse(text).map_err(DeclarationError::Malformed)?;
    let mut reading = Reading { secrets, seen: HashSet::new(), wrong: Vec::new() };
    let declaration = Declaration {
        users: reading.each(&file.users, |user| format!("user {}", user.id), Reading::user),
        groups: reading.each(&file.groups, |group| format!("group {}", group.id), Reading::group),
        custom_groups: reading.each(
            &file.custom_groups,
            |group| format!("custom group {}", group.uri),
            Reading::custom_group,
        ),
    };
    if reading.wrong.is_empty() { Ok(declaration) } else { Err(DeclarationError::Invalid(reading.wrong)) }
}

/// What the file says. One in which nothing stands was most likely not written to its end, and with pruning
/// would take everything away.
fn parse(text: &[u8]) -> Result<File, String> {
    let file: File = yaml::<Option<File>>(text)?.ok_or("it is empty")?;
    match file.davgroups_export {
        None | Some(VERSION) => Ok(file),
        Some(other) => {
            Err(format!("it is an export in version {other}; this davgroups knows version {VERSION}"))
        }
    }
}

struct Reading<'a> {
    secrets: &'a Secrets<'a>,
    /// What was declared so far, without regard to case where there is none.
    seen: HashSet<(&'static str, String)>,
    wrong: Vec<String>,
}

impl Reading<'_> {
    fn each<T, D>(
        &mut self,
        entries: &[T],
        subject: impl Fn(&T) -> String,
        read: fn(&mut Self, &T) -> Result<D, String>,
    ) -> Vec<D> {
        let mut declared = Vec::with_capacity(entries.len());
        for entry in entries {
            match read(self, entry) {
                Ok(one) => declared.push(one),
                Err(reason) => self.wrong.push(format!("{}: {reason}", subject(entry))),
            }
        }
        declared
    }

    fn once(&mut self, kind: &'static str, name: String) -> Result<(), String> {
        if self.seen.insert((kind, name)) { Ok(()) } else { Err("is declared twice".to_owned()) }
    }

    fn user(&mut self, user: &User) -> Result<DeclaredUser, String> {
        let id = UserId::new(&user.id).map_err(told)?;
        self.once("user", id.folded())?;
        let name = user.display_name.as_deref().map(|name| UserName::new(name, &id));
        let email = user.email.as_ref().map(|email| Email::new(email.as_deref().unwrap_or_default()));
        Ok(DeclaredUser {
            display_name: name.transpose().map_err(told)?,
            email: email.transpose().map_err(told)?,
            quota: user.quota.as_deref().map(Quota::parse).transpose().map_err(told)?,
            enabled: user.enabled,
            guest: user.guest,
            password: self.password(user)?,
            id,
        })
    }

    fn password(&self, user: &User) -> Result<DeclaredPassword, String> {
        let Secrets { directory, variable } = self.secrets;
        let secret = match (&user.password, &user.password_file, &user.password_env) {
            (None, None, None) => return Ok(DeclaredPassword::None),
            (Some(hash), None, None) => return hashed(hash),
            (None, Some(file), None) => {
                let path = directory.join(file);
                fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))
            }
            (None, None, Some(name)) => {
                variable(name).ok_or_else(|| format!("the environment has no variable {name}"))
            }
            _ => return Err("has more than one of password, password_file and password_env".to_owned()),
        };
        // Whoever is there already needs no password, and nobody keeps it for that.
        let secret = match secret {
            Ok(text) => text,
            Err(reason) => return Ok(DeclaredPassword::Missing(reason)),
        };
        let line = secret.lines().next().unwrap_or_default();
        Ok(Password::new(line)
            .map_or_else(|error| DeclaredPassword::Missing(error.to_string()), DeclaredPassword::Plain))
    }

    fn group(&mut self, group: &Group) -> Result<DeclaredGroup, String> {
        let id = GroupId::new(&group.id).map_err(told)?;
        self.once("group", id.to_string())?;
        let name = group.display_name.as_deref().map(|name| GroupName::new(name, &id));
        Ok(DeclaredGroup {
            display_name: name.transpose().map_err(told)?,
            members: group.members.as_deref().map(ids).transpose()?,
            subadmins: group.subadmins.as_deref().map(ids).transpose()?,
            id,
        })
    }

    fn custom_group(&mut self, group: &CustomGroup) -> Result<DeclaredCustomGroup, String> {
        let uri = GroupUri::new(&group.uri).map_err(told)?;
        self.once("custom group", uri.as_str().to_owned())?;
        let number = group.number.map(CustomGroupNumber::brought).transpose();
        Ok(DeclaredCustomGroup {
            number: number.map_err(|fault| fault.to_string())?,
            display_name: group.display_name.as_deref().map(DisplayName::new).transpose().map_err(told)?,
            members: group.members.as_deref().map(members).transpose()?,
            uri,
        })
    }
}

fn hashed(hash: &str) -> Result<DeclaredPassword, String> {
    let hash = PasswordHash::new(hash.to_owned());
    if Service::is_known_hash(&hash) {
        Ok(DeclaredPassword::Hash(hash))
    } else {
        Err("its password is no hash; name a file with password_file, or a variable with password_env"
            .to_owned())
    }
}

fn ids(users: &[String]) -> Result<Vec<UserId>, String> {
    users.iter().map(|user| UserId::new(user).map_err(|error| format!("member {user}: {error}"))).collect()
}

fn members(members: &[Member]) -> Result<Vec<(UserId, Role)>, String> {
    let mut seen = HashSet::new();
    let member = |member: &Member| {
        let user = UserId::new(&member.user).map_err(|error| format!("member {}: {error}", member.user))?;
        let role = member.role.as_deref().map_or(Some(Role::Member), Role::from_word);
        let role = role.ok_or_else(|| format!("member {user}: the role is neither member nor admin"))?;
        if !seen.insert(user.folded()) {
            return Err(format!("member {user}: is declared twice"));
        }
        Ok((user, role))
    };
    members.iter().map(member).collect()
}

fn told(error: crate::domain::Error) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Declaration, DeclarationError> {
        let variable = |name: &str| (name == "SECRET").then(|| "pw\n".to_owned());
        read(text.as_bytes(), &Secrets { directory: Path::new("/nonexistent"), variable: &variable })
    }

    fn wrong(text: &str) -> String {
        read_text(text).expect_err(text).to_string()
    }

    #[test]
    fn what_is_not_said_is_not_declared() {
        let read = read_text(
            "users:\n- {id: alice, email: null, password_env: SECRET}\n- {id: bobby, password_file: gone}\n\
             groups:\n- {id: staff, members: []}\n\
             custom_groups:\n- {uri: team, members: [{user: alice, role: admin}, {user: bobby}]}\n",
        );
        let read = read.expect("valid");
        let [alice, bobby] = &read.users[..] else { panic!("{:?}", read.users) };
        assert!(alice.display_name.is_none() && alice.email == Some(None) && bobby.email.is_none());
        assert!(matches!(&alice.password, DeclaredPassword::Plain(_)));
        assert!(matches!(&bobby.password, DeclaredPassword::Missing(reason) if reason.contains("gone")));
        assert_eq!(
            (read.groups[0].members.as_deref(), read.groups[0].subadmins.as_deref()),
            (Some(&[][..]), None)
        );
        let roles: Vec<_> = read.custom_groups[0].members.iter().flatten().map(|(_, role)| *role).collect();
        assert_eq!(roles, [Role::Admin, Role::Member]);
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        let said = wrong(
            "users:\n- {id: x}\n- {id: alice}\n- {id: ALICE}\n- {id: carol, quota: lots}\n\
             - {id: dave, password: secret}\n- {id: erin, password_env: A, password_file: b}\n\
             groups:\n- {id: ' '}\n- {id: staff, members: ['?']}\n\
             custom_groups:\n- {uri: team, number: 0}\n- {uri: teem, members: [{user: alice, role: owner}]}\n\
             - {uri: twin, members: [{user: alice, role: admin}, {user: Alice}]}\n",
        );
        for (line, expected) in said.lines().zip([
            "user x: The username is not valid",
            "user ALICE: is declared twice",
            "user carol: Invalid quota value",
            "user dave: its password is no hash",
            "user erin: has more than one of",
            "group  : Invalid group name",
            "group staff: member ?: The username is not valid",
            "custom group team: its number is not positive",
            "custom group teem: member alice: the role is neither member nor admin",
            "custom group twin: member Alice: is declared twice",
        ]) {
            assert!(line.starts_with(expected), "{line}");
        }
        assert_eq!(said.lines().count(), 10);
        assert!(wrong("users: [{id: alice, mail: x}]").contains("mail"));
        assert!(wrong("people: []").contains("people"));
        assert!(wrong("users: 1").contains("sequence"));
        for empty in ["", "\n", "# a comment\n", "---\n", "null"] {
            assert_eq!(wrong(empty), "it is empty", "{empty:?}");
        }
        assert!(wrong("{}\n---\n{}\n").contains("multiple found"));
        assert_eq!(
            wrong("davgroups_export: 2\nusers: []"),
            "it is an export in version 2; this davgroups knows version 1"
        );
        assert!(read_text("{}").expect("valid").users.is_empty());
    }
}
