//! What clients ask about the server before they start.

use super::OcsSettings;
use super::value::Value;

use crate::edge::Compat;

/// Whose behaviour clients may expect. They refuse servers older than they know, and none asks for a
/// newer one.
struct Product {
    /// What clients look for to know the protocol that is spoken here.
    name: &'static str,
    edition: &'static str,
    version: (i64, i64, i64),
}

impl Product {
    fn of(compat: Compat) -> Self {
        match compat {
            Compat::Owncloud | Compat::Documented => {
                Self { name: "ownCloud", edition: "Community", version: (10, 15, 0) }
            }
            Compat::Nextcloud => Self { name: "Nextcloud", edition: "", version: (31, 0, 0) },
        }
    }

    fn version_text(&self) -> String {
        let (major, minor, micro) = self.version;
        format!("{major}.{minor}.{micro}")
    }
}

/// `/status.php`.
pub(super) fn status(compat: Compat) -> Value {
    let product = Product::of(compat);
    Value::map([
        ("installed", Value::Flag(true)),
        ("maintenance", Value::Flag(false)),
        ("needsDbUpgrade", Value::Flag(false)),
        ("version", format!("{}.0", product.version_text()).into()),
        ("versionstring", product.version_text().into()),
        ("edition", product.edition.into()),
        ("productname", product.name.into()),
        ("product", product.name.into()),
    ])
}

/// `config`, as Open Collaboration Services 1.6 defines it.
pub(super) fn config(settings: &OcsSettings, host: &str, encrypted: bool) -> Value {
    Value::map([
        ("version", "1.7".into()),
        ("website", settings.server_name.clone().into()),
        ("host", host.into()),
        ("contact", Value::Null),
        ("ssl", if encrypted { "true".into() } else { "false".into() }),
    ])
}

/// `cloud/capabilities`: what clients may use.
pub(super) fn capabilities(compat: Compat, customgroups: bool) -> Value {
    let product = Product::of(compat);
    let (major, minor, micro) = product.version;
    let mut capabilities = vec![
        ("core".to_owned(), core(compat)),
        ("files".to_owned(), Value::map([("bigfilechunking", Value::Flag(true))])),
        // There are no files to send in chunks. But from 1.0 on clients look for them below
        // `remote.php/dav/files/`, which is there, and all of them take the other for granted.
        ("dav".to_owned(), Value::map([("chunking", "1.0".into())])),
        ("provisioning_api".to_owned(), Value::map([("enabled", Value::Flag(true))])),
    ];
    if customgroups {
        let entry = Value::map([("enabled", Value::Flag(true))]);
        capabilities.push(("customgroups".to_owned(), entry));
    }
    Value::map([
        (
            "version",
            Value::map([
                ("major", Value::Number(major)),
                ("minor", Value::Number(minor)),
                ("micro", Value::Number(micro)),
                ("string", product.version_text().into()),
                ("edition", product.edition.into()),
                ("extendedSupport", Value::Flag(false)),
            ]),
        ),
        ("capabilities", Value::Map(capabilities)),
    ])
}

fn core(compat: Compat) -> Value {
    Value::map([
        ("pollinterval", Value::Number(60)),
        ("webdav-root", "remote.php/webdav".into()),
        ("status", status(compat)),
    ])
}
