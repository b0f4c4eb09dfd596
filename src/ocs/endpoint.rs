//! The few templates of paths that requests are counted by.

use super::route::{Notice, Resource, Target};
use crate::edge::Endpoint;

/// All of them.
pub(super) const ALL: [Endpoint; 22] = [
    Endpoint("status.php"),
    Endpoint("config"),
    Endpoint("cloud/capabilities"),
    Endpoint("cloud/user"),
    Endpoint("cloud/user/fields"),
    Endpoint("cloud/users"),
    Endpoint("cloud/users/details"),
    Endpoint("cloud/users/{userid}"),
    Endpoint("cloud/users/{userid}/enable"),
    Endpoint("cloud/users/{userid}/disable"),
    Endpoint("cloud/users/{userid}/groups"),
    Endpoint("cloud/users/{userid}/subadmins"),
    Endpoint("cloud/groups"),
    Endpoint("cloud/groups/details"),
    Endpoint("cloud/groups/{groupid}"),
    Endpoint("cloud/groups/{groupid}/subadmins"),
    Endpoint("cloud/groups/{groupid}/users"),
    Endpoint("cloud/groups/{groupid}/users/details"),
    Endpoint("cloud/apps"),
    Endpoint("cloud/apps/{appid}"),
    Endpoint("cloud/batch"),
    Endpoint("ocs/other"),
];

/// The one that a target is counted by.
pub(super) fn of(target: &Target) -> Endpoint {
    Endpoint(match target {
        Target::Unknown => "ocs/other",
        Target::Notice(Notice::Status) => "status.php",
        Target::Notice(Notice::Config) => "config",
        Target::Batch => "cloud/batch",
        Target::Resource(resource) => of_resource(resource),
    })
}

fn of_resource(resource: &Resource) -> &'static str {
    match resource {
        Resource::Capabilities => "cloud/capabilities",
        Resource::CurrentUser => "cloud/user",
        Resource::UserFields => "cloud/user/fields",
        Resource::Users => "cloud/users",
        Resource::UsersDetails => "cloud/users/details",
        Resource::User(_) => "cloud/users/{userid}",
        Resource::UserEnable(_) => "cloud/users/{userid}/enable",
        Resource::UserDisable(_) => "cloud/users/{userid}/disable",
        Resource::UserGroups(_) => "cloud/users/{userid}/groups",
        Resource::UserSubadmins(_) => "cloud/users/{userid}/subadmins",
        Resource::Groups => "cloud/groups",
        Resource::GroupsDetails => "cloud/groups/details",
        Resource::Group(_) => "cloud/groups/{groupid}",
        Resource::GroupSubadmins(_) => "cloud/groups/{groupid}/subadmins",
        Resource::GroupUsers(_) => "cloud/groups/{groupid}/users",
        Resource::GroupUsersDetails(_) => "cloud/groups/{groupid}/users/details",
        Resource::Apps => "cloud/apps",
        Resource::App(_) => "cloud/apps/{appid}",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::Compat;
    use crate::ocs::route::Route;

    #[test]
    fn every_target_is_counted_by_one_of_them() {
        let found = ALL.map(|Endpoint(template)| {
            let path = match template {
                "status.php" => "/status.php".to_owned(),
                template => format!("/ocs/v2.php/{template}"),
            };
            of(&Route::of(&path, Compat::Nextcloud).target)
        });
        assert_eq!(found, ALL, "each template is a path to itself");
    }
}
