//! Custom groups over WebDAV.
//!
//! Bytes become a [`command::Command`], a command becomes service calls, and what comes back is
//! rendered. dav-server answers what it answers well (plain MKCOL, PUT, DELETE, GET, HEAD, OPTIONS, and
//! the collections around the tree) through [`fs`]; everything else stands in front of it.

mod allow;
mod command;
mod csv;
mod endpoint;
mod error;
mod execute;
mod framework;
mod fs;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod header;
mod listing;
mod multistatus;
mod page;
mod path;
mod pieces;
mod prop;
mod proppatch;
mod request;
mod xml;

use http::header::{ALLOW, HeaderValue};
use http::{Response as HttpResponse, StatusCode};

use crate::domain::Principal;
use crate::edge::{BasePath, Compat, Endpoint, Refusal, Request, Response};
use crate::service::Service;

use command::Command;
use error::Problem;
use execute::Executor;
use header::Conditions;
use path::Target;
pub use xml::Limits as XmlLimits;

/// The protocol: requests in, answers out.
pub struct Dav {
    executor: Executor,
    compat: Compat,
    limits: XmlLimits,
}

impl Dav {
    /// Everything that requests can go to.
    pub const ENDPOINTS: &[Endpoint] = &endpoint::ALL;

    /// Over `service`, answering by `compat`, with every href below `base_path`. Bodies are held to `limits`.
    pub fn new(service: Service, compat: Compat, base_path: &BasePath, limits: XmlLimits) -> Self {
        Self { executor: Executor::new(service, compat, base_path), compat, limits }
    }

    /// Answers a request of somebody who was authenticated. Its path has no base path any more.
    pub async fn handle(&self, who: &Principal, request: Request) -> Response {
        let target = match path::parse(request.uri().path()) {
            Ok(target) => target,
            Err(error) => return Problem::from(error).into_response(),
        };
        let answer = self.answer(who, &target, request).await;
        let mut response = answer.unwrap_or_else(|problem| self.render(problem, who, &target));
        // Clients of ownCloud find the compliance classes on every answer, not on OPTIONS alone.
        response.headers_mut().insert(allow::DAV, allow::CLASSES);
        response.extensions_mut().insert(endpoint::of(&target));
        response
    }

    async fn answer(&self, who: &Principal, target: &Target, request: Request) -> Result<Response, Problem> {
        self.executor.check_switched_on(target)?;
        let conditions = Conditions::of(request.headers());
        let command = Command::parse(target, request, self.limits)?;
        self.executor.execute(who, target, command, conditions).await
    }

    /// The answer to a request that was refused before it came here.
    pub fn refuse(&self, refusal: &Refusal) -> Response {
        Problem::refused(refusal, self.compat).into_response()
    }

    /// The answer to an OPTIONS request without credentials, which browsers send before they ask.
    pub fn preflight(&self) -> Response {
        let mut response = HttpResponse::default();
        allow::describe(&mut response, allow::ALL);
        response
    }

    /// An error; with 405 comes what the resource takes (RFC 9110 section 15.5.6).
    fn render(&self, problem: Problem, who: &Principal, target: &Target) -> Response {
        let not_allowed = problem.status == StatusCode::METHOD_NOT_ALLOWED;
        let mut response = problem.into_response();
        if not_allowed {
            let methods = self.executor.methods(who, target);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
        }
        response
    }
}
