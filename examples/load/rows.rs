//! The measurements, one section each.

use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use davgroups::auth::{Authenticator, GuessLimits};
use davgroups::domain::{Password, PasswordHash};
use davgroups::service::Passwords;
use davgroups::store::sqlite::FILE_NAME;
use davgroups::{App, Config};
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, try_join_all};

use crate::Result;
use crate::client::Connection;
use crate::measure::{Lane, Slices, in_turn, median};
use crate::process::Server;
use crate::report::{Report, Target};
use crate::requests::{self, GROUPS};
use crate::rivals;
use crate::seed::{self, Seeded, user};

/// What every section needs.
pub struct Bench {
    pub server: PathBuf,
    pub large: Seeded,
    pub small: Seeded,
    pub rounds: usize,
    pub slice: Duration,
}

type Section = for<'b> fn(&'b Bench, &'b mut Report) -> LocalBoxFuture<'b, Result<()>>;

/// All sections by name.
pub const SECTIONS: [(&str, Section); 9] = [
    ("point", |bench, report| point(bench, report).boxed_local()),
    ("listing", |bench, report| listing(bench, report).boxed_local()),
    ("auth", |bench, report| auth(bench, report).boxed_local()),
    ("logins", |bench, report| logins(bench, report).boxed_local()),
    ("writes", |bench, report| writes(bench, report).boxed_local()),
    ("start", |bench, report| start(bench, report).boxed_local()),
    ("memory", |bench, report| memory(bench, report).boxed_local()),
    ("growth", |bench, report| growth(bench, report).boxed_local()),
    ("search", |bench, report| search(bench, report).boxed_local()),
];

impl Bench {
    fn start(&self, store: &Seeded) -> Result<Server> {
        Server::davgroups(&self.server, &store.data_dir, &[])
    }

