//! XML in: a small, namespace-aware tree of a request body.
//!
//! Nothing outside the body is ever looked at: a document type declaration is refused, and of entities
//! only the five that XML predefines are known.

use std::borrow::Cow;

use quick_xml::NsReader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;
use thiserror::Error;

use super::{DAV, Name};

/// The namespace of declarations themselves, which nothing may be declared to be in: Namespaces in XML 1.0
/// section 3.
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// How much structure a body may have.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// As deep as elements may lie in each other.
    pub depth: usize,
    /// As many attributes an element may have, declarations of namespaces included. Looking for two of one
    /// name takes longer with the square of them.
    pub attributes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 32, attributes: 64 }
    }
}

/// As many elements a body may have.
const MAX_ELEMENTS: usize = 4096;

/// An element of a request body. Attributes are of no use to any request and are dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Its name.
    pub name: Name,
    /// The text directly in it, pieces joined.
    pub text: String,
    /// The elements directly in it.
    pub children: Vec<Element>,
}

impl Element {
    /// Whether this is the element of that name in the WebDAV namespace.
    pub fn is_dav(&self, local: &str) -> bool {
        self.name.namespace == DAV && self.name.local == local
    }

    /// The children of that name in the WebDAV namespace.
    pub fn dav_children<'e>(&'e self, local: &'e str) -> impl Iterator<Item = &'e Element> {
        self.children.iter().filter(move |child| child.is_dav(local))
    }
}

/// Why a body is not XML that we read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum XmlError {
    /// The bytes are not text in the encoding they claim.
    #[error("the body is not valid {0}")]
    Encoding(&'static str),
    /// The text is not well-formed.
    #[error("the body is not well-formed XML: {reason}, on line {line}, column {column}")]
    Malformed {
        /// What is wrong.
        reason: String,
        /// Where, counted from 1.
        line: usize,
        /// Where in the line, in characters, counted from 1.
        column: usize,
    },
    /// There is a document type declaration.
    #[error("document type declarations are not accepted")]
    Doctype,
    /// There is more structure than any request has.
    #[error("the body has too many elements or attributes, or elements nested too deeply")]
    TooComplex,
}

/// Reads a whole body.
///
/// # Errors
/// [`XmlError`]: the encoding, then whatever comes first in the text.
pub fn parse(body: &[u8], limits: Limits) -> Result<Element, XmlError> {
    let text = decode(body)?;
    let mut parser = Parser {
        reader: NsReader::from_str(&text),
        limits,
        open: Vec::new(),
        root: None,
        elements: 0,
        begun: false,
    };
    let malformed = |reason: String, offset: u64| {
        let (line, column) = position(&text, usize::try_from(offset).unwrap_or(usize::MAX));
        XmlError::Malformed { reason, line, column }
    };
    loop {
        match parser.step() {
            Ok(true) => {}
            Ok(false) => break,
            Err(Fault::Syntax(error)) => {
                return Err(malformed(error.to_string(), parser.reader.error_position()));
            }
            Err(Fault::Reason(reason)) => {
                return Err(malformed(reason, parser.reader.buffer_position()));
            }
            Err(Fault::Refused(error)) => return Err(error),
        }
    }
    match parser.root.take() {
        Some(root) if parser.open.is_empty() => Ok(root),
        _ => {
            let reason = "the document ends before its root element does";
            Err(malformed(reason.to_owned(), parser.reader.buffer_position()))
        }
    }
}

/// The body as text: by its byte order mark, by its XML declaration, else UTF-8.
fn decode(body: &[u8]) -> Result<Cow<'_, str>, XmlError> {
    let declared = declared_encoding(body).and_then(encoding_rs::Encoding::for_label);
    let (text, encoding, lossy) = declared.unwrap_or(encoding_rs::UTF_8).decode(body);
    if lossy { Err(XmlError::Encoding(encoding.name())) } else { Ok(text) }
}

