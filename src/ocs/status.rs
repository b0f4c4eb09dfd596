//! Which statuscode answers what: the one place where an error of the domain gets a number.
//!
//! The numbers depend on the operation: that there is no such group is 104, 102, 101 or 998, depending
//! on who asks. Where the manual and ownCloud differ, both are here, and the profile chooses.

use http::StatusCode;

use super::route::{Operation, Version};
use crate::domain::{Denied, Error};
use crate::edge::Compat;

/// All is well.
pub(super) const OK: u16 = 100;

/// What was sent cannot be read, or not be used.
pub(super) const INVALID: u16 = 101;

/// Something failed on this side.
pub(super) const SERVER_ERROR: u16 = 996;

/// Not allowed, or not logged in.
pub(super) const UNAUTHORISED: u16 = 997;

/// There is no such thing.
pub(super) const NOT_FOUND: u16 = 998;

/// The same in the words of Nextcloud, under both versions.
const MISSING: u16 = 404;

/// What an unknown path answers under v1.
pub(super) const UNKNOWN: u16 = 999;

/// The body did not arrive.
pub(super) const UNREADABLE: u16 = 400;

/// Refused whoever asks. Under v1, clients find it in the envelope alone when it is about a password.
pub(super) const FORBIDDEN: u16 = 403;

/// The body is too long.
pub(super) const TOO_LARGE: u16 = 413;

/// Not done since another part of the same request could not be (as WebDAV has it, RFC 4918 section 11.4).
pub(super) const NOT_DONE: u16 = 424;

/// Too many failed logins.
pub(super) const TOO_MANY: u16 = 429;

/// Too much is done, or waits, at once.
pub(super) const BUSY: u16 = 503;

/// There is no space left.
pub(super) const FULL: u16 = 507;

/// What answers `error` when it comes from `operation`.
pub(super) fn statuscode(operation: Operation, error: &Error, compat: Compat) -> u16 {
    match error {
        Error::Store(_) => SERVER_ERROR,
        Error::Busy => BUSY,
        Error::StorageFull => FULL,
        Error::NotPermitted(Denied::SubadminsOnly | Denied::AdministratorsOnly | Denied::TokenGone)
        | Error::ScopeTooNarrow(_) => UNAUTHORISED,
        error => of_rule(operation, error, compat),
    }
}

/// The statuses of the manual, operation by operation; what an operation does not name is invalid.
fn of_rule(operation: Operation, error: &Error, compat: Compat) -> u16 {
    use Operation as Do;
    let by_profile = |owncloud, documented| match compat {
        Compat::Owncloud | Compat::Nextcloud => owncloud,
        Compat::Documented => documented,
    };
    let missing = |otherwise| match compat {
        Compat::Nextcloud => MISSING,
        Compat::Owncloud | Compat::Documented => otherwise,
    };
    match (operation, error) {
        (Do::AddUser, Error::UserExists) => 102,
        (Do::AddUser, Error::GroupUnknown(_)) => 104,
        (Do::AddUser, Error::NotSubadminOf(_) | Error::NotPermitted(_) | Error::SharingRestricted(_)) => 105,
        (Do::AddUser, Error::GroupRequired) => 106,

        (Do::EditUser, Error::UserUnknown(_)) => by_profile(UNAUTHORISED, 101),
        (Do::EditUser, Error::FieldUnknown) => by_profile(UNAUTHORISED, 102),
        (Do::EditUser, Error::QuotaInvalid) => by_profile(103, 102),
        (Do::EditUser, Error::PasswordBlank | Error::PasswordTooShort(_)) => by_profile(403, 102),
        (Do::EditUser, Error::EmailInvalid | Error::UserNameInvalid(_)) => 102,

        (Do::GetUser | Do::GetUserGroups, Error::UserUnknown(_)) => missing(NOT_FOUND),
        (Do::GetSubadminGroups, Error::UserUnknown(_)) => missing(by_profile(NOT_FOUND, 101)),

        (Do::AddToGroup | Do::RemoveFromGroup, Error::NoGroupGiven) => 101,
        (Do::AddToGroup | Do::RemoveFromGroup, Error::GroupUnknown(_)) => 102,
        (Do::AddToGroup | Do::RemoveFromGroup, Error::UserUnknown(_)) => 103,
        (Do::AddToGroup | Do::RemoveFromGroup, Error::NotPermitted(_)) => 104,
        (Do::AddToGroup | Do::RemoveFromGroup, _) => 105,

        (Do::CreateSubadmin, Error::GroupUnknown(_)) => 102,
        (Do::CreateSubadmin, Error::AdminGroup | Error::SubadminsOff) => 103,
        // What the rules of custom groups refuse.
        (Do::CreateSubadmin, Error::NotPermitted(_) | Error::SharingRestricted(_)) => 103,
        (Do::RemoveSubadmin, Error::NotPermitted(_) | Error::LastAdmin(_)) => 103,
        (Do::RemoveSubadmin, Error::GroupUnknown(_)) => by_profile(101, 102),
        (Do::RemoveSubadmin, Error::NotASubadmin) => 102,

        (Do::AddGroup, Error::GroupExists) => 102,
        (Do::GetGroup, Error::GroupUnknown(_)) => missing(NOT_FOUND),
        (Do::GetMembersDetails | Do::EditGroup, Error::GroupUnknown(_)) => MISSING,
        (Do::DeleteGroup, Error::AdminGroup | Error::NotPermitted(_)) => 102,

        (Do::GetAppInfo | Do::EnableApp | Do::DisableApp, Error::AppUnknown) => NOT_FOUND,

        (_, Error::NotPermitted(_)) => UNAUTHORISED,
        _ => INVALID,
    }
}

