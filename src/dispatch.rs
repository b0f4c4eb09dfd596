//! From a request as it came in to the protocol that answers it.
//!
//! The only place that knows both protocols. What they have in common happens here, and once: the path
//! is put in order, the credentials are checked, and then, for those who are known, the body is read.

mod cors;
mod kept;
mod turns;

use std::error::Error as StdError;
use std::mem;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::{
    AUTHORIZATION, CONTENT_LENGTH, EXPECT, HeaderMap, HeaderValue, RETRY_AFTER, STRICT_TRANSPORT_SECURITY,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use http::uri::PathAndQuery;
use http::{Method, StatusCode, Uri};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body;

use self::cors::{Cors, is_preflight};
use self::kept::{Kept, Key};
use self::turns::Turns;
use crate::auth::{Authenticator, GuessLimits, Logins};
use crate::config::{Config, seconds};
use crate::count::Lookups;
use crate::dav::{Dav, XmlLimits};
use crate::domain::{Principal, Result, StoreFailure};
use crate::edge::{Answered, BasePath, Client, Endpoint, Line, Refusal, Request, Response};
use crate::ocs::{Ocs, OcsSettings};
use crate::service::Service;

/// As much of a body that is too long is read and thrown away, in bytes. Most clients read no answer
/// before they have sent all, and would find the connection reset.
const DISCARDED: usize = 16 << 20;

/// Browsers take an answer for what it says it is, and for nothing else.
const NO_SNIFFING: HeaderValue = HeaderValue::from_static("nosniff");

/// Answers requests of every kind.
pub struct Dispatch {
    authenticator: Authenticator,
    dav: Dav,
    ocs: Ocs,
    cors: Cors,
    service: Service,
    kept: Kept,
    turns: Turns,
    base_path: BasePath,
    /// What a 401 asks for.
    challenge: HeaderValue,
    /// What answers that are encrypted tell browsers of TLS.
    hsts: Option<HeaderValue>,
    /// Whether passwords are taken from where anybody on the way can read them.
    allow_insecure_http: bool,
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
            authenticator: Authenticator::new(service.clone(), guess_limits(config))?,
            dav: Dav::new(service.clone(), config.compat, &config.base_path, xml_limits(config)),
            ocs: Ocs::new(service.clone(), ocs_settings(config)),
            service,
            kept: Kept::new(),
            turns: Turns::new(usize::try_from(config.max_concurrent_requests.get()).unwrap_or(usize::MAX)),
            cors: Cors::new(config.cors_allowed_origins.clone()),
            base_path: config.base_path.clone(),
            challenge: HeaderValue::try_from(challenge).map_err(StoreFailure::new)?,
            hsts: strict_transport_security(config)?,
            allow_insecure_http: config.allow_insecure_http,
            body_limit: config.max_body_bytes.get(),
            body_timeout: seconds(config.body_timeout_seconds),
        })
    }

    /// Everything that requests can go to.
    pub fn endpoints() -> impl Iterator<Item = Endpoint> {
        Dav::ENDPOINTS.iter().chain(Ocs::ENDPOINTS).copied()
    }

    /// How logging in went.
    pub fn logins(&self) -> &Logins {
        self.authenticator.logins()
    }

    /// How often an answer had been given before.
    pub fn kept_answers(&self) -> &Lookups {
        self.kept.lookups()
    }

    /// The answer to `request`, which came from `client`, whatever it is. A panic is logged, and answered as
    /// a failure of the server.
    pub async fn respond<B>(&self, client: Client, request: http::Request<B>) -> Response
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        self.answer(client, &mut http::Request::from_parts(head, pin!(body))).await.response
    }

    /// The same of a request that stays where it is until a protocol needs it: copying it from layer to layer
    /// took 700 instructions. What is left of it afterwards is anything.
    pub(crate) async fn answer<B>(&self, client: Client, request: &mut http::Request<B>) -> Answered
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        put_in_order(request.uri_mut(), &self.base_path);
        if client.line == Line::Encrypted {
            request.extensions_mut().insert(client.line);
        }
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let grant = self.cors.grant(request.headers());
        let answered = AssertUnwindSafe(self.decide(client, request)).catch_unwind().await;
        let panicked = |_| {
            let refusal = Refusal::Failed(StoreFailure::new("a request panicked").into());
            self.refuse(&uri, &HeaderMap::new(), &refusal).into()
        };
        let mut answered = answered.unwrap_or_else(panicked);
        let response = &mut answered.response;
        self.finish(&method, response);
        grant.write(&method, response);
        if let (Some(hsts), Line::Encrypted) = (&self.hsts, client.line) {
            response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
        answered
    }

    async fn decide<B>(&self, client: Client, request: &mut http::Request<B>) -> Answered
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let Some(_turn) = self.turns.take() else {
            return self.refuse(request.uri(), request.headers(), &Refusal::Overloaded).into();
        };
        if is_preflight(request) {
            return self.dav.preflight().into();
        }
        if let Err(refusal) = self.admit(client, request) {
            return self.refuse(request.uri(), request.headers(), &refusal).into();
        }
        let who = match self.identify(client, request.headers()).await {
            Ok(who) => who,
            // What strangers send is not worth reading.
            Err(refusal) => return self.turn_away(&refusal, whole(request, Bytes::new())).await.into(),
        };
        let answered = match self.read(request).await {
            Ok(body) => self.serve(&who, request, body).await,
            Err(refusal) => self.refuse(request.uri(), request.headers(), &refusal).into(),
        };
        Answered { user: Some(who.user), ..answered }
    }

    /// Whether a request may be looked at, whoever sent it.
    fn admit<B>(&self, client: Client, request: &http::Request<B>) -> Result<(), Refusal> {
        if self.is_overheard(client) && request.headers().contains_key(AUTHORIZATION) {
            return Err(Refusal::Unencrypted);
        }
        if self.cors.is_forged(request) { Err(Refusal::Forged) } else { Ok(()) }
    }

    /// Who asks. Where a password could be read on its way nobody is asked for one.
    async fn identify(&self, client: Client, headers: &HeaderMap) -> Result<Principal, Refusal> {
        if self.is_overheard(client) {
            return Err(Refusal::Unencrypted);
        }
        self.authenticator.authenticate(headers, client.address).await
    }

    fn is_overheard(&self, client: Client) -> bool {
        client.line == Line::Open && !self.allow_insecure_http
    }

    /// The answer to somebody who is known: the one that was given before, if nothing was written since.
    async fn serve<B>(&self, who: &Principal, request: &mut http::Request<B>, body: Bytes) -> Answered {
        let Some(key) = Key::of(who, request, &body) else {
            return self.ask(who, whole(request, body)).await.into();
        };
        let generation = match self.service.generation() {
            Ok(generation) => generation,
            Err(error) => {
                return self.refuse(request.uri(), request.headers(), &Refusal::Failed(error)).into();
            }
        };
        if let Some(kept) = self.kept.get(&key, generation) {
            return kept;
        }
        let answered = self.ask(who, whole(request, body)).await.into();
        self.kept.keep(key, generation, &answered);
        answered
    }

    /// Has a protocol answer. What that needs is kept apart, since it is large and moved with every request.
    async fn ask(&self, who: &Principal, request: Request) -> Response {
        match Protocol::of(request.uri()) {
            Protocol::Ocs => Box::pin(self.ocs.handle(Ok(who), request)).await,
            Protocol::Dav => Box::pin(self.dav.handle(who, request)).await,
        }
    }

    /// The answer to strangers, to whom OCS says some things all the same.
    async fn turn_away(&self, refusal: &Refusal, request: Request) -> Response {
        let mut response = match Protocol::of(request.uri()) {
            Protocol::Ocs => Box::pin(self.ocs.handle(Err(refusal), request)).await,
            Protocol::Dav => self.dav.refuse(refusal),
        };
        if let (Refusal::TooManyGuesses { seconds }, StatusCode::TOO_MANY_REQUESTS) =
            (refusal, response.status())
        {
            response.headers_mut().insert(RETRY_AFTER, (*seconds).into());
        }
        response
    }

    /// The answer to a request that no protocol gets to see, in the form of the one it was meant for.
    fn refuse(&self, uri: &Uri, headers: &HeaderMap, refusal: &Refusal) -> Response {
        match Protocol::of(uri) {
            Protocol::Ocs => self.ocs.refuse(uri, headers, refusal),
            Protocol::Dav => self.dav.refuse(refusal),
        }
    }

    /// The whole body, within the limits.
    async fn read<B>(&self, request: &mut http::Request<B>) -> Result<Bytes, Refusal>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        if request.body().is_end_stream() {
            return Ok(Bytes::new());
        }
        let too_large = Refusal::BodyTooLarge { limit: self.body_limit };
        let announced = usize::try_from(request.body().size_hint().lower()).unwrap_or(usize::MAX);
        if announced > self.body_limit && request.headers().contains_key(EXPECT) {
            return Err(too_large);
        }
        let body = request.body_mut();
        let reading = async {
            match Limited::new(&mut *body, self.body_limit).collect().await {
                Ok(whole) => Ok(whole.to_bytes()),
                Err(error) if error.is::<LengthLimitError>() => {
                    let mut rest = Limited::new(body, DISCARDED);
                    while let Some(Ok(_)) = rest.frame().await {}
                    Err(too_large)
                }
                Err(_) => Err(Refusal::BodyUnreadable),
            }
        };
        tokio::time::timeout(self.body_timeout, reading).await.unwrap_or(Err(Refusal::BodyUnreadable))
    }

    /// What every answer needs, whoever gave it.
    fn finish(&self, method: &Method, response: &mut Response) {
        response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFFING);
        if response.status() == StatusCode::UNAUTHORIZED {
            response.headers_mut().entry(WWW_AUTHENTICATE).or_insert_with(|| self.challenge.clone());
        }
        if *method == Method::HEAD {
            let length = response.body().whole().len();
            if length > 0 {
                response.headers_mut().entry(CONTENT_LENGTH).or_insert_with(|| length.into());
            }
            *response.body_mut() = Default::default();
        }
    }
}