/// The label in `<?xml ... encoding="label"?>`, as far as the declaration is in ASCII.
fn declared_encoding(body: &[u8]) -> Option<&[u8]> {
    let declaration = body.strip_prefix(b"<?xml")?;
    let declaration = &declaration[..declaration.windows(2).position(|pair| pair == b"?>")?];
    let after = declaration.windows(8).position(|word| word == b"encoding")? + 8;
    let value = declaration[after..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let quote = *value.first().filter(|quote| matches!(quote, b'"' | b'\''))?;
    value[1..].split(|byte| *byte == quote).next()
}

fn position(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

enum Fault {
    /// What the reader objects to, where it says.
    Syntax(quick_xml::Error),
    /// What else is not well-formed, right before where the reader is.
    Reason(String),
    /// Refused for what it is.
    Refused(XmlError),
}

impl<E: Into<quick_xml::Error>> From<E> for Fault {
    fn from(error: E) -> Self {
        Fault::Syntax(error.into())
    }
}

struct Parser<'t> {
    reader: NsReader<&'t [u8]>,
    limits: Limits,
    /// The elements that are open, outermost first.
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
    /// Whether there was anything yet.
    begun: bool,
}

impl Parser<'_> {
    /// Takes in one piece of the document; false at its end.
    fn step(&mut self) -> Result<bool, Fault> {
        match self.reader.read_event()? {
            Event::Start(start) => {
                let element = self.element(&start)?;
                self.open.push(element);
            }
            Event::Empty(start) => {
                let element = self.element(&start)?;
                self.close(element);
            }
            Event::End(_) => {
                if let Some(element) = self.open.pop() {
                    self.close(element);
                }
            }
            Event::Text(text) => self.text(&text.xml10_content())?,
            Event::CData(text) => self.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => self.text(resolve(&reference)?.encode_utf8(&mut [0; 4]))?,
            Event::DocType(_) => return Err(Fault::Refused(XmlError::Doctype)),
            Event::Decl(_) if self.begun => {
                return Err(Fault::Reason("the XML declaration is not at the beginning".to_owned()));
            }
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
            Event::Eof => return Ok(false),
        }
        self.begun = true;
        Ok(true)
    }

    /// A new element with its name resolved, after its place and attributes were looked at.
    fn element(&mut self, start: &BytesStart<'_>) -> Result<Element, Fault> {
        self.elements += 1;
        if self.open.len() >= self.limits.depth || self.elements > MAX_ELEMENTS {
            return Err(Fault::Refused(XmlError::TooComplex));
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err(Fault::Reason("there is a second root element".to_owned()));
        }
        self.check_attributes(start)?;
        let (namespace, local) = self.reader.resolver().resolve_element(start.name());
        let namespace = match namespace {
            ResolveResult::Unbound => String::new(),
            ResolveResult::Bound(namespace) => {
                quick_xml::escape::unescape(namespace.0).map_err(quick_xml::Error::from)?.into_owned()
            }
            ResolveResult::Unknown(prefix) => return Err(unbound(&prefix)),
        };
        check_namespace(&namespace)?;
        let local = AsRef::<str>::as_ref(&local).to_owned();
        if !is_ncname(&local) {
            return Err(Fault::Reason(format!("{local:?} is not a name")));
        }
        let name = Name { namespace: namespace.into(), local: local.into() };
        Ok(Element { name, text: String::new(), children: Vec::new() })
    }

    /// Namespaces in XML 1.0: every prefix is bound, and none is bound to nothing.
    fn check_attributes(&self, start: &BytesStart<'_>) -> Result<(), Fault> {
        for (number, attribute) in start.attributes().enumerate() {
            if number >= self.limits.attributes {
                return Err(Fault::Refused(XmlError::TooComplex));
            }
            let attribute = attribute.map_err(quick_xml::Error::from)?;
            let key: &str = attribute.key.as_ref();
            if key.starts_with("xmlns:") && attribute.value.is_empty() {
                return Err(Fault::Reason(format!("{key} is bound to no namespace")));
            }
            if let (ResolveResult::Unknown(prefix), _) =
                self.reader.resolver().resolve_attribute(attribute.key)
            {
                return Err(unbound(&prefix));
            }
        }
        Ok(())
    }

    fn close(&mut self, element: Element) {
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), Fault> {
        if let Some(illegal) = text.chars().find(|c| !is_xml_char(*c)) {
            let reason = format!("the character U+{:04X} is not allowed", u32::from(illegal));
            return Err(Fault::Reason(reason));
        }
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']).is_empty() => {}
            None => return Err(Fault::Reason("there is text outside the root element".to_owned())),
        }
        Ok(())
    }
}

fn unbound(prefix: &str) -> Fault {
    Fault::Reason(format!("the namespace prefix {prefix} is not declared"))
}

/// A character reference, or one of the entities that XML predefines.
fn resolve(reference: &BytesRef<'_>) -> Result<char, Fault> {
    if let Some(character) = reference.resolve_char_ref()? {
        return Ok(character);
    }
    match reference.xml10_content().as_ref() {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        name => Err(Fault::Reason(format!("the entity {name} is not defined"))),
    }
}

/// XML 1.0 section 2.2.
fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// What an answer could not name again.
fn check_namespace(namespace: &str) -> Result<(), Fault> {
    if let Some(illegal) = namespace.chars().find(|c| c.is_control() || !is_xml_char(*c)) {
        return Err(Fault::Reason(format!("U+{:04X} is in the name of a namespace", u32::from(illegal))));
    }
    if namespace == XMLNS {
        return Err(Fault::Reason(format!("{XMLNS} is no namespace of elements")));
    }
    Ok(())
}

