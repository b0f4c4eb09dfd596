//! From a path to the resource it names, and from resource and method to the operation.

use http::Method;
use percent_encoding::percent_decode_str;

use crate::domain::provisioning::Level;
use crate::edge::Compat;

/// Which numbers an answer is given in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// `/ocs/v1.php`: nearly always HTTP 200, the statuscode says what happened.
    V1,
    /// `/ocs/v2.php`: the HTTP status says it, too.
    V2,
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Nothing.
    Unknown,
    /// What everybody may read.
    Notice(Notice),
    /// Something for users who have logged in.
    Resource(Resource),
    /// `/ocs/v?.php/cloud/batch`, which takes a list of what resources take.
    Batch,
}

/// What the server tells everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// `/status.php`
    Status,
    /// `/ocs/v?.php/config`
    Config,
}

/// What a path names. Ids are percent-decoded, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    /// `cloud/capabilities`
    Capabilities,
    /// `cloud/user`
    CurrentUser,
    /// `cloud/users`
    Users,
    /// `cloud/users/{id}`
    User(String),
    /// `cloud/users/{id}/enable`
    UserEnable(String),
    /// `cloud/users/{id}/disable`
    UserDisable(String),
    /// `cloud/users/{id}/groups`
    UserGroups(String),
    /// `cloud/users/{id}/subadmins`
    UserSubadmins(String),
    /// `cloud/groups`
    Groups,
    /// `cloud/groups/{id}`
    Group(String),
    /// `cloud/groups/{id}/subadmins`
    GroupSubadmins(String),
    /// `cloud/apps`
    Apps,
    /// `cloud/apps/{id}`
    App(String),
    /// `cloud/user/fields`, as all below for clients of Nextcloud
    UserFields,
    /// `cloud/users/details`
    UsersDetails,
    /// `cloud/groups/details`
    GroupsDetails,
    /// `cloud/groups/{id}/users`
    GroupUsers(String),
    /// `cloud/groups/{id}/users/details`
    GroupUsersDetails(String),
}

/// Everything that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Capabilities,
    CurrentUser,
    GetUsers,
    AddUser,
    GetUser,
    EditUser,
    DeleteUser,
    EnableUser,
    DisableUser,
    GetUserGroups,
    AddToGroup,
    RemoveFromGroup,
    GetSubadminGroups,
    CreateSubadmin,
    RemoveSubadmin,
    GetGroups,
    AddGroup,
    GetGroup,
    DeleteGroup,
    GetSubadmins,
    GetApps,
    GetAppInfo,
    EnableApp,
    DisableApp,
    GetUserFields,
    GetUsersDetails,
    GetGroupsDetails,
    EditGroup,
    GetMembersDetails,
}

/// Where a request went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// In which numbers to answer.
    pub version: Version,
    /// What was named.
    pub target: Target,
}

impl Route {
    /// Reads a raw path. Runs of slashes are one, a slash at the end means nothing, `.` and `..` are
    /// resolved; an encoded slash belongs to the id it stands in. Some paths lead somewhere only in one
    /// profile.
    pub fn of(path: &str, compat: Compat) -> Self {
        let segments = segments(path);
        // What is not UTF-8 is no name of anything here.
        let named: Vec<&str> = segments.iter().map_while(|segment| segment.as_deref()).collect();
        let whole = named.len() == segments.len();
        match named.as_slice() {
            ["ocs", "v1.php", ..] if !whole => Self { version: Version::V1, target: Target::Unknown },
            _ if !whole => Self { version: Version::V2, target: Target::Unknown },
            ["status.php"] => Self { version: Version::V2, target: Target::Notice(Notice::Status) },
            ["ocs", "v1.php", rest @ ..] => Self { version: Version::V1, target: Target::of(rest, compat) },
            ["ocs", "v2.php", rest @ ..] => Self { version: Version::V2, target: Target::of(rest, compat) },
            _ => Self { version: Version::V2, target: Target::Unknown },
        }
    }
}

impl Target {
    fn of(segments: &[&str], compat: Compat) -> Self {
        match segments {
            ["config"] => Target::Notice(Notice::Config),
            ["cloud", "batch"] => Target::Batch,
            segments => Resource::of(segments, compat).map_or(Target::Unknown, Target::Resource),
        }
    }
}

