//! The frame around every answer, as XML and as JSON from one value.
//!
//! Open Collaboration Services 1.6, section "Result".

use std::borrow::Cow;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::value::Value;

/// How an answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    /// XML, unless something else is asked for.
    #[default]
    Xml,
    /// JSON.
    Json,
}

/// What the frame says about the answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Meta {
    /// Whether it went well.
    pub ok: bool,
    /// The statuscode, already in the numbers of the version that was asked.
    pub statuscode: u16,
    /// What to tell a person.
    pub message: Option<String>,
    /// How many entries there are on all pages together.
    pub totalitems: Option<Value>,
    /// How many are on a page.
    pub itemsperpage: Option<Value>,
}

/// An answer in its frame.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Envelope {
    /// About the answer.
    pub meta: Meta,
    /// The answer.
    pub data: Value,
}

impl Envelope {
    /// Writes it down.
    pub fn render(self, format: Format) -> io::Result<Vec<u8>> {
        let whole = self.into_value();
        match format {
            Format::Xml => write_document("ocs", &whole),
            Format::Json => Ok(serde_json::to_vec(&Value::map([("ocs", whole)]))?),
        }
    }

    fn into_value(self) -> Value {
        let Meta { ok, statuscode, message, totalitems, itemsperpage } = self.meta;
        let mut meta = vec![
            ("status".to_owned(), Value::from(if ok { "ok" } else { "failure" })),
            ("statuscode".to_owned(), Value::Number(statuscode.into())),
            ("message".to_owned(), Value::optional(message)),
        ];
        meta.extend(totalitems.map(|total| ("totalitems".to_owned(), total)));
        meta.extend(itemsperpage.map(|count| ("itemsperpage".to_owned(), count)));
        let data = if self.data.is_empty() { Value::List(Vec::new()) } else { self.data };
        Value::map([("meta", Value::Map(meta)), ("data", data)])
    }
}

/// One XML document with `value` in the root element, indented as clients have always been shown it.
fn write_document(root: &str, value: &Value) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 1);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", None, None)))?;
    write_element(&mut writer, root, value)?;
    let mut document = writer.into_inner();
    document.push(b'\n');
    Ok(document)
}

fn write_element(writer: &mut Writer<Vec<u8>>, name: &str, value: &Value) -> io::Result<()> {
    if value.is_empty() {
        return writer.write_event(Event::Empty(BytesStart::new(name)));
    }
    writer.write_event(Event::Start(BytesStart::new(name)))?;
    match value {
        Value::List(entries) => {
            entries.iter().try_for_each(|entry| write_element(writer, "element", entry))?;
        }
        Value::Keyed(entries) => {
            entries.iter().try_for_each(|(_, entry)| write_element(writer, "element", entry))?;
        }
        Value::Map(entries) => {
            entries.iter().try_for_each(|(name, entry)| write_element(writer, name, entry))?;
        }
        scalar => writer.write_event(Event::Text(BytesText::new(&writable(&text_of(scalar)))))?,
    }
    writer.write_event(Event::End(BytesEnd::new(name)))
}

fn text_of(scalar: &Value) -> Cow<'_, str> {
    match scalar {
        Value::Text(text) => Cow::Borrowed(text),
        Value::Number(number) => Cow::Owned(number.to_string()),
        Value::Decimal(number) => Cow::Owned(number.to_string()),
        Value::Flag(true) => Cow::Borrowed("1"),
        Value::Flag(false) | Value::Null | Value::List(_) | Value::Map(_) | Value::Keyed(_) => {
            Cow::Borrowed("")
        }
    }
}

