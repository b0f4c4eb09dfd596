//! What an answer says, before it is XML or JSON.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

/// A value that both formats can show.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Nothing: `null`, or an element without content.
    Null,
    /// Text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// A number with decimals.
    Decimal(f64),
    /// Yes or no, in the answers that are JSON only by nature; XML shows 1 or nothing, as PHP does.
    Flag(bool),
    /// Entries, which XML calls `element`.
    List(Vec<Value>),
    /// Entries by name. The names have to be names of XML elements.
    Map(Vec<(String, Value)>),
    /// Entries by anything, such as the id of a user; XML calls each `element`.
    Keyed(Vec<(String, Value)>),
}

impl Value {
    /// Text that may be missing.
    pub fn optional(text: Option<impl Into<String>>) -> Self {
        text.map_or(Value::Null, |text| Value::Text(text.into()))
    }

    /// Text without anything in it.
    pub fn blank() -> Self {
        Value::Text(String::new())
    }

    /// A list of texts.
    pub fn texts<T: ToString>(texts: impl IntoIterator<Item = T>) -> Self {
        Value::List(texts.into_iter().map(|text| Value::Text(text.to_string())).collect())
    }

    /// Entries by name.
    pub fn map<const N: usize>(entries: [(&str, Value); N]) -> Self {
        Value::Map(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// A number of bytes or seconds; what is larger than clients can read is as large as they can.
    pub fn amount(number: u64) -> Self {
        Value::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Text(text) => text.is_empty(),
            Value::List(entries) => entries.is_empty(),
            Value::Map(entries) | Value::Keyed(entries) => entries.is_empty(),
            Value::Flag(flag) => !flag,
            Value::Number(_) | Value::Decimal(_) => false,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

/// JSON. A map without entries is `[]`, since clients know it so from PHP, which cannot tell the two
/// apart.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Number(number) => serializer.serialize_i64(*number),
            // PHP writes 12 for 12.0, and some clients read nothing else there.
            Value::Decimal(number) if number.fract() == 0.0 => serializer.serialize_i64(*number as i64),
            Value::Decimal(number) => serializer.serialize_f64(*number),
            Value::Flag(flag) => serializer.serialize_bool(*flag),
            Value::List(entries) => serialize_list(entries, serializer),
            Value::Map(entries) | Value::Keyed(entries) if entries.is_empty() => {
                serialize_list(&[], serializer)
            }
            Value::Map(entries) | Value::Keyed(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (name, value) in entries {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

fn serialize_list<S: Serializer>(entries: &[Value], serializer: S) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(Some(entries.len()))?;
    for entry in entries {
        list.serialize_element(entry)?;
    }
    list.end()
}
