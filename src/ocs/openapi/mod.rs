//! The description of the API, for programs that make clients, pages and tests of it.
//!
//! `template.json` says each operation once and in terms of the API: its data and its statuscodes. Here
//! that becomes what OpenAPI knows: a path in each version, HTTP statuses, media types, and the frame
//! around every answer. What an answer looks like is found out by giving it.

mod answers;
mod template;

use std::io;

use bytes::Bytes;
use http::Method;
use serde_json::{Map, Value as Json, json};

use super::execute::Outcome;
use super::route::{Route, Target, Version};
use super::status;
use super::value::Value;
use crate::domain::provisioning::Level;
use crate::edge::Compat;
use answers::Answers;
use template::{Item, Operation};

/// The kinds of bodies that are read.
const FORMS: [&str; 2] = ["application/x-www-form-urlencoded", "multipart/form-data"];

/// What every operation can answer.
const EVERYWHERE: [(u16, &str); 3] = [
    (status::UNREADABLE, "the body did not arrive"),
    (status::TOO_LARGE, "the body is too long"),
    (status::BUSY, "too much is asked at once; try again later"),
];

/// What every operation that needs a login can answer besides.
const LOGGED_IN: [(u16, &str); 5] = [
    (status::INVALID, "a parameter cannot be read"),
    (status::SERVER_ERROR, "something failed in the server"),
    (status::UNAUTHORISED, "the credentials are missing or wrong, or do not suffice"),
    (status::FORBIDDEN, "the server takes no password that others could read on the way"),
    (status::TOO_MANY, "there were too many failed logins; try again later"),
];

/// What every operation that changes something can answer besides.
const WRITING: [(u16, &str); 1] = [(status::FULL, "there is no space left")];

/// The description for one profile.
///
/// # Errors
/// None, as long as the template is what it should be.
pub(super) fn render(compat: Compat, base_path: &str) -> io::Result<Bytes> {
    let mut document = template::read(compat)?;
    document["info"]["version"] = env!("CARGO_PKG_VERSION").into();
    document["servers"] = json!([{ "url": if base_path.is_empty() { "/" } else { base_path } }]);
    let template: Map<String, Json> = serde_json::from_value(document["paths"].take())?;
    let mut paths = Map::new();
    for (path, item) in template {
        if is_outside(&path) {
            paths.insert(path, item);
            continue;
        }
        let item: Item = serde_json::from_value(item)?;
        // The profile may have nothing there.
        if item.operations.is_empty() {
            continue;
        }
        for version in ["v1", "v2"] {
            let path = format!("/ocs/{version}.php{path}");
            let described = describe(&item, &Route::of(&path, compat), compat)?;
            paths.insert(path, described);
        }
    }
    document["paths"] = paths.into();
    Ok(serde_json::to_vec(&document)?.into())
}

/// Whether a path is the same for both versions, and in the template as it is to be.
fn is_outside(path: &str) -> bool {
    matches!(path, "/status.php" | "/openapi.json")
}

fn describe(item: &Item, route: &Route, compat: Compat) -> io::Result<Json> {
    let mut described = Map::new();
    for (method, operation) in &item.operations {
        let level = level(route, method, compat);
        described.insert(method.clone(), operation.describe(method, route, level)?);
    }
    if !item.parameters.is_empty() {
        described.insert("parameters".to_owned(), item.parameters.clone().into());
    }
    Ok(described.into())
}

/// Who gets something there; nobody has to log in for what there is without.
fn level(route: &Route, method: &str, compat: Compat) -> Option<Level> {
    match &route.target {
        Target::Unknown | Target::Notice(_) => None,
        // Each of the changes has its own.
        Target::Batch => Some(Level::User),
        Target::Resource(resource) => {
            let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).ok()?;
            Some(resource.operation(&method, compat).ok()?.level())
        }
    }
}

fn sentence(level: Option<Level>) -> &'static str {
    match level {
        None => "For everybody.",
        Some(Level::User) => "For all users.",
        Some(Level::Subadmin) => "For subadmins and administrators.",
        Some(Level::Administrator) => "For administrators.",
    }
}

