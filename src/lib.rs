//! Custom groups over WebDAV and OCS user provisioning: one program that keeps everything in one SQLite
//! database.
//!
//! Most people run the program; the library is for those who want the server inside another one:
//! [`App::open`] with a [`Config`], then [`server::run`]. `examples/embed.rs` shows it.
//!
//! # Layout
//!
//! A request goes down this list, and its result comes back up. A module uses those below it, and never
//! one above.
//!
//! - [`cli`]: the commands of the program; the only place that reads arguments and prints.
//! - [`server`]: connections, their limits, the access log, stopping. [`App`] is everything that is
//!   behind them: one data directory, open and locked.
//! - [`dispatch`]: the order of every request: path, credentials, body, protocol. The only place that
//!   knows all protocols.
//! - [`auth`]: from the `Authorization` header to the [`domain::Principal`] who asks.
//! - [`dav`] and [`ocs`]: WebDAV and the provisioning API. Bytes become a command, a command becomes calls
//!   of the service, and what comes back becomes bytes. The two know nothing of each other.
//! - [`service`]: the use cases: one function and one transaction each.
//! - [`domain`]: types that cannot be invalid, errors, and who may do what. Knows neither HTTP nor SQL.
//! - [`store`]: keeping it all, as traits in terms of the domain, and the one implementation on SQLite.
//!
//! Beside the list: [`config`] is plain data that the program fills in and the upper half reads;
//! [`edge`] holds the few types that the protocols share with what is above them; [`count`] is what every
//! part counts with, for [`server`] to show, and [`request_id`] what every line of the log about a request
//! bears; [`import`] reads what other servers left, and what [`export`] writes to files, for [`cli`] to hand to the service;
//! [`spreadsheet`] is the rule of all cells of CSV.

pub mod auth;
pub mod cli;
pub mod config;
pub mod count;
pub mod dav;
pub mod dispatch;
pub mod domain;
pub mod edge;
pub mod export;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod import;
pub mod ocs;
pub mod request_id;
pub mod server;
pub mod service;
pub mod spreadsheet;
pub mod store;

pub use config::Config;
pub use server::App;
