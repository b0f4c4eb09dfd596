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
    let json: serde_json::Value =
        serde_json::from_str(&scratch.run(&["config", "show", "--output", "json"])).expect("JSON");
    let listen =
        json.as_array().and_then(|keys| keys.iter().find(|key| key["key"] == "listen")).expect("listen");
    assert_eq!(*listen, serde_json::json!({"key": "listen", "value": "127.0.0.1:8080", "origin": "default"}));
    assert!(scratch.run(&["config", "show", "--output", "csv"]).contains("\nlog_level,info,default\n"));
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
    for (text, reason) in [
        ("listn = 'x'", "\"listn\" in "),
        ("listen = 'x'", "\"listen\" in "),
        ("=", "line 1: "),
        ("tls_certificate = '/none.pem'\ntls_key = '/none.key'", "cannot use /none.pem: "),
    ] {
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

/// The commands below `command`, as its help lists them.
fn below(scratch: &Scratch, command: &[String]) -> (String, Vec<Vec<String>>) {
    let mut arguments: Vec<_> = command.iter().map(String::as_str).collect();
    arguments.push("--help");
    let help = scratch.run(&arguments);
    let listed =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter_map(|line| line.split_whitespace().next());
    let commands = names.map(|name| [command, &[name.to_owned()]].concat()).collect();
    (help, commands)
}

/// Whatever is looked at for help shows by examples how it is used.
#[test]
fn every_command_has_an_example() {
    let scratch = Scratch::new();
    let mut commands = vec![Vec::new()];
    let mut seen = 0;
    while let Some(command) = commands.pop() {
        let (help, more) = below(&scratch, &command);
        let called = format!("davgroups {}", command.join(" "));
        let examples = help.split_once("Example").unwrap_or_else(|| panic!("{called}: {help}")).1;
        assert!(examples.contains(called.trim_end()), "{called}: {examples}");
        commands.extend(more);
        seen += 1;
    }
    assert!(seen > 70, "{seen} commands");
}
