//! Putting the configuration together from its sources.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;
use toml::{Table, Value};
use zeroize::Zeroizing;

use super::{Config, Listen};

/// What the names of our variables in the environment begin with.
const PREFIX: &str = "DAVGROUPS_";

/// Names the configuration file. No key itself, since a file cannot name itself.
const FILE_VARIABLE: &str = "DAVGROUPS_CONFIG";

/// The first administrator's password. No key, so that no password is ever part of a [`Config`].
const PASSWORD_VARIABLE: &str = "DAVGROUPS_ADMIN_PASSWORD";

/// What Kubernetes puts into the environment beside a service that is called `davgroups`.
const FOREIGN_PREFIXES: [&str; 2] = ["DAVGROUPS_SERVICE_", "DAVGROUPS_PORT"];

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
    UnknownKey(Source),
    /// A value breaks a rule.
    #[error("{origin}: {message}")]
    Invalid {
        /// Where the value comes from.
        origin: Source,
        /// What is wrong with it.
        message: String,
    },
}

/// Where a value comes from, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A key in the configuration file.
    File(PathBuf, String),
    /// A variable in the environment.
    Variable(String),
    /// A flag on the command line.
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::File(path, key) => write!(f, "\"{key}\" in {}", path.display()),
            Source::Variable(name) => f.write_str(name),
            Source::Flag(key) => write!(f, "--{}", key.replace('_', "-")),
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
    pub admin_password: Option<Zeroizing<String>>,
    /// Where the keys come from that have not their default values.
    pub origins: BTreeMap<String, Source>,
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
    let named = environment.take(FILE_VARIABLE).map(PathBuf::from);
    let file = flags.file.clone().or(named);
    let admin_password = environment.take(PASSWORD_VARIABLE).map(Zeroizing::new);

    let mut layers = Layers::defaults()?;
    if let Some(path) = file {
        layers.add_file(&path)?;
    }
    for (name, text) in environment.variables {
        let key = name[PREFIX.len()..].to_ascii_lowercase();
        layers.add_text(&key, &text, Source::Variable(name))?;
    }
    for (key, text) in &flags.values {
        if let Some(text) = text {
            layers.add_text(key, text, Source::Flag(key))?;
        }
    }
    layers.check_together()?;
    Ok(Loaded { config: layers.config, admin_password, origins: layers.origins })
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
            let not_text = |_| invalid(Source::Variable(name.clone()), "is not valid UTF-8");
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
    /// Who set a key last.
    origins: BTreeMap<String, Source>,
}

impl Layers {
    fn defaults() -> Result<Self, ConfigError> {
        let config = Config::default();
        let broken = |error: toml::ser::Error| invalid(Source::Flag("defaults"), error.to_string());
        Ok(Self { table: Table::try_from(&config).map_err(broken)?, config, origins: BTreeMap::new() })
    }

    fn add_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let not_toml =
            |error| ConfigError::NotToml { path: path.to_owned(), message: one_line(&text, &error) };
        for (key, value) in text.parse::<Table>().map_err(not_toml)? {
            let origin = Source::File(path.to_owned(), key.clone());
            self.set(&key, value, origin)?;
        }
        Ok(())
    }

    /// Sets a key from text, which is read as the type that the key has.
    fn add_text(&mut self, key: &str, text: &str, origin: Source) -> Result<(), ConfigError> {
        let Some(current) = self.table.get(key) else {
            return Err(ConfigError::UnknownKey(origin));
        };
        match typed(text, current) {
            Ok(value) => self.set(key, value, origin),
            Err(message) => Err(invalid(origin, message)),
        }
    }

    /// Keys that are of no use without, or with, another.
    fn check_together(&self) -> Result<(), ConfigError> {
        let Config { tls_certificate, tls_key, listen, .. } = &self.config;
        let (key, message) = match (tls_certificate, tls_key, listen) {
            (Some(_), None, _) => ("tls_certificate", "needs tls_key, too"),
            (None, Some(_), _) => ("tls_key", "needs tls_certificate, too"),
            (Some(_), Some(_), Listen::Unix(_)) => ("tls_certificate", "is of no use on a Unix socket"),
            _ => return Ok(()),
        };
        // What is not a default was set by somebody.
        let origin = self.origins.get(key).cloned().unwrap_or(Source::Flag(key));
        Err(invalid(origin, message))
    }

    /// Sets a key. The whole is checked after each, so that a refusal can say which key it is about.
    fn set(&mut self, key: &str, value: Value, origin: Source) -> Result<(), ConfigError> {
        match self.table.get_mut(key) {
            Some(current) => *current = value,
            None => return Err(ConfigError::UnknownKey(origin)),
        }
        let refused = |error: toml::de::Error| invalid(origin.clone(), error.message());
        self.config = self.table.clone().try_into().map_err(refused)?;
        self.origins.insert(key.to_owned(), origin);
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

fn invalid(origin: Source, message: impl Into<String>) -> ConfigError {
    ConfigError::Invalid { origin, message: message.into().replace('\n', " ") }
}

/// Where and why a text is not TOML, without the drawing that the parser makes of it.
fn one_line(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    format!("line {}: {}", before.matches('\n').count() + 1, error.message().replace('\n', ", "))
}

#[cfg(test)]
mod tests {
    use super::super::Origin;
    use super::*;
    use crate::edge::Compat;

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
        let config = load(&flags, environment.clone()).expect("valid").config;
        assert_eq!(config.compat, Compat::Documented);
        assert_eq!(config.server_name.as_str(), "environment");
        assert_eq!(config.data_dir, Path::new("/flag"));
        assert_eq!(config.listen, Config::default().listen);

        let other = directory.path().join("other.toml");
        std::fs::write(&other, "compat = 'nextcloud'").expect("written");
        let flags = Flags { file: Some(other), values: Vec::new() };
        let config = load(&flags, environment).expect("the file that a flag names").config;
        assert_eq!(config.compat, Compat::Nextcloud);
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
            ("COMPAT", "opencloud"),
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
        assert!(refusal(Some("tls_key = '/key.pem'"), &[]).ends_with("needs tls_certificate, too"));
        let certificate = [("DAVGROUPS_TLS_CERTIFICATE", "/certificate.pem")];
        assert_eq!(refusal(None, &certificate), "DAVGROUPS_TLS_CERTIFICATE: needs tls_key, too");
        assert!(load_with(Some("tls_key = '/key.pem'"), &certificate).is_ok());
        let both = refusal(Some("tls_key = '/key.pem'\nlisten = 'unix:/run/x.sock'"), &certificate);
        assert_eq!(both, "DAVGROUPS_TLS_CERTIFICATE: is of no use on a Unix socket");
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