/// The statuscode as a version writes it, and the HTTP status that goes with it.
pub(super) fn on_the_wire(version: Version, statuscode: u16) -> (u16, StatusCode) {
    let http = match (version, statuscode) {
        (_, UNAUTHORISED) => StatusCode::UNAUTHORIZED,
        // Those who repeat a request look at these, whatever they make of the rest.
        (_, BUSY) => StatusCode::SERVICE_UNAVAILABLE,
        (_, FULL) => StatusCode::INSUFFICIENT_STORAGE,
        (_, TOO_LARGE) => StatusCode::PAYLOAD_TOO_LARGE,
        (_, TOO_MANY) => StatusCode::TOO_MANY_REQUESTS,
        (_, UNREADABLE) => StatusCode::BAD_REQUEST,
        (Version::V1, _) => StatusCode::OK,
        (Version::V2, OK) => StatusCode::OK,
        (Version::V2, NOT_FOUND) => StatusCode::NOT_FOUND,
        (Version::V2, SERVER_ERROR | UNKNOWN) => StatusCode::INTERNAL_SERVER_ERROR,
        (Version::V2, 104) => StatusCode::FORBIDDEN,
        (Version::V2, 200..600) => StatusCode::from_u16(statuscode).unwrap_or(StatusCode::BAD_REQUEST),
        (Version::V2, _) => StatusCode::BAD_REQUEST,
    };
    match (version, statuscode) {
        (Version::V1, _) | (Version::V2, UNAUTHORISED) => (statuscode, http),
        (Version::V2, _) => (http.as_u16(), http),
    }
}

/// What a client may do about an error besides giving up: seconds after which to try again.
pub(super) fn retry_after(statuscode: u16) -> Option<u32> {
    (statuscode == BUSY).then_some(1)
}

#[cfg(test)]
mod tests {
    use super::Operation as Do;
    use super::*;
    use crate::domain::{NameFault, StoreFailure, TokenScope};

