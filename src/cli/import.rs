//! `davgroups import`.

use std::fmt::Write;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use serde_json::{Value, json};

use super::files::{File, Layout, table_file};
use super::operator::{block_on, open, rehearse};
use super::output::Output;
use super::{Failure, output, progress};
use crate::config::Config;
use crate::export::TableName;
use crate::import::Reading;
use crate::import::file::{self, Content};
use crate::import::owncloud::{self, Done};
use crate::service::{Finding, Inventory, Moved, Service, Tally};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "\
The file is one that `davgroups export` wrote, or that has the same shape. What may be left out is said in
the README. CSV is a directory with some of users.csv, groups.csv, group_members.csv, custom_groups.csv and
custom_group_members.csv, or one of these files.

All is taken over in one transaction, or nothing. What is here already stays as it is, so it can be run
again. Rows that cannot be taken are named, each with its place and reason, and do not stop the others, unless
--strict says so. Users who come without the hash of a password cannot log in before `davgroups user passwd`.

Examples:
  davgroups import everything.yaml --dry-run
  davgroups import users.csv
  davgroups import tables
  davgroups import owncloud /var/www/owncloud/data/owncloud.db")]
pub(super) struct Options {
    #[command(flatten)]
    file: File,
    #[command(flatten)]
    how: How,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What every import takes, wherever it reads.
#[derive(Args)]
struct How {
    /// Print what would happen, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Take nothing over if any row would be left out, and exit with 1
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    output: Output,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Take over users, groups and custom groups of an ownCloud or a Nextcloud
    ///
    /// Reads the SQLite or PostgreSQL database of the other server, or a dump in SQL that mysqldump or
    /// mariadb-dump made of its database, and changes nothing in it. Ids, names, e-mail
    /// addresses, quotas, states, guests, groups, subadmins, the numbers of custom groups and the roles of
    /// their members are kept, and so are passwords: everybody logs in with the old one. All is taken over
    /// in one transaction, or nothing. What is here already stays as it is, so it can be run again. Rows
    /// that cannot be taken are named, each with its reason, and do not stop the others, unless --strict says so.
    #[command(after_help = "Examples:
  davgroups import owncloud /var/www/owncloud/data/owncloud.db --dry-run
  davgroups import owncloud owncloud.db --dry-run --output csv >rehearsal.csv
  davgroups import owncloud owncloud.db --data-dir /var/lib/davgroups
  davgroups import owncloud dump.sql --salt-file passwordsalt
  zcat dump.sql.gz | davgroups import owncloud - --dry-run
  PGPASSWORD=s3cret davgroups import owncloud postgres://owncloud@localhost/owncloud")]
    Owncloud(Owncloud),
}

#[derive(Args)]
pub(super) struct Owncloud {
    /// The SQLite file, most often data/owncloud.db, a dump whose name ends in .sql (- for standard input), or
    /// the URL of a PostgreSQL database; its password can be in the variable PGPASSWORD
    source: PathBuf,
    /// What the names of the tables begin with [default: found out]
    #[arg(long, value_name = "PREFIX")]
    prefix: Option<String>,
    /// Read the `passwordsalt` of config.php, which the oldest passwords need, from this file
    #[arg(long, value_name = "FILE")]
    salt_file: Option<PathBuf>,
    #[command(flatten)]
    how: How,
}

pub(super) fn run(options: &Options, config: &Config) -> Result<(), Failure> {
    let (reading, how) = match &options.command {
        Some(Command::Owncloud(command)) => (read_owncloud(command)?, &command.how),
        None => (read_files(&options.file)?, &options.how),
    };
    if how.dry_run || how.strict {
        let moved = rehearse(config, |service| write(service, reading.inventory.clone(), true))?;
        let left_out = left_out(&findings(&reading.findings, &moved));
        if how.dry_run || left_out > 0 {
            let why = if how.dry_run { "this was a dry run" } else { "rows would be left out" };
            how.print(&reading.findings, &moved, Some(why))?;
        }
        if how.strict && left_out > 0 {
            return Err(Failure::Failed(format!(
                "nothing was changed; rows that would be left out: {left_out}"
            )));
        }
    }
    if how.dry_run {
        return Ok(());
    }
    let moved = write(&open(config)?, reading.inventory, false)?;
    how.print(&reading.findings, &moved, None)
}

impl How {
    fn print(&self, read: &[Finding], moved: &Moved, unchanged: Option<&str>) -> Result<(), Failure> {
        let findings = findings(read, moved);
        match self.output.is_plain() {
            true => output::print(&describe(&findings, moved, unchanged)),
            false => self.output.list(&["verdict", "subject", "detail"], &rows(&findings, moved)),
        }
    }
}

/// What was found when reading and when writing.
fn findings<'a>(read: &'a [Finding], moved: &'a Moved) -> Vec<&'a Finding> {
    read.iter().chain(&moved.findings).collect()
}

fn left_out(findings: &[&Finding]) -> usize {
    findings.iter().filter(|finding| !finding.taken).count()
}

fn read_files(file: &File) -> Result<Reading, Failure> {
    let files = match file.layout()? {
        Layout::Directory => read_tables(file.path())?,
        Layout::File(content) if file.is_standard() => {
            let mut bytes = Vec::new();
            let failed = |error| Failure::Failed(format!("cannot read standard input: {error}"));
            io::stdin().lock().read_to_end(&mut bytes).map_err(failed)?;
            vec![("standard input".to_owned(), content, bytes)]
        }
        Layout::File(content) => vec![(file.path().display().to_string(), content, read_file(file.path())?)],
    };
    file::read(&files).map_err(Failure::failed)
}

/// The tables that are there.
fn read_tables(directory: &Path) -> Result<Vec<(String, Content, Vec<u8>)>, Failure> {
    let mut tables = Vec::new();
    for table in TableName::ALL {
        let path = table_file(directory, table);
        if path.is_file() {
            tables.push((path.display().to_string(), Content::Table(table), read_file(&path)?));
        }
    }
    if tables.is_empty() {
        let names = TableName::ALL.map(|table| format!("{}.csv", table.as_str())).join(", ");
        return Err(Failure::Failed(format!("{} has none of the files {names}", directory.display())));
    }
    Ok(tables)
}

fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::Failed(format!("cannot read {}: {error}", path.display())))
}