/// What XML 1.0 section 2.2 cannot carry, even escaped, becomes a replacement character. Names cannot
/// contain it; what a client sent and is told about can.
fn writable(text: &str) -> Cow<'_, str> {
    let forbidden = |c: char| {
        (c.is_control() && !matches!(c, '\t' | '\n' | '\u{7f}'..='\u{9f}'))
            || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    if text.contains(forbidden) {
        Cow::Owned(text.replace(forbidden, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quick_xml::Reader;

    use super::*;

    fn envelope(data: Value) -> Envelope {
        let meta = Meta { ok: true, statuscode: 100, message: None, totalitems: None, itemsperpage: None };
        Envelope { meta, data }
    }

    fn text(envelope: Envelope, format: Format) -> String {
        String::from_utf8(envelope.render(format).expect("written")).expect("UTF-8")
    }

    #[test]
    fn keys_that_are_no_names_stay_out_of_xml() {
        let users = Value::Keyed(vec![("4 o'clock".to_owned(), Value::map([("id", "4 o'clock".into())]))]);
        let xml = text(envelope(users.clone()), Format::Xml);
        assert!(
            xml.contains("<data>\n  <element>\n   <id>4 o&apos;clock</id>\n  </element>\n </data>"),
            "{xml}"
        );
        let json = text(envelope(users), Format::Json);
        assert!(json.ends_with(r#""data":{"4 o'clock":{"id":"4 o'clock"}}}}"#), "{json}");
        assert!(text(envelope(Value::Keyed(Vec::new())), Format::Json).ends_with(r#""data":[]}}"#));
    }

    #[test]
    fn the_frame_in_both_formats() {
        let users = Value::map([("users", Value::texts(["Frank", "<&>"]))]);
        assert_eq!(
            text(envelope(users.clone()), Format::Xml),
            "<?xml version=\"1.0\"?>\n<ocs>\n <meta>\n  <status>ok</status>\n  \
             <statuscode>100</statuscode>\n  <message/>\n </meta>\n <data>\n  <users>\n   \
             <element>Frank</element>\n   <element>&lt;&amp;&gt;</element>\n  </users>\n </data>\n</ocs>\n"
        );
        assert_eq!(
            text(envelope(users), Format::Json),
            r#"{"ocs":{"meta":{"status":"ok","statuscode":100,"message":null},"data":{"users":["Frank","<&>"]}}}"#
        );
    }

    #[test]
    fn nothing_is_an_empty_list() {
        for nothing in [Value::Null, Value::List(Vec::new()), Value::Map(Vec::new())] {
            assert!(text(envelope(nothing.clone()), Format::Xml).contains("<data/>"));
            assert!(text(envelope(nothing), Format::Json).ends_with(r#""data":[]}}"#));
        }
        let none_inside = Value::map([("users", Value::List(Vec::new())), ("email", Value::Null)]);
        assert!(text(envelope(none_inside.clone()), Format::Json).contains(r#"{"users":[],"email":null}"#));
        assert!(text(envelope(none_inside), Format::Xml).contains("<users/>\n  <email/>"));
    }

    #[test]
    fn what_xml_cannot_carry_is_replaced() {
        let found = text(envelope(Value::from("a\0b\u{ffff}c\rd")), Format::Xml);
        assert!(found.contains("<data>a\u{fffd}b\u{fffd}c\u{fffd}d</data>"), "{found}");
    }

    /// A value as a reader without knowledge of types sees it.
    #[derive(Debug, PartialEq)]
    enum Seen {
        Text(String),
        List(Vec<Seen>),
        Map(Vec<(String, Seen)>),
    }

    fn seen(children: Vec<(String, Seen)>, text: String) -> Seen {
        if children.is_empty() {
            Seen::Text(text)
        } else if children.iter().all(|(name, _)| name == "element") {
            Seen::List(children.into_iter().map(|(_, child)| child).collect())
        } else {
            Seen::Map(children)
        }
    }

    fn read_xml(xml: &str) -> Seen {
        let mut reader = Reader::from_str(xml);
        let mut stack = vec![(String::new(), Vec::new(), String::new())];
        loop {
            let event = reader.read_event().expect("well-formed");
            let top = stack.last_mut().expect("open");
            match event {
                Event::Start(start) => {
                    stack.push((start.name().as_ref().to_owned(), Vec::new(), String::new()));
                }
                Event::Empty(start) => {
                    let name = start.name().as_ref().to_owned();
                    top.1.push((name, Seen::Text(String::new())));
                }
                Event::Text(text) => top.2.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let named = quick_xml::escape::resolve_predefined_entity(&reference.xml10_content());
                    match reference.resolve_char_ref().expect("a character") {
                        Some(c) => top.2.push(c),
                        None => top.2.push_str(named.expect("predefined")),
                    }
                }
                Event::End(_) => {
                    let (name, children, text) = stack.pop().expect("open");
                    stack.last_mut().expect("parent").1.push((name, seen(children, text)));
                }
                Event::Eof => break,
                _ => {}
            }
        }
        let (_, mut children, _) = stack.pop().expect("the document");
        children.pop().expect("a root").1
    }

    fn read_json(json: &serde_json::Value) -> Seen {
        match json {
            serde_json::Value::Null => Seen::Text(String::new()),
            serde_json::Value::Array(list) if list.is_empty() => Seen::Text(String::new()),
            serde_json::Value::Array(list) => Seen::List(list.iter().map(read_json).collect()),
            serde_json::Value::Object(map) => {
                Seen::Map(map.iter().map(|(name, value)| (name.clone(), read_json(value))).collect())
            }
            serde_json::Value::String(text) => Seen::Text(text.clone()),
            other => Seen::Text(other.to_string()),
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            // White space alone between tags means nothing to this reader.
            "[^\\p{C}\\s][^\\p{C}]{0,8}".prop_map(Value::Text),
            any::<i64>().prop_map(Value::Number),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 1..4).prop_map(Value::List),
                proptest::collection::btree_map("[a-d][a-z-]{0,6}", inner, 1..4)
                    .prop_map(|map| Value::Map(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn both_formats_say_the_same(data in values()) {
            let xml = text(envelope(data.clone()), Format::Xml);
            let json = text(envelope(data), Format::Json);
            let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
            prop_assert_eq!(read_xml(&xml), read_json(&json["ocs"]));
        }
    }
}
