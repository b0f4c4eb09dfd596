//! Answers on their way out: the envelope filled in, rendered, and given its headers.

use std::io;

use bytes::Bytes;
use http::header::{ACCEPT, ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};

use super::batch::Unusable;
use super::envelope::{Envelope, Format, Meta};
use super::execute::Outcome;
use super::params::{Malformed, Params};
use super::route::{Operation, Resource, Route, Target, Version};
use super::status::{self, on_the_wire, retry_after, statuscode};
use super::value::Value;
use crate::domain::Error;
use crate::edge::{Compat, Refusal, Response};
use crate::service::Undone;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const XML: HeaderValue = HeaderValue::from_static("text/xml; charset=UTF-8");
/// The same from those routes that have always said so.
const CORE_XML: HeaderValue = HeaderValue::from_static("application/xml; charset=utf-8");

/// How one request is answered.
pub(super) struct Reply {
    version: Version,
    format: Format,
    /// Whether the route is one of those that answer more formally.
    core: bool,
}

/// The format that is asked for by name, or else by `Accept`.
pub(super) fn format_of(params: &Params, headers: &HeaderMap) -> Format {
    match params.text("format") {
        Ok(Some("json")) => Format::Json,
        Ok(Some(_)) | Err(_) => Format::Xml,
        Ok(None) => accepted(headers),
    }
}

/// The same for a request whose body cannot be read.
pub(super) fn format_of_query(uri: &Uri, headers: &HeaderMap) -> Format {
    Params::of_query(uri.query()).map_or(Format::Xml, |params| format_of(&params, headers))
}

/// JSON if it is named and XML is not preferred to it (RFC 9110 section 12.5.1).
fn accepted(headers: &HeaderMap) -> Format {
    let accept = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let (mut json, mut xml) = (0.0_f32, 0.0_f32);
    for range in accept.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(Ok(1.0), str::parse);
        let quality = quality.unwrap_or(0.0);
        match media_type.as_str() {
            "application/json" => json = json.max(quality),
            "application/xml" | "text/xml" => xml = xml.max(quality),
            _ => {}
        }
    }
    if json > 0.0 && json >= xml { Format::Json } else { Format::Xml }
}

impl Reply {
    /// To a request that went to `route`.
    pub fn new(route: &Route, format: Format) -> Self {
        let core = matches!(route.target, Target::Resource(Resource::Capabilities | Resource::CurrentUser));
        Self { version: route.version, format, core }
    }

    /// What was done, or found.
    pub fn outcome(&self, outcome: Outcome) -> Response {
        let (statuscode, http) = on_the_wire(self.version, status::OK);
        let message = self.core.then(|| "OK".to_owned());
        let mut meta = self.meta(true, statuscode, message);
        if let Some((total, limit)) = outcome.paging {
            meta.totalitems = Some(Value::amount(total));
            meta.itemsperpage = Some(limit.map_or(Value::Null, Value::amount));
        }
        self.envelope(http, Envelope { meta, data: outcome.data })
    }

    /// An error of the service.
    pub fn error(&self, operation: Operation, error: &Error, compat: Compat) -> Response {
        if let Error::Store(reason) = error {
            tracing::error!(%reason, ?operation, "a request failed");
        }
        self.failure(statuscode(operation, error, compat), error.to_string())
    }

    /// What is wrong with the parameters.
    pub fn malformed(&self, malformed: &Malformed) -> Response {
        self.failure(status::INVALID, malformed.to_string())
    }

    /// What is wrong with a list of changes.
    pub fn unusable(&self, unusable: &Unusable) -> Response {
        self.failure(status::INVALID, unusable.to_string())
    }

    /// What became of a list of changes: all were made, or none, since one of them could not be.
    pub fn batch(&self, operations: &[Operation], undone: Option<&Undone>, compat: Compat) -> Response {
        let Some(Undone { step, error }) = undone else {
            let items = operations.iter().map(|_| self.item(status::OK, "OK")).collect();
            return self.outcome(Outcome::of(Value::map([("items", Value::List(items))])));
        };
        let Some(failed) = *step else {
            return self.error(Operation::CurrentUser, error, compat);
        };
        let code = statuscode(operations[failed], error, compat);
        let because = format!("Nothing was changed, because of change {}", failed + 1);
        let item = |at| match at == failed {
            true => self.item(code, &error.to_string()),
            false => self.item(status::NOT_DONE, &because),
        };
        let items = (0..operations.len()).map(item).collect();
        let message = format!("Nothing was changed: change {}: {error}", failed + 1);
        self.failure_with(code, message, Value::map([("items", Value::List(items))]))
    }