    async fn drive(&self, lanes: &[Lane<'_>], connections: usize) -> Result<Vec<Slices>> {
        in_turn(lanes, connections, self.rounds, self.slice).await
    }
}

/// Requests for one thing, beside bare hyper.
async fn point(bench: &Bench, report: &mut Report) -> Result<()> {
    let (ours, hyper) = (bench.start(&bench.large)?, Server::role(&["hyper"])?);
    let logging =
        Server::davgroups(&bench.server, &bench.small.data_dir, &[("DAVGROUPS_LOG_LEVEL", "info")])?;
    let ocs = Lane::new("OCS getuser", &ours, 200, requests::getuser(""));
    let dav = Lane::new("PROPFIND Depth 0", &ours, 207, requests::propfind_group(""));
    let logged = Lane::new("OCS getuser, with access log", &logging, 200, requests::getuser(""));
    let anew = Lane::new("OCS getuser, never asked before", &ours, 200, requests::getuser_anew());
    let mut lanes = vec![ocs, dav, logged, anew];
    let lengths = [lanes[0].probe().await?.length, lanes[1].probe().await?.length];
    lanes.extend(lengths.map(|length| bare(&hyper, length)));
    let roots = lengths.map(|length| format!("/{length}"));
    lanes.push(Lane::new("bare hyper, same getuser", &hyper, 200, requests::getuser(&roots[0])));
    lanes.push(Lane::new("bare hyper, same PROPFIND", &hyper, 200, requests::propfind_group(&roots[1])));
    let asked = Target::AtLeast(0.8);
    for connections in [8, 64] {
        let done = bench.drive(&lanes, connections).await?;
        for (own, limit, same, target) in [
            (0, 4, "", asked),
            (0, 6, " with the same request", Target::None),
            (1, 5, "", asked),
            (1, 7, " with the same request", Target::None),
            (3, 4, "", Target::None),
        ] {
            let what = format!("{}, {connections} connections, of bare hyper{same}", done[own].name);
            report.figure(what, done[own].ratio(&done[limit]), "x", target);
        }
        report.lanes("point", connections, &done);
    }
    Ok(())
}

/// A thousand members, beside everybody.
async fn listing(bench: &Bench, report: &mut Report) -> Result<()> {
    const MEMBERS: usize = 1_000;
    let root = tempfile::tempdir()?;
    std::fs::set_permissions(root.path(), std::fs::Permissions::from_mode(0o755))?;
    rivals::make_files(root.path(), MEMBERS)?;
    let (ours, hyper) = (bench.start(&bench.large)?, Server::role(&["hyper"])?);
    let memfs = Server::role(&["memfs", &MEMBERS.to_string()])?;
    let (nginx, apache) = (rivals::nginx(root.path())?, rivals::apache(root.path())?);

    let mut lanes = vec![
        Lane::new("first rendering", &ours, 207, requests::members_anew("thousand")),
        Lane::repeat("repeated", &ours, 207, requests::members("thousand")),
    ];
    let length = lanes[1].probe().await?.length;
    lanes.push(bare(&hyper, length));
    lanes.push(Lane::repeat("dav-server MemFs", &memfs, 207, requests::files()));
    let others = [("nginx dav-ext", &nginx), ("Apache mod_dav", &apache)];
    for (name, server) in others {
        lanes.extend(server.iter().map(|server| Lane::repeat(name, server, 207, requests::files())));
    }
    for connections in [8, 64] {
        let done = bench.drive(&lanes, connections).await?;
        let targets = [("dav-server MemFs", 15.0), ("nginx dav-ext", 3.0), ("Apache mod_dav", 25.0)];
        for (name, target) in targets {
            for other in done.iter().filter(|other| other.name == name) {
                let what = format!("1,000 members, first rendering, {connections} connections, to {name}");
                report.figure(what, done[0].ratio(other), "x", Target::AtLeast(target));
            }
        }
        let what =
            format!("1,000 members, repeated, {connections} connections, of the same bytes from memory");
        report.figure(what, done[1].ratio(&done[2]), "x", Target::AtLeast(0.8));
        report.lanes("listing", connections, &done);
    }
    Ok(())
}

/// What it costs to know a credential again, beside the whole request.
async fn auth(bench: &Bench, report: &mut Report) -> Result<()> {
    const LOGINS: u32 = 20_000;
    let server = bench.start(&bench.small)?;
    let lanes = [Lane::new("OCS getuser", &server, 200, requests::getuser(""))];
    let done = bench.drive(&lanes, 8).await?;
    drop(lanes);
    drop(server);

    let app = App::open(&Config { data_dir: bench.small.data_dir.clone(), ..Config::default() })?;
    let authenticator = Authenticator::new(app.service().clone(), GuessLimits::default())?;
    let mut request = http::Request::builder();
    let text = requests::get("/", Some(&user(0)));
    for line in std::str::from_utf8(&text)?.lines().filter_map(|line| line.split_once(": ")) {
        request = request.header(line.0, line.1);
    }
    let request = request.body(())?;
    let mut each = Vec::new();
    for _ in 0..=bench.rounds {
        let start = Instant::now();
        for _ in 0..LOGINS {
            authenticator.authenticate(request.headers(), IpAddr::V4(Ipv4Addr::LOCALHOST)).await?;
        }
        each.push(start.elapsed().as_secs_f64() * 1e6 / f64::from(LOGINS));
    }
    let cost = median(each.into_iter().skip(1));
    report.figure("cached credential", cost, "µs", Target::None);
    report.figure(
        "cached credential, of the CPU of OCS getuser",
        cost / done[0].cpu() * 100.0,
        "%",
        Target::Under(8.0),
    );
    Ok(())
}

/// Sixty-four people log in at once to a server that knows none of them.
async fn logins(bench: &Bench, report: &mut Report) -> Result<()> {
    const PEOPLE: usize = 64;
    let cores = std::thread::available_parallelism()?.get();
    let passwords = Passwords::new()?;
    let password = Password::offered(seed::PASSWORD.to_owned());
    let hash: PasswordHash = passwords.hash(&password).await?;
    let (mut ratios, mut grown) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds.min(5) {
        let server = bench.start(&bench.small)?;
        Lane::repeat("warm", &server, 200, requests::get("/status.php", None)).probe().await?;
        let before = server.memory();
        let open = try_join_all((0..PEOPLE).map(|_| Connection::open(server.address))).await?;
        let start = Instant::now();
        try_join_all(open.into_iter().enumerate().map(|(number, connection)| log_in(connection, number)))
            .await?;
        let together = start.elapsed();
        grown.push(server.peak().saturating_sub(before) as f64 / MEGABYTE);
        drop(server);
        let start = Instant::now();
        for _ in 0..PEOPLE / cores {
            passwords.verify(&password, Some(&hash), Vec::new()).await?;
        }
        ratios.push(together.as_secs_f64() / start.elapsed().as_secs_f64());
    }
    let what = "64 cold logins at once, of (64 / cores) hashes one after another";
    report.figure(what, median(ratios.into_iter()), "x", Target::Under(3.0));
    report.figure(
        "64 cold logins at once, more memory",
        median(grown.into_iter()),
        "MB",
        Target::Under(40.0),
    );
    Ok(())
}

const MEGABYTE: f64 = 1_048_576.0;

async fn log_in(mut connection: Connection, number: usize) -> Result<()> {
    let user = user(number);
    let request = requests::get(&format!("/ocs/v1.php/cloud/users/{user}"), Some(&user));
    let answer = connection.exchange(&request).await?;
    if answer.status == 200 { Ok(()) } else { Err(format!("login answered {}", answer.status).into()) }
}

/// Adding members durably, beside a server that makes a transaction of each request.
async fn writes(bench: &Bench, report: &mut Report) -> Result<()> {
    let directory = tempfile::tempdir_in(bench.small.data_dir.parent().unwrap_or(Path::new(".")))?;
    std::fs::copy(bench.small.data_dir.join(FILE_NAME), directory.path().join(FILE_NAME))?;
    let path = directory.path().display().to_string();
    let (server, single) = (bench.start(&bench.small)?, Server::role(&["transactions", &path])?);
    let groups = Groups::make(&server, 256).await?;
    let next = Rc::default();
    let lanes = [
        Lane::new("PUT member", &server, 201, groups.add_member(bench.small.users)),
        Lane::new(
            "one transaction per request",
            &single,
            201,
            requests::add_member(rivals::transaction_groups(), bench.small.users, next),
        ),
    ];
    for (connections, target) in [(1, 1.0), (64, 8.0)] {
        let done = bench.drive(&lanes, connections).await?;
        let what = format!("durable PUT member, {connections} clients, to one transaction per request");
        report.figure(what, done[0].ratio(&done[1]), "x", Target::AtLeast(target));
        report.lanes("writes", connections, &done);
    }
    groups.delete(&server).await
}

/// Empty groups to add members to, made over HTTP.
struct Groups {
    uris: Vec<String>,
    next: Rc<Cell<usize>>,
}

impl Groups {
    async fn make(server: &Server, count: usize) -> Result<Self> {
        let uris: Vec<String> =
            (0..count).map(|number| format!("load{}-{number}", std::process::id())).collect();
        for uri in &uris {
            request(server, "MKCOL", &format!("{GROUPS}{uri}"), 201).await?;
        }
        Ok(Self { uris, next: Rc::default() })
    }

