//! From what went wrong to what a DAV client reads: the one place where statuses are chosen.

use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response as HttpResponse, StatusCode};

use super::path::PathError;
use super::request::BodyError;
use super::xml::{DAV, Name, SABREDAV, Writer};
use crate::domain::{Denied, Error};
use crate::edge::{Compat, Refusal, Response};

/// The media type of every XML answer.
pub const XML: HeaderValue = HeaderValue::from_static("application/xml; charset=utf-8");

/// What clients of the documented profile are told instead of "forbidden".
const NOT_AUTHENTICATED: &str = "No public access to this resource., \
    Username or password was incorrect, Username or password was incorrect";

/// An answer that is an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The status.
    pub status: StatusCode,
    /// The exception that clients of ownCloud look for, without `Sabre\DAV\Exception\`.
    exception: &'static str,
    message: String,
}

impl Problem {
    /// An answer with a status whose exception follows from it.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, exception: exception(status), message: message.into() }
    }

    /// A method that the resource does not take.
    pub fn method_not_allowed(method: &http::Method) -> Self {
        let message = format!("{method} is not allowed on this resource");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, message)
    }

    /// What a rule of the domain means on DAV. The profile only matters for rights and missing groups.
    /// Why the store failed is logged here, once, and not answered.
    pub fn of(error: &Error, compat: Compat) -> Self {
        if let Error::Store(failure) = error {
            tracing::error!(%failure, "the store failed");
        }
        let message = error.to_string();
        match (error, compat) {
            (Error::NotPermitted(denied), Compat::Documented) if reads_as_unauthenticated(*denied) => {
                Self::new(StatusCode::UNAUTHORIZED, NOT_AUTHENTICATED)
            }
            (Error::CustomGroupUnknown(_), Compat::Documented) => {
                Self { status: StatusCode::MULTI_STATUS, exception: "NotFound", message }
            }
            (Error::NameInvalid(_), _) => Self {
                status: StatusCode::UNPROCESSABLE_ENTITY,
                exception: r"OCA\CustomGroups\Exception\ValidationException",
                message,
            },
            _ => Self::new(status(error), message),
        }
    }

    /// The answer, with the error in its body.
    pub fn into_response(self) -> Response {
        let mut writer = Writer::default();
        writer.raw("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
        let root = Name::dav("error");
        writer.root(&root, &[DAV, SABREDAV]);
        writer.raw("\n  ");
        writer.text_element(&Name::sabredav("exception"), &self.qualified_exception());
        writer.raw("\n  ");
        writer.text_element(&Name::sabredav("message"), &printable(&self.message));
        writer.raw("\n");
        writer.end(&root);
        writer.raw("\n");
        let mut response = HttpResponse::new(writer.take().into());
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, XML);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }

    fn qualified_exception(&self) -> String {
        if self.exception.contains('\\') {
            return self.exception.to_owned();
        }
        format!(r"Sabre\DAV\Exception\{}", self.exception)
    }
}