    /// What became of one change.
    fn item(&self, code: u16, message: &str) -> Value {
        let (statuscode, _) = on_the_wire(self.version, code);
        Value::map([("statuscode", Value::Number(statuscode.into())), ("message", message.into())])
    }

    /// What stood in the way before anybody looked at the request.
    pub fn refusal(&self, refusal: &Refusal) -> Response {
        let statuscode = match refusal {
            Refusal::Unencrypted | Refusal::Forged => status::FORBIDDEN,
            Refusal::NoCredentials | Refusal::WrongCredentials => status::UNAUTHORISED,
            Refusal::Overloaded => status::BUSY,
            Refusal::TooManyGuesses { .. } => status::TOO_MANY,
            Refusal::BodyTooLarge { .. } => status::TOO_LARGE,
            Refusal::BodyUnreadable => status::UNREADABLE,
            // Of logging in, whatever the operation would have been.
            Refusal::Failed(error) => return self.error(Operation::CurrentUser, error, Compat::Owncloud),
        };
        let mut response = self.failure(statuscode, refusal.to_string());
        if statuscode == status::FORBIDDEN {
            *response.status_mut() = StatusCode::FORBIDDEN;
        }
        response
    }

    /// There is nothing at this path.
    pub fn unknown(&self) -> Response {
        let statuscode = match self.version {
            Version::V1 => status::UNKNOWN,
            Version::V2 => status::NOT_FOUND,
        };
        self.failure(statuscode, "There is nothing at this address".to_owned())
    }

    /// There would be something if it were not switched off.
    pub fn switched_off(&self) -> Response {
        let mut response =
            self.failure(status::NOT_FOUND, "This part of the server is switched off".to_owned());
        *response.status_mut() = StatusCode::NOT_FOUND;
        response
    }

    /// The path takes other methods than this one.
    pub fn wrong_method(&self, allow: &str) -> Response {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        if let Ok(allow) = HeaderValue::from_str(allow) {
            response.headers_mut().insert(ALLOW, allow);
        }
        response.headers_mut().insert(CONTENT_TYPE, self.content_type());
        response
    }

    /// JSON without an envelope.
    pub fn plain_json(&self, rendered: io::Result<Bytes>) -> Response {
        let mut response = respond(StatusCode::OK, rendered);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }

    /// An error by its number.
    pub fn failure(&self, statuscode: u16, message: String) -> Response {
        self.failure_with(statuscode, message, Value::Null)
    }

    fn failure_with(&self, statuscode: u16, message: String, data: Value) -> Response {
        let retry = retry_after(statuscode);
        let (statuscode, http) = on_the_wire(self.version, statuscode);
        let meta = self.meta(false, statuscode, Some(message));
        let mut response = self.envelope(http, Envelope { meta, data });
        if let Some(seconds) = retry {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    fn meta(&self, ok: bool, statuscode: u16, message: Option<String>) -> Meta {
        let empty = self.core.then_some(Value::Null);
        Meta { ok, statuscode, message, totalitems: empty.clone(), itemsperpage: empty }
    }

    fn envelope(&self, http: StatusCode, envelope: Envelope) -> Response {
        let mut response = respond(http, envelope.render(self.format).map(Bytes::from));
        response.headers_mut().insert(CONTENT_TYPE, self.content_type());
        response
    }

    fn content_type(&self) -> HeaderValue {
        match self.format {
            Format::Json => JSON,
            Format::Xml if self.core => CORE_XML,
            Format::Xml => XML,
        }
    }
}

/// Writing into memory does not fail; if it did, an empty answer would be a lie.
fn respond(http: StatusCode, rendered: io::Result<Bytes>) -> Response {
    let (http, body) = match rendered {
        Ok(body) => (http, body),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            (StatusCode::INTERNAL_SERVER_ERROR, Bytes::new())
        }
    };
    let mut response = Response::new(body.into());
    *response.status_mut() = http;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(query: &str, accept: &str) -> Format {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_str(accept).expect("a header"));
        format_of_query(&format!("/?{query}").parse().expect("a uri"), &headers)
    }

    #[test]
    fn formats() {
        for (query, accept, expected) in [
            ("", "*/*", Format::Xml),
            ("", "application/json", Format::Json),
            ("", "application/json, text/plain, */*", Format::Json),
            ("", "text/html,application/xml;q=0.9,application/json;q=0.8", Format::Xml),
            ("", "application/json;q=0", Format::Xml),
            ("format=json", "application/xml", Format::Json),
            ("format=xml", "application/json", Format::Xml),
            ("format=JSON", "*/*", Format::Xml),
            ("format[]=json", "*/*", Format::Xml),
        ] {
            assert_eq!(format(query, accept), expected, "{query} {accept}");
        }
    }
}
