//! Every command that the pages for operators print, run as it is printed, on a machine that is a directory.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::deploy::is_missing;
use crate::harness::{Scratch, stdout};
use crate::import::{NORA, OWNCLOUD, Other};

const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

/// Starts and stops the server, as far as the pages ask for it, and knows the units in its directory alone.
const SYSTEMCTL: &str = r#"#!/bin/sh
set -eu
wait_until() { n=0; until "$@"; do n=$((n + 1)); [ $n -lt 600 ]; sleep 0.05; done; }
gone() { ! kill -0 "$(cat ROOT/pid)" 2>/dev/null; }
case "$*" in
"start davgroups")
    davgroups serve >ROOT/log 2>&1 &
    echo $! >ROOT/pid
    wait_until davgroups health >/dev/null 2>&1 ;;
"stop davgroups")
    kill "$(cat ROOT/pid)"
    wait_until gone ;;
"reload davgroups")
    kill -HUP "$(cat ROOT/pid)" ;;
"enable --now "*)
    test -f "ROOT/etc/systemd/system/$3" && test -f "ROOT/etc/systemd/system/${3%.timer}.service" ;;
*)
    echo "this systemctl does not know: $*" >&2
    exit 1 ;;
esac
"#;

/// A machine with the program installed, in a directory.
struct Machine {
    scratch: Scratch,
    address: String,
}

impl Machine {
    fn new() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let machine =
            Self { scratch: Scratch::new(), address: free.local_addr().expect("an address").to_string() };
        for place in
            ["etc/davgroups", "etc/systemd/system", "var/lib/private", "var/backups", "var/www/owncloud/data"]
        {
            fs::create_dir_all(machine.at(place)).expect(place);
        }
        machine.script("usr/local/bin/systemctl", &SYSTEMCTL.replace("ROOT", machine.root()));
        let program = format!("#!/bin/sh\nexec {} \"$@\"\n", env!("CARGO_BIN_EXE_davgroups"));
        machine.script("usr/local/bin/davgroups", &program);
        machine.script("built/davgroups", &program);
        let listen = format!("listen = \"{}\"\n", machine.address);
        fs::write(machine.at("etc/davgroups/davgroups.toml"), listen).expect("written");
        machine
    }

    /// The same with a server that has served.
    fn serving() -> Self {
        let machine = Self::new();
        fs::create_dir(machine.at("var/lib/private/davgroups")).expect("made");
        symlink("private/davgroups", machine.at("var/lib/davgroups")).expect("linked");
        machine.run("export DAVGROUPS_DATA_DIR=/var/lib/davgroups\nsystemctl start davgroups\n");
        machine
    }

    fn root(&self) -> &str {
        self.scratch.directory.path().to_str().expect("text")
    }

    fn at(&self, place: &str) -> PathBuf {
        self.scratch.path(place)
    }

    fn script(&self, place: &str, text: &str) {
        let path = self.at(place);
        fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("made to run");
    }

    /// Runs a page's commands, with its places on this machine.
    fn run(&self, commands: &str) -> String {
        let mut script = commands
            .replace("127.0.0.1:8080", &self.address)
            .replace("target/release/davgroups", "/built/davgroups")
            .replace("curl -u admin ", "curl --fail -u admin:adminpw ")
            .replace("curl --fail -u alice ", "curl --fail -u nora:pw-nora ");
        for place in ["/var/", "/etc/", "/usr/local/", "/built/"] {
            script = script.replace(place, &format!("{}{place}", self.root()));
        }
        let path = std::env::var("PATH").unwrap_or_default();
        let output = Command::new("sh")
            .args(["-eu", "-c", &script])
            .current_dir(REPOSITORY)
            .env("PATH", format!("{}/usr/local/bin:{path}", self.root()))
            .env("DAVGROUPS_CONFIG", self.at("etc/davgroups/davgroups.toml"))
            .env("DAVGROUPS_ADMIN_PASSWORD", "adminpw")
            .env("OC_PASS", "pw-alice")
            .stdin(Stdio::null())
            .output()
            .expect("a shell");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{said}\n{}", String::from_utf8_lossy(&output.stdout));
        stdout(&output)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Ok(pid) = fs::read_to_string(self.at("pid")) {
            // It may have been stopped already; there is nothing else to be done here.
            let _ = Command::new("sh").args(["-c", &format!("kill {pid} 2>/dev/null")]).status();
        }
    }
}

