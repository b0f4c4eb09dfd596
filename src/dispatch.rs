//! From a request as it came in to the protocol that answers it.
//!
//! The only place that knows both protocols. What they have in common happens here, and once: the path
//! is put in order, the credentials are checked, and then, for those who are known, the body is read.

use std::error::Error as StdError;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderValue, ORIGIN, WWW_AUTHENTICATE};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Method, StatusCode, Uri};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Body;

use crate::auth::Authenticator;
use crate::config::{Config, seconds};
use crate::dav::Dav;
use crate::domain::{Result, StoreFailure};
use crate::edge::{BasePath, Refusal, Request, Response};
use crate::service::Service;

/// Answers requests of every kind.
pub struct Dispatch {
    authenticator: Authenticator,
    dav: Dav,
    base_path: BasePath,
    /// What a 401 asks for.
    challenge: HeaderValue,
    /// As many bytes a body may have.
    body_limit: usize,
    /// As long a body may take.
    body_timeout: Duration,
}

impl Dispatch {
    /// Over `service`, as `config` says.
    ///
    /// # Errors
    /// `Store` when the system gives no random numbers.
    pub fn new(service: Service, config: &Config) -> Result<Self> {
        let challenge = format!("Basic realm=\"{}\", charset=\"UTF-8\"", config.server_name.as_str());
        Ok(Self {
            authenticator: Authenticator::new(service.clone())?,
            dav: Dav::new(service, config.compat, &config.base_path),
            base_path: config.base_path.clone(),
            challenge: HeaderValue::try_from(challenge).map_err(StoreFailure::new)?,
            body_limit: config.max_body_bytes.get(),
            body_timeout: seconds(config.body_timeout_seconds),
        })
    }

    /// The answer to `request`, whatever it is. The id of the user who asked is among its extensions
    /// (as [`crate::domain::UserId`]). A panic is logged, and answered as a failure of the server.
    pub async fn respond<B>(&self, request: http::Request<B>) -> http::Response<Full<Bytes>>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let (mut head, body) = request.into_parts();
        head.uri = in_order(head.uri, &self.base_path);
        let method = head.method.clone();
        let answered = AssertUnwindSafe(self.answer(head, body)).catch_unwind().await;
        let broken = |_| self.dav.refuse(&Refusal::Failed(StoreFailure::new("a request panicked").into()));
        self.finish(&method, answered.unwrap_or_else(broken))
    }

    async fn answer<B>(&self, head: Parts, body: B) -> Response
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        if is_preflight(&head) {
            return self.dav.preflight();
        }
        let who = match self.authenticator.authenticate(&head.headers).await {
            Ok(who) => who,
            Err(refusal) => return self.dav.refuse(&refusal),
        };
        let mut response = match self.read(body).await {
            Ok(body) => self.dav.handle(&who, Request::from_parts(head, body)).await,
            Err(refusal) => self.dav.refuse(&refusal),
        };
        response.extensions_mut().insert(who.user);
        response
    }

    async fn read<B>(&self, body: B) -> Result<Bytes, Refusal>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let whole = Limited::new(body, self.body_limit).collect();
        match tokio::time::timeout(self.body_timeout, whole).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                Err(Refusal::BodyTooLarge { limit: self.body_limit })
            }
            Ok(Err(_)) | Err(_) => Err(Refusal::BodyUnreadable),
        }
    }

    /// What every answer needs, whoever gave it.
    fn finish(&self, method: &Method, mut response: Response) -> http::Response<Full<Bytes>> {
        if response.status() == StatusCode::UNAUTHORIZED {
            response.headers_mut().entry(WWW_AUTHENTICATE).or_insert_with(|| self.challenge.clone());
        }
        if *method == Method::HEAD {
            let length = response.body().len();
            if length > 0 {
                response.headers_mut().entry(CONTENT_LENGTH).or_insert_with(|| length.into());
            }
            *response.body_mut() = Bytes::new();
        }
        response.map(Full::new)
    }
}

/// Whether a browser asks what it may ask; that it does without credentials.
fn is_preflight(head: &Parts) -> bool {
    head.method == Method::OPTIONS
        && head.headers.contains_key(ORIGIN)
        && !head.headers.contains_key(AUTHORIZATION)
}

/// The target of a request reduced to path and query, the path in order.
fn in_order(uri: Uri, base_path: &BasePath) -> Uri {
    let mut path = path_in_order(uri.path(), base_path);
    if let Some(query) = uri.query() {
        path.push('?');
        path.push_str(query);
    }
    // It was made of parts of a valid target, so it is one.
    PathAndQuery::try_from(path).map_or(uri, Uri::from)
}

/// A path without runs of slashes, `.` and `..`, and without the base path. What names no path (`*`, or
/// the authority that CONNECT names) becomes the root.
fn path_in_order(path: &str, base_path: &BasePath) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.strip_prefix('/').unwrap_or_default().split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            name => segments.push(name),
        }
    }
    let mut plain = String::with_capacity(path.len());
    for segment in &segments {
        plain.push('/');
        plain.push_str(segment);
    }
    if segments.is_empty() || path.ends_with(['/']) || path.ends_with("/.") || path.ends_with("/..") {
        plain.push('/');
    }
    match plain.strip_prefix(base_path.as_str()) {
        Some("") => "/".to_owned(),
        Some(rest) if rest.starts_with('/') => rest.to_owned(),
        _ => plain,
    }
}
