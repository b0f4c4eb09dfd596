//! The configuration: plain data, from defaults, a file, the environment and flags, the later ones
//! winning.
//!
//! A key `listen` is `DAVGROUPS_LISTEN` in the environment, and so on for every key. The defaults say
//! which keys there are and of what type each is, so that a key is declared in one place: its field.

use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use toml::{Table, Value};

use crate::domain::Rules;
use crate::edge::{BasePath, Compat};

/// What the names of our variables in the environment begin with.
const PREFIX: &str = "DAVGROUPS_";

/// Names the configuration file. No key itself, since a file cannot name itself.
const FILE_VARIABLE: &str = "DAVGROUPS_CONFIG";

/// The first administrator's password. No key, so that no password is ever part of a [`Config`].
const PASSWORD_VARIABLE: &str = "DAVGROUPS_ADMIN_PASSWORD";

/// What Kubernetes puts into the environment beside a service that is called `davgroups`.
const FOREIGN_PREFIXES: [&str; 2] = ["DAVGROUPS_SERVICE_", "DAVGROUPS_PORT"];

/// Everything that can be configured, each value valid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Where the database lies; made if there is none.
    pub data_dir: PathBuf,
    /// Where connections are accepted.
    pub listen: SocketAddr,
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
    /// A file that holds the first administrator's password.
    #[serde(with = "blank_is_none")]
    pub admin_password_file: Option<PathBuf>,
    /// As many bytes a request body may have.
    pub max_body_bytes: NonZeroUsize,
    /// As many connections are open at once; others wait.
    pub max_connections: NonZeroU32,
    /// How long the head of a request may take, and a connection may be idle.
    pub header_timeout_seconds: NonZeroU32,
    /// How long the body of a request may take.
    pub body_timeout_seconds: NonZeroU32,
    /// How long requests may go on once the server was told to stop.
    pub shutdown_timeout_seconds: NonZeroU32,
    /// How lines of the log look.
    pub log_format: LogFormat,
    /// What is worth a line in the log.
    pub log_level: LogLevel,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("./data"),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            compat: Compat::default(),
            base_path: BasePath::default(),
            server_name: ServerName("davgroups".to_owned()),
            rules: Rules::default(),
            apps_dir: None,
            home_template: None,
            cors_allowed_origins: Vec::new(),
            admin_password_file: None,
            max_body_bytes: const { NonZeroUsize::new(1 << 20).unwrap() },
            max_connections: const { NonZeroU32::new(1024).unwrap() },
            header_timeout_seconds: const { NonZeroU32::new(30).unwrap() },
            body_timeout_seconds: const { NonZeroU32::new(30).unwrap() },
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

/// Why a configuration is refused.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The configuration file is not TOML.
    #[error("{path}: {message}")]
    NotToml {
        /// The file.
        path: PathBuf,
        /// Where and why, in one line.
        message: String,
    },
    /// There is no such key.
    #[error("{0} is not a key of the configuration")]
    UnknownKey(Origination),
    /// A value breaks a rule.
    #[error("{origin}: {message}")]
    Invalid {
        /// Where the value comes from.
        origin: Origination,
        /// What is wrong with it.
        message: String,
    },
}

/// Where a value comes from, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origination {
    /// A key in the configuration file.
    File(PathBuf, String),
    /// A variable in the environment.
    Variable(String),
    /// A flag on the command line.
    Flag(&'static str),
}

impl fmt::Display for Origination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origination::File(path, key) => write!(f, "\"{key}\" in {}", path.display()),
            Origination::Variable(name) => f.write_str(name),
            Origination::Flag(key) => write!(f, "--{}", key.replace('_', "-")),
        }
    }
}

/// What the command line says about the configuration.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// The configuration file.
    pub file: Option<PathBuf>,
    /// Keys and their values; those without a value leave the key alone.
    pub values: Vec<(&'static str, Option<String>)>,
}

/// The configuration, and the password for a first administrator if one was given beside it.
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The content of `DAVGROUPS_ADMIN_PASSWORD`, wiped when dropped.
    pub admin_password: Option<zeroize::Zeroizing<String>>,
}

