//! From the `Authorization` header to the principal who asks.
//!
//! Unknown users, wrong passwords and disabled users are answered alike and cost the same: one password
//! hash. So does the first request of everybody else; afterwards a credential is known for some minutes.
//! Tokens need no such hash, and what is wrong with one is not told either.

mod authenticator;
mod credentials;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod guesses;

pub use authenticator::{Authenticator, Logins};
pub use guesses::GuessLimits;
