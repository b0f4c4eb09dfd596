//! Handing a request to dav-server, and putting its answer right.

use std::sync::Arc;

use bytes::Bytes;
use dav_server::DavHandler;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use http::{Method, Request as HttpRequest, Response as HttpResponse, StatusCode, Uri};
use http_body_util::{BodyExt, Full};

use super::error::Problem;
use super::fs::{Context, Failure, TreeFs};
use super::header::Conditions;
use crate::domain::Principal;
use crate::edge::{BasePath, Compat, Request, Response};
use crate::service::Service;

/// The headers of dav-server that are kept; what else it says (its compliance classes, that the
/// connection is to be closed) is not true of this server.
const KEPT: [HeaderName; 2] = [CONTENT_TYPE, LOCATION];

/// dav-server over the tree.
pub struct Framework {
    handler: DavHandler<Context>,
    service: Service,
    compat: Compat,
}

impl Framework {
    /// Over `service`, with hrefs below `base_path`.
    pub fn new(service: Service, compat: Compat, base_path: &BasePath) -> Self {
        let handler = DavHandler::builder()
            .filesystem(Box::new(TreeFs))
            .strip_prefix(base_path.as_str())
            .autoindex(true)
            .build_handler();
        Self { handler, service, compat }
    }

    /// Has the framework answer a request for `href`, which is in canonical form. The body goes along
    /// only where it means something.
    ///
    /// # Errors
    /// [`Problem`]: what the service said, or else what the status means.
    pub async fn answer(&self, who: &Principal, request: Request, href: &str) -> Result<Response, Problem> {
        let context = Context {
            who: who.clone(),
            service: self.service.clone(),
            deleting: request.method() == Method::DELETE,
            failure: Arc::default(),
        };
        let request = canonical(request, href)?;
        let answer = self.handler.handle_guarded(request, who.user.to_string(), context.clone()).await;
        let (parts, body) = answer.into_parts();
        if parts.status.is_client_error() || parts.status.is_server_error() {
            return Err(self.problem(parts.status, context.take_failure()));
        }
        let body = body.collect().await.map_err(|_| failed(StatusCode::SERVICE_UNAVAILABLE))?.to_bytes();
        let mut response = HttpResponse::new(body.into());
        *response.status_mut() = parts.status;
        for name in KEPT {
            if let Some(value) = parts.headers.get(&name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
        Ok(response)
    }

    /// The error of a change is always the reason; that of a look-up if the answer is about it.
    fn problem(&self, status: StatusCode, failure: Option<Failure>) -> Problem {
        let about_look_up =
            matches!(status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND) || status.is_server_error();
        match failure {
            Some(failure) if failure.change || about_look_up => Problem::of(&failure.error, self.compat),
            _ => failed(status),
        }
    }
}

/// The request with the path in the one form that the framework resolves, and without what would make
/// it do something else.
fn canonical(request: Request, href: &str) -> Result<HttpRequest<Full<Bytes>>, Problem> {
    let (mut parts, body) = request.into_parts();
    parts.uri = href.parse::<Uri>().map_err(|_| failed(StatusCode::BAD_REQUEST))?;
    let (conditions, depth) = (Conditions::of(&parts.headers), parts.headers.remove("depth"));
    parts.headers.clear();
    conditions.write(&mut parts.headers);
    if let Some(depth) = depth {
        parts.headers.insert(HeaderName::from_static("depth"), depth);
    }
    let body = match parts.method {
        Method::DELETE => {
            parts.headers.remove("depth");
            Default::default()
        }
        Method::PUT => {
            parts.headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            Default::default()
        }
        _ if parts.method.as_str() == "PROPFIND" => body,
        _ => Default::default(),
    };
    Ok(HttpRequest::from_parts(parts, Full::new(body)))
}

fn failed(status: StatusCode) -> Problem {
    let message = match status {
        StatusCode::PRECONDITION_FAILED => {
            "a condition of the request (If, If-Match or If-None-Match) does not hold"
        }
        StatusCode::BAD_REQUEST => "the request could not be understood",
        _ if status.is_server_error() => "the server could not answer this; the reason is in its log",
        _ => status.canonical_reason().unwrap_or("the request was refused"),
    };
    let status = if status.is_server_error() { StatusCode::SERVICE_UNAVAILABLE } else { status };
    Problem::new(status, message)
}