/// The blocks of a page that are in this language, each but the last followed by a line feed.
fn blocks(page: &str, language: &str) -> String {
    let text = fs::read_to_string(format!("{REPOSITORY}/{page}")).expect(page);
    let fence = format!("```{language}\n");
    let blocks: Vec<&str> =
        text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect();
    assert!(!blocks.is_empty(), "{page} has no {language}");
    blocks.concat()
}

#[test]
fn what_the_readme_prints() {
    if is_missing("curl", "--version") {
        return;
    }
    let machine = Machine::serving();
    let commands = blocks("README.md", "sh");
    let said = machine.run(&format!("export DAVGROUPS_DATA_DIR=/var/lib/davgroups\n{commands}"));
    assert!(said.contains("/customgroups/groups/team/alice"), "{said}");
    assert!(said.contains("admin,admin"), "the export: {said}");
}

#[test]
fn what_the_page_on_backups_prints() {
    let machine = Machine::serving();
    machine.run("davgroups customgroup create team --admin admin --data-dir /var/lib/davgroups");
    machine.run(&blocks("docs/backup.md", "sh"));
    let groups = machine.run("davgroups customgroup list --data-dir /var/lib/davgroups");
    assert!(groups.contains("team"), "{groups}");
    assert!(machine.at("var/lib/private/davgroups.before/davgroups.db").is_file());
}

#[test]
fn what_the_page_on_upgrades_prints() {
    let machine = Machine::serving();
    machine.run(&blocks("docs/upgrade.md", "sh"));
    assert!(machine.at("var/lib/private/davgroups.newer/davgroups.db").is_file());
    machine.run("davgroups verify --data-dir /var/lib/davgroups");
}

#[test]
fn what_the_page_on_moving_in_prints() {
    if is_missing("curl", "--version") {
        return;
    }
    let machine = Machine::new();
    let other = Other::at(machine.at("var/www/owncloud/data/owncloud.db"), OWNCLOUD);
    other.user("nora", "Nora", NORA).sql(
        "INSERT INTO oc_groups VALUES ('admin');
         INSERT INTO oc_group_user VALUES ('admin', 'nora');
         INSERT INTO oc_custom_group (uri, display_name) VALUES ('team', 'Team');
         INSERT INTO oc_custom_group_member VALUES (1, 'nora', 1);",
    );
    let said = machine.run(&blocks("docs/migrate.md", "sh"));
    assert!(said.contains("<d:href>/remote.php/dav/customgroups/groups/team/</d:href>"), "{said}");
}

#[test]
fn what_the_page_on_tls_prints() {
    let machine = Machine::new();
    let settings = blocks("docs/tls.md", "toml").replace("/etc/", &format!("{}/etc/", machine.root()));
    let settings = settings.replace("0.0.0.0:8443", &machine.address);
    fs::write(machine.at("etc/davgroups/davgroups.toml"), settings).expect("written");
    let made = rcgen::generate_simple_self_signed(vec!["groups.example.org".to_owned()]).expect("made");
    machine.script("etc/ssl/certs/groups.example.org.pem", &made.cert.pem());
    machine.script("etc/ssl/private/groups.example.org.key", &made.signing_key.serialize_pem());
    machine.run("export DAVGROUPS_DATA_DIR=/var/lib/davgroups\nmkdir -p /var/lib/davgroups\nsystemctl start davgroups\n");
    assert!(machine.run(&blocks("docs/tls.md", "sh")).contains("healthy"));
    let reloaded =
        || fs::read_to_string(machine.at("log")).expect("a log").contains("the certificate was reloaded");
    for _ in 0..500 {
        if reloaded() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("nothing was reloaded");
}

#[test]
fn what_the_page_on_proxies_prints() {
    if is_missing("curl", "--version") {
        return;
    }
    let machine = Machine::serving();
    assert!(machine.run(&blocks("docs/proxy.md", "sh")).contains("\"installed\""));
    fs::write(machine.at("etc/proxy.toml"), blocks("docs/proxy.md", "toml")).expect("written");
    machine.run("davgroups config check --config /etc/proxy.toml");
}