/// A request with the body that was read of it. Its head is taken out.
fn whole<B>(request: &mut http::Request<B>, body: Bytes) -> Request {
    let mut whole = Request::new(body);
    *whole.method_mut() = mem::take(request.method_mut());
    *whole.uri_mut() = mem::take(request.uri_mut());
    *whole.version_mut() = request.version();
    *whole.headers_mut() = mem::take(request.headers_mut());
    *whole.extensions_mut() = mem::take(request.extensions_mut());
    whole
}

/// Who answers.
enum Protocol {
    /// The provisioning API, and what clients ask before they log in.
    Ocs,
    /// WebDAV, which has everything else, down to the root.
    Dav,
}

impl Protocol {
    fn of(uri: &Uri) -> Self {
        match uri.path().split('/').nth(1) {
            Some("ocs" | "status.php" | "openapi.json") => Protocol::Ocs,
            _ => Protocol::Dav,
        }
    }
}

fn guess_limits(config: &Config) -> GuessLimits {
    GuessLimits {
        per_account: config.login_failures_per_account,
        per_address: config.login_failures_per_address,
    }
}

fn xml_limits(config: &Config) -> XmlLimits {
    XmlLimits { depth: config.max_xml_depth.get(), attributes: config.max_xml_attributes.get() }
}

