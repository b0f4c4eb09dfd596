//! The few templates of paths that requests are counted by.

use super::path::Target;
use crate::domain::Place;
use crate::edge::Endpoint;

/// All of them.
pub const ALL: [Endpoint; 11] = [
    Endpoint("customgroups"),
    Endpoint("customgroups/groups"),
    Endpoint("customgroups/groups/{uri}"),
    Endpoint("customgroups/groups/{uri}/{user}"),
    Endpoint("customgroups/users"),
    Endpoint("customgroups/users/{user}"),
    Endpoint("customgroups/users/{user}/{uri}"),
    Endpoint("customgroups/users/{user}/{uri}/{member}"),
    Endpoint("customgroups/other"),
    Endpoint("dav/around"),
    Endpoint("dav/other"),
];

/// The one that a target is counted by.
pub fn of(target: &Target) -> Endpoint {
    Endpoint(match target {
        Target::Tree(Place::Root) => "customgroups",
        Target::Tree(Place::Groups) => "customgroups/groups",
        Target::Tree(Place::Group(_)) => "customgroups/groups/{uri}",
        Target::Tree(Place::Membership(..)) => "customgroups/groups/{uri}/{user}",
        Target::Tree(Place::Users) => "customgroups/users",
        Target::Tree(Place::UsersEntry(_)) => "customgroups/users/{user}",
        Target::Tree(Place::UsersSecond(..)) => "customgroups/users/{user}/{uri}",
        Target::Tree(Place::UsersThird(..)) => "customgroups/users/{user}/{uri}/{member}",
        Target::Tree(Place::Below(..)) => "customgroups/other",
        Target::Around(_) => "dav/around",
        Target::Nowhere(_) => "dav/other",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dav::path;

    #[test]
    fn every_target_is_counted_by_one_of_them() {
        let tree = "/remote.php/dav/customgroups";
        let below =
            ["", "/groups", "/groups/a", "/groups/a/b", "/users", "/users/a", "/users/a/b", "/users/a/b/c"];
        let paths = below.map(|below| format!("{tree}{below}"));
        let others = [format!("{tree}/x"), "/".to_owned(), "/x".to_owned()];
        let found = paths.iter().chain(&others).map(|path| of(&path::parse(path).expect("a path")));
        assert_eq!(found.collect::<Vec<_>>(), ALL);
    }
}
