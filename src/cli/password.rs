//! Passwords from where they are not seen: files, the environment, standard input.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use clap::Args;
use console::Term;
use zeroize::Zeroizing;

use super::Failure;
use crate::domain::Password;

/// The variable that `--password-from-env` reads unless it names another.
pub(super) const VARIABLE: &str = "OC_PASS";

/// Where a new password comes from; standard input unless told otherwise.
#[derive(Args, Default)]
pub(super) struct Source {
    /// Read the password from the first line of this file instead of standard input
    #[arg(long, value_name = "FILE", conflicts_with = "password_from_env")]
    password_file: Option<PathBuf>,
    /// Read the password from the environment variable OC_PASS, or the one that is named
    #[arg(long, value_name = "VARIABLE", num_args = 0..=1, require_equals = true, default_missing_value = VARIABLE)]
    password_from_env: Option<String>,
}

impl Source {
    pub(super) fn read(&self) -> Result<Password, Failure> {
        match (&self.password_file, &self.password_from_env) {
            (Some(path), _) => from_file(path),
            (None, Some(variable)) => from_variable(variable),
            (None, None) => from_input(),
        }
    }
}

/// The first line of a file.
pub(super) fn from_file(path: &Path) -> Result<Password, Failure> {
    let failed =
        |error| Failure::Failed(format!("cannot read the password file {}: {error}", path.display()));
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(failed)?);
    checked(&text, &path.display().to_string())
}

pub(super) fn from_variable(name: &str) -> Result<Password, Failure> {
    match std::env::var(name) {
        Ok(text) => checked(&Zeroizing::new(text), name),
        Err(error) => Err(Failure::Failed(format!("cannot read the password from {name}: {error}"))),
    }
}

fn from_input() -> Result<Password, Failure> {
    let terminal = Term::stderr();
    if io::stdin().is_terminal() && terminal.is_term() {
        return from_terminal(&terminal);
    }
    let mut line = Zeroizing::new(String::new());
    io::stdin().read_line(&mut line).map_err(|error| unreadable("standard input", &error))?;
    checked(&line, "standard input")
}

/// Typed twice, since it is not shown.
fn from_terminal(terminal: &Term) -> Result<Password, Failure> {
    let ask = |prompt| {
        let line = terminal.write_str(prompt).and_then(|()| terminal.read_secure_line());
        line.map(Zeroizing::new).map_err(|error| unreadable("the terminal", &error))
    };
    let password = ask("Password (it is not shown): ")?;
    if password != ask("The same again: ")? {
        return Err(Failure::Failed("the two passwords differ".to_owned()));
    }
    checked(&password, "the terminal")
}

fn unreadable(source: &str, error: &io::Error) -> Failure {
    Failure::Failed(format!("cannot read the password from {source}: {error}"))
}

/// The first line of `text` as a new password. `source` is named if it is none.
pub(super) fn checked(text: &str, source: &str) -> Result<Password, Failure> {
    let line = text.lines().next().unwrap_or_default();
    Password::new(line).map_err(|_| Failure::Failed(format!("the password from {source} is empty")))
}
