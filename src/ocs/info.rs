//! What clients ask about the server before they start.

use super::OcsSettings;
use super::value::Value;

/// The version of ownCloud whose behaviour clients may expect. They refuse servers older than they
/// know, and none asks for a newer one.
const VERSION: (i64, i64, i64) = (10, 15, 0);

fn version_text() -> String {
    let (major, minor, micro) = VERSION;
    format!("{major}.{minor}.{micro}")
}

/// What clients look for to know the protocol that is spoken here.
const PRODUCT: &str = "ownCloud";

/// `/status.php`.
pub(super) fn status() -> Value {
    Value::map([
        ("installed", Value::Flag(true)),
        ("maintenance", Value::Flag(false)),
        ("needsDbUpgrade", Value::Flag(false)),
        ("version", format!("{}.0", version_text()).into()),
        ("versionstring", version_text().into()),
        ("edition", "Community".into()),
        ("productname", PRODUCT.into()),
        ("product", PRODUCT.into()),
    ])
}

/// `config`, as Open Collaboration Services 1.6 defines it.
pub(super) fn config(settings: &OcsSettings, host: &str) -> Value {
    Value::map([
        ("version", "1.7".into()),
        ("website", settings.server_name.clone().into()),
        ("host", host.into()),
        ("contact", Value::Null),
        ("ssl", if settings.tls { "true".into() } else { "false".into() }),
    ])
}

/// `cloud/capabilities`: what clients may use.
pub(super) fn capabilities(customgroups: bool) -> Value {
    let (major, minor, micro) = VERSION;
    let mut capabilities = vec![
        ("core".to_owned(), core()),
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
                ("string", version_text().into()),
                ("edition", "Community".into()),
                ("extendedSupport", Value::Flag(false)),
            ]),
        ),
        ("capabilities", Value::Map(capabilities)),
    ])
}

fn core() -> Value {
    Value::map([
        ("pollinterval", Value::Number(60)),
        ("webdav-root", "remote.php/webdav".into()),
        ("status", status()),
    ])
}
