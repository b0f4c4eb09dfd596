//! What an app says about itself: `appinfo/info.xml`.

use quick_xml::events::attributes::AttrError;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};
use thiserror::Error;

use crate::domain::AppId;

/// Descriptions are a few kilobytes.
pub(super) const MAX_BYTES: u64 = 64 * 1024;

/// They nest three levels deep.
const MAX_DEPTH: usize = 8;

/// What an app says about itself. Texts are empty where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppInfo {
    /// The id.
    pub id: String,
    /// The name people see.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Under which licence it comes.
    pub licence: String,
    /// Who wrote it.
    pub author: String,
    /// The version of the server it needs.
    pub require: String,
    /// Its own version.
    pub version: String,
    /// Whether it comes with the server.
    pub shipped: bool,
    /// Whether it stands alone.
    pub standalone: bool,
    /// Whether it is on unless it was switched off.
    pub default_enable: bool,
    /// Entry points by name for users who are logged in.
    pub remote: Vec<(String, String)>,
    /// Entry points by name for everybody.
    pub public: Vec<(String, String)>,
    /// What kinds of app it is.
    pub types: Vec<String>,
    /// What it needs.
    pub dependencies: Vec<Dependency>,
}

/// One thing an app needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dependency {
    /// What kind of thing (`php`, `owncloud`, `database`).
    pub name: String,
    /// Conditions by name (`min-version`).
    pub conditions: Vec<(String, String)>,
    /// Which one, where there are several (`sqlite`).
    pub text: String,
}

impl AppInfo {
    /// The id as one.
    pub fn app_id(&self) -> AppId {
        AppId::new(self.id.clone())
    }

    /// Reads `info.xml`: elements without a namespace in an element `info`.
    ///
    /// # Errors
    /// [`InfoInvalid`] says what is wrong with the document.
    pub(crate) fn parse(xml: &str) -> Result<Self, InfoInvalid> {
        let root = read_tree(xml)?;
        if root.name != "info" {
            return Err(InfoInvalid::NotInfo);
        }
        let info = Self::from_tree(root);
        if info.id.is_empty() { Err(InfoInvalid::NoId) } else { Ok(info) }
    }

    fn from_tree(root: Element) -> Self {
        let mut info = Self::default();
        for child in root.children {
            let text = child.text.trim().to_owned();
            match child.name.as_str() {
                "id" => info.id = text,
                "name" => info.name = text,
                "description" => info.description = text,
                "licence" => info.licence = text,
                "author" => push_author(&mut info.author, &text),
                "require" | "requiremin" => info.require = text,
                "version" => info.version = text,
                "shipped" => info.shipped = text == "true",
                "standalone" => info.standalone = true,
                "default_enable" => info.default_enable = true,
                "remote" => info.remote = child.pairs(),
                "public" => info.public = child.pairs(),
                "types" => info.types = child.pairs().into_iter().map(|(name, _)| name).collect(),
                "dependencies" => info.dependencies = child.dependencies(),
                _ => {}
            }
        }
        info
    }
}

fn push_author(authors: &mut String, author: &str) {
    if !authors.is_empty() {
        authors.push_str(", ");
    }
    authors.push_str(author);
}

/// Why a description cannot be read.
#[derive(Debug, Error)]
pub(crate) enum InfoInvalid {
    #[error("it is not well-formed: {0}")]
    NotWellFormed(#[from] quick_xml::Error),
    #[error("it is not well-formed: {0}")]
    Attribute(#[from] AttrError),
    #[error("document type declarations are not read")]
    Doctype,
    #[error("it refers to an entity that XML does not define")]
    Entity,
    #[error("it is nested too deep")]
    TooDeep,
    #[error("{0:?} is no name")]
    Name(String),
    #[error("it ends too early")]
    Unfinished,
    #[error("its root is not an element info")]
    NotInfo,
    #[error("it has no id")]
    NoId,
}

/// An element without a namespace; others are left out with what is in them.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
    foreign: bool,
}

impl Element {
    fn pairs(self) -> Vec<(String, String)> {
        self.children.into_iter().map(|child| (child.name, child.text.trim().to_owned())).collect()
    }