/// RFC 6797 section 6.1; none unless the operator wants it, since browsers keep to it for so long.
fn strict_transport_security(config: &Config) -> Result<Option<HeaderValue>> {
    let value = (config.hsts_seconds > 0).then(|| format!("max-age={}", config.hsts_seconds));
    Ok(value.map(HeaderValue::try_from).transpose().map_err(StoreFailure::new)?)
}

fn ocs_settings(config: &Config) -> OcsSettings {
    OcsSettings {
        compat: config.compat,
        server_name: config.server_name.as_str().to_owned(),
        apps_dir: config.apps_dir.clone(),
        home_template: config.home_template.clone().map(String::from),
        data_dir: config.data_dir.clone(),
        base_path: config.base_path.as_str().to_owned(),
    }
}

/// The target of a request reduced to path and query, the path in order. Nearly all are in order.
fn put_in_order(uri: &mut Uri, base_path: &BasePath) {
    if uri.authority().is_none() && base_path.as_str().is_empty() && is_in_order(uri.path()) {
        return;
    }
    let mut path = path_in_order(uri.path(), base_path);
    if let Some(query) = uri.query() {
        path.push('?');
        path.push_str(query);
    }
    // It was made of parts of a valid target, so it is one.
    if let Ok(target) = PathAndQuery::try_from(path) {
        *uri = Uri::from(target);
    }
}

