//! `davgroups serve`.

use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use futures_util::FutureExt;
use sd_notify::NotifyState;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::bootstrap::{self, FirstAdministrator};
use super::{Failure, logging, memory};
use crate::config::{Config, Listen, Loaded};
#[cfg(unix)]
use crate::server::UnixSocket;
use crate::server::{self, App, Listener, StartError, Tls};

/// How long work that nobody waits for any more may hold up the end of the process.
const LAST_WORK: Duration = Duration::from_secs(1);

#[derive(Args, Default)]
pub(super) struct Options {
    /// Where to accept connections [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT|unix:PATH")]
    listen: Option<String>,
    /// Whose statuses to answer: owncloud, documented or nextcloud [default: owncloud]
    #[arg(long, value_name = "PROFILE")]
    compat: Option<String>,
    /// What stands before every path, such as /owncloud [default: nothing]
    #[arg(long, value_name = "PATH")]
    base_path: Option<String>,
}

impl Options {
    pub(super) fn any(&self) -> bool {
        self.listen.is_some() || self.compat.is_some() || self.base_path.is_some()
    }

    /// The keys of the configuration and what the flags say of them.
    pub(super) fn values(&self) -> [(&'static str, Option<String>); 3] {
        [
            ("listen", self.listen.clone()),
            ("compat", self.compat.clone()),
            ("base_path", self.base_path.clone()),
        ]
    }
}

pub(super) fn run(loaded: Loaded) -> Result<(), Failure> {
    logging::start(&loaded.config);
    if let Err(error) = memory::seal() {
        tracing::warn!(%error, "an image of this process, with passwords, may be written if it crashes");
    }
    let runtime =
        Runtime::new().map_err(|error| Failure::Failed(format!("cannot start threads: {error}")))?;
    let result = runtime.block_on(serve(&loaded));
    runtime.shutdown_timeout(LAST_WORK);
    result
}

/// Everything that can be refused comes before the first thing that is changed.
async fn serve(loaded: &Loaded) -> Result<(), Failure> {
    let config = &loaded.config;
    let no_signals = |error| Failure::Failed(format!("cannot wait for signals: {error}"));
    let stop = stop_signal().map_err(no_signals)?;
    let tls = tls(config)?;
    let (listener, listen) = bind(config, tls.as_ref()).await?;
    reload_when_told(tls).map_err(no_signals)?;
    let metrics = metrics_listener(config).await?;
    let app = Arc::new(open(config)?);
    let first = bootstrap::first_administrator(app.service(), loaded).await?;
    announce(config, &listen, first.as_ref())?;
    warn_of_eavesdroppers(config, &listen);
    notify(NotifyState::Ready);
    let stop = stop.map(|()| notify(NotifyState::Stopping));
    tracing::info!(address = %listen, data_dir = %config.data_dir.display(), version = env!("CARGO_PKG_VERSION"), "serving");
    // It goes on while requests finish, and ends with the process.
    if let Some(metrics) = metrics {
        tokio::spawn(server::metrics::serve(metrics, Arc::clone(&app)));
    }
    server::run(listener, app, stop).await;
    Ok(())
}

/// Starts to listen, and says where: a port that was left to the system has a number then.
async fn bind(config: &Config, tls: Option<&Tls>) -> Result<(Listener, Listen), Failure> {
    let address = match &config.listen {
        Listen::Tcp(address) => *address,
        Listen::Unix(path) => return bind_unix(config, path),
    };
    let refused = |error| Failure::Failed(format!("cannot listen on {address}: {error}"));
    let socket = TcpListener::bind(address).await.map_err(refused)?;
    let listen = Listen::Tcp(socket.local_addr().map_err(refused)?);
    let listener = match tls {
        Some(tls) => Listener::with_tls(socket, tls.clone()),
        None => socket.into(),
    };
    Ok((listener, listen))
}

#[cfg(unix)]
fn bind_unix(config: &Config, path: &Path) -> Result<(Listener, Listen), Failure> {
    let socket = UnixSocket::bind(path, config.listen_mode.bits()).map_err(Failure::failed)?;
    Ok((socket.into(), config.listen.clone()))
}

#[cfg(not(unix))]
fn bind_unix(config: &Config, _: &Path) -> Result<(Listener, Listen), Failure> {
    Err(Failure::Failed(format!("cannot listen on {}: this system has no Unix sockets", config.listen)))
}

/// Passwords travel with every request.
fn warn_of_eavesdroppers(config: &Config, listen: &Listen) {
    let Listen::Tcp(address) = listen else { return };
    if config.tls_certificate.is_some() || address.ip().to_canonical().is_loopback() {
        return;
    }
    if config.allow_insecure_http {
        tracing::warn!(%address, "without TLS: anybody on the way can read the passwords that are sent here");
    } else {
        tracing::warn!(
            %address,
            "without TLS: requests of other machines are refused unless one of the trusted_proxies says that they \
             came over https"
        );
    }
}

/// The certificate and its key, if connections are to be encrypted.
pub(super) fn tls(config: &Config) -> Result<Option<Tls>, Failure> {
    match (&config.tls_certificate, &config.tls_key) {
        (Some(certificate), Some(key)) => {
            Tls::open(certificate.clone(), key.clone()).map(Some).map_err(Failure::failed)
        }
        _ => Ok(None),
    }
}

/// Where the metrics are shown, if anywhere.
async fn metrics_listener(config: &Config) -> Result<Option<TcpListener>, Failure> {
    let Some(address) = config.metrics_listen else { return Ok(None) };
    let refused = |error| Failure::Failed(format!("cannot listen on {address} for metrics: {error}"));
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    tracing::info!(address = %listener.local_addr().map_err(refused)?, "metrics");
    Ok(Some(listener))
}

fn open(config: &Config) -> Result<App, Failure> {
    App::open(config).map_err(|error| match error {
        StartError::Inside(error) => error.into(),
        error => Failure::failed(error),
    })
}

/// Tells whoever started the server where it is and, once, how to get in. Not through the log, which
/// others may read.
fn announce(config: &Config, listen: &Listen, first: Option<&FirstAdministrator>) -> Result<(), Failure> {
    let url = url(config, listen);
    let (place, target) = match listen {
        Listen::Tcp(_) => (url.clone(), url),
        Listen::Unix(path) => (listen.to_string(), format!("--unix-socket {} {url}", path.display())),
    };
    let mut text = format!("davgroups {} at {place}\n", env!("CARGO_PKG_VERSION"));
    if let Some(first) = first {
        text += &first.describe(&target);
    }
    let written = io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
    match written {
        // The password would be lost, and nobody could log in.
        Err(error) if first.is_some_and(FirstAdministrator::is_to_be_told) => Err(Failure::Failed(format!(
            "cannot print the new password of admin ({error}); set another with: davgroups user passwd admin"
        ))),
        _ => Ok(()),
    }
}

/// Tells systemd, if it started us and wants to know (`Type=notify`).
fn notify(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "systemd could not be told");
    }
}

