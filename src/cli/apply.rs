//! `davgroups apply`: making users and groups be as a file declares them.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use super::files::STANDARD;
use super::operator::{block_on, open, rehearse};
use super::output::Output;
use super::{Failure, words};
use crate::config::Config;
use crate::domain::{Action, Change, UserId};
use crate::import::declaration::{self, DeclarationError, Secrets};
use crate::service::{Applied, Declaration, DeclaredPassword};

#[derive(Args)]
#[command(after_help = "\
The file is YAML, or JSON, and what `davgroups export` writes is such a file:

  users:
  - id: alice
    display_name: Alice Liddell
    email: alice@example.org
    quota: 5 GB
    enabled: true
    password_file: alice.secret     # or password_env: VARIABLE; only for a user who is not there yet
  groups:
  - id: staff
    members: [alice]
    subadmins: [alice]
  custom_groups:
  - uri: team
    display_name: The team
    members:
    - {user: alice, role: admin}

What is not said is left as it is, and what is not named is not touched. With --prune, who is in a group whose
members are declared is taken out if not among them, and what an earlier apply made is deleted if it is declared
no longer; what others made never is. A file in which nothing stands is refused: to declare nothing, write {}.
All is done in one transaction, or nothing. Each change is printed.

Exit codes: 0 everything is as declared, 1 it could not be done, 2 with --check: it is not.

Examples:
  davgroups apply groups.yaml --dry-run
  davgroups apply groups.yaml --prune
  davgroups apply groups.yaml --check --output json")]
pub(super) struct Options {
    /// The file, or - for standard input
    file: PathBuf,
    /// Print what would be changed, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// The same, and exit with 2 if anything would be
    #[arg(long)]
    check: bool,
    /// Undo what is declared no longer
    #[arg(long)]
    prune: bool,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(options: &Options, config: &Config) -> Result<(), Failure> {
    let declaration = Arc::new(read(&options.file)?);
    let changes = applied(options, config, &declaration)?.map_err(|impossible| {
        refused(impossible.into_iter().map(|one| format!("{}: {}", one.subject, words(one.error))).collect())
    })?;
    let rows: Vec<_> = changes.iter().map(row).collect();
    options.output.list(&["action", "subject", "detail"], &rows)?;
    for user in without_password(&declaration, &changes) {
        eprintln!("user {user}: without a password nobody logs in: davgroups user passwd");
    }
    let count = match changes.len() {
        0 => "nothing to do".to_owned(),
        1 => "1 change".to_owned(),
        several => format!("{several} changes"),
    };
    match changes.len() {
        0 => eprintln!("{count}"),
        _ if options.check => return Err(Failure::Usage(format!("{count} to be made"))),
        _ if options.dry_run => eprintln!("{count} would be made"),
        _ => eprintln!("{count} made"),
    }
    Ok(())
}

fn applied(options: &Options, config: &Config, declaration: &Arc<Declaration>) -> Result<Applied, Failure> {
    let declaration = Arc::clone(declaration);
    if options.dry_run || options.check {
        return rehearse(config, |service| {
            block_on(async { Ok(service.compare(declaration, options.prune).await?) })
        });
    }
    let service = open(config)?;
    block_on(async { Ok(service.apply(declaration, options.prune).await?) })
}

/// Those who are made with nothing to log in with.
fn without_password<'a>(
    declaration: &'a Declaration,
    changes: &'a [Change],
) -> impl Iterator<Item = &'a UserId> {
    let made = changes.iter().filter(|change| change.action == Action::CREATE_USER);
    let made: HashSet<&str> = made.map(|change| change.subject.as_str()).collect();
    let users = declaration.users.iter().filter(|user| matches!(user.password, DeclaredPassword::None));
    users.map(|user| &user.id).filter(move |id| made.contains(id.as_str()))
}

fn row(change: &Change) -> Vec<Value> {
    vec![json!(change.action.as_str()), json!(change.subject), json!(change.detail)]
}

fn read(path: &Path) -> Result<Declaration, Failure> {
    let mut text = Vec::new();
    let standard = path == Path::new(STANDARD);
    let read = match standard {
        true => io::stdin().lock().read_to_end(&mut text).map(drop),
        false => fs::read(path).map(|bytes| text = bytes),
    };
    read.map_err(|error| Failure::Failed(format!("cannot read {}: {error}", path.display())))?;
    let directory = path.parent().filter(|_| !standard).unwrap_or(Path::new(""));
    let variable = |name: &str| std::env::var(name).ok();
    declaration::read(&text, &Secrets { directory, variable: &variable }).map_err(|error| match error {
        DeclarationError::Malformed(reason) => {
            Failure::Failed(format!("{} declares nothing: {reason}", path.display()))
        }
        DeclarationError::Invalid(reasons) => refused(reasons),
    })
}

/// Prints all reasons, a line each.
fn refused(reasons: Vec<String>) -> Failure {
    for reason in &reasons {
        eprintln!("{}", reason.replace(char::is_control, "?"));
    }
    Failure::Failed(format!("nothing was changed, for {} of what is declared cannot be", reasons.len()))
}
