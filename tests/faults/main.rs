//! What becomes of the data when things go wrong: the real program, killed, stopped, starved and misled.
//!
//! `FAULT_ROUNDS` says how often the crash test kills the server, and `FAULT_SEED` repeats a run whose
//! seed it printed (see them with `cargo test --test faults -- --nocapture`).

#![allow(clippy::expect_used, reason = "helpers of tests fail as tests do")]
#![cfg(unix)]

mod backup;
mod clock;
mod crash;
mod disk;
mod harness;
mod load;
mod model;
mod queue;
mod slow;
mod stop;