/// Where a client on this machine finds the custom groups.
fn url(config: &Config, listen: &Listen) -> String {
    let host = match listen {
        Listen::Tcp(address) => reachable(*address).to_string(),
        Listen::Unix(_) => "localhost".to_owned(),
    };
    let scheme = if config.tls_certificate.is_some() { "https" } else { "http" };
    format!("{scheme}://{host}{}/remote.php/dav/customgroups/", config.base_path.as_str())
}

/// Where a client on this machine finds what listens at `address`.
pub(super) fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

/// On SIGHUP the certificate and its key are read again; it ends nothing, whether or not there are any.
#[cfg(unix)]
fn reload_when_told(tls: Option<Tls>) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            let Some(tls) = tls.clone() else {
                tracing::info!("there is no certificate to reload");
                continue;
            };
            if let Err(error) = tokio::task::spawn_blocking(move || reload(&tls)).await {
                tracing::error!(%error, "the certificate was not reloaded");
            }
        }
    });
    Ok(())
}

#[cfg(unix)]
fn reload(tls: &Tls) {
    match tls.reload() {
        Ok(()) => tracing::info!("the certificate was reloaded"),
        Err(error) => tracing::error!(%error, "the certificate was not reloaded; the old one stays in use"),
    }
}

/// Nothing tells it here.
#[cfg(not(unix))]
fn reload_when_told(_: Option<Tls>) -> io::Result<()> {
    Ok(())
}

/// Is over when the process is asked to stop.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Is over when the process is asked to stop.
#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
