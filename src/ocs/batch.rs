//! Many changes in one request: a JSON list of what would be requests of their own.

use http::Method;
use serde::Deserialize;
use thiserror::Error;

use super::command::{Command, GroupCommand, UserCommand};
use super::json::Fields;
use super::params::Malformed;
use super::route::{Operation, Route, Target};
use crate::edge::Compat;
use crate::service::{GroupPlace, Step};

/// As many changes are made at once.
const MOST: usize = 10_000;

/// Why a list cannot be carried out.
#[derive(Debug, Error)]
pub(super) enum Unusable {
    /// It is none.
    #[error(
        "The body is not a JSON list of changes such as \
         {{\"method\": \"POST\", \"path\": \"groups\", \"data\": {{\"groupid\": \"staff\"}}}}: {0}"
    )]
    Json(String),
    /// It is too long.
    #[error("There are more than {MOST} changes in the list")]
    TooMany,
    /// One of its items is wrong; they are counted from 1.
    #[error("Change {0} cannot be made: {1}")]
    Item(usize, String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with method, path and data")]
struct Item {
    method: String,
    /// Below `cloud/`.
    path: String,
    #[serde(default)]
    data: Fields,
}

/// What each item asks for, and which operation that is.
///
/// # Errors
/// [`Unusable`].
pub(super) fn read(body: &[u8], compat: Compat) -> Result<(Vec<Operation>, Vec<Step>), Unusable> {
    let items: Vec<Item> = serde_json::from_slice(body).map_err(|error| Unusable::Json(error.to_string()))?;
    if items.len() > MOST {
        return Err(Unusable::TooMany);
    }
    let read =
        |(index, item): (usize, &Item)| item.read(compat).map_err(|reason| Unusable::Item(index + 1, reason));
    items.iter().enumerate().map(read).collect()
}

impl Item {
    fn read(&self, compat: Compat) -> Result<(Operation, Step), String> {
        let route = Route::of(&format!("/ocs/v2.php/cloud/{}", self.path), compat);
        let Target::Resource(resource) = route.target else {
            return Err(format!("there is nothing at {:?}", self.path));
        };
        let method = Method::from_bytes(self.method.as_bytes()).unwrap_or_default();
        let operation = resource
            .operation(&method, compat)
            .map_err(|allow| format!("{:?} takes only {allow}", self.path))?;
        let command = Command::read(operation, &resource, &self.data.0).map_err(told)?;
        step(command)
            .map(|step| (operation, step))
            .ok_or_else(|| format!("{} {:?} changes no user and no group", self.method, self.path))
    }
}

fn told(malformed: Malformed) -> String {
    malformed.to_string()
}

/// The change that a command stands for; none for those that only ask, and for apps.
fn step(command: Command) -> Option<Step> {
    match command {
        Command::Users(command) => user_step(command),
        Command::Groups(command) => group_step(command),
        Command::Info(_) | Command::Apps(_) => None,
    }
}

fn user_step(command: UserCommand) -> Option<Step> {
    use UserCommand as User;
    let place = |user, group| GroupPlace { user, group };
    Some(match command {
        User::Add(request) => Step::CreateUser(request),
        User::Edit { user, field, value } => Step::EditUser { user, field, value },
        User::Delete { user } => Step::DeleteUser(user),
        User::SetEnabled { user, enabled } => Step::SetEnabled { user, enabled },
        User::AddToGroup { user, group } => Step::AddToGroup(place(user, group)),
        User::RemoveFromGroup { user, group } => Step::RemoveFromGroup(place(user, group)),
        User::AddSubadmin { user, group } => Step::AddSubadmin(place(user, group)),
        User::RemoveSubadmin { user, group } => Step::RemoveSubadmin(place(user, group)),
        User::List(_)
        | User::ListDetails(_)
        | User::Get { .. }
        | User::ListGroups { .. }
        | User::ListSubadminGroups { .. } => return None,
    })
}

fn group_step(command: GroupCommand) -> Option<Step> {
    match command {
        GroupCommand::Add { group, name } => Some(Step::CreateGroup { group, name }),
        GroupCommand::Rename { group, name } => Some(Step::RenameGroup { group, name }),
        GroupCommand::Delete { group } => Some(Step::DeleteGroup(group)),
        GroupCommand::List(_)
        | GroupCommand::ListDetails(_)
        | GroupCommand::Get { .. }
        | GroupCommand::GetMembersDetails { .. }
        | GroupCommand::ListSubadmins { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> String {
        read(body.as_bytes(), Compat::Owncloud).expect_err(body).to_string()
    }

    #[test]
    fn items_are_what_requests_would_be() {
        let body = r#"[
            {"method": "POST", "path": "users", "data": {"userid": "ann", "password": "x", "groups": ["a", "b"]}},
            {"method": "PUT", "path": "users/ann/disable"},
            {"method": "DELETE", "path": "groups/Mgmt%2FSydney"},
            {"method": "POST", "path": "/users/ann/subadmins/", "data": {"groupid": "a"}}
        ]"#;
        let (operations, steps) = read(body.as_bytes(), Compat::Owncloud).expect("a list");
        use Operation as Do;
        assert_eq!(operations, [Do::AddUser, Do::DisableUser, Do::DeleteGroup, Do::CreateSubadmin]);
        assert!(matches!(&steps[0], Step::CreateUser(request) if request.groups == ["a", "b"]));
        assert!(matches!(&steps[1], Step::SetEnabled { user, enabled: false } if user == "ann"));
        assert!(matches!(&steps[2], Step::DeleteGroup(group) if group == "Mgmt/Sydney"));
        assert!(matches!(&steps[3], Step::AddSubadmin(place) if place.group == "a"));
        assert!(read(b"[]", Compat::Owncloud).is_ok());
    }

    #[test]
    fn what_is_no_change_is_refused() {
        for body in
            ["", "{}", "[1]", r#"[{"path": "users"}]"#, r#"[{"method": "GET", "path": "users", "x": 1}]"#]
        {
            assert!(refused(body).starts_with("The body is not a JSON list"), "{body}");
        }
        assert!(refused("[1]").contains("expected an object with method, path and data"));
        let second = |item: &str| {
            let body = format!(r#"[{{"method": "DELETE", "path": "users/ann"}}, {item}]"#);
            let said = refused(&body);
            said.strip_prefix("Change 2 cannot be made: ").expect("the item is named").to_owned()
        };
        assert_eq!(
            second(r#"{"method": "GET", "path": "users"}"#),
            r#"GET "users" changes no user and no group"#
        );
        assert_eq!(
            second(r#"{"method": "POST", "path": "apps/dav"}"#),
            r#"POST "apps/dav" changes no user and no group"#
        );
        assert_eq!(
            second(r#"{"method": "PATCH", "path": "users"}"#),
            r#""users" takes only GET, HEAD, POST"#
        );
        assert_eq!(second(r#"{"method": "POST", "path": "nowhere"}"#), r#"there is nothing at "nowhere""#);
        assert_eq!(second(r#"{"method": "POST", "path": "batch"}"#), r#"there is nothing at "batch""#);
        let list = r#"{"method": "POST", "path": "groups", "data": {"groupid": ["a"]}}"#;
        assert_eq!(second(list), "The parameter groupid has to be one text");
        let many = vec![r#"{"method": "DELETE", "path": "users/ann"}"#; MOST + 1].join(",");
        assert_eq!(refused(&format!("[{many}]")), "There are more than 10000 changes in the list");
    }
}