    fn add_member(&self, users: usize) -> crate::measure::Requests {
        requests::add_member(self.uris.clone(), users, Rc::clone(&self.next))
    }

    async fn delete(&self, server: &Server) -> Result<()> {
        for uri in &self.uris {
            request(server, "DELETE", &format!("{GROUPS}{uri}"), 204).await?;
        }
        Ok(())
    }
}

async fn request(server: &Server, method: &str, path: &str, status: u16) -> Result<()> {
    let request = requests::request(method, path, Some("admin"), "", "");
    Lane::repeat(method, server, status, request).probe().await.map(|_| ())
}

/// From starting the process to the first answer.
async fn start(bench: &Bench, report: &mut Report) -> Result<()> {
    let (mut empty, mut full) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        let directory = tempfile::tempdir_in(bench.small.data_dir.parent().unwrap_or(Path::new(".")))?;
        empty.push(milliseconds_to_answer(bench, directory.path()).await?);
        full.push(milliseconds_to_answer(bench, &bench.large.data_dir).await?);
    }
    report.figure(
        "start, new store with its first administrator",
        median(empty.into_iter()),
        "ms",
        Target::Under(50.0),
    );
    let what = format!("start, {} users", bench.large.users);
    report.figure(what, median(full.into_iter()), "ms", Target::Under(150.0));
    Ok(())
}

async fn milliseconds_to_answer(bench: &Bench, data_dir: &Path) -> Result<f64> {
    let start = Instant::now();
    let server = Server::davgroups(&bench.server, data_dir, &[])?;
    Lane::repeat("start", &server, 200, requests::get("/status.php", None)).probe().await?;
    Ok(start.elapsed().as_secs_f64() * 1e3)
}

