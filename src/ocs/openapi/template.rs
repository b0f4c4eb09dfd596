//! `template.json`, as far as it goes for one profile.

use std::collections::BTreeMap;
use std::io;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::edge::Compat;
use crate::ocs::value::Value;

const TEMPLATE: &str = include_str!("template.json");

/// The only member of an object that stands for another thing in each profile: its members are named
/// after the profiles, several at once with spaces between, and the object is left out in any other.
const BY_PROFILE: &str = "x-profiles";

/// A path.
#[derive(Deserialize)]
pub(super) struct Item {
    #[serde(default)]
    pub parameters: Vec<Json>,
    /// By method.
    #[serde(flatten)]
    pub operations: BTreeMap<String, Operation>,
}

/// An operation.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Operation {
    pub operation_id: String,
    pub summary: String,
    pub tags: Vec<String>,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub parameters: Vec<Json>,
    /// The schema of its parameters in a body.
    #[serde(rename = "x-takes")]
    pub takes: Option<Json>,
    #[serde(rename = "x-takes-example")]
    pub takes_example: Option<Json>,
    /// The schema of what it answers.
    #[serde(rename = "x-data")]
    pub data: Option<Json>,
    #[serde(rename = "x-data-example")]
    pub data_example: Option<Json>,
    /// The schema of what it answers where it might not do as asked.
    #[serde(rename = "x-refused")]
    pub refused: Option<Json>,
    /// Why it answers what besides 100.
    #[serde(rename = "x-statuscodes", default)]
    pub statuscodes: BTreeMap<String, String>,
}

/// The whole template for one profile.
///
/// # Errors
/// None, as long as the template is JSON.
pub(super) fn read(compat: Compat) -> io::Result<Json> {
    let profile = serde_json::to_value(compat)?;
    let whole = of_profile(serde_json::from_str(TEMPLATE)?, profile.as_str().unwrap_or_default());
    Ok(whole.unwrap_or_default())
}

fn of_profile(json: Json, profile: &str) -> Option<Json> {
    match json {
        Json::Object(mut members) => match members.remove(BY_PROFILE) {
            Some(choices) => of_profile(chosen(choices, profile)?, profile),
            None => {
                let kept = |(name, member)| Some((name, of_profile(member, profile)?));
                Some(without_others_required(members.into_iter().filter_map(kept).collect()))
            }
        },
        Json::Array(entries) => {
            Some(entries.into_iter().filter_map(|entry| of_profile(entry, profile)).collect())
        }
        scalar => Some(scalar),
    }
}

fn chosen(choices: Json, profile: &str) -> Option<Json> {
    let Json::Object(choices) = choices else { return None };
    choices
        .into_iter()
        .find(|(names, _)| names.split(' ').any(|name| name == profile))
        .map(|(_, chosen)| chosen)
}

/// A schema that requires none of the properties that the profile does not have.
fn without_others_required(mut schema: Map<String, Json>) -> Json {
    let Some(properties) = schema.get("properties").and_then(Json::as_object) else { return schema.into() };
    let names: Vec<String> = properties.keys().cloned().collect();
    if let Some(required) = schema.get_mut("required").and_then(Json::as_array_mut) {
        required.retain(|name| names.iter().any(|there| name == there));
    }
    schema.into()
}

/// JSON of the template as something to answer.
pub(super) fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Flag(*flag),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Value::Number(number),
            None => Value::Decimal(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(entries) => Value::List(entries.iter().map(value).collect()),
        Json::Object(entries) => {
            Value::Map(entries.iter().map(|(name, entry)| (name.clone(), value(entry))).collect())
        }
    }
}
