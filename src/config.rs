//! The configuration: plain data, from defaults, a file, the environment and flags, the later ones
//! winning.
//!
//! A key `listen` is `DAVGROUPS_LISTEN` in the environment, and so on for every key. The defaults say
//! which keys there are and of what type each is, so that a key is declared in one place: its field.

mod address;
mod load;

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::auth::GuessLimits;
use crate::domain::Rules;
use crate::edge::{BasePath, Compat};

pub use address::{Listen, ListenMode, TrustedProxy};
pub use load::{ConfigError, Flags, Loaded, Source, load};

/// Everything that can be configured, each value valid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Where the database lies; made if there is none.
    pub data_dir: PathBuf,
    /// Where connections are accepted.
    pub listen: Listen,
    /// Who may use a Unix socket that connections are accepted on.
    pub listen_mode: ListenMode,
    /// The certificate with which connections are encrypted, and those that vouch for it, as PEM.
    #[serde(with = "blank_is_none")]
    pub tls_certificate: Option<PathBuf>,
    /// The key of the certificate, as PEM.
    #[serde(with = "blank_is_none")]
    pub tls_key: Option<PathBuf>,
    /// How long browsers shall use TLS alone, once they did; 0 leaves it to them.
    pub hsts_seconds: u32,
    /// Where Prometheus reads the metrics.
    #[serde(with = "blank_is_none")]
    pub metrics_listen: Option<SocketAddr>,
    /// Whose statuses are answered.
    pub compat: Compat,
    /// What may stand before every path, and stands before every href.
    pub base_path: BasePath,
    /// What people are told they log in to.
    pub server_name: ServerName,
    /// The switches of the rules, each a key of its own.
    #[serde(flatten)]
    pub rules: Rules,
    /// A directory whose subdirectories are apps.
    #[serde(with = "blank_is_none")]
    pub apps_dir: Option<PathBuf>,
    /// Where the files of a user are.
    #[serde(with = "blank_is_none")]
    pub home_template: Option<HomeTemplate>,
    /// Web pages from which browsers may use the server.
    pub cors_allowed_origins: Vec<Origin>,
    /// Proxies whose `X-Forwarded-For`, `-Proto` and `-Host` are believed.
    pub trusted_proxies: Vec<TrustedProxy>,
    /// Whether passwords are accepted over plain HTTP from other machines.
    pub allow_insecure_http: bool,
    /// A file that holds the first administrator's password.
    #[serde(with = "blank_is_none")]
    pub admin_password_file: Option<PathBuf>,
    /// As often the login to one account may fail from one address; 0 is any number.
    pub login_failures_per_account: u32,
    /// As often logins may fail from one address; 0 is any number.
    pub login_failures_per_address: u32,
    /// As many bytes a request body may have.
    pub max_body_bytes: NonZeroUsize,
    /// As many connections are open at once; others wait.
    pub max_connections: NonZeroU32,
    /// As many connections one address may have; further ones are closed. 0 is any number.
    pub max_connections_per_address: u32,
    /// How long the head of a request and the handshake of TLS may take, and a connection may be idle.
    pub header_timeout_seconds: NonZeroU32,
    /// How long the body of a request may take.
    pub body_timeout_seconds: NonZeroU32,
    /// How long a client may take nothing of an answer before it is cut off.
    pub send_timeout_seconds: NonZeroU32,
    /// How long requests may go on once the server was told to stop.
    pub shutdown_timeout_seconds: NonZeroU32,
    /// How lines of the log look.
    pub log_format: LogFormat,
    /// What is worth a line in the log.
    pub log_level: LogLevel,
}

impl Default for Config {
    fn default() -> Self {
        let guesses = GuessLimits::default();
        Self {
            data_dir: PathBuf::from("./data"),
            listen: Listen::Tcp(SocketAddr::from(([127, 0, 0, 1], 8080))),
            listen_mode: ListenMode::default(),
            tls_certificate: None,
            tls_key: None,
            hsts_seconds: 0,
            metrics_listen: None,
            compat: Compat::default(),
            base_path: BasePath::default(),
            server_name: ServerName("davgroups".to_owned()),
            rules: Rules::default(),
            apps_dir: None,
            home_template: None,
            cors_allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            allow_insecure_http: false,
            admin_password_file: None,
            login_failures_per_account: guesses.per_account,
            login_failures_per_address: guesses.per_address,
            max_body_bytes: const { NonZeroUsize::new(1 << 20).unwrap() },
            max_connections: const { NonZeroU32::new(1024).unwrap() },
            max_connections_per_address: 512,
            header_timeout_seconds: const { NonZeroU32::new(30).unwrap() },
            body_timeout_seconds: const { NonZeroU32::new(30).unwrap() },
            send_timeout_seconds: const { NonZeroU32::new(30).unwrap() },
            shutdown_timeout_seconds: const { NonZeroU32::new(10).unwrap() },
            log_format: LogFormat::default(),
            log_level: LogLevel::default(),
        }
    }
}

/// The name of the server in the dialogue that asks for a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServerName(String);

impl ServerName {
    /// The name as text: printable ASCII without quotes and backslashes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ServerName {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let plain = |c: char| c == ' ' || (c.is_ascii_graphic() && c != '"' && c != '\\');
        let valid = !name.trim().is_empty() && name.chars().all(plain);
        valid.then_some(Self(name)).ok_or("must be printable ASCII without quotes and backslashes")
    }
}

impl From<ServerName> for String {
    fn from(name: ServerName) -> Self {
        name.0
    }
}

/// Where the files of a user are: an absolute path in which `{user}` stands for the user's id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HomeTemplate(String);

impl HomeTemplate {
    /// The template as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for HomeTemplate {
    type Error = &'static str;

    fn try_from(template: String) -> Result<Self, Self::Error> {
        let valid = Path::new(&template).is_absolute() && template.contains("{user}");
        valid.then_some(Self(template)).ok_or("must be an absolute path with {user} in it")
    }
}

impl From<HomeTemplate> for String {
    fn from(template: HomeTemplate) -> Self {
        template.0
    }
}

/// Where a web page comes from, as browsers write it: `https://example.org` or with a port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

impl Origin {
    /// The origin as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Origin {
    type Error = &'static str;

    fn try_from(origin: String) -> Result<Self, Self::Error> {
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        let plain = |c: char| c.is_ascii_digit() || c.is_ascii_lowercase() || "-.:[]".contains(c);
        let valid = host.is_some_and(|host| !host.is_empty() && host.chars().all(plain));
        valid.then_some(Self(origin)).ok_or("must look like https://example.org, without a path")
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

/// How lines of the log look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// What is worth a line in the log; each level includes those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What an operator has to look at.
    Error,
    /// What may become a problem.
    Warn,
    /// Starting, stopping, and one line per request.
    #[default]
    Info,
    /// What helps to find a fault.
    Debug,
    /// Everything.
    Trace,
}

/// A number of seconds as a duration.
pub(crate) fn seconds(number: NonZeroU32) -> Duration {
    Duration::from_secs(u64::from(number.get()))
}

/// An optional value as text that is empty when there is none, as environments write it; so that the
/// defaults name the key, too.
mod blank_is_none {
    use serde::de::value::{Error, StringDeserializer};
    use serde::de::{Error as _, IntoDeserializer};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<T: Serialize, S: Serializer>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => value.serialize(serializer),
            None => serializer.serialize_str(""),
        }
    }

    pub(super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() {
            return Ok(None);
        }
        let text: StringDeserializer<Error> = text.into_deserializer();
        T::deserialize(text).map(Some).map_err(D::Error::custom)
    }
}