impl Operation {
    fn describe(&self, method: &str, route: &Route, level: Option<Level>) -> io::Result<Json> {
        let mut parameters = vec![json!({ "$ref": "#/components/parameters/format" })];
        parameters.extend(self.parameters.iter().cloned());
        let version = match route.version {
            Version::V1 => "v1",
            Version::V2 => "v2",
        };
        let mut described = json!({
            "operationId": format!("{}_{version}", self.operation_id),
            "summary": self.summary,
            "description": format!("{} {}", sentence(level), self.description).trim(),
            "tags": self.tags,
            "parameters": parameters,
            "responses": self.answers(method, route, level)?.describe(),
        });
        if level.is_none() {
            described["security"] = json!([]);
        }
        if let Some(schema) = &self.takes {
            described["requestBody"] = json!({ "required": true, "content": self.bodies(schema) });
        }
        Ok(described)
    }

    /// The parameters in each encoding; what has no names is JSON alone.
    fn bodies(&self, schema: &Json) -> Map<String, Json> {
        let forms = if schema["type"] == "object" { &FORMS[..] } else { &[] };
        let forms = forms.iter().map(|form| (*form, as_form(schema)));
        let all = [("application/json", schema.clone())].into_iter().chain(forms);
        all.map(|(media_type, schema)| {
            let mut body = json!({ "schema": schema });
            if let Some(example) = &self.takes_example {
                body["example"] = example.clone();
            }
            (media_type.to_owned(), body)
        })
        .collect()
    }

    fn answers(&self, method: &str, route: &Route, level: Option<Level>) -> io::Result<Answers> {
        let mut answers = Answers::new(route, self.data.clone(), self.refused.clone());
        let example = self.data_example.as_ref().map_or(Value::Null, template::value);
        answers.add_success(|| Outcome::of(example.clone()))?;
        for (statuscode, why) in &self.statuscodes {
            answers.add_failure(statuscode.parse().map_err(io::Error::other)?, why, true)?;
        }
        let logged_in = if level.is_none() { &[][..] } else { &LOGGED_IN };
        let writing = if method == "get" { &[][..] } else { &WRITING };
        for (statuscode, why) in EVERYWHERE.iter().chain(logged_in).chain(writing) {
            answers.add_failure(*statuscode, why, false)?;
        }
        if level.is_none() {
            return Ok(answers);
        }
        answers.add_switched_off("this part of the server is switched off")?;
        Ok(answers)
    }
}

