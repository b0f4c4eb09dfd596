//! From a request to what it asks for. Every syntax error is decided here.

use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};

use super::csv;
use super::error::Problem;
use super::header;
use super::path::Target;
use super::request::{self, BodyError, Instruction, PropertyUpdate, Wanted};
use super::xml::Limits;
use crate::domain::{Page, Pattern, Place, Search};
use crate::edge::Request;
use crate::service::{ImportRow, Scope};

/// What a request asks for.
#[derive(Debug)]
pub enum Command {
    /// Properties of a place and of what is below it.
    Propfind(Place, Scope, Wanted, Minimal),
    /// Properties of what matches a search.
    Search(Place, Search, Wanted),
    /// Changes of properties.
    Proppatch(Place, PropertyUpdate, Minimal),
    /// A new group with properties.
    ExtendedMkcol(Place, Vec<Instruction>),
    /// What somebody without a DAV client sees.
    Read {
        /// The request, with the method GET: the transport leaves the body of an answer to HEAD out.
        request: Request,
        /// Whether HTML is wanted.
        html: bool,
        /// Whether the members of a group are wanted as CSV.
        export: bool,
    },
    /// A member to be added to a group, if the conditions of the request hold.
    Add(Place, Request),
    /// Members to be added to a group.
    Import(Place, Vec<ImportRow>),
    /// What a resource takes.
    Options,
    /// Something that no resource takes.
    Never(Method),
    /// Whatever the framework does with it.
    Framework(Request),
}

/// Whether success needs no body.
pub type Minimal = bool;

type Parsed = Result<Command, Problem>;

impl Command {
    /// Reads a request for `target`.
    ///
    /// # Errors
    /// [`Problem`]: an unknown method, a depth or a condition that cannot be, then the body.
    pub fn parse(target: &Target, request: Request, limits: Limits) -> Parsed {
        match (request.method().as_str(), target) {
            ("PROPFIND", _) => propfind(target, request, limits),
            ("PROPPATCH", Target::Tree(place)) => proppatch(place, &request, limits),
            ("REPORT", Target::Tree(place)) => report(place, &request, limits),
            ("MKCOL", _) => mkcol(target, request, limits),
            ("GET" | "HEAD", _) => Ok(read(request)),
            ("POST", Target::Tree(place)) => import(place, &request),
            ("OPTIONS", _) => Ok(Self::Options),
            ("PUT", Target::Tree(place)) => Ok(Self::Add(place.clone(), request)),
            ("PUT" | "DELETE", _) => Ok(Self::Framework(request)),
            ("PROPPATCH" | "REPORT" | "COPY" | "MOVE" | "LOCK" | "UNLOCK" | "TRACE" | "CONNECT", _) => {
                Ok(Self::Never(request.method().clone()))
            }
            (method, _) => Err(unknown(method)),
        }
    }
}

/// Methods are case-sensitive (RFC 9110 section 9.1): one in lower case is a slip, and not another one.
fn unknown(method: &str) -> Problem {
    if method.contains(|c: char| c.is_ascii_lowercase()) {
        return Problem::new(StatusCode::BAD_REQUEST, "methods are written in upper case, such as PROPFIND");
    }
    Problem::new(StatusCode::NOT_IMPLEMENTED, format!("this server has no method {method} here"))
}

fn propfind(target: &Target, request: Request, limits: Limits) -> Parsed {
    let infinite = "Depth: infinity is not supported; use 0 or 1";
    let scope = header::depth(request.headers())
        .map_err(|_| Problem::new(StatusCode::PRECONDITION_FAILED, infinite))?;
    let wanted = request::propfind(request.body(), limits)?;
    let Target::Tree(place) = target else {
        return Ok(Command::Framework(with_depth(request, &scope)));
    };
    let minimal = header::wants_minimal(request.headers());
    Ok(Command::Propfind(place.clone(), scope, wanted, minimal))
}

/// The framework takes a missing or odd Depth for infinity, or for an error.
fn with_depth(mut request: Request, scope: &Scope) -> Request {
    let depth = if *scope == Scope::Itself { "0" } else { "1" };
    request.headers_mut().insert("depth", http::HeaderValue::from_static(depth));
    request
}

fn proppatch(place: &Place, request: &Request, limits: Limits) -> Parsed {
    let update = request::property_update(request.body(), limits)?;
    let minimal = update.bare || header::wants_minimal(request.headers());
    Ok(Command::Proppatch(place.clone(), update, minimal))
}

/// Without a body the framework does it; with one it must be XML (RFC 5689 section 3).
fn mkcol(target: &Target, request: Request, limits: Limits) -> Parsed {
    if request.body().is_empty() {
        return Ok(Command::Framework(request));
    }
    let media_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !media_type.is_some_and(request::is_xml_media_type) {
        return Err(BodyError::MediaType.into());
    }
    let instructions = request::mkcol(request.body(), limits)?;
    match target {
        Target::Tree(place) => Ok(Command::ExtendedMkcol(place.clone(), instructions)),
        _ => Ok(Command::Framework(request.map(|_| Default::default()))),
    }
}

fn report(place: &Place, request: &Request, limits: Limits) -> Parsed {
    let query = request::search_query(request.body(), limits)?;
    let pattern = Pattern::new(&query.pattern)
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    let page = Page { limit: positive(&query.limit), offset: positive(&query.offset).unwrap_or(0) };
    Ok(Command::Search(place.clone(), Search { pattern, page }, Wanted::Props(query.props)))
}

/// The digits at the beginning, as ownCloud reads numbers; what is not positive is none.
fn positive(number: &str) -> Option<u64> {
    let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number[..end].parse().ok().filter(|number| *number > 0)
}

fn read(mut request: Request) -> Command {
    *request.method_mut() = Method::GET;
    let html = header::accepts_html(request.headers());
    let query = request.uri().query().unwrap_or_default();
    let export = query.split('&').any(|pair| pair.split('=').next() == Some("export"));
    Command::Read { request, html, export }
}

/// A form with a file in it is no CSV; like ownCloud's, ours finds no line in it.
fn import(place: &Place, request: &Request) -> Parsed {
    let media_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if media_type.is_some_and(|value| value.to_ascii_lowercase().starts_with("multipart/")) {
        return Ok(Command::Import(place.clone(), Vec::new()));
    }
    let rows = csv::read(request.body())
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    Ok(Command::Import(place.clone(), rows))
}
