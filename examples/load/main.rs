//! How fast the server is, beside others on the same machine in the same minutes.
//!
//! Run it with `cargo build --release && cargo run --release --example load`; `-- --help` lists what can
//! be chosen. It seeds a temporary store, starts the release server on it, and drives it over loopback
//! with keep-alive and Basic auth, turn by turn in short slices with: bare hyper answering as many bytes
//! (the limit), to a GET without more and to the same request; dav-server over its MemFs; and nginx with
//! dav-ext and Apache mod_dav, where they are installed, over a directory of as many empty files. A ratio
//! is the median of the ratios of slices that ran next to each other, since the speed of a shared machine
//! drifts. The server runs without its access log unless a row says otherwise, and so do the others.

mod client;
mod measure;
mod process;
mod report;
mod requests;
mod rivals;
mod rows;
mod seed;

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

use report::Report;

/// Whatever goes wrong ends the program, and is printed.
pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Measures the release server.
#[derive(Parser)]
struct Options {
    /// Users in the large store
    #[arg(long, default_value_t = 100_000)]
    users: usize,
    /// Custom groups in the large store
    #[arg(long, default_value_t = 20_000)]
    groups: usize,
    /// Where the stores are made, and found again by the next run [default: a temporary directory]
    #[arg(long)]
    stores: Option<PathBuf>,
    /// The server
    #[arg(long, default_value = "target/release/davgroups")]
    server: PathBuf,
    /// Turns of each measurement
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Length of a slice in milliseconds
    #[arg(long, default_value_t = 250)]
    slice: u64,
    /// Only the sections whose names contain this
    #[arg(long, default_value = "")]
    only: String,
    /// Prints JSON rather than a table
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

/// What this program is when it was started by itself.
#[derive(Subcommand)]
enum Role {
    /// Bare hyper: /N and what is below it answer N bytes
    #[command(hide = true)]
    Hyper,
    /// dav-server over its MemFs with N empty files in /files/
    #[command(hide = true)]
    Memfs {
        /// As many files
        files: usize,
    },
    /// A transaction per request: PUT adds a row to a new database in this directory, durably
    #[command(hide = true)]
    Transactions {
        /// Where
        directory: PathBuf,
    },
}

fn main() -> Result<()> {
    let options = Options::parse();
    match &options.role {
        Some(Role::Hyper) => rivals::serve_hyper(),
        Some(Role::Memfs { files }) => rivals::serve_memfs(*files),
        Some(Role::Transactions { directory }) => rivals::serve_transactions(directory),
        None => run(&options),
    }
}

fn run(options: &Options) -> Result<()> {
    let temporary = tempfile::tempdir()?;
    let stores = options.stores.clone().unwrap_or_else(|| temporary.path().to_owned());
    let bench = rows::Bench {
        server: options.server.clone(),
        large: seed::store(&stores, options.users, options.groups)?,
        small: seed::store(&stores, seed::SMALL_USERS, seed::SMALL_GROUPS)?,
        rounds: options.rounds,
        slice: Duration::from_millis(options.slice),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut report = Report::new(options.users, options.groups, options.rounds, options.slice);
    for (name, section) in rows::SECTIONS {
        if name.contains(options.only.as_str()) {
            eprintln!("{name} ...");
            runtime.block_on(section(&bench, &mut report))?;
        }
    }
    if options.json { report.print_json() } else { report.print() }
}
