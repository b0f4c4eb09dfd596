//! The properties of the tree: one enum, one line each for name, place and value.

use super::xml::Name;
use crate::domain::{CustomGroup, CustomGroupNumber, Membership, Role};

/// A live property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prop {
    /// RFC 4918 section 15.9.
    ResourceType,
    /// RFC 3253 section 3.1.5.
    SupportedReportSet,
    /// The name people see of a group.
    DisplayName,
    /// The number of a group.
    GroupId,
    /// A member's role; of a group, that of the user a listing was taken for.
    Role,
    /// The id of a member.
    UserId,
    /// The name people see of a member.
    UserDisplayName,
    /// Whether a member is a `user` or a `guest`.
    UserTypeInfo,
}

/// A kind of resource, as far as the properties it has go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The top, and `users/`.
    Collection,
    /// `groups/` and a user's view.
    Groups,
    /// A custom group.
    Group,
    /// A custom group in a listing taken for one user.
    GroupOfUser,
    /// A membership.
    Membership,
}

/// What the values of one resource are taken from.
#[derive(Clone, Copy, Debug)]
pub enum Values<'v> {
    /// Nothing varies.
    Fixed,
    /// A group, and the role of the user that the listing was taken for.
    Group(&'v CustomGroup, Option<Role>),
    /// A membership.
    Membership(&'v Membership),
}

impl Prop {
    /// All of them, in the order in which `propname` lists them.
    pub const ALL: [Prop; 8] = [
        Prop::ResourceType,
        Prop::SupportedReportSet,
        Prop::DisplayName,
        Prop::GroupId,
        Prop::Role,
        Prop::UserId,
        Prop::UserDisplayName,
        Prop::UserTypeInfo,
    ];

    /// Its qualified name.
    pub const fn name(self) -> Name {
        match self {
            Prop::ResourceType => Name::dav("resourcetype"),
            Prop::SupportedReportSet => Name::dav("supported-report-set"),
            Prop::DisplayName => Name::owncloud("display-name"),
            Prop::GroupId => Name::owncloud("group-id"),
            Prop::Role => Name::owncloud("role"),
            Prop::UserId => Name::owncloud("user-id"),
            Prop::UserDisplayName => Name::owncloud("user-display-name"),
            Prop::UserTypeInfo => Name::owncloud("user-type-info"),
        }
    }

    /// The property of that name, if it is one of ours.
    pub fn named(name: &Name) -> Option<Prop> {
        Self::ALL.into_iter().find(|prop| prop.name() == *name)
    }

    /// Whether resources of `kind` have it.
    pub fn exists_on(self, kind: Kind) -> bool {
        match self {
            Prop::ResourceType => true,
            Prop::SupportedReportSet => kind.is_searchable(),
            Prop::DisplayName | Prop::GroupId => matches!(kind, Kind::Group | Kind::GroupOfUser),
            Prop::Role => matches!(kind, Kind::GroupOfUser | Kind::Membership),
            Prop::UserId | Prop::UserDisplayName | Prop::UserTypeInfo => kind == Kind::Membership,
        }
    }

    /// Whether clients can change it on resources of `kind`.
    pub fn is_writable_on(self, kind: Kind) -> bool {
        matches!((self, kind), (Prop::DisplayName, Kind::Group) | (Prop::Role, Kind::Membership))
    }
}

impl Kind {
    /// The elements in its `d:resourcetype`.
    pub fn resource_type(self) -> &'static [Name] {
        const COLLECTION: Name = Name::dav("collection");
        match self {
            Kind::Collection => const { &[COLLECTION] },
            Kind::Groups => const { &[COLLECTION, Name::owncloud("customgroups-groups")] },
            Kind::Group | Kind::GroupOfUser => const { &[COLLECTION, Name::owncloud("customgroups-group")] },
            Kind::Membership => const { &[Name::owncloud("customgroups-membership")] },
        }
    }

    /// Whether other resources can lie below it.
    pub fn is_collection(self) -> bool {
        self != Kind::Membership
    }

    /// Whether REPORT `oc:search-query` works on it.
    pub fn is_searchable(self) -> bool {
        matches!(self, Kind::Groups | Kind::Group | Kind::GroupOfUser)
    }
}

/// The value of a property that varies.
#[derive(Clone, Copy, Debug)]
pub enum Value<'v> {
    /// Of a fixed set, with nothing to escape in it.
    Word(&'static str),
    /// What somebody has chosen.
    Text(&'v str),
    /// Of a group.
    Number(CustomGroupNumber),
}

impl<'v> Values<'v> {
    /// That of a property whose value varies; none for one that the resource lacks.
    pub fn of(self, prop: Prop) -> Option<Value<'v>> {
        Some(match (self, prop) {
            (Values::Group(group, _), Prop::DisplayName) => Value::Text(group.display_name.as_str()),
            (Values::Group(group, _), Prop::GroupId) => Value::Number(group.number),
            (Values::Group(_, Some(role)), Prop::Role) => Value::Word(role.as_str()),
            (Values::Membership(member), Prop::Role) => Value::Word(member.role.as_str()),
            (Values::Membership(member), Prop::UserId) => Value::Text(member.user.as_str()),
            (Values::Membership(member), Prop::UserDisplayName) => {
                Value::Text(member.user_display_name.as_str())
            }
            (Values::Membership(member), Prop::UserTypeInfo) => {
                Value::Word(if member.guest { "guest" } else { "user" })
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_properties() {
        for prop in Prop::ALL {
            assert_eq!(Prop::named(&prop.name()), Some(prop));
        }
        assert_eq!(Prop::named(&Name::dav("role")), None);
    }

    #[test]
    fn a_group_has_a_role_only_for_somebody() {
        assert!(!Prop::Role.exists_on(Kind::Group));
        assert!(Prop::Role.exists_on(Kind::GroupOfUser));
        assert!(!Prop::Role.is_writable_on(Kind::GroupOfUser));
    }
}