/// Namespaces in XML 1.0 section 3: whether a local name can be written again as it came. The parser itself
/// takes almost anything.
fn is_ncname(name: &str) -> bool {
    name.starts_with(starts_name) && name.chars().all(continues_name)
}

/// XML 1.0 section 2.3, `NameStartChar` but for the colon.
fn starts_name(c: char) -> bool {
    matches!(c, 'A'..='Z' | 'a'..='z' | '_'
        | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}'
        | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}'
        | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

/// XML 1.0 section 2.3, `NameChar` but for the colon.
fn continues_name(c: char) -> bool {
    starts_name(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &[u8]) -> Result<Element, XmlError> {
        super::parse(body, Limits::default())
    }

    fn reason(body: &str) -> String {
        match parse(body.as_bytes()) {
            Err(error) => error.to_string(),
            Ok(element) => panic!("{body} was read as {element:?}"),
        }
    }

    #[test]
    fn names_are_resolved_whatever_the_prefix() {
        for body in [
            r#"<d:propfind xmlns:d="DAV:"><d:prop><x:role xmlns:x="http://owncloud.org/ns"/></d:prop></d:propfind>"#,
            r#"<propfind xmlns="DAV:"><prop><role xmlns="http://owncloud.org/ns"/></prop></propfind>"#,
        ] {
            let root = parse(body.as_bytes()).expect(body);
            assert_eq!(root.name, Name::dav("propfind"));
            assert_eq!(root.children[0].children[0].name, Name::owncloud("role"));
        }
        let root = parse(br#"<a xmlns="DAV:"><b xmlns=""/></a>"#).expect("no namespace");
        assert_eq!(root.children[0].name, Name { namespace: "".into(), local: "b".into() });
    }

    #[test]
    fn text_is_joined_and_unescaped() {
        let root =
            parse("<a>x &amp; <!-- c -->&#233;&#x1F389;<![CDATA[ <y>]]></a>".as_bytes()).expect("text");
        assert_eq!(root.text, "x & é🎉 <y>");
    }

    #[test]
    fn malformed_bodies_say_where() {
        assert_eq!(
            reason("<a>\n<b></a>"),
            "the body is not well-formed XML: ill-formed document: expected `</b>`, but `</a>` was found, on line 2, column 4"
        );
        for body in [
            "",
            " ",
            "hello",
            "<a",
            "<a>",
            "<a/><b/>",
            "<a/>x",
            "x<a/>",
            "<a>&</a>",
            "<a>&nbsp;</a>",
            "<a>&#0;</a>",
            "<a>\u{1}</a>",
            "<d:a/>",
            r#"<a d:x="y"/>"#,
            r#"<a xmlns:d=""/>"#,
            r#"<a x="1" x="2"/>"#,
            "</a>",
            "\n<?xml version=\"1.0\"?><a/>",
            "<a\"b/>",
            "<1a/>",
            "<ª/>",
            "<a xmlns=\"urn:\u{1}\"/>",
            "<a xmlns=\"http://www.w3.org/2000/xmlns/\"/>",
            "<a xmlns=\"urn:&#xFFFF;\"/>",
        ] {
            assert!(reason(body).starts_with("the body is not well-formed XML"), "{body}: {}", reason(body));
        }
    }

    #[test]
    fn doctypes_and_towers_are_refused() {
        let entity = r#"<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>&e;</a>"#;
        assert_eq!(parse(entity.as_bytes()), Err(XmlError::Doctype));
        let tower = "<a>".repeat(1000) + &"</a>".repeat(1000);
        assert_eq!(parse(tower.as_bytes()), Err(XmlError::TooComplex));
        let attributes = |number| -> String { (0..number).map(|number| format!(" a{number}=''")).collect() };
        assert!(parse(format!("<a{}/>", attributes(64)).as_bytes()).is_ok());
        let broad = format!("<a{}/>", attributes(65));
        assert_eq!(parse(broad.as_bytes()), Err(XmlError::TooComplex));
        let flat = Limits { depth: 1, ..Limits::default() };
        assert!(super::parse(b"<a/>", flat).is_ok());
        assert_eq!(super::parse(b"<a><b/></a>", flat), Err(XmlError::TooComplex));
        let crowd = format!("<a>{}</a>", "<b/>".repeat(MAX_ELEMENTS));
        assert_eq!(parse(crowd.as_bytes()), Err(XmlError::TooComplex));
    }

    #[test]
    fn other_encodings_are_read() {
        let latin = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xe9</a>";
        assert_eq!(parse(latin).expect("latin").text, "é");
        let mut utf16 = vec![0xff, 0xfe];
        utf16.extend("<a>é</a>".encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(parse(&utf16).expect("utf-16").text, "é");
        assert_eq!(parse(b"<a>\xff</a>"), Err(XmlError::Encoding("UTF-8")));
    }
}