/// What the process takes, idle and busy.
async fn memory(bench: &Bench, report: &mut Report) -> Result<()> {
    let server = bench.start(&bench.large)?;
    Lane::new("first login", &server, 200, requests::getuser("")).probe().await?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    report.figure(
        "memory, idle after the first login",
        server.memory() as f64 / MEGABYTE,
        "MB",
        Target::Under(15.0),
    );
    let lanes = [
        Lane::new("OCS getuser", &server, 200, requests::getuser("")),
        Lane::new("PROPFIND Depth 0", &server, 207, requests::propfind_group("")),
        Lane::new("1,000 members anew", &server, 207, requests::members_anew("thousand")),
        Lane::repeat("1,000 members repeated", &server, 207, requests::members("thousand")),
    ];
    in_turn(&lanes, 64, bench.rounds, bench.slice).await?;
    drop(lanes);
    report.figure("memory, 64 connections, peak", server.peak() as f64 / MEGABYTE, "MB", Target::Under(64.0));

    drop(server);
    let server = bench.start(&bench.large)?;
    Lane::repeat("100 members", &server, 207, requests::members("hundred")).probe().await?;
    server.forget_peak()?;
    let before = server.peak();
    let mut slow = Connection::open(server.address).await?;
    slow.send(&requests::members("huge")).await?;
    while slow.sip(64 << 10).await? == 64 << 10 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let more = server.peak().saturating_sub(before) as f64 / MEGABYTE;
    let what =
        format!("memory, listing of {} members to a slow reader, more", seed::HUGE.min(bench.large.users));
    report.figure(what, more, "MB", Target::Under(16.0));
    Ok(())
}

/// The same requests to a large and a small store.
async fn growth(bench: &Bench, report: &mut Report) -> Result<()> {
    let (large, small) = (bench.start(&bench.large)?, bench.start(&bench.small)?);
    let (large_groups, small_groups) = (Groups::make(&large, 256).await?, Groups::make(&small, 256).await?);
    let users = bench.small.users;
    let lanes = [
        Lane::new("OCS getuser, large store", &large, 200, requests::getuser_anew()),
        Lane::new("OCS getuser, small store", &small, 200, requests::getuser_anew()),
        Lane::new("100 members, large store", &large, 207, requests::members_anew("hundred")),
        Lane::new("100 members, small store", &small, 207, requests::members_anew("hundred")),
        Lane::new("PUT member, large store", &large, 201, large_groups.add_member(users)),
        Lane::new("PUT member, small store", &small, 201, small_groups.add_member(users)),
    ];
    let done = bench.drive(&lanes, 8).await?;
    for (pair, what) in done.chunks(2).zip(["OCS getuser", "PROPFIND of 100 members", "add member"]) {
        let what = format!("{what}, large store, times the small one's time");
        report.figure(what, pair[1].ratio(&pair[0]), "x", Target::Under(1.2));
    }
    report.lanes("growth", 8, &done);
    large_groups.delete(&large).await?;
    small_groups.delete(&small).await
}

/// Searches, beside a look-up.
async fn search(bench: &Bench, report: &mut Report) -> Result<()> {
    let server = bench.start(&bench.large)?;
    let users = "/ocs/v1.php/cloud/users";
    let get = |name, path| Lane::new(name, &server, 200, requests::asked_anew(path));
    let paged = |name, path| Lane::new(name, &server, 200, requests::pages(path));
    let report_groups = |name, pattern| Lane::new(name, &server, 207, requests::search_groups(pattern));
    let lanes = [
        get("OCS getuser", format!("{users}/{}?", user(4321))),
        get("getusers?search=xanthippe", format!("{users}?search=xanthippe")),
        report_groups("search-query quokka", "quokka"),
        get("getusers?search=0004321", format!("{users}?search=0004321")),
        report_groups("search-query 0004321", "0004321"),
        get("getusers, first page of all", format!("{users}?limit=10")),
        paged("getusers?search=grace, page by page", format!("{users}?search=grace")),
        paged("getusers?search=09 (2 characters), page by page", format!("{users}?search=09")),
    ];
    let done = bench.drive(&lanes, 2).await?;
    for (number, lane) in done.iter().enumerate().skip(1) {
        let target = if number < 3 { Target::Under(10.0) } else { Target::None };
        report.figure(
            format!("{}, times the time of a look-up", lane.name),
            done[0].ratio(lane),
            "x",
            target,
        );
    }
    report.lanes("search", 2, &done);
    Ok(())
}

fn bare(hyper: &Server, length: usize) -> Lane<'_> {
    Lane::repeat("bare hyper, same bytes", hyper, 200, requests::get(&format!("/{length}"), None))
}
