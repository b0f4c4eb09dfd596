//! What must hold of WebDAV's parsers whatever they are given.

#![allow(clippy::expect_used, clippy::panic, reason = "a panic is what fuzzing looks for")]

use http::StatusCode;
use roxmltree::Document;

use super::csv;
use super::error::Problem;
use super::multistatus::{Multistatus, Selection, Slash};
use super::path::{self, Target};
use super::prop::{Kind, Values};
use super::request::{self, BodyError, Instruction, Wanted};
use super::xml::{Limits, Name};
use crate::domain::{
    CustomGroup, CustomGroupNumber, DisplayName, GroupUri, Membership, Role, UserId, UserName,
};

/// The namespace of the prefix `xml`, which needs no declaration. The parser that looks at our answers does not
/// know it in the names of elements, and is shown another in its place.
const XML: &str = "http://www.w3.org/XML/1998/namespace";
const STAND_IN: &str = "urn:xml";

/// A path that was read is the path of what it names.
pub fn path(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(target) = path::parse(text) else { return };
    let href = match &target {
        Target::Tree(place) => path::href("", place),
        Target::Around(segments) | Target::Nowhere(segments) => path::around_href("", segments),
    };
    assert!(href.parse::<http::Uri>().is_ok() || href.len() > usize::from(u16::MAX), "{href}");
    assert!(!href.contains(['<', '&', '"', '\'']), "{href} goes into XML as it is");
    assert_eq!(path::parse(&href), Ok(target), "{href}");
}

/// Bodies are read or refused by each method, and what is answered about them is XML that says so.
pub fn xml(input: &[u8]) {
    match request::propfind(input, Limits::default()) {
        Ok(wanted) => list(&wanted),
        Err(error) => refuse(error),
    }
    match request::property_update(input, Limits::default()) {
        Ok(update) => report(&update.instructions),
        Err(error) => refuse(error),
    }
    match request::mkcol(input, Limits::default()) {
        Ok(instructions) => report(&instructions),
        Err(error) => refuse(error),
    }
    match request::search_query(input, Limits::default()) {
        Ok(query) => list(&Wanted::Props(query.props)),
        Err(error) => refuse(error),
    }
}

/// A listing of everything there is, with the properties that were asked for.
fn list(wanted: &Wanted) {
    let group = CustomGroup {
        number: CustomGroupNumber::new(7),
        uri: GroupUri::stored("a&b".into()),
        display_name: DisplayName::stored("<\"]]>'&amp;\u{202e}".into()),
    };
    let member = membership("o'neil", Role::Admin);
    for (minimal, as_printed) in [(false, false), (true, false), (false, true)] {
        let selection = Selection { wanted: wanted.clone(), minimal, as_printed };
        let mut listing = Multistatus::new("/x", Slash::Never);
        for (kind, values) in [
            (Kind::Collection, Values::Fixed),
            (Kind::Groups, Values::Fixed),
            (Kind::Group, Values::Group(&group, None)),
            (Kind::GroupOfUser, Values::Group(&group, Some(Role::Member))),
            (Kind::Membership, Values::Membership(&member)),
        ] {
            listing.resource(kind, values, &selection);
        }
        let shown = names(&listing.finish());
        if let (Wanted::Props(asked), false) = (wanted, minimal) {
            assert!(asked.iter().all(|name| shown.contains(name)), "{asked:?} in {shown:?}");
        }
    }
}

/// What became of properties names them as they came.
fn report(instructions: &[Instruction]) {
    let outcome: Vec<_> = instructions
        .iter()
        .map(|one| (one.name.clone(), if one.text().is_ok() { StatusCode::OK } else { StatusCode::CONFLICT }))
        .collect();
    let mut listing = Multistatus::new("/x", Slash::Never);
    listing.outcome(&outcome);
    let shown = names(&listing.finish());
    assert_eq!(shown.len(), outcome.len());
    assert!(outcome.iter().all(|(name, _)| shown.contains(name)), "{outcome:?} in {shown:?}");
}

fn refuse(error: BodyError) {
    let problem = Problem::from(error);
    assert!(problem.status.is_client_error());
    let body = problem.into_response().into_body().whole();
    let body = std::str::from_utf8(&body).expect("UTF-8");
    Document::parse(body).unwrap_or_else(|error| panic!("{error}: {body}"));
}

/// The names in all `d:prop` of a document.
fn names(document: &str) -> Vec<Name> {
    let declared = format!("<d:multistatus xmlns:x0=\"{STAND_IN}\"");
    let document = document.replacen("<d:multistatus", &declared, 1).replace("<xml:", "<x0:");
    let document = &document.replace("</xml:", "</x0:");
    let document = Document::parse(document).unwrap_or_else(|error| panic!("{error}: {document}"));
    let props = document.descendants().filter(|node| node.has_tag_name(("DAV:", "prop")));
    let name = |node: roxmltree::Node<'_, '_>| Name {
        namespace: node.tag_name().namespace().unwrap_or_default().replace(STAND_IN, XML).into(),
        local: node.tag_name().name().to_owned().into(),
    };
    // A `d:prop` can be asked for, too, and be in one.
    props
        .filter(|prop| prop.parent().is_some_and(|parent| parent.has_tag_name(("DAV:", "propstat"))))
        .flat_map(|prop| prop.children().filter(roxmltree::Node::is_element).map(name).collect::<Vec<_>>())
        .collect()
}

/// What an import reads, an export writes so that it reads the same, and no cell of it is a formula.
pub fn csv(input: &[u8]) {
    let Ok(mut rows) = csv::read(input) else { return };
    // Nobody else can be a member.
    rows.retain(|row| UserId::new(&row.user).is_ok());
    let members: Vec<_> =
        rows.iter().map(|row| membership(&row.user, row.role.unwrap_or(Role::Member))).collect();
    let written = csv::write(&members).expect("memory can be written to");
    let again = csv::read(&written).expect("ours");
    let plain = |rows: Vec<crate::service::ImportRow>| -> Vec<_> {
        rows.into_iter().map(|row| (row.user, row.role.unwrap_or(Role::Member))).collect()
    };
    assert_eq!(plain(again), plain(rows), "{}", String::from_utf8_lossy(&written));
    let mut cells = ::csv::ReaderBuilder::new().has_headers(false).from_reader(&written[..]);
    for record in cells.records() {
        let record = record.expect("ours");
        assert!(!record[0].starts_with(['=', '+', '-', '@', '\t', '\r']), "{record:?}");
    }
}

fn membership(user: &str, role: Role) -> Membership {
    Membership { user: UserId::stored(user), user_display_name: UserName::stored("<&>"), guest: false, role }
}
