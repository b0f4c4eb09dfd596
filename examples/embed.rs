//! The server inside another program.
//!
//! Run it with `cargo run --example embed`. It serves a temporary data directory on a free port, makes a
//! user, lets that user make a custom group over WebDAV, prints the answer, and stops.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use davgroups::domain::{Password, UserId};
use davgroups::{App, Config, server};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let data_dir = std::env::temp_dir().join(format!("davgroups-embed-{}", std::process::id()));
    let config = Config { data_dir: data_dir.clone(), ..Config::default() };

    let app = Arc::new(App::open(&config)?);
    let service = app.service().clone();
    let password = Password::new("wonderland")?;
    service.install_user(UserId::new("alice")?, &password, None, None, Vec::new()).await?;

    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(server::run(listener, app, async move {
        // Whether it was told to stop or nobody can tell it any more: it stops.
        let _ = stopped.await;
    }));

    let answer = tokio::task::spawn_blocking(move || make_group(address)).await??;
    println!("{answer}");
    assert!(answer.starts_with("HTTP/1.1 201 Created"), "the group was not made");
    assert_eq!(service.list_users()?.len(), 1);

    drop(stop);
    serving.await?;
    drop(service);
    std::fs::remove_dir_all(data_dir)?;
    Ok(())
}

/// One request in plain HTTP, as any client would send it.
fn make_group(address: SocketAddr) -> std::io::Result<String> {
    let credentials = BASE64_STANDARD.encode("alice:wonderland");
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "MKCOL /remote.php/dav/customgroups/groups/tea-party HTTP/1.1\r\n\
         Host: {address}\r\nAuthorization: Basic {credentials}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
