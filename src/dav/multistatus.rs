//! `d:multistatus` (RFC 4918 section 14.16): responses whose properties are grouped by status.

use http::StatusCode;

use super::path::segment;
use super::prop::{Kind, Prop, Value, Values};
use super::request::Wanted;
use super::xml::{DAV, Name, OWNCLOUD, SABREDAV, Writer};

const MULTISTATUS: Name = Name::dav("multistatus");
const RESPONSE: Name = Name::dav("response");
const HREF: Name = Name::dav("href");
const PROPSTAT: Name = Name::dav("propstat");
const PROP: Name = Name::dav("prop");
const STATUS: Name = Name::dav("status");

/// A response takes about as many bytes.
const RESPONSE_BYTES: usize = 512;

/// The properties that the manual of ownCloud shows as missing from a group where none were asked for.
const MANUAL: [Name; 6] = [
    Name::dav("getlastmodified"),
    Name::dav("getcontentlength"),
    Name::dav("quota-used-bytes"),
    Name::dav("quota-available-bytes"),
    Name::dav("getetag"),
    Name::dav("getcontenttype"),
];

/// What of the properties asked for is shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Selection {
    /// The properties asked for.
    pub wanted: Wanted,
    /// Whether those that a resource lacks are left out rather than shown with 404.
    pub minimal: bool,
    /// Whether an answer to `allprop` shows what the manual shows.
    pub as_printed: bool,
}

impl Selection {
    /// The names to show on resources of `kind`.
    fn names(&self, kind: Kind) -> Vec<Name> {
        let resource_type = || vec![Prop::ResourceType.name()];
        match &self.wanted {
            Wanted::Props(names) => names.clone(),
            Wanted::PropName => {
                Prop::ALL.iter().filter(|prop| prop.exists_on(kind)).map(|prop| prop.name()).collect()
            }
            Wanted::AllProp if self.as_printed && matches!(kind, Kind::Group | Kind::GroupOfUser) => {
                resource_type().into_iter().chain(MANUAL).collect()
            }
            Wanted::AllProp => resource_type(),
        }
    }
}

/// How hrefs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slash {
    /// With a slash at the end of collections (PROPFIND).
    OnCollections,
    /// Without, as answers to a search have it.
    Never,
}

/// What a response of one kind of resource looks like behind the text of its href: what is the same for each of
/// them is written once, and only the holes are filled per resource.
#[derive(Debug)]
struct Template {
    kind: Kind,
    pieces: Vec<Piece>,
}

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    /// XML.
    Literal(String),
    /// The value of a property.
    Hole(Prop),
}

impl Template {
    fn compile(kind: Kind, slash: Slash, selection: &Selection) -> Self {
        let (found, missing): (Vec<_>, Vec<_>) = selection
            .names(kind)
            .into_iter()
            .map(|name| (Prop::named(&name).filter(|prop| prop.exists_on(kind)), name))
            .partition(|(prop, _)| prop.is_some());
        let mut template = Self { kind, pieces: Vec::new() };
        let mut writer = Writer::default();
        if slash == Slash::OnCollections && kind.is_collection() {
            writer.raw("/");
        }
        writer.end(&HREF);
        if !found.is_empty() || missing.is_empty() || selection.minimal {
            let valued = selection.wanted != Wanted::PropName;
            writer.start(&PROPSTAT);
            writer.start(&PROP);
            for prop in found.into_iter().filter_map(|(prop, _)| prop) {
                template.property(&mut writer, prop, valued);
            }
            end_propstat(&mut writer, StatusCode::OK);
        }
        if !missing.is_empty() && !selection.minimal {
            let names = missing.iter().map(|(_, name)| name);
            propstat(&mut writer, StatusCode::NOT_FOUND, names);
        }
        writer.end(&RESPONSE);
        template.pieces.push(Piece::Literal(writer.take()));
        template
    }

    fn property(&mut self, writer: &mut Writer, prop: Prop, valued: bool) {
        let name = prop.name();
        if !valued {
            return writer.empty(&name);
        }
        writer.start(&name);
        match prop {
            Prop::ResourceType => {
                for kind in self.kind.resource_type() {
                    writer.empty(kind);
                }
            }
            Prop::SupportedReportSet => supported_reports(writer),
            _ => {
                self.pieces.push(Piece::Literal(writer.take()));
                self.pieces.push(Piece::Hole(prop));
            }
        }
        writer.end(&name);
    }