/// Reads the configuration from all its sources.
///
/// # Errors
/// [`ConfigError`] that names the first key that is unknown or whose value is invalid, and where it was
/// found: the file first, then the environment, then the flags.
pub fn load(
    flags: &Flags,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Loaded, ConfigError> {
    let mut environment = Environment::sorted(environment)?;
    let file = flags.file.clone().or_else(|| environment.take(FILE_VARIABLE).map(PathBuf::from));
    let admin_password = environment.take(PASSWORD_VARIABLE).map(zeroize::Zeroizing::new);

    let mut layers = Layers::defaults()?;
    if let Some(path) = file {
        layers.add_file(&path)?;
    }
    for (name, text) in environment.variables {
        let key = name[PREFIX.len()..].to_ascii_lowercase();
        layers.add_text(&key, &text, Origination::Variable(name))?;
    }
    for (key, text) in &flags.values {
        if let Some(text) = text {
            layers.add_text(key, text, Origination::Flag(key))?;
        }
    }
    Ok(Loaded { config: layers.config, admin_password })
}

/// Our variables, in the order of their names.
struct Environment {
    variables: Vec<(String, String)>,
}

impl Environment {
    fn sorted(all: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Self, ConfigError> {
        let mut variables = Vec::new();
        for (name, value) in all {
            let Ok(name) = name.into_string() else { continue };
            if !name.starts_with(PREFIX) || FOREIGN_PREFIXES.iter().any(|foreign| name.starts_with(foreign)) {
                continue;
            }
            let not_text = |_| invalid(Origination::Variable(name.clone()), "is not valid UTF-8");
            let value = value.into_string().map_err(not_text)?;
            variables.push((name, value));
        }
        variables.sort();
        Ok(Self { variables })
    }

    /// Takes a variable out. One that is empty counts as missing.
    fn take(&mut self, name: &str) -> Option<String> {
        let index = self.variables.iter().position(|(other, _)| other == name)?;
        Some(self.variables.remove(index).1).filter(|value| !value.is_empty())
    }
}

/// The configuration as far as it has been put together.
struct Layers {
    /// Every key there is, with its value so far.
    table: Table,
    /// The same, checked.
    config: Config,
}

impl Layers {
    fn defaults() -> Result<Self, ConfigError> {
        let config = Config::default();
        let broken = |error: toml::ser::Error| invalid(Origination::Flag("defaults"), error.to_string());
        Ok(Self { table: Table::try_from(&config).map_err(broken)?, config })
    }

    fn add_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let not_toml =
            |error| ConfigError::NotToml { path: path.to_owned(), message: one_line(&text, &error) };
        for (key, value) in text.parse::<Table>().map_err(not_toml)? {
            let origin = Origination::File(path.to_owned(), key.clone());
            self.set(&key, value, origin)?;
        }
        Ok(())
    }

    /// Sets a key from text, which is read as the type that the key has.
    fn add_text(&mut self, key: &str, text: &str, origin: Origination) -> Result<(), ConfigError> {
        let Some(current) = self.table.get(key) else {
            return Err(ConfigError::UnknownKey(origin));
        };
        match typed(text, current) {
            Ok(value) => self.set(key, value, origin),
            Err(message) => Err(invalid(origin, message)),
        }
    }

    /// Sets a key. The whole is checked after each, so that a refusal can say which key it is about.
    fn set(&mut self, key: &str, value: Value, origin: Origination) -> Result<(), ConfigError> {
        match self.table.get_mut(key) {
            Some(current) => *current = value,
            None => return Err(ConfigError::UnknownKey(origin)),
        }
        let refused = |error: toml::de::Error| invalid(origin, error.message());
        self.config = self.table.clone().try_into().map_err(refused)?;
        Ok(())
    }
}

/// `text` as a value of the type that `current` has. Lists are separated by commas.
fn typed(text: &str, current: &Value) -> Result<Value, &'static str> {
    match current {
        Value::Boolean(_) => text.parse().map(Value::Boolean).map_err(|_| "must be true or false"),
        Value::Integer(_) => text.parse().map(Value::Integer).map_err(|_| "must be a whole number"),
        Value::Array(_) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Ok(Value::Array(items.map(|item| Value::String(item.to_owned())).collect()))
        }
        _ => Ok(Value::String(text.to_owned())),
    }
}

fn invalid(origin: Origination, message: impl Into<String>) -> ConfigError {
    ConfigError::Invalid { origin, message: message.into().replace('\n', " ") }
}

