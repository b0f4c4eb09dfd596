//! Everything that an operation can answer, put together by HTTP status.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use http::header::CONTENT_TYPE;
use serde_json::{Map, Value as Json, json};

use crate::edge::Response;
use crate::ocs::envelope::Format;
use crate::ocs::execute::Outcome;
use crate::ocs::reply::Reply;
use crate::ocs::route::Route;

/// The answers of one operation in one version.
pub(super) struct Answers {
    /// In JSON and in XML.
    replies: [Reply; 2],
    /// The schema of the data of a success, and of a failure.
    data: [Json; 2],
    by_status: BTreeMap<u16, Answer>,
}

/// All answers with one HTTP status.
#[derive(Default)]
struct Answer {
    reasons: BTreeSet<String>,
    /// The statuscodes of successes, and those of failures.
    statuscodes: [BTreeSet<u64>; 2],
    /// The media type of each format, and examples of it.
    media_types: [String; 2],
    examples: [Map<String, Json>; 2],
}

/// Something that happens, and whether to show what it looks like.
struct Reason<'a> {
    name: &'a str,
    why: &'a str,
    shown: bool,
}

impl Answers {
    /// None yet; a success has `data` and a failure `refused`, or nothing.
    pub fn new(route: &Route, data: Option<Json>, refused: Option<Json>) -> Self {
        let nothing = json!({ "$ref": "#/components/schemas/Nothing" });
        let refused = match refused {
            Some(refused) => json!({ "anyOf": [nothing, refused] }),
            None => nothing.clone(),
        };
        let replies = [Format::Json, Format::Xml].map(|format| Reply::new(route, format));
        Self { replies, data: [data.unwrap_or(nothing), refused], by_status: BTreeMap::new() }
    }

    pub fn add_success(&mut self, outcome: impl Fn() -> Outcome) -> io::Result<()> {
        let reason = Reason { name: "100", why: "all is well", shown: true };
        self.add(&reason, |reply| reply.outcome(outcome()))
    }

    pub fn add_failure(&mut self, statuscode: u16, why: &str, shown: bool) -> io::Result<()> {
        let reason = Reason { name: &statuscode.to_string(), why, shown };
        self.add(&reason, |reply| reply.failure(statuscode, why.to_owned()))
    }

    pub fn add_switched_off(&mut self, why: &str) -> io::Result<()> {
        self.add(&Reason { name: "off", why, shown: false }, Reply::switched_off)
    }

    fn add(&mut self, reason: &Reason<'_>, given: impl Fn(&Reply) -> Response) -> io::Result<()> {
        let given = [0, 1].map(|at: usize| given(&self.replies[at]));
        let answer = self.by_status.entry(given[0].status().as_u16()).or_default();
        answer.add(reason, &given)
    }

    /// As OpenAPI's Responses Object.
    pub fn describe(self) -> Json {
        let described = |(http, answer): (u16, Answer)| (http.to_string(), answer.describe(http, &self.data));
        self.by_status.into_iter().map(described).collect::<Map<_, _>>().into()
    }
}

impl Answer {
    /// One more, in JSON and in XML.
    fn add(&mut self, reason: &Reason<'_>, [in_json, in_xml]: &[Response; 2]) -> io::Result<()> {
        let body: Json = serde_json::from_slice(&in_json.body().whole())?;
        let meta = &body["ocs"]["meta"];
        let statuscode = meta["statuscode"].as_u64().unwrap_or_default();
        self.statuscodes[usize::from(meta["status"] != "ok")].insert(statuscode);
        self.reasons.insert(format!("- `{statuscode}`: {}", reason.why));
        self.media_types = [media_type(in_json), media_type(in_xml)];
        if reason.shown {
            let xml = String::from_utf8_lossy(&in_xml.body().whole()).into_owned();
            for (examples, value) in self.examples.iter_mut().zip([body, xml.into()]) {
                examples.insert(reason.name.to_owned(), json!({ "summary": reason.why, "value": value }));
            }
        }
        Ok(())
    }

    /// As OpenAPI's Response Object.
    fn describe(self, http: u16, data: &[Json; 2]) -> Json {
        let reasons = Vec::from_iter(self.reasons).join("\n");
        let schema = any(frames(&self.statuscodes, data));
        let [json, xml] = self.media_types;
        let [json_examples, xml_examples] = self.examples;
        let in_json = json!({
            "type": "object",
            "required": ["ocs"],
            "properties": { "ocs": schema },
            "additionalProperties": false,
        });
        let mut described = json!({
            "description": format!("By statuscode:\n\n{reasons}"),
            "content": {
                json: { "schema": in_json, "examples": json_examples },
                xml: { "schema": schema, "examples": xml_examples },
            },
        });
        let header = |about: &str| json!({ "description": about, "schema": { "type": "string" } });
        match http {
            401 => described["headers"] = json!({ "WWW-Authenticate": header("What to log in with.") }),
            429 | 503 => described["headers"] = json!({ "Retry-After": header("Seconds to wait.") }),
            _ => {}
        }
        described
    }
}

/// The schemas of the frames around the data of successes and failures, of each if there are any.
fn frames(statuscodes: &[BTreeSet<u64>; 2], data: &[Json; 2]) -> Vec<Json> {
    let kinds = ["ok", "failure"].into_iter().zip(statuscodes).zip(data);
    let there = kinds.filter(|((_, statuscodes), _)| !statuscodes.is_empty());
    there.map(|((status, statuscodes), data)| frame(status, statuscodes, data)).collect()
}

fn frame(status: &str, statuscodes: &BTreeSet<u64>, data: &Json) -> Json {
    let further = json!({ "status": { "const": status }, "statuscode": { "enum": statuscodes } });
    let meta = json!({ "allOf": [{ "$ref": "#/components/schemas/Meta" }, { "properties": further }] });
    json!({
        "type": "object",
        "required": ["meta", "data"],
        "properties": { "meta": meta, "data": data },
        "additionalProperties": false,
        "xml": { "name": "ocs" },
    })
}

fn any(mut schemas: Vec<Json>) -> Json {
    if schemas.len() == 1 { schemas.remove(0) } else { json!({ "anyOf": schemas }) }
}

/// The media type of an answer, without parameters.
fn media_type(response: &Response) -> String {
    let whole = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    whole.and_then(|whole| whole.split(';').next()).unwrap_or_default().to_owned()
}