    fn fill(&self, writer: &mut Writer, values: Values<'_>) {
        for piece in &self.pieces {
            match piece {
                Piece::Literal(xml) => writer.raw(xml),
                Piece::Hole(prop) => match values.of(*prop) {
                    None => {}
                    Some(Value::Word(word)) => writer.raw(word),
                    Some(Value::Text(text)) => writer.text(text),
                    Some(Value::Number(number)) => writer.raw(&number.to_string()),
                },
            }
        }
    }
}

/// RFC 3253 section 3.1.5.
fn supported_reports(writer: &mut Writer) {
    let around = [Name::dav("supported-report"), Name::dav("report")];
    around.iter().for_each(|name| writer.start(name));
    writer.empty(&Name::owncloud("search-query"));
    around.iter().rev().for_each(|name| writer.end(name));
}

fn propstat<'n>(writer: &mut Writer, status: StatusCode, names: impl Iterator<Item = &'n Name>) {
    writer.start(&PROPSTAT);
    writer.start(&PROP);
    names.for_each(|name| writer.empty(name));
    end_propstat(writer, status);
}

fn end_propstat(writer: &mut Writer, status: StatusCode) {
    writer.end(&PROP);
    writer.start(&STATUS);
    writer.raw("HTTP/1.1 ");
    writer.raw(status.as_str());
    writer.raw(" ");
    writer.raw(status.canonical_reason().unwrap_or_default());
    writer.end(&STATUS);
    writer.end(&PROPSTAT);
}

/// A multistatus being written.
#[derive(Debug)]
pub struct Multistatus {
    writer: Writer,
    slash: Slash,
    /// What the response of everything below the resource begins with, up to and with the slash behind its
    /// href.
    below: String,
    /// One for each kind of resource met so far: two or three.
    templates: Vec<Template>,
}