/// Where and why a text is not TOML, without the drawing that the parser makes of it.
fn one_line(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    format!("line {}: {}", before.matches('\n').count() + 1, error.message().replace('\n', ", "))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn load_with(file: Option<&str>, variables: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
        let directory = tempfile::tempdir().expect("temporary directory");
        let path = directory.path().join("davgroups.toml");
        let flags = Flags { file: file.map(|_| path.clone()), values: Vec::new() };
        std::fs::write(&path, file.unwrap_or_default()).expect("written");
        load(&flags, variables.iter().map(|(name, value)| (name.into(), value.into())))
    }

    fn refusal(file: Option<&str>, variables: &[(&str, &str)]) -> String {
        load_with(file, variables).map(|_| ()).expect_err("refused").to_string()
    }

    #[test]
    fn without_sources_the_defaults_hold() {
        assert_eq!(load_with(None, &[]).expect("valid").config, Config::default());
        assert_eq!(load_with(Some(""), &[("PATH", "/bin")]).expect("valid").config, Config::default());
    }

    #[test]
    fn flags_win_over_the_environment_and_that_over_the_file() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let path = directory.path().join("davgroups.toml");
        std::fs::write(&path, "compat = 'documented'\nserver_name = 'file'\ndata_dir = '/file'")
            .expect("written");
        let environment = [
            ("DAVGROUPS_CONFIG".into(), path.into_os_string()),
            ("DAVGROUPS_SERVER_NAME".into(), "environment".into()),
            ("DAVGROUPS_DATA_DIR".into(), "/environment".into()),
        ];
        let flags =
            Flags { file: None, values: vec![("data_dir", Some("/flag".to_owned())), ("listen", None)] };
        let config = load(&flags, environment).expect("valid").config;
        assert_eq!(config.compat, Compat::Documented);
        assert_eq!(config.server_name.as_str(), "environment");
        assert_eq!(config.data_dir, Path::new("/flag"));
        assert_eq!(config.listen, Config::default().listen);
    }

    #[test]
    fn text_is_read_as_the_type_of_the_key() {
        let variables = [
            ("DAVGROUPS_ALLOW_SUBADMINS", "false"),
            ("DAVGROUPS_MAX_BODY_BYTES", "77"),
            ("DAVGROUPS_CORS_ALLOWED_ORIGINS", "https://a.example, http://b.example:81,"),
            ("DAVGROUPS_HOME_TEMPLATE", "/srv/{user}"),
            ("DAVGROUPS_APPS_DIR", ""),
        ];
        let config = load_with(Some("apps_dir = '/apps'"), &variables).expect("valid").config;
        assert!(!config.rules.allow_subadmins);
        assert_eq!(config.max_body_bytes.get(), 77);
        let origins: Vec<_> = config.cors_allowed_origins.iter().map(Origin::as_str).collect();
        assert_eq!(origins, ["https://a.example", "http://b.example:81"]);
        assert_eq!(config.home_template.expect("set").as_str(), "/srv/{user}");
        assert_eq!(config.apps_dir, None);
    }

    #[test]
    fn refusals_name_the_key_and_where_it_stands() {
        assert_eq!(
            refusal(None, &[("DAVGROUPS_LISTN", "x")]),
            "DAVGROUPS_LISTN is not a key of the configuration"
        );
        let unknown = refusal(Some("listn = 'x'"), &[]);
        assert!(
            unknown.starts_with("\"listn\" in /") && unknown.ends_with("is not a key of the configuration")
        );
        for (key, value) in [
            ("LISTEN", "8080"),
            ("COMPAT", "nextcloud"),
            ("BASE_PATH", "owncloud"),
            ("SERVER_NAME", "a\"b"),
            ("ALLOW_SUBADMINS", "maybe"),
            ("MAX_CONNECTIONS", "0"),
            ("MAX_BODY_BYTES", "-1"),
            ("HOME_TEMPLATE", "/srv/homes"),
            ("CORS_ALLOWED_ORIGINS", "https://a.example/path"),
            ("LOG_FORMAT", "xml"),
        ] {
            let name = format!("DAVGROUPS_{key}");
            let refusal = refusal(None, &[(&name, value)]);
            assert!(refusal.starts_with(&format!("{name}: ")), "{refusal}");
            assert!(!refusal.contains('\n'), "{refusal}");
        }
        assert!(refusal(Some("allow_subadmins = 'yes'"), &[]).contains("\"allow_subadmins\" in"));
    }

    #[test]
    fn a_file_that_is_not_toml_is_refused_with_its_line() {
        let refusal = refusal(Some("compat = 'owncloud'\nlisten = \n"), &[]);
        assert!(refusal.contains("line 2: ") && !refusal.contains('\n'), "{refusal}");
    }

    #[test]
    fn the_password_is_no_part_of_the_configuration() {
        let loaded = load_with(None, &[("DAVGROUPS_ADMIN_PASSWORD", "s3cret")]).expect("valid");
        assert_eq!(loaded.admin_password.as_deref().map(String::as_str), Some("s3cret"));
        assert!(!format!("{:?}", loaded.config).contains("s3cret"));
        assert!(refusal(Some("admin_password = 'x'"), &[]).contains("is not a key"));
    }

    #[test]
    fn what_kubernetes_says_of_its_services_is_not_ours() {
        let variables = [("DAVGROUPS_PORT", "tcp://10.0.0.1:80"), ("DAVGROUPS_SERVICE_HOST", "10.0.0.1")];
        assert!(load_with(None, &variables).is_ok());
    }
}
