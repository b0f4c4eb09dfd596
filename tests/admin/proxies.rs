//! The files in `deploy/` for reverse proxies, each with the program it is for in front of a server.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::deploy::{DEPLOY, is_missing, program};
use crate::harness::{Scratch, stdout};

/// The socket that our files name.
const SOCKET: &str = "unix:/run/davgroups/davgroups.sock";

/// A proxy that runs in the foreground, in a directory of its own.
struct Kind {
    name: &'static str,
    /// What makes it say its version and end.
    version: &'static str,
    /// The name of its configuration.
    file: &'static str,
    /// That, around one of our files: the directory, the address to listen on, our file.
    configuration: fn(&str, &str, &str) -> String,
    /// The arguments to check the configuration, and to run with it.
    check: &'static [&'static str],
    run: &'static [&'static str],
}

const NGINX: Kind = Kind {
    name: "nginx",
    version: "-v",
    file: "nginx.conf",
    configuration: |place, address, ours| {
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {place}/{kind};"))
            .join("\n");
        format!(
            "daemon off; master_process off; pid {place}/nginx.pid; error_log {place}/error.log; events {{}}
             http {{ access_log off; {temporary} server {{ listen {address}; include {ours}; }} }}"
        )
    },
    check: &["-e", "{}/error.log", "-p", "{}", "-c", "{}/nginx.conf", "-t"],
    run: &["-e", "{}/error.log", "-p", "{}", "-c", "{}/nginx.conf"],
};

const CADDY: Kind = Kind {
    name: "caddy",
    version: "version",
    file: "Caddyfile",
    configuration: |_, address, ours| {
        format!("{{\n\tadmin off\n\tauto_https off\n}}\nhttp://{address} {{\n\timport {ours}\n}}\n")
    },
    check: &["validate", "--adapter", "caddyfile", "--config", "{}/Caddyfile"],
    run: &["run", "--adapter", "caddyfile", "--config", "{}/Caddyfile"],
};

const APACHE: Kind = Kind {
    name: "apache2",
    version: "-v",
    file: "apache2.conf",
    configuration: |place, address, ours| {
        let modules = ["mpm_event", "authz_core", "headers", "proxy", "proxy_http"]
            .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
            .concat();
        format!(
            "ServerRoot {place}\nDefaultRuntimeDir {place}\nPidFile {place}/apache.pid\nErrorLog {place}/error.log
ServerName localhost\nListen {address}\n{modules}User nobody\nGroup nogroup\n<VirtualHost {address}>\nInclude {ours}\n</VirtualHost>\n"
        )
    },
    check: &["-f", "{}/apache2.conf", "-t"],
    run: &["-f", "{}/apache2.conf", "-D", "FOREGROUND"],
};

/// A running proxy; killed when dropped.
struct Proxy {
    child: Child,
    address: String,
}

impl Proxy {
    fn start(kind: &Kind, directory: &Path, file: &str, backend: &str) -> Self {
        let ours = fs::read_to_string(format!("{DEPLOY}/{file}")).expect(file);
        Self::start_with(kind, directory, &ours, "127.0.0.1:8080", backend)
    }