impl Multistatus {
    /// Of the resource at `href`, which is without a slash at the end, and what lies below it.
    pub fn new(href: &str, slash: Slash) -> Self {
        let mut writer = Writer::default();
        writer.start(&RESPONSE);
        writer.start(&HREF);
        writer.raw(href);
        writer.raw("/");
        let below = writer.take();
        writer.raw("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
        writer.root(&MULTISTATUS, &[DAV, SABREDAV, OWNCLOUD]);
        Self { writer, slash, below, templates: Vec::new() }
    }

    /// Makes room for so many resources: growing step by step is 8 % of a long listing.
    pub fn expect(&mut self, resources: usize) {
        self.writer.reserve(resources * RESPONSE_BYTES);
    }

    /// Adds the resource itself, with the properties of `selection`.
    pub fn resource(&mut self, kind: Kind, values: Values<'_>, selection: &Selection) {
        self.start_response();
        self.fill(kind, values, selection);
    }

    /// Adds the one of that name below it.
    pub fn child(&mut self, name: &str, kind: Kind, values: Values<'_>, selection: &Selection) {
        self.writer.raw(&self.below);
        self.writer.raw(&segment(name));
        self.fill(kind, values, selection);
    }

    fn fill(&mut self, kind: Kind, values: Values<'_>, selection: &Selection) {
        let known = self.templates.iter().position(|template| template.kind == kind);
        let index = known.unwrap_or_else(|| {
            self.templates.push(Template::compile(kind, self.slash, selection));
            self.templates.len() - 1
        });
        self.templates[index].fill(&mut self.writer, values);
    }

    /// Adds the resource itself, with what became of each property, grouped by status in the order in which the
    /// statuses come first.
    pub fn outcome(&mut self, outcome: &[(Name, StatusCode)]) {
        self.start_response();
        self.writer.end(&HREF);
        let mut statuses: Vec<StatusCode> = Vec::new();
        for (_, status) in outcome {
            if !statuses.contains(status) {
                statuses.push(*status);
            }
        }
        for status in &statuses {
            let names = outcome.iter().filter(|(_, own)| own == status).map(|(name, _)| name);
            propstat(&mut self.writer, *status, names);
        }
        if statuses.is_empty() {
            propstat(&mut self.writer, StatusCode::OK, std::iter::empty());
        }
        self.writer.end(&RESPONSE);
    }

    /// What was written so far, and not taken yet.
    pub fn take(&mut self) -> String {
        self.writer.take()
    }

    /// The whole document, or what of it was not taken yet.
    pub fn finish(mut self) -> String {
        self.writer.end(&MULTISTATUS);
        self.writer.raw("\n");
        self.writer.take()
    }

    fn start_response(&mut self) {
        self.writer.raw(self.below.strip_suffix('/').unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dav::xml::{Limits, parse};
    use crate::domain::{CustomGroup, CustomGroupNumber, DisplayName, GroupUri, Role};

    fn group() -> CustomGroup {
        CustomGroup {
            number: CustomGroupNumber::new(7),
            uri: GroupUri::stored("team".into()),
            display_name: DisplayName::stored("A & <B>".into()),
        }
    }

    /// Property names by status, with text values.
    fn propstats(document: &str) -> Vec<(String, Vec<(String, String)>)> {
        let root = parse(document.as_bytes(), Limits::default()).expect(document);
        let response = &root.children[0];
        response
            .dav_children("propstat")
            .map(|propstat| {
                let status = propstat.dav_children("status").next().expect("status").text.clone();
                let props = propstat.dav_children("prop").next().expect("prop");
                let named = |e: &crate::dav::xml::Element| (e.name.local.to_string(), e.text.clone());
                (status, props.children.iter().map(named).collect())
            })
            .collect()
    }

    fn shown(wanted: Wanted, minimal: bool, role: Option<Role>) -> Vec<(String, Vec<(String, String)>)> {
        let selection = Selection { wanted, minimal, as_printed: false };
        let group = group();
        let values = Values::Group(&group, role);
        let mut multistatus = Multistatus::new("/x", Slash::OnCollections);
        let kind = if role.is_some() { Kind::GroupOfUser } else { Kind::Group };
        multistatus.resource(kind, values, &selection);
        propstats(&multistatus.finish())
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn found_and_missing_are_grouped() {
        let wanted =
            Wanted::Props(vec![Name::dav("getetag"), Name::owncloud("display-name"), Name::owncloud("role")]);
        let found = ("HTTP/1.1 200 OK".to_owned(), vec![pair("display-name", "A & <B>")]);
        let missing = ("HTTP/1.1 404 Not Found".to_owned(), vec![pair("getetag", ""), pair("role", "")]);
        assert_eq!(shown(wanted.clone(), false, None), [found.clone(), missing]);
        assert_eq!(shown(wanted.clone(), true, None), [found]);
        let of_user = shown(wanted, false, Some(Role::Admin));
        assert!(of_user[0].1.contains(&pair("role", "admin")));
    }

    #[test]
    fn allprop_and_propname() {
        assert_eq!(shown(Wanted::AllProp, false, None)[0].1, [pair("resourcetype", "")]);
        let names = shown(Wanted::PropName, false, None);
        assert_eq!(names.len(), 1);
        assert!(names[0].1.contains(&pair("display-name", "")));
    }

    #[test]
    fn the_manual_shows_what_is_missing() {
        let selection = Selection { wanted: Wanted::AllProp, minimal: false, as_printed: true };
        let mut multistatus = Multistatus::new("/x", Slash::OnCollections);
        let group = group();
        multistatus.resource(Kind::Group, Values::Group(&group, None), &selection);
        let shown = propstats(&multistatus.finish());
        assert_eq!(shown[1].1.len(), 6);
    }

    #[test]
    fn outcomes_are_grouped_by_status() {
        let mut multistatus = Multistatus::new("/x", Slash::OnCollections);
        let outcome = [
            (Name::owncloud("a"), StatusCode::FORBIDDEN),
            (Name::owncloud("b"), StatusCode::FAILED_DEPENDENCY),
            (Name::owncloud("c"), StatusCode::FORBIDDEN),
        ];
        multistatus.outcome(&outcome);
        let shown = propstats(&multistatus.finish());
        assert_eq!(shown[0], ("HTTP/1.1 403 Forbidden".to_owned(), vec![pair("a", ""), pair("c", "")]));
        assert_eq!(shown[1].0, "HTTP/1.1 424 Failed Dependency");
    }
}
