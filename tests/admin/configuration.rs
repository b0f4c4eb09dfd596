//! What is configured, completions and the manual.

use std::fs;

use crate::harness::{Scratch, stdout};

#[test]
fn the_configuration_in_force_is_shown_with_its_origin() {
    let scratch = Scratch::new();
    let file = scratch.path("davgroups.toml");
    fs::write(&file, "compat = 'documented'\nmax_connections = 5\n").expect("written");
    let mut command = scratch.command(&["config", "show", "--origin"]);
    let shown = stdout(
        &command.arg("--config").arg(&file).env("DAVGROUPS_MAX_CONNECTIONS", "6").output().expect("ran"),
    );
    let line = |key: &str| shown.lines().find(|line| line.starts_with(key)).expect(key).to_owned();
    assert_eq!(line("compat"), format!("compat = \"documented\"  # \"compat\" in {}", file.display()));
    assert_eq!(line("max_connections"), "max_connections = 6  # DAVGROUPS_MAX_CONNECTIONS");
    assert_eq!(line("log_level"), "log_level = \"info\"  # default");
    assert!(line("data_dir").ends_with("  # --data-dir"));
    assert!(!scratch.data_dir().exists());
}

#[test]
fn what_is_shown_can_be_read_again() {
    let scratch = Scratch::new();
    let shown = scratch.run(&["config", "show"]);
    let file = scratch.path("again.toml");
    fs::write(&file, &shown).expect("written");
    let again = scratch.run(&["config", "show", "--config", file.to_str().expect("UTF-8")]);
    assert_eq!(again, shown);
}

#[test]
fn a_configuration_is_checked() {
    let scratch = Scratch::new();
    assert_eq!(scratch.run(&["config", "check"]), "the configuration is valid\n");
    let file = scratch.path("davgroups.toml");
    let path = file.to_str().expect("UTF-8").to_owned();
    for (text, reason) in
        [("listn = 'x'", "\"listn\" in "), ("listen = 'x'", "\"listen\" in "), ("=", "line 1: ")]
    {
        fs::write(&file, text).expect("written");
        scratch.refused(&["config", "check", "--config", &path], 2, reason);
    }
}

/// Whoever uncomments everything in the file changes nothing; and no key is missing from it.
#[test]
fn the_file_of_defaults_is_true() {
    let scratch = Scratch::new();
    let defaults = scratch.run(&["config", "default"]);
    let shipped =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/davgroups.toml")).expect("read");
    assert_eq!(defaults, shipped);
    let key = |line: &&str| line.starts_with('#') && line.contains(" = ") && !line.starts_with("# ");
    let lines: Vec<&str> = defaults.lines().filter(key).map(|line| &line[1..]).collect();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_davgroups"));
    let expected = stdout(&command.env_clear().args(["config", "show"]).output().expect("ran"));
    let mut found = lines.clone();
    found.sort_unstable();
    let mut wanted: Vec<&str> = expected.lines().collect();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
    assert_eq!(expected.parse::<toml::Table>().expect("TOML"), lines.join("\n").parse().expect("TOML"));
}

#[test]
fn the_defaults_are_printed_whatever_is_configured() {
    let scratch = Scratch::new();
    let mut command = scratch.command(&["config", "default"]);
    assert!(command.env("DAVGROUPS_NONSENSE", "x").output().expect("ran").status.success());
}

#[test]
fn shells_complete_and_the_manual_names_every_command() {
    let scratch = Scratch::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = scratch.run(&["completions", shell]);
        assert!(script.contains("customgroup") && script.contains("orphans"), "{shell}");
    }
    assert!(scratch.run(&["man"]).starts_with(".ie"));
    let pages = scratch.path("man");
    fs::create_dir(&pages).expect("made");
    assert_eq!(scratch.run(&["man", "--dir", pages.to_str().expect("UTF-8")]), "");
    for page in [
        "davgroups.1",
        "davgroups-user-add.1",
        "davgroups-customgroup-set-role.1",
        "davgroups-occ-user:add.1",
    ] {
        assert!(pages.join(page).is_file(), "{page}");
    }
    scratch.refused(&["man", "--dir", "/none/such"], 1, "cannot write to /none/such");
}

/// Every command that does something has an example and says nothing that is not there.
#[test]
fn every_command_has_an_example() {
    let scratch = Scratch::new();
    let commands = [
        "user add",
        "user list",
        "user show",
        "user set",
        "user passwd",
        "user enable",
        "user disable",
        "user delete",
        "group list",
        "group show",
        "group add",
        "group delete",
        "group add-member",
        "group remove-member",
        "subadmin list",
        "subadmin add",
        "subadmin remove",
        "customgroup list",
        "customgroup show",
        "customgroup create",
        "customgroup rename",
        "customgroup delete",
        "customgroup add",
        "customgroup remove",
        "customgroup set-role",
        "customgroup orphans",
        "app list",
        "app info",
        "app enable",
        "app disable",
        "config show",
        "config check",
        "config default",
        "health",
        "completions",
        "man",
        "occ",
        "import owncloud",
    ];
    for command in commands {
        let mut arguments: Vec<_> = command.split(' ').collect();
        arguments.push("--help");
        let help = scratch.run(&arguments);
        assert!(
            help.contains("Example") && help.contains(&format!("davgroups {command}")),
            "{command}:\n{help}"
        );
    }
}
