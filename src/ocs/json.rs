//! Bodies that are JSON.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::params::{Given, MAX_FIELDS, Malformed, Params};

/// Reads one JSON object. Only what can be used is kept, so that a body costs no more memory than it
/// is long.
pub(super) fn read(body: &[u8]) -> Result<Params, Malformed> {
    serde_json::from_slice::<Fields>(body).map(|fields| fields.0).map_err(|_| Malformed::Json)
}

/// A JSON object as parameters.
#[derive(Default)]
pub(super) struct Fields(pub Params);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut params = Params::default();
        while let Some((name, field)) = map.next_entry::<String, Field>()? {
            if params.len() >= MAX_FIELDS {
                return Err(A::Error::custom("too many fields"));
            }
            // A field that is null is one that was not given.
            if let Some(given) = field.0 {
                params.set(name, given);
            }
        }
        Ok(Fields(params))
    }
}

struct Field(Option<Given>);

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor).map(Self)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Option<Given>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Given::Text(text.to_owned().into())))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(Given::Number(number as f64)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(Given::Number(number as f64)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Some(Given::Number(number)))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Some(Given::Other))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut texts = Vec::new();
        let mut only_texts = true;
        let mut count = 0;
        while let Some(Field(entry)) = entries.next_element()? {
            count += 1;
            if count > MAX_FIELDS {
                return Err(A::Error::custom("too many entries"));
            }
            match entry {
                Some(Given::Text(text)) => texts.push(String::clone(&text)),
                _ => only_texts = false,
            }
        }
        Ok(Some(if only_texts { Given::List(texts) } else { Given::Other }))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Some(Given::Other))
    }
}