/// The decoded segments, none in place of one that is not UTF-8.
fn segments(path: &str) -> Vec<Option<String>> {
    let mut segments = Vec::new();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        match percent_decode_str(segment).decode_utf8() {
            Ok(name) if name == "." => {}
            Ok(name) if name == ".." => drop(segments.pop()),
            Ok(name) => segments.push(Some(name.into_owned())),
            Err(_) => segments.push(None),
        }
    }
    segments
}

impl Resource {
    fn of(segments: &[&str], compat: Compat) -> Option<Self> {
        let further = match compat {
            Compat::Nextcloud => Self::of_nextcloud(segments),
            Compat::Owncloud | Compat::Documented => None,
        };
        further.or_else(|| Self::everywhere(segments))
    }

    fn of_nextcloud(segments: &[&str]) -> Option<Self> {
        Some(match segments {
            ["cloud", "user", "fields"] => Resource::UserFields,
            ["cloud", "users", "details"] => Resource::UsersDetails,
            ["cloud", "groups", "details"] => Resource::GroupsDetails,
            ["cloud", "groups", id @ .., "users", "details"] if !id.is_empty() => {
                Resource::GroupUsersDetails(id.join("/"))
            }
            ["cloud", "groups", id @ .., "users"] if !id.is_empty() => Resource::GroupUsers(id.join("/")),
            _ => return None,
        })
    }

    /// The ids of groups may contain slashes, so that everything after `groups/` is one; none ends in
    /// the name of a route.
    fn everywhere(segments: &[&str]) -> Option<Self> {
        Some(match segments {
            ["cloud", "capabilities"] => Resource::Capabilities,
            ["cloud", "user"] => Resource::CurrentUser,
            ["cloud", "users"] => Resource::Users,
            ["cloud", "users", id] => Resource::User((*id).to_owned()),
            ["cloud", "users", id, "enable"] => Resource::UserEnable((*id).to_owned()),
            ["cloud", "users", id, "disable"] => Resource::UserDisable((*id).to_owned()),
            ["cloud", "users", id, "groups"] => Resource::UserGroups((*id).to_owned()),
            ["cloud", "users", id, "subadmins"] => Resource::UserSubadmins((*id).to_owned()),
            ["cloud", "groups"] => Resource::Groups,
            ["cloud", "groups", id @ .., "subadmins"] if !id.is_empty() => {
                Resource::GroupSubadmins(id.join("/"))
            }
            ["cloud", "groups", id @ ..] => Resource::Group(id.join("/")),
            ["cloud", "apps"] => Resource::Apps,
            ["cloud", "apps", id] => Resource::App((*id).to_owned()),
            _ => return None,
        })
    }

