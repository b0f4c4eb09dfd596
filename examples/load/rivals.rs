//! The servers that ours is held against.

use std::convert::Infallible;
use std::fs;
use std::future::Future;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use dav_server::DavHandler;
use dav_server::davpath::DavPath;
use dav_server::fs::{DavFileSystem, OpenOptions};
use dav_server::memfs::MemFs;
use davgroups::store::sqlite::FILE_NAME;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rusqlite::Connection;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use crate::Result;
use crate::process::{Server, free_address};

/// The longest body that bare hyper answers.
const LONGEST: usize = 4 << 20;

/// Answers requests for `/N` and whatever is below it with N bytes that are in memory, once it has read
/// their bodies.
pub fn serve_hyper() -> Result<()> {
    let bytes = Bytes::from(vec![b'x'; LONGEST]);
    Runtime::new()?.block_on(accept(move |stream| {
        let bytes = bytes.clone();
        let answer = service_fn(move |request: http::Request<Incoming>| {
            let length = request.uri().path().split('/').nth(1).and_then(|length| length.parse().ok());
            let body = Full::new(bytes.slice(..length.unwrap_or(0).min(LONGEST)));
            async {
                request.into_body().collect().await?;
                Ok::<_, hyper::Error>(http::Response::new(body))
            }
        });
        http1::Builder::new().serve_connection(TokioIo::new(stream), answer)
    }))
}

/// dav-server as it comes.
pub fn serve_memfs(files: usize) -> Result<()> {
    Runtime::new()?.block_on(async {
        let memory = MemFs::new();
        memory.create_dir(&DavPath::new("/files/")?).await?;
        for file in 0..files {
            let path = DavPath::new(&format!("/files/{}", file_name(file)))?;
            let options = OpenOptions { write: true, create: true, ..OpenOptions::default() };
            memory.open(&path, options).await?;
        }
        let handler = DavHandler::builder().filesystem(memory).build_handler();
        accept(move |stream| {
            let handler = handler.clone();
            let answer = service_fn(move |request| {
                let handler = handler.clone();
                async move { Ok::<_, Infallible>(handler.handle(request).await) }
            });
            http1::Builder::new().serve_connection(TokioIo::new(stream), answer)
        })
        .await
    })
}

/// Adds a member to a copy of the database in `directory` for each `PUT /group/member`, as durably as
/// davgroups does, in a transaction of its own, and without any check.
pub fn serve_transactions(directory: &Path) -> Result<()> {
    let database = Connection::open(directory.join(FILE_NAME))?;
    database.pragma_update(None, "synchronous", "FULL")?;
    database.pragma_update(None, "foreign_keys", true)?;
    for name in transaction_groups() {
        let sql = "INSERT INTO custom_groups (uri, display_name, display_name_folded) VALUES (?1, ?1, ?1)";
        database.execute(sql, [name])?;
    }
    let database = Arc::new(Mutex::new(database));
    Runtime::new()?.block_on(accept(move |stream| {
        let database = Arc::clone(&database);
        let answer = service_fn(move |request: http::Request<Incoming>| {
            let database = Arc::clone(&database);
            async move {
                let added = tokio::task::spawn_blocking(move || add(&database, request.uri().path())).await;
                let status = if matches!(added, Ok(Ok(()))) { 201 } else { 500 };
                http::Response::builder().status(status).body(Full::new(Bytes::new()))
            }
        });
        http1::Builder::new().serve_connection(TokioIo::new(stream), answer)
    }))
}

/// The groups that [`serve_transactions`] makes.
pub fn transaction_groups() -> Vec<String> {
    (0..256).map(|number| format!("alone{number}")).collect()
}

fn add(database: &Mutex<Connection>, path: &str) -> rusqlite::Result<()> {
    let mut segments = path.rsplit('/');
    let (user, group) = (segments.next(), segments.next());
    let mut database = database.lock().unwrap_or_else(PoisonError::into_inner);
    let transaction = database.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let sql = "INSERT INTO custom_group_members
               SELECT g.number, u.id, 'member', u.display_name, u.guest, unixepoch(), u.number
               FROM custom_groups g, users u WHERE g.uri = ?2 AND u.id = ?1";
    transaction.prepare_cached(sql)?.execute([user, group])?;
    transaction.commit()
}

/// Prints the address and serves each connection on a task of its own, until the process is ended.
async fn accept<C>(serve: impl Fn(TcpStream) -> C) -> Result<()>
where
    C: Future<Output = std::result::Result<(), hyper::Error>> + Send + 'static,
{
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(serve(stream));
    }
}

/// Makes `root/files` with empty files.
pub fn make_files(root: &Path, files: usize) -> Result<()> {
    let directory = root.join("files");
    fs::create_dir(&directory)?;
    for file in 0..files {
        fs::write(directory.join(file_name(file)), "")?;
    }
    Ok(())
}

/// nginx with dav-ext over `root`; none where it is not installed.
pub fn nginx(root: &Path) -> Result<Option<Server>> {
    const MODULE: &str = "/usr/lib/nginx/modules/ngx_http_dav_ext_module.so";
    if !Path::new(MODULE).exists() {
        return Ok(None);
    }
    let address = free_address()?;
    let directory = root.display();
    let text = format!(
        "load_module {MODULE};\nuser root;\nworker_processes auto;\ndaemon off;\n\
         pid {directory}/nginx.pid;\nerror_log /dev/null;\nevents {{ worker_connections 512; }}\n\
         http {{ access_log off; tcp_nodelay on; keepalive_requests 1000000000; keepalive_time 1d;\n\
         server {{ listen {address}; root {directory};\n\
         location / {{ dav_methods PUT DELETE; dav_ext_methods PROPFIND OPTIONS; }} }} }}\n"
    );
    let file = root.join("nginx.conf");
    fs::write(&file, text)?;
    Server::start(Command::new("nginx").arg("-c").arg(&file), address).map(Some)
}

/// Apache with mod_dav over `root`; none where it is not installed.
pub fn apache(root: &Path) -> Result<Option<Server>> {
    const MODULES: &str = "/usr/lib/apache2/modules";
    if !Path::new(MODULES).join("mod_dav_fs.so").exists() {
        return Ok(None);
    }
    let address = free_address()?;
    let directory = root.display();
    let load = |name: &str| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n");
    let modules: String = ["mpm_event", "authz_core", "dav", "dav_fs"].map(load).concat();
    let text = format!(
        "{modules}ServerName localhost\nListen {address}\nPidFile {directory}/apache.pid\n\
         User www-data\nGroup www-data\nErrorLog /dev/null\nDocumentRoot {directory}\n\
         DavLockDB {directory}/locks\nKeepAlive On\nMaxKeepAliveRequests 0\nKeepAliveTimeout 60\n\
         StartServers 2\nThreadsPerChild 64\nServerLimit 4\nMaxRequestWorkers 256\nMaxSpareThreads 256\nDavDepthInfinity Off\n\
         <Directory {directory}>\nDav On\nRequire all granted\n</Directory>\n"
    );
    let file = root.join("apache.conf");
    fs::write(&file, text)?;
    let mut command = Command::new("apache2");
    command.args(["-D", "FOREGROUND", "-f"]).arg(&file);
    Server::start(&mut command, address).map(Some)
}

fn file_name(file: usize) -> String {
    format!("user{file:07}")
}
