//! Where Prometheus asks.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::super::{ACCEPT_PAUSE, App};
use super::exposition;

/// As many may ask at once.
const CONNECTIONS: usize = 8;

/// As long one connection may be kept, whatever is done on it.
const LONGEST: Duration = Duration::from_secs(60);

/// Shows what `app` counts at `/metrics` to whoever reaches `listener`, for as long as it is polled.
pub async fn serve(listener: TcpListener, app: Arc<App>) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let slot = Arc::clone(&slots).acquire_owned().await;
        match listener.accept().await {
            Ok((stream, _)) => {
                let connection = show(stream, Arc::clone(&app));
                tokio::spawn(async move {
                    let _slot = slot;
                    let _ = tokio::time::timeout(LONGEST, connection).await;
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection for metrics could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn show(stream: TcpStream, app: Arc<App>) {
    let answer = service_fn(move |request: Request<_>| {
        let app = Arc::clone(&app);
        async move { Ok::<_, Infallible>(respond(&request, app).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(LONGEST);
    if let Err(error) = http.serve_connection(TokioIo::new(stream), answer).await {
        tracing::debug!(%error, "a connection for metrics ended early");
    }
}

async fn respond<B>(request: &Request<B>, app: Arc<App>) -> Response<Full<Bytes>> {
    if request.uri().path() != "/metrics" {
        return plain(StatusCode::NOT_FOUND, "the metrics are at /metrics\n");
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    // The sizes of files are read, which may take a while.
    match tokio::task::spawn_blocking(move || exposition::render(app)).await {
        Ok(Ok(text)) => {
            let mut response = Response::new(Full::from(text));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(exposition::MEDIA_TYPE));
            response
        }
        failed => {
            tracing::error!(?failed, "the metrics could not be written");
            plain(StatusCode::SERVICE_UNAVAILABLE, "the metrics could not be written\n")
        }
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    response
}
