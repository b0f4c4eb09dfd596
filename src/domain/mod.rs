//! The rules of the product: types that cannot be invalid, and pure functions over them.
//!
//! Nothing here knows of HTTP, XML or SQL. A value of [`UserId`], [`GroupUri`] or [`DisplayName`] has
//! been checked once, when it was made; who may do what is decided in [`permission`] alone.

mod app;
mod audit;
mod custom_group;
mod error;
pub mod fold;
mod group;
mod password;
pub mod permission;
mod place;
mod principal;
pub mod provisioning;
mod quota;
mod rules;
mod search;
mod token;
mod user;

pub use app::AppId;
pub use audit::{Action, AuditQuery, AuditRecord, Change, Origin, Outcome};
pub use custom_group::{
    CustomGroup, CustomGroupNumber, DisplayName, GroupUri, Membership, NumberFault, Role, RoledGroup,
};
pub use error::{Denied, Error, NameFault, Result, StoreFailure};
pub use group::{Group, GroupId, GroupName};
pub use password::{Password, PasswordHash};
pub use place::{GroupRef, Node, Place};
pub use principal::Principal;
pub use quota::Quota;
pub use rules::Rules;
pub use search::{Page, Pattern, Search};
pub use token::{NewToken, Token, TokenGrant, TokenHash, TokenName, TokenNumber, TokenScope, TokenSecret};
pub use user::{Account, Email, NewUser, Timestamp, User, UserId, UserName};
