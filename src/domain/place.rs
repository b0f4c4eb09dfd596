//! The tree of custom groups: what a request names, and what it turns out to be.

use std::fmt;

use super::custom_group::{CustomGroup, CustomGroupNumber, Membership};
use super::user::UserId;

/// A place in the tree as a request names it, percent-decoded, before anything was looked up.
///
/// What lies below `users/` depends on the principal and on the store: `users/7/` is somebody's view
/// or the custom group with the number 7.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `` , the top.
    Root,
    /// `groups/`
    Groups,
    /// `groups/{uri}/`
    Group(String),
    /// `groups/{uri}/{user}`
    Membership(String, String),
    /// `users/`
    Users,
    /// `users/{x}/`
    UsersEntry(String),
    /// `users/{x}/{y}`
    UsersSecond(String, String),
    /// `users/{x}/{uri}/{user}`
    UsersThird(String, String, String),
    /// Anything else: a name below a place that has nothing of that name.
    Below(Box<Place>, String),
}

impl Place {
    /// The place that this one lies directly below; none for the top.
    pub fn parent(&self) -> Option<Place> {
        Some(match self {
            Place::Root => return None,
            Place::Groups | Place::Users => Place::Root,
            Place::Group(_) => Place::Groups,
            Place::Membership(uri, _) => Place::Group(uri.clone()),
            Place::UsersEntry(_) => Place::Users,
            Place::UsersSecond(entry, _) => Place::UsersEntry(entry.clone()),
            Place::UsersThird(entry, second, _) => Place::UsersSecond(entry.clone(), second.clone()),
            Place::Below(parent, _) => (**parent).clone(),
        })
    }

    /// The last segment; empty for the top.
    pub fn name(&self) -> &str {
        match self {
            Place::Root => "",
            Place::Groups => "groups",
            Place::Users => "users",
            Place::Group(name)
            | Place::Membership(_, name)
            | Place::UsersEntry(name)
            | Place::UsersSecond(_, name)
            | Place::UsersThird(_, _, name)
            | Place::Below(_, name) => name,
        }
    }

    /// The place with this name below this one.
    pub fn child(&self, name: &str) -> Place {
        let name = name.to_owned();
        match self {
            Place::Root if name == "groups" => Place::Groups,
            Place::Root if name == "users" => Place::Users,
            Place::Groups => Place::Group(name),
            Place::Group(uri) => Place::Membership(uri.clone(), name),
            Place::Users => Place::UsersEntry(name),
            Place::UsersEntry(entry) => Place::UsersSecond(entry.clone(), name),
            Place::UsersSecond(entry, second) => Place::UsersThird(entry.clone(), second.clone(), name),
            Place::Root | Place::Membership(..) | Place::UsersThird(..) | Place::Below(..) => {
                Place::Below(Box::new(self.clone()), name)
            }
        }
    }
}

impl fmt::Display for Place {
    /// The segments, with slashes between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parent() {
            None | Some(Place::Root) => {}
            Some(parent) => write!(f, "{parent}/")?,
        }
        f.write_str(self.name())
    }
}

/// How a custom group is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupRef {
    /// By its path segment.
    Uri(String),
    /// By its number.
    Number(CustomGroupNumber),
}

/// What lies at a [`Place`] for one principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// The top.
    Root,
    /// All groups the principal may see.
    Groups,
    /// The users.
    Users,
    /// The groups of one user.
    UserGroups(UserId),
    /// A custom group.
    Group(CustomGroup),
    /// A membership of a custom group.
    Membership(CustomGroup, Membership),
}

impl Node {
    /// Whether other resources lie below it.
    pub fn is_collection(&self) -> bool {
        !matches!(self, Node::Membership(..))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn child_and_parent_are_inverse() {
        for path in ["groups/team1/bob/x", "users/alice/team1/bob/x/y", "nowhere/at/all"] {
            let mut steps = vec![Place::Root];
            for name in path.split('/') {
                steps.push(steps[steps.len() - 1].child(name));
            }
            for pair in steps.windows(2) {
                assert_eq!(pair[1].parent().as_ref(), Some(&pair[0]), "{path}");
                assert_eq!(pair[0].child(pair[1].name()), pair[1], "{path}");
            }
        }
        assert_eq!(Place::Root.parent(), None);
    }

    #[test]
    fn places_are_shown_as_they_are_named() {
        for path in ["", "groups", "groups/team1/bob", "users/7/bob", "nowhere/at/all"] {
            let names = path.split('/').filter(|name| !name.is_empty());
            assert_eq!(names.fold(Place::Root, |place, name| place.child(name)).to_string(), path);
        }
    }
}