    /// Which methods it takes, and what they do.
    fn operations(&self) -> &'static [(Method, Operation)] {
        use Operation as Do;
        match self {
            Resource::Capabilities => &[(Method::GET, Do::Capabilities)],
            Resource::CurrentUser => &[(Method::GET, Do::CurrentUser)],
            Resource::Users => &[(Method::GET, Do::GetUsers), (Method::POST, Do::AddUser)],
            Resource::User(_) => {
                &[(Method::GET, Do::GetUser), (Method::PUT, Do::EditUser), (Method::DELETE, Do::DeleteUser)]
            }
            Resource::UserEnable(_) => &[(Method::PUT, Do::EnableUser)],
            Resource::UserDisable(_) => &[(Method::PUT, Do::DisableUser)],
            Resource::UserGroups(_) => &[
                (Method::GET, Do::GetUserGroups),
                (Method::POST, Do::AddToGroup),
                (Method::DELETE, Do::RemoveFromGroup),
            ],
            Resource::UserSubadmins(_) => &[
                (Method::GET, Do::GetSubadminGroups),
                (Method::POST, Do::CreateSubadmin),
                (Method::DELETE, Do::RemoveSubadmin),
            ],
            Resource::Groups => &[(Method::GET, Do::GetGroups), (Method::POST, Do::AddGroup)],
            Resource::Group(_) => &[(Method::GET, Do::GetGroup), (Method::DELETE, Do::DeleteGroup)],
            Resource::GroupSubadmins(_) => &[(Method::GET, Do::GetSubadmins)],
            Resource::Apps => &[(Method::GET, Do::GetApps)],
            Resource::App(_) => &[
                (Method::GET, Do::GetAppInfo),
                (Method::POST, Do::EnableApp),
                (Method::DELETE, Do::DisableApp),
            ],
            Resource::UserFields => &[(Method::GET, Do::GetUserFields)],
            // A user and a group of this name can at least be deleted.
            Resource::UsersDetails => &[
                (Method::GET, Do::GetUsersDetails),
                (Method::PUT, Do::EditUser),
                (Method::DELETE, Do::DeleteUser),
            ],
            Resource::GroupsDetails => &[
                (Method::GET, Do::GetGroupsDetails),
                (Method::PUT, Do::EditGroup),
                (Method::DELETE, Do::DeleteGroup),
            ],
            Resource::GroupUsers(_) => &[(Method::GET, Do::GetGroup)],
            Resource::GroupUsersDetails(_) => &[(Method::GET, Do::GetMembersDetails)],
        }
    }

    /// What a profile adds to that.
    fn further_operations(&self, compat: Compat) -> &'static [(Method, Operation)] {
        match (self, compat) {
            // The manual's own example posts to read a group.
            (Resource::Group(_), Compat::Documented) => &[(Method::POST, Operation::GetGroup)],
            (Resource::Group(_), Compat::Nextcloud) => &[(Method::PUT, Operation::EditGroup)],
            _ => &[],
        }
    }

    /// What `method` does here; HEAD does what GET does.
    ///
    /// # Errors
    /// The methods that are taken, for `Allow`.
    pub fn operation(&self, method: &Method, compat: Compat) -> Result<Operation, String> {
        let asked = if *method == Method::HEAD { Method::GET } else { method.clone() };
        let operations = || self.operations().iter().chain(self.further_operations(compat));
        match operations().find(|(taken, _)| *taken == asked) {
            Some((_, operation)) => Ok(*operation),
            None => Err(allow(operations().map(|(method, _)| method.as_str()).collect())),
        }
    }

    /// The id in the path; empty where there is none.
    pub fn id(&self) -> &str {
        match self {
            Resource::User(id)
            | Resource::UserEnable(id)
            | Resource::UserDisable(id)
            | Resource::UserGroups(id)
            | Resource::UserSubadmins(id)
            | Resource::Group(id)
            | Resource::GroupSubadmins(id)
            | Resource::GroupUsers(id)
            | Resource::GroupUsersDetails(id)
            | Resource::App(id) => id,
            Resource::UsersDetails | Resource::GroupsDetails => "details",
            Resource::Capabilities
            | Resource::CurrentUser
            | Resource::UserFields
            | Resource::Users
            | Resource::Groups
            | Resource::Apps => "",
        }
    }
}

fn allow(mut names: Vec<&str>) -> String {
    if names.contains(&"GET") {
        names.insert(1, "HEAD");
    }
    names.join(", ")
}

impl Operation {
    /// Whether the answer depends on nothing but what is stored. Apps are looked for on the disk.
    pub fn lasts(self) -> bool {
        use Operation as Do;
        matches!(
            self,
            Do::Capabilities
                | Do::CurrentUser
                | Do::GetUsers
                | Do::GetUser
                | Do::GetUserGroups
                | Do::GetSubadminGroups
                | Do::GetGroups
                | Do::GetGroup
                | Do::GetSubadmins
                | Do::GetUserFields
                | Do::GetUsersDetails
                | Do::GetGroupsDetails
                | Do::GetMembersDetails
        )
    }

    /// Whether it belongs to the provisioning API, which can be switched off.
    pub fn is_provisioning(self) -> bool {
        !matches!(self, Operation::Capabilities | Operation::CurrentUser)
    }

