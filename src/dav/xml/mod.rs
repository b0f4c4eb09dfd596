//! XML: namespace-aware reading and writing, and qualified names for both.

mod reader;
mod writer;

use std::borrow::Cow;

pub use reader::{Element, Limits, XmlError, parse};
pub use writer::Writer;

/// The namespace of WebDAV.
pub const DAV: &str = "DAV:";
/// The namespace of ownCloud's properties.
pub const OWNCLOUD: &str = "http://owncloud.org/ns";
/// The namespace in which errors are explained.
pub const SABREDAV: &str = "http://sabredav.org/ns";

/// A qualified name: namespace (empty for none) and local part.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    /// The namespace; empty for none.
    pub namespace: Cow<'static, str>,
    /// The local part.
    pub local: Cow<'static, str>,
}

impl Name {
    /// A name of the WebDAV namespace.
    pub const fn dav(local: &'static str) -> Self {
        Self { namespace: Cow::Borrowed(DAV), local: Cow::Borrowed(local) }
    }

    /// A name of ownCloud's namespace.
    pub const fn owncloud(local: &'static str) -> Self {
        Self { namespace: Cow::Borrowed(OWNCLOUD), local: Cow::Borrowed(local) }
    }

    /// A name of the namespace in which errors are explained.
    pub const fn sabredav(local: &'static str) -> Self {
        Self { namespace: Cow::Borrowed(SABREDAV), local: Cow::Borrowed(local) }
    }
}

/// `{namespace}local`, the way clients of ownCloud read names in messages.
impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{{{}}}{}", self.namespace, self.local)
    }
}
