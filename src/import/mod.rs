//! Reading what other servers left behind, and what was exported. Each source makes one
//! [`crate::service::Inventory`] of it, which the service writes; what cannot become part of one is said
//! row by row.

pub mod declaration;
pub mod file;
pub mod owncloud;

use std::collections::HashMap;

use crate::service::{Finding, Inventory, UserRecord};

/// What was found in a source.
#[derive(Debug, Default)]
pub struct Reading {
    /// What can be taken over.
    pub inventory: Inventory,
    /// What cannot, and what was changed on the way.
    pub findings: Vec<Finding>,
}

/// Several may have one address; only by their ids they log in.
fn shared_addresses(users: &[UserRecord]) -> Vec<Finding> {
    let mut owners: HashMap<String, Vec<&str>> = HashMap::new();
    for user in users {
        if let Some(email) = &user.user.email {
            owners.entry(email.folded()).or_default().push(user.user.id.as_str());
        }
    }
    let mut shared: Vec<_> = owners.into_iter().filter(|(_, owners)| owners.len() > 1).collect();
    shared.sort();
    let finding = |(address, owners): (String, Vec<&str>)| {
        let reason = format!("belongs to {}; nobody can log in with it", owners.join(", "));
        Finding::noted(format!("e-mail address {address}"), reason)
    };
    shared.into_iter().map(finding).collect()
}