    /// The rows of the manual and of ownCloud: operation, error, statuscode in either profile.
    fn rows() -> Vec<(Operation, Error, u16, u16)> {
        let user = || Error::UserUnknown("x".into());
        let group = || Error::GroupUnknown("x".into());
        let denied = || Error::from(Denied::ManageUser);
        let same = |operation, error, code| (operation, error, code, code);
        vec![
            same(Do::AddUser, Error::UserExists, 102),
            same(Do::AddUser, group(), 104),
            same(Do::AddUser, Error::NotSubadminOf("x".into()), 105),
            same(Do::AddUser, Error::GroupRequired, 106),
            same(Do::AddUser, Error::UserIdInvalid(NameFault::Blank), 101),
            same(Do::AddUser, Error::PasswordBlank, 101),
            same(Do::AddUser, Error::PasswordTooShort(8), 101),
            same(Do::AddUser, Error::ScopeTooNarrow(TokenScope::Users), 997),
            same(Do::AddUser, Error::QuotaInvalid, 101),
            same(Do::AddUser, Error::EmailInvalid, 101),
            same(Do::AddUser, Denied::SubadminsOnly.into(), 997),
            same(Do::GetUsers, Error::PatternTooLong, 101),
            same(Do::GetUser, user(), 998),
            same(Do::GetUser, denied(), 997),
            (Do::EditUser, user(), 997, 101),
            (Do::EditUser, Error::FieldUnknown, 997, 102),
            (Do::EditUser, Error::QuotaInvalid, 103, 102),
            (Do::EditUser, Error::PasswordBlank, 403, 102),
            (Do::EditUser, Error::PasswordTooShort(8), 403, 102),
            same(Do::EditUser, Error::EmailInvalid, 102),
            same(Do::EditUser, denied(), 997),
            same(Do::DeleteUser, user(), 101),
            same(Do::DeleteUser, Error::OneselfNotAllowed, 101),
            same(Do::DeleteUser, denied(), 997),
            same(Do::EnableUser, user(), 101),
            same(Do::DisableUser, Error::OneselfNotAllowed, 101),
            same(Do::DisableUser, denied(), 997),
            same(Do::GetUserGroups, user(), 998),
            same(Do::GetUserGroups, denied(), 997),
            same(Do::AddToGroup, Error::NoGroupGiven, 101),
            same(Do::AddToGroup, group(), 102),
            same(Do::AddToGroup, user(), 103),
            same(Do::AddToGroup, Denied::ManageGroup.into(), 104),
            same(Do::AddToGroup, Error::SharingRestricted("x".into()), 105),
            same(Do::AddToGroup, Denied::SubadminsOnly.into(), 997),
            same(Do::AddToGroup, Denied::TokenGone.into(), 997),
            same(Do::AddToGroup, Error::ScopeTooNarrow(TokenScope::Users), 997),
            same(Do::CreateSubadmin, Error::ScopeTooNarrow(TokenScope::Admin), 997),
            same(Do::RemoveFromGroup, Error::NoGroupGiven, 101),
            same(Do::RemoveFromGroup, group(), 102),
            same(Do::RemoveFromGroup, user(), 103),
            same(Do::RemoveFromGroup, Denied::ManageGroup.into(), 104),
            same(Do::RemoveFromGroup, Error::AdminGroup, 105),
            same(Do::RemoveFromGroup, Error::OneselfNotAllowed, 105),
            same(Do::CreateSubadmin, user(), 101),
            same(Do::CreateSubadmin, group(), 102),
            same(Do::CreateSubadmin, Error::AdminGroup, 103),
            same(Do::CreateSubadmin, Error::SubadminsOff, 103),
            same(Do::RemoveSubadmin, user(), 101),
            (Do::RemoveSubadmin, group(), 101, 102),
            same(Do::RemoveSubadmin, Error::NotASubadmin, 102),
            (Do::GetSubadminGroups, user(), 998, 101),
            same(Do::GetSubadminGroups, denied(), 997),
            same(Do::AddGroup, Error::GroupIdInvalid(NameFault::Blank), 101),
            same(Do::AddGroup, Error::GroupExists, 102),
            same(Do::AddGroup, Denied::AdministratorsOnly.into(), 997),
            same(Do::GetGroup, group(), 998),
            same(Do::GetGroup, Denied::ManageGroup.into(), 997),
            same(Do::DeleteGroup, group(), 101),
            same(Do::DeleteGroup, Error::AdminGroup, 102),
            same(Do::GetSubadmins, group(), 101),
            same(Do::GetAppInfo, Error::AppUnknown, 998),
            same(Do::EnableApp, Error::AppUnknown, 998),
            same(Do::DisableApp, Error::AppUnknown, 998),
            same(Do::DisableApp, Error::AppStays, 101),
            same(Do::GetUser, StoreFailure::new("x").into(), 996),
            same(Do::AddUser, Error::Busy, 503),
            same(Do::AddUser, Error::StorageFull, 507),
        ]
    }

    #[test]
    fn every_row_in_both_profiles() {
        for (operation, error, owncloud, documented) in rows() {
            let found = |compat| statuscode(operation, &error, compat);
            assert_eq!(found(Compat::Owncloud), owncloud, "{operation:?} {error}");
            assert_eq!(found(Compat::Documented), documented, "{operation:?} {error}");
            let nextcloud = if owncloud == NOT_FOUND && is_missing(&error) { MISSING } else { owncloud };
            assert_eq!(found(Compat::Nextcloud), nextcloud, "{operation:?} {error}");
        }
    }

    fn is_missing(error: &Error) -> bool {
        matches!(error, Error::UserUnknown(_) | Error::GroupUnknown(_))
    }

    #[test]
    fn both_versions() {
        for (code, v1, v2) in [
            (100, (100, 200), (200, 200)),
            (101, (101, 200), (400, 400)),
            (102, (102, 200), (400, 400)),
            (104, (104, 200), (403, 403)),
            (106, (106, 200), (400, 400)),
            (403, (403, 200), (403, 403)),
            (413, (413, 413), (413, 413)),
            (429, (429, 429), (429, 429)),
            (503, (503, 503), (503, 503)),
            (996, (996, 200), (500, 500)),
            (997, (997, 401), (997, 401)),
            (998, (998, 200), (404, 404)),
            (999, (999, 200), (500, 500)),
        ] {
            let found = |version| {
                let (code, http) = on_the_wire(version, code);
                (code, http.as_u16())
            };
            assert_eq!((found(Version::V1), found(Version::V2)), (v1, v2), "{code}");
        }
    }
}