/// The schema of parameters for forms, where the names of lists end in brackets.
fn as_form(schema: &Json) -> Json {
    let mut schema = schema.clone();
    if let Some(properties) = schema["properties"].as_object_mut() {
        let rename = |(name, property): (String, Json)| {
            let brackets = if property["type"] == "array" { "[]" } else { "" };
            (name + brackets, property)
        };
        *properties = std::mem::take(properties).into_iter().map(rename).collect();
    }
    schema
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::edge::Endpoint;
    use crate::ocs::endpoint;
    use crate::ocs::route::Resource;

    const PROFILES: [Compat; 3] = [Compat::Owncloud, Compat::Documented, Compat::Nextcloud];

    fn document(compat: Compat) -> Json {
        serde_json::from_slice(&render(compat, "/owncloud").expect("rendered")).expect("JSON")
    }

    /// Every resource that a profile has, with its path.
    fn resources(compat: Compat) -> Vec<(&'static str, Resource)> {
        let found = endpoint::ALL.into_iter().filter_map(|Endpoint(path)| {
            let target = Route::of(&format!("/ocs/v1.php/{path}"), compat).target;
            let is_there = endpoint::of(&target) == Endpoint(path);
            match target {
                Target::Resource(resource) if is_there => Some((path, resource)),
                _ => None,
            }
        });
        found.collect()
    }

    /// Every member of every object.
    fn visit(json: &Json, seen: &mut impl FnMut(&str, &Json)) {
        match json {
            Json::Object(members) => members.iter().for_each(|(name, member)| {
                seen(name, member);
                visit(member, seen);
            }),
            Json::Array(entries) => entries.iter().for_each(|entry| visit(entry, seen)),
            _ => {}
        }
    }

    #[test]
    fn every_operation_is_described_and_no_other() {
        for compat in PROFILES {
            let document = document(compat);
            let mut there = BTreeSet::from(["/status.php".to_owned(), "/openapi.json".to_owned()]);
            for version in ["v1", "v2"] {
                let mut take = |path: &str, methods: &str| {
                    let path = format!("/ocs/{version}.php/{path}");
                    let described = document["paths"][&path].as_object().expect(&path);
                    let described = described.keys().filter(|key| *key != "parameters");
                    let described: BTreeSet<_> = described.map(|key| key.to_ascii_uppercase()).collect();
                    // What answers GET answers HEAD, which is said once for all.
                    let methods = methods.split(", ").filter(|method| *method != "HEAD");
                    assert_eq!(described, methods.map(str::to_owned).collect(), "{compat:?} {path}");
                    there.insert(path);
                };
                take("config", "GET");
                take("cloud/batch", "POST");
                for (path, resource) in resources(compat) {
                    take(path, &resource.operation(&Method::TRACE, compat).expect_err("not taken"));
                }
            }
            let described = document["paths"].as_object().expect("paths").keys();
            assert_eq!(described.cloned().collect::<BTreeSet<_>>(), there, "{compat:?}");
        }
    }

    #[test]
    fn every_resource_of_the_routes_is_looked_for() {
        let routes = include_str!("../route.rs").split("enum Resource {").nth(1).expect("the resources");
        let routes = routes.split("\n}").next().expect("an end").lines().map(str::trim);
        let resources_there = routes.filter(|line| line.starts_with(char::is_alphabetic)).count();
        assert_eq!(resources(Compat::Nextcloud).len(), resources_there);
    }

    #[test]
    fn references_lead_somewhere_and_nothing_of_the_template_is_left() {
        for compat in PROFILES {
            let document = document(compat);
            let mut ids = BTreeSet::new();
            let mut references = 0;
            visit(&document, &mut |name, member| {
                assert!(!name.starts_with("x-"), "{compat:?} {name}");
                if name == "operationId" {
                    assert!(ids.insert(member.to_string()), "{member} is there twice");
                }
                if let Some(reference) = member.as_str().filter(|_| name == "$ref") {
                    let pointer = reference.strip_prefix('#').expect("within the document");
                    assert!(document.pointer(pointer).is_some(), "{compat:?} {reference}");
                    references += 1;
                }
            });
            assert!(references > 100, "{references}");
            let text = document.to_string();
            for kind in ["parameters", "schemas"] {
                for name in document["components"][kind].as_object().expect(kind).keys() {
                    let used = text.contains(&format!("\"#/components/{kind}/{name}\""));
                    assert!(used, "{compat:?}: nothing refers to {name}");
                }
            }
        }
    }

    #[test]
    fn profiles_and_versions_answer_with_their_own_numbers() {
        let statuscodes = |compat, path: &str, method: &str, http: &str| {
            let pointer = format!("/paths/{path}/{method}/responses/{http}/content/text~1xml/schema");
            let schema = document(compat).pointer(&pointer).cloned().expect(&pointer);
            let failure = schema["anyOf"].get(1).unwrap_or(&schema).clone();
            failure["properties"]["meta"]["allOf"][1]["properties"]["statuscode"]["enum"].clone()
        };
        let user = |version: &str| format!("~1ocs~1{version}.php~1cloud~1users~1{{userid}}");
        let failures = |compat, http| statuscodes(compat, &user("v1"), "put", http);
        assert_eq!(failures(Compat::Owncloud, "200"), json!([101, 102, 103, 403, 996]));
        assert_eq!(failures(Compat::Documented, "200"), json!([101, 102, 403, 996]));
        assert_eq!(failures(Compat::Owncloud, "401"), json!([997]));
        assert_eq!(statuscodes(Compat::Owncloud, &user("v2"), "put", "400"), json!([400]));
        assert_eq!(statuscodes(Compat::Owncloud, &user("v2"), "get", "404"), json!([404]));
    }

    #[test]
    fn who_may_ask_is_said() {
        let document = document(Compat::Owncloud);
        let said =
            |path: &str| document["paths"][path]["get"]["description"].as_str().expect(path).to_owned();
        assert!(said("/ocs/v1.php/cloud/apps").starts_with("For administrators."));
        assert!(said("/ocs/v1.php/cloud/users").starts_with("For subadmins"));
        assert!(said("/ocs/v1.php/cloud/user").starts_with("For all users."));
        assert!(said("/ocs/v1.php/config").starts_with("For everybody."));
        assert_eq!(document["paths"]["/ocs/v1.php/config"]["get"]["security"], json!([]));
        assert_eq!(document["paths"]["/ocs/v1.php/cloud/user"]["get"].get("security"), None);
        assert_eq!(document["servers"], json!([{ "url": "/owncloud" }]));
    }
}