/// A message may quote what a client sent; XML cannot carry every character of that.
fn printable(message: &str) -> String {
    message.replace(|c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'), "\u{fffd}")
}

/// Which refusals the manual prints as 401; a stranger who lists members gets 403 there, too.
fn reads_as_unauthenticated(denied: Denied) -> bool {
    !matches!(denied, Denied::ListMembers(_) | Denied::FixedCollection)
}

fn status(error: &Error) -> StatusCode {
    match error {
        Error::CustomGroupUnknown(_)
        | Error::NotAMember { .. }
        | Error::NothingThere(_)
        | Error::UserUnknown(_)
        | Error::GroupUnknown(_)
        | Error::AppUnknown
        | Error::TokenUnknown(_) => StatusCode::NOT_FOUND,
        Error::GroupUriTaken | Error::CollectionsNotHere | Error::MembersNotHere | Error::CollectionStays => {
            StatusCode::METHOD_NOT_ALLOWED
        }
        Error::DisplayNameTaken(_)
        | Error::ParentUnknown
        | Error::ParentNotCollection
        | Error::PutOnCollection
        | Error::AlreadyMember
        | Error::UserExists
        | Error::GroupExists => StatusCode::CONFLICT,
        Error::NoSuchMember(_) => StatusCode::PRECONDITION_FAILED,
        Error::NotPermitted(_)
        | Error::ScopeTooNarrow(_)
        | Error::LastAdmin(_)
        | Error::AdminRequired
        | Error::SharingRestricted(_)
        | Error::NotSubadminOf(_)
        | Error::OneselfNotAllowed
        | Error::AdminGroup
        | Error::AppStays
        | Error::SubadminsOff => StatusCode::FORBIDDEN,
        Error::NameInvalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::UserIdInvalid(_)
        | Error::UserNameInvalid(_)
        | Error::EmailInvalid
        | Error::QuotaInvalid
        | Error::PasswordBlank
        | Error::PasswordTooShort(_)
        | Error::TokenNameInvalid(_)
        | Error::PasswordMissing(_)
        | Error::GroupIdInvalid(_)
        | Error::GroupRequired
        | Error::NoGroupGiven
        | Error::FieldUnknown
        | Error::NotASubadmin
        | Error::PatternTooLong => StatusCode::BAD_REQUEST,
        Error::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
        Error::Busy | Error::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn exception(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "NotAuthenticated",
        StatusCode::FORBIDDEN => "Forbidden",
        StatusCode::NOT_FOUND => "NotFound",
        StatusCode::METHOD_NOT_ALLOWED => "MethodNotAllowed",
        StatusCode::CONFLICT => "Conflict",
        StatusCode::PRECONDITION_FAILED => "PreconditionFailed",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "UnsupportedMediaType",
        StatusCode::TOO_MANY_REQUESTS => "TooManyRequests",
        StatusCode::NOT_IMPLEMENTED => "NotImplemented",
        StatusCode::SERVICE_UNAVAILABLE => "ServiceUnavailable",
        StatusCode::INSUFFICIENT_STORAGE => "InsufficientStorage",
        _ => "BadRequest",
    }
}

impl From<PathError> for Problem {
    fn from(error: PathError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.to_string())
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let (status, exception) = match &error {
            BodyError::MediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType"),
            BodyError::Report(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "ReportNotSupported"),
            _ => (StatusCode::BAD_REQUEST, "BadRequest"),
        };
        Self { status, exception, message: error.to_string() }
    }
}

impl Problem {
    /// What a refusal before any protocol means on DAV.
    pub fn refused(refusal: &Refusal, compat: Compat) -> Self {
        let status = match refusal {
            Refusal::Unencrypted | Refusal::Forged => StatusCode::FORBIDDEN,
            Refusal::NoCredentials | Refusal::WrongCredentials => StatusCode::UNAUTHORIZED,
            Refusal::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::TooManyGuesses { .. } => StatusCode::TOO_MANY_REQUESTS,
            Refusal::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::BodyUnreadable => StatusCode::BAD_REQUEST,
            Refusal::Failed(error) => return Self::of(error, compat),
        };
        Self::new(status, refusal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dav::xml::{Limits, parse};
    use crate::domain::{CustomGroupNumber, NameFault, TokenScope};

    #[test]
    fn the_profiles_differ_for_rights_and_missing_groups_alone() {
        let number = CustomGroupNumber::new(1);
        let table = [
            (Error::NotPermitted(Denied::RenameGroup(number)), 403, 401),
            (Error::NotPermitted(Denied::DeleteGroup(number)), 403, 401),
            (Error::NotPermitted(Denied::CreateGroup), 403, 401),
            (Error::NotPermitted(Denied::AddMember(number)), 403, 401),
            (Error::NotPermitted(Denied::RemoveMember(number)), 403, 401),
            (Error::NotPermitted(Denied::SetRole(number)), 403, 401),
            (Error::NotPermitted(Denied::SeeUser), 403, 401),
            (Error::NotPermitted(Denied::ListMembers(number)), 403, 403),
            (Error::ScopeTooNarrow(TokenScope::Groups), 403, 403),
            (Error::LastAdmin(number), 403, 403),
            (Error::CustomGroupUnknown("x".into()), 404, 207),
            (Error::NameInvalid(NameFault::TooShort), 422, 422),
            (Error::NoSuchMember("x".into()), 412, 412),
        ];
        for (error, owncloud, documented) in table {
            assert_eq!(Problem::of(&error, Compat::Owncloud).status, owncloud, "{error:?}");
            assert_eq!(Problem::of(&error, Compat::Documented).status, documented, "{error:?}");
        }
    }

    #[test]
    fn bodies_carry_the_exception_and_survive_what_clients_send() {
        let error = Error::CustomGroupUnknown("<&\u{1}\u{ffff}>".into());
        let response = Problem::of(&error, Compat::Owncloud).into_response();
        let root = parse(&response.body().whole(), Limits::default()).expect("well-formed");
        assert_eq!(root.children[0].text, r"Sabre\DAV\Exception\NotFound");
        assert_eq!(root.children[1].text, "Group with uri \"<&\u{fffd}\u{fffd}>\" not found");
    }
}
