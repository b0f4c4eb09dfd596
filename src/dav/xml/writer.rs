//! XML out.

use super::{DAV, Name, OWNCLOUD, SABREDAV};

/// The bytes that are escaped in text.
const SPECIAL: [bool; 256] = {
    let (mut table, special) = ([false; 256], b"<>&'\"");
    let mut at = 0;
    while at < special.len() {
        table[special[at] as usize] = true;
        at += 1;
    }
    table
};

/// XML out: names with the prefixes that clients of ownCloud expect, text escaped.
///
/// The prefixes `d`, `s` and `oc` are declared by [`Writer::root`]; any other namespace gets `x1`, `x2`
/// ... and is declared on each element of it.
#[derive(Debug, Default)]
pub struct Writer {
    out: String,
    /// Namespaces without a prefix of their own, in the order in which they came.
    foreign: Vec<String>,
}

impl Writer {
    /// The start of a root element, with the fixed prefixes that are given declared on it.
    pub fn root(&mut self, name: &Name, prefixes: &[&str]) {
        self.out.push('<');
        self.qualified(name);
        for namespace in prefixes {
            self.out.push_str(" xmlns:");
            self.out.push_str(fixed_prefix(namespace).unwrap_or_default());
            self.out.push_str("=\"");
            self.text(namespace);
            self.out.push('"');
        }
        self.out.push('>');
    }

    /// A start tag.
    pub fn start(&mut self, name: &Name) {
        self.tag(name, ">");
    }

    /// An element without content.
    pub fn empty(&mut self, name: &Name) {
        self.tag(name, "/>");
    }

    /// An end tag.
    pub fn end(&mut self, name: &Name) {
        self.out.push_str("</");
        self.qualified(name);
        self.out.push('>');
    }

    /// Text, escaped. Most has nothing to escape, which is found out in a tenth of the time that escaping
    /// takes: a tenth of a long listing.
    pub fn text(&mut self, text: &str) {
        if text.bytes().any(|byte| SPECIAL[usize::from(byte)]) {
            self.out.push_str(&quick_xml::escape::escape(text));
        } else {
            self.out.push_str(text);
        }
    }

    /// An element that holds text alone.
    pub fn text_element(&mut self, name: &Name, text: &str) {
        self.start(name);
        self.text(text);
        self.end(name);
    }

    /// Text that is XML already: what another writer produced, and hrefs, which have nothing to escape.
    pub fn raw(&mut self, xml: &str) {
        self.out.push_str(xml);
    }

    /// Makes room for so many bytes more.
    pub fn reserve(&mut self, bytes: usize) {
        self.out.reserve(bytes);
    }

    /// Takes out what was written so far.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.out)
    }

    fn tag(&mut self, name: &Name, end: &str) {
        self.out.push('<');
        self.qualified(name);
        if name.namespace.is_empty() {
            self.out.push_str(" xmlns=\"\"");
        } else if fixed_prefix(&name.namespace).is_none() {
            self.out.push_str(" xmlns:");
            self.foreign_prefix(&name.namespace);
            self.out.push_str("=\"");
            self.text(&name.namespace);
            self.out.push('"');
        }
        self.out.push_str(end);
    }

    fn qualified(&mut self, name: &Name) {
        if let Some(prefix) = fixed_prefix(&name.namespace) {
            self.out.push_str(prefix);
            self.out.push(':');
        } else if !name.namespace.is_empty() {
            self.foreign_prefix(&name.namespace);
            self.out.push(':');
        }
        self.out.push_str(&name.local);
    }

    fn foreign_prefix(&mut self, namespace: &str) {
        let known = self.foreign.iter().position(|known| known == namespace);
        let index = known.unwrap_or_else(|| {
            self.foreign.push(namespace.to_owned());
            self.foreign.len() - 1
        });
        self.out.push('x');
        self.out.push_str(&(index + 1).to_string());
    }
}

fn fixed_prefix(namespace: &str) -> Option<&'static str> {
    match namespace {
        DAV => Some("d"),
        OWNCLOUD => Some("oc"),
        SABREDAV => Some("s"),
        // Bound without being declared, and to no other prefix: Namespaces in XML 1.0 section 3.
        "http://www.w3.org/XML/1998/namespace" => Some("xml"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dav::xml::{Limits, parse};

    #[test]
    fn written_names_read_back() {
        let names = [
            Name::dav("prop"),
            Name::owncloud("role"),
            Name { namespace: "urn:a&b".into(), local: "x".into() },
            Name { namespace: "urn:other".into(), local: "y".into() },
            Name { namespace: "".into(), local: "z".into() },
            Name { namespace: "http://www.w3.org/XML/1998/namespace".into(), local: "lang".into() },
        ];
        let mut writer = Writer::default();
        writer.root(&Name::dav("multistatus"), &[DAV, SABREDAV, OWNCLOUD]);
        for name in &names {
            writer.text_element(name, "1 < 2 & \"3\"");
        }
        writer.end(&Name::dav("multistatus"));
        let root = parse(writer.take().as_bytes(), Limits::default()).expect("well-formed");
        for (child, name) in root.children.iter().zip(&names) {
            assert_eq!((&child.name, child.text.as_str()), (name, "1 < 2 & \"3\""));
        }
    }
}