    /// With `ours` as it stands but for one place.
    fn start_with(kind: &Kind, directory: &Path, ours: &str, default: &str, backend: &str) -> Self {
        assert!(ours.contains(default), "{ours}");
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = free.local_addr().expect("an address").to_string();
        fs::write(directory.join("ours.conf"), ours.replace(default, backend)).expect("written");
        let place = directory.display().to_string();
        let configuration = (kind.configuration)(&place, &address, &format!("{place}/ours.conf"));
        fs::write(directory.join(kind.file), configuration).expect("written");
        drop(free);
        let command = |arguments: &[&str]| {
            let mut command = program(kind.name);
            command.args(arguments.iter().map(|argument| argument.replace("{}", &place)));
            command.env("HOME", directory).env("XDG_DATA_HOME", directory).current_dir(directory);
            command
        };
        let checked = command(kind.check).output().expect("ran");
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
        let log = fs::File::create(directory.join("proxy.log")).expect("a log");
        let child = command(kind.run).stdout(Stdio::null()).stderr(log).spawn().expect("started");
        let proxy = Self { child, address };
        for _ in 0..1000 {
            if TcpStream::connect(&proxy.address).is_ok() {
                return proxy;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let said = ["error.log", "proxy.log"].map(|log| fs::read_to_string(directory.join(log)));
        panic!("{} does not answer: {said:?}", kind.name);
    }

    /// Status, head and body.
    fn send(&self, method: &str, path: &str, kind: &str, body: &str) -> (u16, String, String) {
        self.send_as("adminpw", method, path, kind, body)
    }

    fn send_as(
        &self,
        password: &str,
        method: &str,
        path: &str,
        kind: &str,
        body: &str,
    ) -> (u16, String, String) {
        let credentials = BASE64_STANDARD.encode(format!("admin:{password}"));
        let mut stream = TcpStream::connect(&self.address).expect("connected");
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Basic {credentials}\r\nContent-Type: {kind}\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a body");
        let status = head.split(' ').nth(1).expect("a status").parse().expect("a number");
        (status, head.to_owned(), body.to_owned())
    }

    #[track_caller]
    fn expect(&self, status: u16, method: &str, path: &str, body: &str) -> String {
        let (found, head, answer) = self.send(method, path, "application/xml", body);
        assert_eq!(found, status, "{method} {path}: {head}\n{answer}");
        answer
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Asked to end first, since one that has others working for it has to end them.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        for _ in 0..300 {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What clients do, below `base`.
fn work_through(proxy: &Proxy, base: &str) {
    let groups = format!("{base}/remote.php/dav/customgroups/groups");
    let (status, head, _) = proxy.send_as("wrong", "PROPFIND", &groups, "application/xml", "");
    assert_eq!(status, 401);
    assert!(head.to_lowercase().contains("www-authenticate: basic"), "{head}");

    // A name with everything that a proxy could read otherwise, and a body for MKCOL.
    let name = "%C3%A9quipe%20a%2Bb%25c%3Fd%3Be";
    let mkcol = r#"<d:mkcol xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:set><d:prop><d:resourcetype><d:collection/></d:resourcetype><oc:display-name>Équipe &amp; co</oc:display-name></d:prop></d:set></d:mkcol>"#;
    proxy.expect(201, "MKCOL", &format!("{groups}/{name}"), mkcol);
    let propfind = r#"<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><oc:display-name/></d:prop></d:propfind>"#;
    let listing = proxy.expect(207, "PROPFIND", &format!("{groups}//{name}"), propfind);
    let href = format!("<d:href>{groups}/{name}/</d:href>");
    assert!(listing.to_lowercase().contains(&href.to_lowercase()), "{listing}");
    assert!(listing.contains("<oc:display-name>Équipe &amp; co</oc:display-name>"), "{listing}");
    let plain = proxy.expect(207, "PROPFIND", &format!("{groups}/./x/../{name}/"), propfind);
    assert_eq!(plain, listing);

    proxy.expect(201, "PUT", &format!("{groups}/{name}/bob"), "");
    proxy.expect(409, "PUT", &format!("{groups}/{name}/bob"), "ignored");
    let export = proxy.expect(200, "GET", &format!("{groups}/{name}?export"), "");
    assert_eq!(export, "admin,admin\nbob,member\n");
    proxy.expect(204, "DELETE", &format!("{groups}/{name}/bob"), "");
    proxy.expect(204, "DELETE", &format!("{groups}/{name}"), "");

    let ocs = format!("{base}/ocs/v2.php/cloud/groups");
    let form = "application/x-www-form-urlencoded";
    for (id, escaped) in
        [("Mgmt%2FSydney", "Mgmt%2FSydney"), ("a%252Fb", "a%252Fb"), ("%2B+%23", "%2B%20%23")]
    {
        let (status, _, answer) = proxy.send("POST", &ocs, form, &format!("groupid={id}"));
        assert_eq!(status, 200, "{id}: {answer}");
        proxy.expect(200, "GET", &format!("{ocs}/{escaped}"), "");
        let (status, _, answer) = proxy.send(
            "POST",
            &format!("{base}/ocs/v2.php/cloud/users/bob/groups"),
            form,
            &format!("groupid={id}"),
        );
        assert_eq!(status, 200, "{id}: {answer}");
        assert!(
            proxy.expect(200, "GET", &format!("{ocs}/{escaped}?format=json"), "").contains("[\"bob\"]"),
            "{id}"
        );
        proxy.expect(200, "DELETE", &format!("{ocs}/{escaped}"), "");
    }
    proxy.expect(200, "OPTIONS", &format!("{base}/"), "");
    let (status, ..) = proxy.send("PROPPATCH", &groups, "application/xml", &" ".repeat((1 << 20) + 1));
    assert_eq!(status, 413, "a body that is too large");
}

/// The server knows who is asking, whatever a client says of itself.
fn tells_who_is_asking(proxy: &Proxy, scratch: &Scratch, base: &str) {
    if is_missing("curl", "--version") {
        return;
    }
    let url = format!("http://{}{base}/ocs/v1.php/config", proxy.address);
    let made_up = ["For: 192.0.2.7", "Proto: https", "Host: evil.example"];
    let headers = made_up.iter().flat_map(|header| ["-H".to_owned(), format!("X-Forwarded-{header}")]);
    // An address that is no proxy of ours.
    let output = program("curl").args(["-s", "--interface", "127.0.0.2"]).args(headers).arg(url).output();
    let answer = stdout(&output.expect("ran"));
    assert!(answer.contains("<ssl>false</ssl>") && !answer.contains("evil"), "{answer}");
    let log = fs::read_to_string(scratch.path("server.log")).expect("a log");
    let line = log.lines().find(|line| line.contains("/ocs/v1.php/config")).expect("a line");
    assert!(line.contains("127.0.0.2"), "{line}");
}

fn behind(kind: &Kind, file: &str, base: &str) {
    if is_missing(kind.name, kind.version) {
        return;
    }
    let scratch = Scratch::new();
    scratch.add_users(&["bob"]);
    let config = scratch.path("davgroups.toml");
    fs::write(&config, format!("base_path = '{base}'\ntrusted_proxies = ['127.0.0.1']")).expect("written");
    let server = scratch.serve_with(&["--config", config.to_str().expect("text")]);
    let proxy = Proxy::start(kind, scratch.directory.path(), file, &server.address);
    work_through(&proxy, base);
    tells_who_is_asking(&proxy, &scratch, base);
    if !base.is_empty() {
        assert_ne!(
            proxy.send("PROPFIND", "/remote.php/dav/customgroups", "", "").0,
            207,
            "only below the path"
        );
    }
}

#[test]
fn nginx_in_front_changes_nothing() {
    behind(&NGINX, "nginx/davgroups.conf", "");
}

#[test]
fn nginx_in_front_of_a_unix_socket() {
    if is_missing(NGINX.name, NGINX.version) {
        return;
    }
    let scratch = Scratch::new();
    scratch.add_users(&["bob"]);
    let config = scratch.path("davgroups.toml");
    let listen = format!("unix:{}", scratch.path("davgroups.sock").display());
    fs::write(&config, "trusted_proxies = ['unix']").expect("written");
    let server = scratch.serve_with(&["--config", config.to_str().expect("text"), "--listen", &listen]);
    assert_eq!(server.address, listen);
    let ours = fs::read_to_string(format!("{DEPLOY}/nginx/davgroups.conf")).expect("read");
    // As its comment says.
    let ours = ours
        .replace("proxy_pass http://127.0.0.1:8080;", "")
        .replace("# proxy_pass http://unix", "proxy_pass http://unix");
    let proxy = Proxy::start_with(&NGINX, scratch.directory.path(), &ours, SOCKET, &listen);
    work_through(&proxy, "");
    tells_who_is_asking(&proxy, &scratch, "");
}

#[test]
fn nginx_in_front_below_a_path() {
    behind(&NGINX, "nginx/owncloud.conf", "/owncloud");
}

#[test]
fn caddy_in_front_changes_nothing() {
    behind(&CADDY, "caddy/davgroups.caddyfile", "");
}

#[test]
fn caddy_in_front_below_a_path() {
    behind(&CADDY, "caddy/owncloud.caddyfile", "/owncloud");
}

#[test]
fn apache_in_front_changes_nothing() {
    behind(&APACHE, "apache/davgroups.conf", "");
}

#[test]
fn apache_in_front_below_a_path() {
    behind(&APACHE, "apache/owncloud.conf", "/owncloud");
}