    /// Who gets as far as having parameters read. The service decides; this is so that nobody else
    /// learns more than that.
    pub fn level(self) -> Level {
        use Operation as Do;
        match self {
            Do::Capabilities | Do::CurrentUser | Do::GetUserFields => Level::User,
            Do::GetUser | Do::EditUser | Do::GetUserGroups | Do::GetSubadminGroups => Level::User,
            // A custom group may be anybody's.
            Do::GetGroup => Level::User,
            Do::GetUsers | Do::AddUser | Do::DeleteUser | Do::EnableUser | Do::DisableUser => Level::Subadmin,
            Do::AddToGroup | Do::RemoveFromGroup => Level::Subadmin,
            Do::GetGroups | Do::AddGroup => Level::Subadmin,
            Do::GetUsersDetails | Do::GetGroupsDetails | Do::GetMembersDetails => Level::Subadmin,
            Do::EditGroup | Do::DeleteGroup | Do::GetSubadmins => Level::Administrator,
            Do::CreateSubadmin | Do::RemoveSubadmin => Level::Administrator,
            Do::GetApps | Do::GetAppInfo | Do::EnableApp | Do::DisableApp => Level::Administrator,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(path: &str) -> Option<Resource> {
        match Route::of(path, Compat::Owncloud).target {
            Target::Resource(resource) => Some(resource),
            Target::Unknown | Target::Notice(_) | Target::Batch => None,
        }
    }

    #[test]
    fn slashes_in_ids_are_not_slashes_between_them() {
        let group = |id: &str| Some(Resource::Group(id.to_owned()));
        assert_eq!(resource("/ocs/v1.php/cloud/groups/Mgmt%2FSydney"), group("Mgmt/Sydney"));
        assert_eq!(resource("/ocs/v1.php/cloud/groups/Mgmt/Sydney"), group("Mgmt/Sydney"));
        assert_eq!(resource("/ocs/v2.php/cloud/groups/50%252Fix"), group("50%2Fix"));
        assert_eq!(resource("/ocs/v2.php/cloud/groups/var%2F..%2Fetc"), group("var/../etc"));
        assert_eq!(resource("/ocs/v2.php/cloud/groups/a+b%2B%23%3F%5C"), group("a+b+#?\\"));
        assert_eq!(resource("/ocs/v2.php/cloud/groups/subadmins"), group("subadmins"));
        let subadmins = Some(Resource::GroupSubadmins("a/b".to_owned()));
        assert_eq!(resource("/ocs/v2.php/cloud/groups/a%2Fb/subadmins"), subadmins);
        assert_eq!(resource("/ocs/v2.php/cloud/users/a%2Fenable"), Some(Resource::User("a/enable".into())));
    }

    #[test]
    fn paths_are_tidied() {
        for path in [
            "/ocs/v1.php/cloud/users",
            "//ocs//v1.php///cloud/users/",
            "/ocs/v1.php/x/../cloud/./users",
            "/ocs/v1.php/%63loud/users",
        ] {
            assert_eq!(
                Route::of(path, Compat::Owncloud),
                Route { version: Version::V1, target: Target::Resource(Resource::Users) }
            );
        }
        for path in
            ["/ocs/v1.php", "/ocs/v1.php/cloud", "/ocs/v1.php/cloud/Users", "/ocs/v1.php/cloud/users/%ff"]
        {
            assert_eq!(
                Route::of(path, Compat::Owncloud),
                Route { version: Version::V1, target: Target::Unknown },
                "{path}"
            );
        }
        assert_eq!(Route::of("/status.php", Compat::Owncloud).target, Target::Notice(Notice::Status));
    }

    #[test]
    fn methods_find_operations() {
        let users = Resource::Users;
        assert_eq!(users.operation(&Method::HEAD, Compat::Owncloud), Ok(Operation::GetUsers));
        assert_eq!(users.operation(&Method::DELETE, Compat::Owncloud), Err("GET, HEAD, POST".to_owned()));
        let group = Resource::Group("admin".into());
        assert_eq!(group.operation(&Method::POST, Compat::Owncloud), Err("GET, HEAD, DELETE".to_owned()));
        assert_eq!(group.operation(&Method::POST, Compat::Documented), Ok(Operation::GetGroup));
    }

    #[test]
    fn some_paths_lead_somewhere_in_one_profile_only() {
        let target = |path: &str, compat| Route::of(&format!("/ocs/v1.php/cloud/{path}"), compat).target;
        let group = |id: &str| Target::Resource(Resource::Group(id.into()));
        let user = |id: &str| Target::Resource(Resource::User(id.into()));
        for (path, elsewhere, nextcloud) in [
            ("user/fields", Target::Unknown, Resource::UserFields),
            ("users/details", user("details"), Resource::UsersDetails),
            ("groups/details", group("details"), Resource::GroupsDetails),
            ("groups/a%2Fb/users", group("a/b/users"), Resource::GroupUsers("a/b".into())),
            (
                "groups/a/b/users/details",
                group("a/b/users/details"),
                Resource::GroupUsersDetails("a/b".into()),
            ),
            ("groups/users", group("users"), Resource::Group("users".into())),
        ] {
            assert_eq!(target(path, Compat::Owncloud), elsewhere, "{path}");
            assert_eq!(target(path, Compat::Documented), elsewhere, "{path}");
            assert_eq!(target(path, Compat::Nextcloud), Target::Resource(nextcloud), "{path}");
        }
        let group = Resource::Group("staff".into());
        assert_eq!(group.operation(&Method::PUT, Compat::Nextcloud), Ok(Operation::EditGroup));
        assert!(group.operation(&Method::PUT, Compat::Owncloud).is_err());
    }
}
