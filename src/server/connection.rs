//! One connection, from the first byte to the last.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use http::header::{HOST, HeaderValue};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio_io_timeout::TimeoutStream;

use super::activity::Activity;
use super::proxies::Link;
use super::tls::{HTTP2, Tls};
use super::watched::{WatchedBody, WatchedStream};
use super::{App, access_log};
use crate::edge::Line;

/// As many requests may be answered at once on one connection of HTTP/2.
const STREAMS: u32 = 100;

/// As many streams may have been given up by a client before they were looked at. A connection with more is
/// one of those who open streams and give them up at once, to keep the server busy.
const ABANDONED_STREAMS: usize = 20;

/// As many bytes of an answer are put aside for a client that does not take them, for each stream.
const SEND_BUFFER: usize = 64 * 1024;

/// Changes when the server stops. Connections keep it until they have ended.
pub(super) type Stop = watch::Receiver<()>;

/// How connections are served.
pub(super) struct Connections {
    app: Arc<App>,
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

/// What all requests of a connection share.
struct Shared {
    app: Arc<App>,
    link: Link,
    activity: Arc<Activity>,
}

/// A stream on which whoever takes nothing for too long is cut off.
type Patient<S> = Pin<Box<TimeoutStream<S>>>;

impl Connections {
    pub(super) fn new(app: Arc<App>) -> Self {
        let limits = app.limits();
        let head = usize::try_from(limits.head).unwrap_or(usize::MAX);
        let mut http1 = http1::Builder::new();
        // The limit of hyper makes a timer for each request; ours is watched by one for the whole connection.
        http1.header_read_timeout(None).max_header_size(head);
        // Whoever says that nothing more will come, as `nc` does, still wants the answer.
        http1.half_close(true);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_pending_accept_reset_streams(ABANDONED_STREAMS)
            .max_header_list_size(limits.head)
            .max_send_buf_size(SEND_BUFFER)
            .keep_alive_interval(limits.send_timeout)
            .keep_alive_timeout(limits.send_timeout);
        Self { app, http1, http2 }
    }

    /// Serves a connection to its end. Without TLS, HTTP/1.1 alone is spoken: proxies speak it, other
    /// programs do not start with HTTP/2 there, and nothing has to be guessed from the first bytes.
    pub(super) async fn serve<S>(&self, stream: S, link: Link, tls: Option<&Tls>, mut stop: Stop)
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let peer = link.peer;
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.app.limits().send_timeout));
        let activity = Arc::new(Activity::new());
        let stream = WatchedStream::new(Box::pin(stream), Arc::clone(&activity));
        let shared = Shared { app: Arc::clone(&self.app), link, activity };
        let ended = match tls {
            None => self.serve_http1(stream, shared, &mut stop).await.map_err(Into::into),
            Some(tls) => Box::pin(self.serve_tls(stream, shared, tls, &mut stop)).await,
        };
        if let Err(error) = ended {
            tracing::debug!(%peer, %error, "a connection ended early");
        }
    }

    async fn serve_tls<S>(
        &self,
        stream: WatchedStream<Patient<S>>,
        shared: Shared,
        tls: &Tls,
        stop: &mut Stop,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>>
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let handshake = tokio::time::timeout(self.app.limits().header_timeout, tls.acceptor().accept(stream));
        let stream = tokio::select! {
            made = handshake => made??,
            _ = stop.changed() => return Ok(()),
        };
        let shared = Shared { link: Link { line: Line::Encrypted, ..shared.link }, ..shared };
        if stream.get_ref().1.alpn_protocol() == Some(HTTP2) {
            self.serve_http2(stream, shared, stop).await?;
        } else {
            self.serve_http1(stream, shared, stop).await?;
        }
        Ok(())
    }

    /// A client that has not sent the whole head of a request in time is one that was idle for too long.
    async fn serve_http1<S>(&self, stream: S, shared: Shared, stop: &mut Stop) -> hyper::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (shared, limits) = (Arc::new(shared), self.app.limits());
        let activity = Arc::clone(&shared.activity);
        let answer = service_fn(move |mut request| {
            let shared = Arc::clone(&shared);
            async move { Ok::<_, Infallible>(shared.respond(&mut request).await) }
        });
        let connection = self.http1.serve_connection(TokioIo::new(stream), answer);
        let idle = limits.idle_timeout.min(limits.header_timeout);
        until_its_end(pin!(connection), stop, &activity, [idle, idle]).await
    }

    /// The limits are those of HTTP/1.1, but that a connection has many requests. One of them may not be
    /// taken by the client while others are, so that it is looked at the pieces of answers that are handed
    /// over: when there was none for too long, the connection is cut off.
    async fn serve_http2<S>(&self, stream: S, shared: Shared, stop: &mut Stop) -> hyper::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (shared, limits) = (Arc::new(shared), self.app.limits());
        let activity = Arc::clone(&shared.activity);
        let answer = service_fn(move |mut request| {
            let shared = Arc::clone(&shared);
            name_host(&mut request);
            async move { Ok::<_, Infallible>(shared.respond(&mut request).await) }
        });
        let connection = self.http2.serve_connection(TokioIo::new(stream), answer);
        let (idle, send) = (limits.idle_timeout, limits.send_timeout);
        until_its_end(pin!(connection), stop, &activity, [idle, idle + send]).await
    }
}

impl Shared {
    async fn respond(&self, request: &mut Request<Incoming>) -> Response<WatchedBody> {
        let running = self.activity.begin();
        let response = access_log::respond(&self.app, &self.link, request).await;
        drop(running);
        response.map(|body| WatchedBody::new(body, Arc::clone(&self.activity)))
    }
}

/// Serves a connection until it ends. It is told to when the server stops, and when nothing has happened for
/// the first of two times; when nothing has for the second either, it is cut off.
async fn until_its_end<C: GracefulConnection>(
    mut connection: Pin<&mut C>,
    stop: &mut Stop,
    activity: &Activity,
    [idle, cut_off]: [Duration; 2],
) -> Result<(), C::Error> {
    tokio::select! {
        biased;
        ended = connection.as_mut() => return ended,
        _ = stop.changed() => {}
        () = activity.rest(idle) => {}
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        biased;
        ended = connection => ended,
        () = activity.rest(cut_off) => Ok(()),
    }
}

/// HTTP/2 says beside the path, and not in a header, which host is meant.
fn name_host(request: &mut Request<Incoming>) {
    let host = request.uri().authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok());
    if let Some(host) = host {
        request.headers_mut().insert(HOST, host);
    }
}