    fn dependencies(self) -> Vec<Dependency> {
        let dependency = |child: Element| Dependency {
            text: child.text.trim().to_owned(),
            name: child.name,
            conditions: child.attributes,
        };
        self.children.into_iter().map(dependency).collect()
    }
}

fn read_tree(xml: &str) -> Result<Element, InfoInvalid> {
    let mut reader = NsReader::from_str(xml);
    // The one at the bottom stands for the document.
    let mut open = vec![Element::default()];
    loop {
        let (namespace, event) = reader.read_resolved_event()?;
        let foreign = !matches!(namespace, ResolveResult::Unbound);
        match event {
            Event::Start(start) => open.push(element(&start, foreign)?),
            Event::Empty(start) => close(&mut open, element(&start, foreign)?),
            Event::End(_) => {
                let done = open.pop().ok_or(InfoInvalid::Unfinished)?;
                close(&mut open, done);
            }
            Event::Text(text) => append(&mut open, &text.xml10_content()),
            Event::CData(text) => append(&mut open, &text.xml10_content()),
            Event::GeneralRef(reference) => {
                let c = reference.resolve_char_ref()?.or_else(|| predefined(&reference.xml10_content()));
                append(&mut open, c.ok_or(InfoInvalid::Entity)?.encode_utf8(&mut [0; 4]));
            }
            Event::DocType(_) => return Err(InfoInvalid::Doctype),
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
        if open.len() > MAX_DEPTH {
            return Err(InfoInvalid::TooDeep);
        }
    }
    match (open.pop(), open.pop()) {
        (Some(document), None) => document.children.into_iter().next().ok_or(InfoInvalid::NotInfo),
        _ => Err(InfoInvalid::Unfinished),
    }
}

fn element(start: &BytesStart<'_>, foreign: bool) -> Result<Element, InfoInvalid> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute?;
        let value = attribute.normalized_value(XmlVersion::Explicit1_0)?.into_owned();
        attributes.push((name(attribute.key.local_name().into_inner())?, value));
    }
    let name = name(start.local_name().into_inner())?;
    Ok(Element { name, attributes, foreign, ..Element::default() })
}

/// A name that can be one in an answer, too. The parser takes almost anything; descriptions have plain ones.
fn name(name: &str) -> Result<String, InfoInvalid> {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if starts && name.chars().all(plain) {
        Ok(name.to_owned())
    } else {
        Err(InfoInvalid::Name(name.to_owned()))
    }
}

/// Puts an element that has ended below the one that is open.
fn close(open: &mut [Element], done: Element) {
    if let (false, Some(parent)) = (done.foreign, open.last_mut()) {
        parent.children.push(done);
    }
}

fn append(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

/// XML 1.0 section 4.6.
fn predefined(entity: &str) -> Option<char> {
    Some(match entity {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "apos" => '\'',
        "quot" => '"',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_apps_say() {
        let info = AppInfo::parse(
            r#"<?xml version="1.0"?>
            <info xmlns:x="urn:x">
              <id>notes</id><name>Notes &amp; more</name><x:name>other</x:name>
              <author>Ann</author><author>Ben</author>
              <types><filesystem/><prevent_group_restriction/></types>
              <remote><notes>appinfo/remote.php</notes></remote>
              <default_enable/><shipped>true</shipped>
              <dependencies><owncloud min-version="10.11"/><database>sqlite</database></dependencies>
            </info>"#,
        )
        .expect("well-formed");
        assert_eq!(info.name, "Notes & more");
        assert_eq!(info.author, "Ann, Ben");
        assert_eq!(info.types, ["filesystem", "prevent_group_restriction"]);
        assert_eq!(info.remote, [("notes".to_owned(), "appinfo/remote.php".to_owned())]);
        assert!(info.default_enable && info.shipped && !info.standalone);
        assert_eq!(info.dependencies[0].conditions, [("min-version".to_owned(), "10.11".to_owned())]);
        assert_eq!(info.dependencies[1].text, "sqlite");
    }

    #[test]
    fn refuses_what_is_no_description() {
        let deep = format!("<info><id>x</id>{}{}</info>", "<a>".repeat(20), "</a>".repeat(20));
        for xml in [
            "",
            "text",
            "<other><id>x</id></other>",
            "<info><name>x</name></info>",
            "<info><id>x</id>",
            "<info><id>x</info>",
            "<!DOCTYPE info [<!ENTITY e 'x'>]><info><id>&e;</id></info>",
            "<info><id>&nosuch;</id></info>",
            "<info xmlns='urn:other'><id>x</id></info>",
            "<x:info><id>x</id></x:info>",
            "<info><id>x</id><remote><1st/></remote></info>",
            "<info><id>x</id><dependencies><owncloud min/version='1'/></dependencies></info>",
            &deep,
        ] {
            assert!(AppInfo::parse(xml).is_err(), "{xml}");
        }
    }
}
