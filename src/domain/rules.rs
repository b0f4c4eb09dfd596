//! What an administrator can decide about the rules.

use serde::{Deserialize, Serialize};

/// The switches of the rules, with ownCloud's defaults but for subadmins, which are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Administrators see and manage only the custom groups that they belong to.
    pub disallow_admin_access_all: bool,
    /// Only subadmins and administrators may create custom groups.
    pub only_subadmin_can_create: bool,
    /// Two custom groups may have the same display name.
    pub allow_duplicate_names: bool,
    /// Only users who share a group with the one who adds them can be added to a custom group.
    pub only_share_with_group_members: bool,
    /// Groups can have subadmins.
    pub allow_subadmins: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            disallow_admin_access_all: false,
            only_subadmin_can_create: false,
            allow_duplicate_names: false,
            only_share_with_group_members: false,
            allow_subadmins: true,
        }
    }
}