/// Whether [`path_in_order`] would leave a path as it is; no for some of which it would.
fn is_in_order(path: &str) -> bool {
    path.starts_with('/') && !path.contains("//") && !path.contains("/.")
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use http::header::ORIGIN;
    use http_body_util::Full;

    use super::*;
    use crate::domain::{GroupId, Password, UserId};
    use crate::service::Passwords;
    use crate::store::sqlite::SqliteStore;

    fn config(text: &str) -> Config {
        let mut table = toml::Table::try_from(Config::default()).expect("defaults");
        table.extend(text.parse::<toml::Table>().expect("TOML"));
        table.try_into().expect("valid")
    }

    /// A dispatch over an empty store with the administrator `admin`, password `adminpw`.
    async fn dispatch(config: &Config) -> (Dispatch, tempfile::TempDir) {
        let directory = tempfile::tempdir().expect("temporary directory");
        let store = Arc::new(SqliteStore::open(directory.path()).expect("store"));
        let service = Service::new(store, Arc::new(Passwords::new().expect("hash")), config.rules);
        let (admin, password) =
            (UserId::new("admin").expect("id"), Password::new("adminpw").expect("password"));
        service.install_user(admin, &password, None, None, vec![GroupId::admin()]).await.expect("user");
        (Dispatch::new(service, config).expect("dispatch"), directory)
    }

    fn request(method: &str, target: &str, body: &str) -> http::Request<Full<Bytes>> {
        let credentials = format!("Basic {}", BASE64_STANDARD.encode("admin:adminpw"));
        let request = http::Request::builder().method(method).uri(target).header(AUTHORIZATION, credentials);
        request.body(Full::from(body.to_owned())).expect("request")
    }

    async fn body(response: Response) -> String {
        let bytes = response.into_body().collect().await.expect("body").to_bytes();
        String::from_utf8(bytes.to_vec()).expect("UTF-8")
    }

    #[test]
    fn paths_are_put_in_order() {
        let base_path = BasePath::try_from("/owncloud".to_owned()).expect("base path");
        for (path, plain) in [
            ("/", "/"),
            ("", "/"),
            ("*", "/"),
            ("//remote.php///dav//", "/remote.php/dav/"),
            ("/remote.php/./dav/../dav/x", "/remote.php/dav/x"),
            ("/a/..", "/"),
            ("/../../etc", "/etc"),
            ("/a/b/.", "/a/b/"),
            ("/owncloud", "/"),
            ("/owncloud/", "/"),
            ("/owncloud/remote.php", "/remote.php"),
            ("//owncloud//remote.php", "/remote.php"),
            ("/owncloudy", "/owncloudy"),
            ("/remote.php", "/remote.php"),
            ("/a%2F..%2Fb", "/a%2F..%2Fb"),
        ] {
            assert_eq!(path_in_order(path, &base_path), plain, "{path}");
            assert!(!is_in_order(path) || path_in_order(path, &BasePath::default()) == path, "{path}");
        }
    }

    #[test]
    fn targets_keep_their_query_and_lose_their_authority() {
        let plain = |target| {
            let mut uri = Uri::from_static(target);
            put_in_order(&mut uri, &BasePath::default());
            uri.to_string()
        };
        assert_eq!(plain("http://example.org//a/?x=//y"), "/a/?x=//y");
        assert_eq!(plain("http://example.org"), "/");
        assert_eq!(plain("example.org:80"), "/");
        assert_eq!(plain("*"), "/");
    }

    #[tokio::test]
    async fn without_the_right_password_there_is_only_a_challenge() {
        let (dispatch, _directory) = dispatch(&config("server_name = 'Our groups'")).await;
        let mut anonymous = request("PROPFIND", "/remote.php/dav/customgroups/", "");
        anonymous.headers_mut().remove(AUTHORIZATION);
        let Answered { response, user, .. } = dispatch.answer(Client::LOCAL, &mut anonymous).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()[WWW_AUTHENTICATE], "Basic realm=\"Our groups\", charset=\"UTF-8\"");
        assert_eq!(user, None);
        assert!(body(response).await.contains("NotAuthenticated"));
    }

    #[tokio::test]
    async fn whoever_is_known_is_served_below_the_base_path_and_named_to_the_log() {
        let (dispatch, _directory) = dispatch(&config("base_path = '/owncloud'")).await;
        let mut request = request("PROPFIND", "/owncloud//remote.php/dav/customgroups", "");
        let Answered { response, user, .. } = dispatch.answer(Client::LOCAL, &mut request).await;
        assert_eq!(response.status(), StatusCode::MULTI_STATUS);
        assert_eq!(user.as_ref().map(UserId::as_str), Some("admin"));
        assert!(body(response).await.contains("<d:href>/owncloud/remote.php/dav/customgroups/</d:href>"));
    }

    #[tokio::test]
    async fn head_is_get_without_its_body() {
        let (dispatch, _directory) = dispatch(&config("")).await;
        let get = dispatch
            .respond(Client::LOCAL, request("GET", "/remote.php/dav/customgroups/groups/none", ""))
            .await;
        let head = dispatch
            .respond(Client::LOCAL, request("HEAD", "/remote.php/dav/customgroups/groups/none", ""))
            .await;
        assert_eq!((get.status(), head.status()), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
        let length = head.headers()[CONTENT_LENGTH].to_str().expect("text").to_owned();
        assert_eq!(body(get).await.len().to_string(), length);
        assert_eq!(body(head).await, "");
    }

    #[tokio::test]
    async fn each_protocol_answers_its_own_paths() {
        let (dispatch, _directory) = dispatch(&config("base_path = '/owncloud'")).await;
        for (target, status, content) in [
            ("/ocs/v1.php/cloud/users", "200 OK", "<element>admin</element>"),
            ("//owncloud/ocs//v2.php/cloud/users?format=json", "200 OK", "[\"admin\"]"),
            ("/ocs", "404 Not Found", "<ocs>"),
            ("/status.php", "200 OK", "\"installed\":"),
            ("/ocsy", "404 Not Found", "d:error"),
            ("/remote.php/dav/ocs/v1.php", "404 Not Found", "d:error"),
        ] {
            let response = dispatch.respond(Client::LOCAL, request("GET", target, "")).await;
            assert_eq!(response.status().to_string(), status, "{target}");
            let body = body(response).await;
            assert!(body.contains(content), "{target}: {body}");
        }
    }

    #[tokio::test]
    async fn strangers_are_refused_in_the_form_they_asked_for() {
        let (dispatch, _directory) = dispatch(&config("max_body_bytes = 10")).await;
        for (target, status, content) in [
            ("/ocs/v1.php/cloud/users", StatusCode::UNAUTHORIZED, "<statuscode>997</statuscode>"),
            ("/ocs/v2.php/cloud/users?format=json", StatusCode::UNAUTHORIZED, "\"statuscode\":997"),
            ("/status.php", StatusCode::OK, "\"installed\":"),
            ("/", StatusCode::UNAUTHORIZED, "d:error"),
        ] {
            let mut stranger = request("GET", target, "");
            stranger.headers_mut().remove(AUTHORIZATION);
            let response = dispatch.respond(Client::LOCAL, stranger).await;
            assert_eq!(response.status(), status, "{target}");
            assert_eq!(response.headers().contains_key(WWW_AUTHENTICATE), status == StatusCode::UNAUTHORIZED);
            let body = body(response).await;
            assert!(body.contains(content), "{target}: {body}");
        }
        let response = dispatch
            .respond(Client::LOCAL, request("POST", "/ocs/v1.php/cloud/users", "userid=someone"))
            .await;
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert!(body(response).await.contains("<ocs>"));
    }

    #[tokio::test]
    async fn passwords_are_not_taken_where_others_can_read_them() {
        let (dispatch, _directory) = dispatch(&config("")).await;
        let at = |line, target, method| {
            dispatch.respond(Client { line, ..Client::LOCAL }, request(method, target, ""))
        };
        for (target, content) in [
            ("/remote.php/dav/customgroups/", "<s:message>Passwords are not accepted over plain HTTP"),
            ("/ocs/v1.php/cloud/user", "<statuscode>403</statuscode>"),
            ("/ocs/v2.php/cloud/user?format=json", "\"statuscode\":403"),
            ("/status.php", "<statuscode>403</statuscode>"),
        ] {
            let response = at(Line::Open, target, "GET").await;
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{target}");
            assert!(!response.headers().contains_key(WWW_AUTHENTICATE));
            let body = body(response).await;
            assert!(body.contains(content), "{target}: {body}");
            for line in [Line::Local, Line::Encrypted] {
                assert_eq!(at(line, target, "GET").await.status(), StatusCode::OK, "{target} {line:?}");
            }
        }
        let misses = dispatch.logins().credentials.misses.get();
        at(Line::Open, "/", "PROPFIND").await;
        assert_eq!(dispatch.logins().credentials.misses.get(), misses, "nothing was checked");
    }

    #[tokio::test]
    async fn nobody_is_asked_for_a_password_that_others_could_read() {
        let (dispatch, _directory) = dispatch(&config("")).await;
        for (target, status) in [("/", 403), ("/ocs/v2.php/cloud/user", 403), ("/status.php", 200)] {
            let mut stranger = request("GET", target, "");
            stranger.headers_mut().remove(AUTHORIZATION);
            let response = dispatch.respond(Client { line: Line::Open, ..Client::LOCAL }, stranger).await;
            assert_eq!(response.status(), status, "{target}");
        }
    }

    #[tokio::test]
    async fn passwords_are_taken_anywhere_if_the_operator_says_so() {
        let (dispatch, _directory) = dispatch(&config("allow_insecure_http = true")).await;
        let client = Client { line: Line::Open, ..Client::LOCAL };
        let response = dispatch.respond(client, request("GET", "/ocs/v2.php/cloud/user", "")).await;
        assert_eq!(response.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn bodies_have_a_limit() {
        let (dispatch, _directory) = dispatch(&config("max_body_bytes = 100")).await;
        let path = "/remote.php/dav/customgroups/groups/team";
        let response = dispatch.respond(Client::LOCAL, request("MKCOL", path, &"x".repeat(101))).await;
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert!(body(response).await.contains("at most 100 bytes"));
        let mut waiting = request("MKCOL", path, &"x".repeat(101));
        waiting.headers_mut().insert(EXPECT, HeaderValue::from_static("100-continue"));
        assert_eq!(dispatch.respond(Client::LOCAL, waiting).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let response = dispatch.respond(Client::LOCAL, request("GET", path, "")).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "nothing was made");
    }

    #[tokio::test]
    async fn those_who_are_too_many_are_told_to_come_again() {
        let (dispatch, _directory) = dispatch(&config("max_concurrent_requests = 1")).await;
        let endless = http_body_util::StreamBody::new(futures_util::stream::pending::<
            Result<hyper::body::Frame<Bytes>, std::convert::Infallible>,
        >());
        let (head, _) = request("MKCOL", "/remote.php/dav/customgroups/groups/team", "").into_parts();
        let first = dispatch.respond(Client::LOCAL, http::Request::from_parts(head, endless));
        let mut first = pin!(first);
        assert!(futures_util::poll!(first.as_mut()).is_pending());
        for (target, content) in
            [("/", "ServiceUnavailable"), ("/ocs/v1.php/cloud/users", "<statuscode>503</statuscode>")]
        {
            let response = dispatch.respond(Client::LOCAL, request("GET", target, "")).await;
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(response.headers()[RETRY_AFTER], "1");
            assert!(body(response).await.contains(content));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn bodies_that_never_end_are_given_up() {
        let (dispatch, _directory) = dispatch(&config("body_timeout_seconds = 2")).await;
        let endless = http_body_util::StreamBody::new(futures_util::stream::pending::<
            Result<hyper::body::Frame<Bytes>, std::convert::Infallible>,
        >());
        let (head, _) = request("MKCOL", "/remote.php/dav/customgroups/groups/team", "").into_parts();
        let response = dispatch.respond(Client::LOCAL, http::Request::from_parts(head, endless)).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    }

    #[tokio::test]
    async fn a_body_that_panics_is_a_failure_of_the_server() {
        let (dispatch, _directory) = dispatch(&config("")).await;
        let broken = http_body_util::StreamBody::new(futures_util::stream::poll_fn(
            |_| -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, std::convert::Infallible>>> {
                panic!("on purpose")
            },
        ));
        let (head, _) = request("MKCOL", "/remote.php/dav/customgroups/groups/team", "").into_parts();
        let response = dispatch.respond(Client::LOCAL, http::Request::from_parts(head, broken)).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(!body(response).await.contains("on purpose"));
    }

    #[tokio::test]
    async fn browsers_may_ask_without_credentials_what_they_may_ask() {
        let (dispatch, _directory) =
            dispatch(&config("cors_allowed_origins = ['https://app.example']")).await;
        let mut preflight = request("OPTIONS", "/remote.php/dav/customgroups/", "");
        preflight.headers_mut().remove(AUTHORIZATION);
        assert_eq!(
            dispatch.respond(Client::LOCAL, preflight.clone()).await.status(),
            StatusCode::UNAUTHORIZED
        );
        preflight.headers_mut().insert(ORIGIN, HeaderValue::from_static("https://app.example"));
        let response = dispatch.respond(Client::LOCAL, preflight).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["access-control-allow-origin"], "https://app.example");
    }

    #[tokio::test]
    async fn those_who_guess_are_told_when_to_come_again() {
        let (dispatch, _directory) = dispatch(&config("login_failures_per_account = 2")).await;
        let guess = |target| {
            let mut request = request("GET", target, "");
            let credentials = format!("Basic {}", BASE64_STANDARD.encode("admin:wrong"));
            request.headers_mut().insert(AUTHORIZATION, credentials.parse().expect("header"));
            dispatch.respond(Client::LOCAL, request)
        };
        for _ in 0..2 {
            assert_eq!(guess("/").await.status(), StatusCode::UNAUTHORIZED);
        }
        for (target, content) in
            [("/", "TooManyRequests"), ("/ocs/v1.php/cloud/users", "<statuscode>429</statuscode>")]
        {
            let response = guess(target).await;
            assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
            assert!(!response.headers().contains_key(WWW_AUTHENTICATE));
            assert_eq!(response.headers()[RETRY_AFTER], "1");
            assert!(body(response).await.contains(content));
        }
        assert_eq!(guess("/status.php").await.status(), StatusCode::OK, "what is for everybody stays so");
    }
}
