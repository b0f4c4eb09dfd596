//! README's table of the clients that are tested says what `tests/clients/` runs: every script there,
//! nothing else, and the versions that are pinned. `tests/clients/run` runs them.

#![allow(clippy::expect_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the files are that the table is compared with.
const CLIENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");

#[test]
fn table_has_every_script_with_its_version() {
    let named: Vec<String> = table().into_keys().collect();
    assert_eq!(named, scripts(), "left: the table, right: tests/clients");
    for (client, origin) in table() {
        assert!(is_pinned(&client, &origin), "{client}: {origin} is not what is installed");
    }
}

/// The first two columns of the table: names of clients, and where they are from.
fn table() -> BTreeMap<String, String> {
    let readme = include_str!("../README.md");
    let section = readme.split("## Clients that are tested").nth(1).expect("section");
    let rows = section.split("\n## ").next().expect("text").lines().filter(|line| line.starts_with('|'));
    let mut clients = BTreeMap::new();
    for row in rows.skip(2) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let twice = clients.insert(cells[1].to_owned(), cells[2].to_owned());
        assert!(twice.is_none(), "{} stands there twice", cells[1]);
    }
    clients
}

/// The names of all scripts, as the runner finds them.
fn scripts() -> Vec<String> {
    let mut names: Vec<String> = directories()
        .flat_map(|directory| fs::read_dir(directory).expect("directory"))
        .map(|entry| entry.expect("entry").path())
        .filter(|path| {
            path.extension().is_some_and(|ending| ["sh", "py", "mjs"].iter().any(|known| ending == *known))
        })
        .map(|path| path.file_stem().expect("name").to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn directories() -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(CLIENTS).expect("directory");
    entries.map(|entry| entry.expect("entry").path()).filter(|path| path.is_dir())
}

/// Whether the installation takes the client from there: `Debian`, `PyPI VERSION` or `npm VERSION`.
fn is_pinned(client: &str, origin: &str) -> bool {
    match origin.split_once(' ') {
        None => origin == "Debian",
        Some(("PyPI", version)) => {
            let pinned = |line: &str| line.split(' ').next() == Some(&format!("{client}=={version}"));
            let own = format!("{client}.txt");
            let files =
                if is_there(&own) { &[own.as_str()][..] } else { &["requirements.txt", "sdists.txt"] };
            files.iter().any(|file| read(file).lines().any(pinned))
        }
        Some(("npm", version)) => {
            let package: serde_json::Value = serde_json::from_str(&read("package.json")).expect("JSON");
            package["dependencies"][client] == version
        }
        Some(_) => false,
    }
}

fn is_there(file: &str) -> bool {
    Path::new(CLIENTS).join(file).exists()
}

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(CLIENTS).join(file)).expect("file")
}
