//! What must hold of OCS's parsers whatever they are given.

#![allow(clippy::expect_used, clippy::panic, reason = "a panic is what fuzzing looks for")]

use futures_util::FutureExt;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use roxmltree::Document;

use super::command::Command;
use super::envelope::{Envelope, Format, Meta};
use super::params::Params;
use super::route::{Resource, Route, Target};
use super::value::Value;
use super::{reply, view};
use crate::domain::GroupId;
use crate::edge::{Compat, Request};
use crate::service::AppInfo;

const PROFILES: [Compat; 3] = [Compat::Owncloud, Compat::Documented, Compat::Nextcloud];

/// The id of a group leads to that group, and no path leads anywhere that answers nothing.
pub fn route(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    for compat in PROFILES {
        let target = Route::of(text, compat).target;
        let escaped = utf8_percent_encode(text, NON_ALPHANUMERIC);
        let group = Route::of(&format!("/ocs/v1.php/cloud/groups/{escaped}"), compat).target;
        let listing = compat == Compat::Nextcloud && text == "details";
        if GroupId::new(text).is_ok() && !listing {
            assert_eq!(group, Target::Resource(Resource::Group(text.to_owned())), "{text:?}");
        }
        for target in [target, group] {
            let Target::Resource(resource) = target else { continue };
            let allowed = resource.operation(&Method::TRACE, compat).expect_err("nothing takes TRACE");
            assert!(!allowed.is_empty());
        }
    }
}

/// Parameters in every encoding are read or refused, by every operation, and can be told back. The first
/// byte chooses the encoding, the first line is the query.
pub fn params(input: &[u8]) {
    let Some((&kind, rest)) = input.split_first() else { return };
    let (query, body) = rest.split_at(rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len()));
    let kinds = [
        "application/x-www-form-urlencoded",
        "application/json",
        "multipart/form-data; boundary=x",
        "multipart/form-data; boundary=\"a b\"",
        "",
    ];
    let methods = [Method::GET, Method::POST, Method::PUT, Method::DELETE];
    let target = [b"/ocs/v1.php/cloud/users?", query].concat();
    let request: Result<Request, _> = http::Request::builder()
        .method(methods[usize::from(kind) / kinds.len() % methods.len()].clone())
        .uri(&target[..])
        .header(CONTENT_TYPE, kinds[usize::from(kind) % kinds.len()])
        .body(body.strip_prefix(b"\n").unwrap_or_default().to_vec().into());
    // A query that is not one of HTTP does not come as far as this.
    let Ok(request) = request else { return };
    let Ok(params) = Params::read(&request).now_or_never().expect("the body is there already") else {
        return;
    };
    assert!(params.len() <= 2000);
    let format = reply::format_of(&params, &HeaderMap::new());
    for path in
        ["users", "users/x", "users/x/groups", "users/x/enable", "groups", "groups/x", "apps", "apps/x"]
    {
        for compat in PROFILES {
            let route = Route::of(&format!("/ocs/v2.php/cloud/{path}"), compat);
            let Target::Resource(resource) = route.target else { panic!("{path} is a resource") };
            for method in &methods {
                if let Ok(operation) = resource.operation(method, compat) {
                    // It is done or refused; neither may panic.
                    let _ = Command::read(operation, &resource, &params);
                }
            }
        }
    }
    let texts = ["userid", "groupid", "search", "value"].map(|name| {
        let text = params.text(name).unwrap_or_default().map(str::to_owned);
        (name.to_owned(), Value::optional(text))
    });
    let groups = params.list("groups").unwrap_or_default();
    tell(&Value::Map(texts.into()), format);
    tell(&Value::texts(groups), format);
    tell(&Value::Keyed(groups.iter().map(|id| (id.clone(), id.as_str().into())).collect()), format);
}

/// What an app says about itself is read or refused, and shown in both formats.
pub fn app_info(input: &[u8]) {
    let Ok(xml) = std::str::from_utf8(input) else { return };
    let Ok(info) = AppInfo::parse(xml) else { return };
    assert!(!info.id.is_empty());
    tell(&view::app(info), Format::Xml);
}

/// An answer is a document in both formats, with every text of the value in it.
fn tell(data: &Value, format: Format) {
    for format in [format, Format::Xml, Format::Json] {
        let message = Some("a\u{0}\u{ffff}<&]]>\r\n".to_owned());
        let meta = Meta { ok: true, statuscode: 100, message, totalitems: None, itemsperpage: None };
        let whole = Envelope { meta, data: data.clone() }.render(format).expect("memory can be written to");
        let text = std::str::from_utf8(&whole).expect("UTF-8");
        match format {
            Format::Xml => {
                let document = Document::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
                let found = document.descendants().find(|node| node.has_tag_name("data")).expect("data");
                let shown =
                    found.descendants().filter(|node| node.is_element() && node.children().count() == 1);
                let shown: Vec<_> = shown.filter_map(|node| node.text()).map(readable).collect();
                let mut texts = Vec::new();
                collect(data, &mut texts);
                assert_eq!(shown, texts, "{text}");
            }
            Format::Json => {
                serde_json::from_str::<serde_json::Value>(text)
                    .unwrap_or_else(|error| panic!("{error}: {text}"));
            }
        }
    }
}

fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Text(text) if text.is_empty() => {}
        Value::Text(text) => texts.push(readable(text)),
        Value::List(entries) => entries.iter().for_each(|entry| collect(entry, texts)),
        Value::Map(entries) | Value::Keyed(entries) => {
            entries.iter().for_each(|(_, entry)| collect(entry, texts));
        }
        Value::Null | Value::Number(_) | Value::Decimal(_) | Value::Flag(_) => {}
    }
}

/// Text without what XML cannot carry and what stands for it.
fn readable(text: &str) -> String {
    text.replace(|c: char| c.is_control() || matches!(c, '\u{fffd}'..='\u{ffff}'), "")
}