fn read_owncloud(command: &Owncloud) -> Result<Reading, Failure> {
    let salt = command.salt_file.as_ref().map(|path| {
        let unreadable = |error| Failure::Failed(format!("cannot read {}: {error}", path.display()));
        let text = fs::read_to_string(path).map_err(unreadable)?;
        Ok::<_, Failure>(text.trim_end_matches(['\r', '\n']).to_owned())
    });
    let options = owncloud::Options {
        prefix: command.prefix.clone(),
        salt: salt.transpose()?,
        password: std::env::var("PGPASSWORD").ok(),
    };
    let bars = [progress::reading(), progress::counting()];
    let watch = |done: Done| match done {
        Done::Bytes { read, of } => {
            bars[0].set_length(of);
            bars[0].set_position(read);
        }
        Done::Rows(read) => bars[1].set_position(read),
    };
    let reading = owncloud::read(&command.source, &options, &watch);
    bars.iter().for_each(ProgressBar::finish_and_clear);
    reading.map_err(Failure::failed)
}

fn write(service: &Service, inventory: Inventory, dry_run: bool) -> Result<Moved, Failure> {
    let bar = progress::writing(u64::try_from(inventory.rows()).unwrap_or(u64::MAX));
    let advancing = bar.clone();
    let moved = block_on(async { Ok(service.import(inventory, dry_run, move || advancing.inc(1)).await?) });
    bar.finish_and_clear();
    moved
}

/// `unchanged` is why nothing of that was done, if so.
fn describe(findings: &[&Finding], moved: &Moved, unchanged: Option<&str>) -> String {
    let mut text = String::new();
    for finding in findings {
        // Names of other servers may hold anything; a line break in one would forge a line.
        let Finding { subject, reason, .. } = finding;
        let said = format!("{}: {subject}: {reason}", verdict(finding)).replace(char::is_control, "?");
        line(&mut text, &said);
    }
    for (name, Tally { added, present }) in tallies(moved) {
        line(&mut text, &format!("{name}: {added} taken over, {present} here already"));
    }
    let left_out = left_out(findings);
    line(&mut text, &format!("{left_out} rows left out, {} noted", findings.len() - left_out));
    if let Some(reason) = unchanged {
        line(&mut text, &format!("nothing was changed, for {reason}"));
    }
    text
}

/// The same for programs.
fn rows(findings: &[&Finding], moved: &Moved) -> Vec<Vec<Value>> {
    let finding =
        |finding: &&Finding| vec![json!(verdict(finding)), json!(finding.subject), json!(finding.reason)];
    let tally = |(name, Tally { added, present })| {
        [
            vec![json!("taken over"), json!(name), json!(added)],
            vec![json!("here already"), json!(name), json!(present)],
        ]
    };
    findings.iter().map(finding).chain(tallies(moved).into_iter().flat_map(tally)).collect()
}

fn verdict(finding: &Finding) -> &'static str {
    if finding.taken { "note" } else { "left out" }
}

fn tallies(moved: &Moved) -> [(&'static str, Tally); 6] {
    [
        ("users", moved.users),
        ("groups", moved.groups),
        ("members of groups", moved.group_members),
        ("subadmins", moved.subadmins),
        ("custom groups", moved.custom_groups),
        ("members of custom groups", moved.memberships),
    ]
}

fn line(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}
