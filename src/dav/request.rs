//! Request bodies as they arrived: one type per root element.

use thiserror::Error;

use super::xml::{self, DAV, Element, Limits, Name, XmlError};

/// Why a body is not the request it should be.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum BodyError {
    /// Not XML that we read.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// The method needs a body.
    #[error("the request needs an XML body with the root element {0}")]
    Missing(&'static str),
    /// The root element is another one.
    #[error("Expected {expected} but received {found} as the root element")]
    Root {
        /// What it should be, as `{namespace}local`.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// A `prop` that names no property.
    #[error("a prop element names no property")]
    EmptyProp,
    /// An extended MKCOL that does not say what to make.
    #[error("The mkcol request must include a {{DAV:}}resourcetype property")]
    NoResourceType,
    /// A value with elements in it where text belongs.
    #[error("the value of {0} must be text without elements")]
    NotText(String),
    /// The media type of a body that has to be XML.
    #[error("the body of this request must have the Content-Type application/xml or text/xml")]
    MediaType,
    /// A report that we do not make.
    #[error("the report {0} is not supported; {{http://owncloud.org/ns}}search-query is")]
    Report(String),
}

/// Which properties a PROPFIND asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// Whatever the server thinks fit.
    AllProp,
    /// The names of all, without values.
    PropName,
    /// These, each once, in this order.
    Props(Vec<Name>),
}

/// `<!ELEMENT propfind ( propname | (allprop, include?) | prop ) >` - RFC 4918 section 14.20.
///
/// Like ownCloud's, ours ignores what it does not know, takes the last of several `prop`, and reads no
/// body, an empty one and an empty `prop` as `allprop`. A root `oc:customgroups`, which the manual of
/// ownCloud prints, is a propfind that always asks for `resourcetype`, too.
///
/// # Errors
/// [`BodyError::Xml`], then [`BodyError::Root`].
pub fn propfind(body: &[u8], limits: Limits) -> Result<Wanted, BodyError> {
    if body.is_empty() {
        return Ok(Wanted::AllProp);
    }
    let root = xml::parse(body, limits)?;
    let manual = root.name == Name::owncloud("customgroups");
    if !manual {
        check_root(&root, DAV, "propfind", "{DAV:}propfind")?;
    }
    let mut names = root.dav_children("prop").last().map_or_else(Vec::new, prop_names);
    if manual && !names.contains(&Name::dav("resourcetype")) {
        names.insert(0, Name::dav("resourcetype"));
    }
    Ok(if !names.is_empty() {
        Wanted::Props(names)
    } else if root.dav_children("propname").next().is_some() {
        Wanted::PropName
    } else {
        Wanted::AllProp
    })
}

/// One property to be set or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// Which.
    pub name: Name,
    /// Its new value; none to remove it.
    pub value: Option<Value>,
}

/// A value as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    text: String,
    has_elements: bool,
}

impl Instruction {
    /// The new value as text; none to remove the property.
    ///
    /// # Errors
    /// [`BodyError::NotText`] when there are elements in it.
    pub fn text(&self) -> Result<Option<&str>, BodyError> {
        match &self.value {
            Some(value) if value.has_elements => Err(BodyError::NotText(self.name.to_string())),
            Some(value) => Ok(Some(&value.text)),
            None => Ok(None),
        }
    }
}

/// What a PROPPATCH asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyUpdate {
    /// What to do, in this order.
    pub instructions: Vec<Instruction>,
    /// Whether there was a `prop` without a `set` around it, as the manual of ownCloud prints it.
    pub bare: bool,
}

/// `<!ELEMENT propertyupdate (remove | set)+ >` - RFC 4918 section 14.19.
///
/// # Errors
/// [`BodyError::Missing`], [`BodyError::Xml`], [`BodyError::Root`], [`BodyError::EmptyProp`].
pub fn property_update(body: &[u8], limits: Limits) -> Result<PropertyUpdate, BodyError> {
    const ROOT: &str = "{DAV:}propertyupdate";
    if body.is_empty() {
        return Err(BodyError::Missing(ROOT));
    }
    let root = xml::parse(body, limits)?;
    check_root(&root, DAV, "propertyupdate", ROOT)?;
    let mut update = PropertyUpdate { instructions: Vec::new(), bare: false };
    for child in &root.children {
        if child.is_dav("prop") {
            update.bare = true;
            push_instructions(&mut update.instructions, child, true)?;
        } else if child.is_dav("set") || child.is_dav("remove") {
            for prop in child.dav_children("prop") {
                push_instructions(&mut update.instructions, prop, child.is_dav("set"))?;
            }
        }
    }
    Ok(update)
}

/// The properties of an extended MKCOL, `resourcetype` aside: RFC 5689 section 5.1.
///
/// # Errors
/// [`BodyError::Xml`], [`BodyError::Root`], [`BodyError::EmptyProp`], [`BodyError::NoResourceType`].
pub fn mkcol(body: &[u8], limits: Limits) -> Result<Vec<Instruction>, BodyError> {
    let root = xml::parse(body, limits)?;
    check_root(&root, DAV, "mkcol", "{DAV:}mkcol")?;
    let mut instructions = Vec::new();
    for set in root.dav_children("set") {
        for prop in set.dav_children("prop") {
            push_instructions(&mut instructions, prop, true)?;
        }
    }
    let all = instructions.len();
    instructions.retain(|instruction| instruction.name != Name::dav("resourcetype"));
    if instructions.len() == all { Err(BodyError::NoResourceType) } else { Ok(instructions) }
}

/// A search as it arrived: numbers are still text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchQuery {
    /// Which properties are asked for.
    pub props: Vec<Name>,
    /// What to look for.
    pub pattern: String,
    /// How many at most.
    pub limit: String,
    /// How many to leave out.
    pub offset: String,
}

/// `oc:search-query` with `d:prop` and `oc:search (oc:pattern, oc:limit, oc:offset)`. Of several, the
/// last one counts; white space around a value is none of it.
///
/// # Errors
/// [`BodyError::Missing`], [`BodyError::Xml`], [`BodyError::Report`] for another root.
pub fn search_query(body: &[u8], limits: Limits) -> Result<SearchQuery, BodyError> {
    if body.is_empty() {
        return Err(BodyError::Missing("{http://owncloud.org/ns}search-query"));
    }
    let root = xml::parse(body, limits)?;
    if root.name != Name::owncloud("search-query") {
        return Err(BodyError::Report(root.name.to_string()));
    }
    let search = root.children.iter().rfind(|child| child.name == Name::owncloud("search"));
    let part = |local: &'static str| {
        let mut parts = search.into_iter().flat_map(|search| &search.children);
        let found = parts.rfind(|part| part.name == Name::owncloud(local));
        found.map_or_else(String::new, |part| part.text.trim().to_owned())
    };
    Ok(SearchQuery {
        props: root.dav_children("prop").last().map_or_else(Vec::new, prop_names),
        pattern: part("pattern"),
        limit: part("limit"),
        offset: part("offset"),
    })
}

fn check_root(root: &Element, namespace: &str, local: &str, expected: &'static str) -> Result<(), BodyError> {
    if root.name.namespace == namespace && root.name.local == local {
        return Ok(());
    }
    Err(BodyError::Root { expected, found: root.name.to_string() })
}

/// The names in a `prop`, each once: `<!ELEMENT prop ANY >` - RFC 4918 section 14.18.
fn prop_names(prop: &Element) -> Vec<Name> {
    let mut names: Vec<Name> = Vec::with_capacity(prop.children.len());
    for child in &prop.children {
        if !names.contains(&child.name) {
            names.push(child.name.clone());
        }
    }
    names
}

fn push_instructions(to: &mut Vec<Instruction>, prop: &Element, set: bool) -> Result<(), BodyError> {
    if prop.children.is_empty() {
        return Err(BodyError::EmptyProp);
    }
    to.extend(prop.children.iter().map(|child| {
        let value = Value { text: child.text.clone(), has_elements: !child.children.is_empty() };
        Instruction { name: child.name.clone(), value: set.then_some(value) }
    }));
    Ok(())
}

/// Whether a media type says that the body is XML; parameters and case do not matter.
pub fn is_xml_media_type(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/xml") || essence.eq_ignore_ascii_case("text/xml")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECLARED: &str = r#"xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns""#;

    fn wanted(inside: &str) -> Wanted {
        let body = format!("<d:propfind {DECLARED}>{inside}</d:propfind>");
        propfind(body.as_bytes(), Limits::default()).expect(inside)
    }

    #[test]
    fn propfind_bodies() {
        assert_eq!(propfind(b"", Limits::default()), Ok(Wanted::AllProp));
        for all in
            ["", "<d:allprop/>", "<d:prop/>", "<d:foo/>", "<d:allprop/><d:include><oc:role/></d:include>"]
        {
            assert_eq!(wanted(all), Wanted::AllProp, "{all}");
        }
        assert_eq!(wanted("<d:propname/>"), Wanted::PropName);
        assert_eq!(
            wanted("<d:prop><oc:role>x</oc:role><d:getetag/><oc:role/></d:prop>"),
            Wanted::Props(vec![Name::owncloud("role"), Name::dav("getetag")])
        );
        assert_eq!(
            wanted("<d:prop><oc:role/></d:prop><d:prop><d:getetag/></d:prop>"),
            Wanted::Props(vec![Name::dav("getetag")])
        );
        let manual = format!("<oc:customgroups {DECLARED}><d:prop><d:getetag/></d:prop></oc:customgroups>");
        assert_eq!(
            propfind(manual.as_bytes(), Limits::default()),
            Ok(Wanted::Props(vec![Name::dav("resourcetype"), Name::dav("getetag")]))
        );
        assert!(matches!(
            propfind(b"<propfind xmlns='urn:x'/>", Limits::default()),
            Err(BodyError::Root { .. })
        ));
    }

    #[test]
    fn property_updates() {
        let body = format!(
            "<d:propertyupdate {DECLARED}><d:remove><d:prop><oc:a/></d:prop></d:remove>\
             <d:set><d:prop><oc:b> x </oc:b><oc:c><d:y/></oc:c></d:prop></d:set></d:propertyupdate>"
        );
        let update = property_update(body.as_bytes(), Limits::default()).expect("update");
        assert!(!update.bare);
        let [a, b, c] = &update.instructions[..] else { panic!("{update:?}") };
        assert_eq!(a.text(), Ok(None));
        assert_eq!(b.text(), Ok(Some(" x ")));
        assert!(matches!(c.text(), Err(BodyError::NotText(_))));
        let bare = format!("<d:propertyupdate {DECLARED}><d:prop><oc:a>1</oc:a></d:prop></d:propertyupdate>");
        assert!(property_update(bare.as_bytes(), Limits::default()).expect("bare").bare);
        let empty = format!("<d:propertyupdate {DECLARED}><d:set><d:prop/></d:set></d:propertyupdate>");
        assert_eq!(property_update(empty.as_bytes(), Limits::default()), Err(BodyError::EmptyProp));
        assert!(matches!(property_update(b"", Limits::default()), Err(BodyError::Missing(_))));
    }

    #[test]
    fn mkcol_bodies_say_what_to_make() {
        let body =
            |inside: &str| format!("<d:mkcol {DECLARED}><d:set><d:prop>{inside}</d:prop></d:set></d:mkcol>");
        let named =
            body("<d:resourcetype><d:collection/></d:resourcetype><oc:display-name>T</oc:display-name>");
        let instructions = mkcol(named.as_bytes(), Limits::default()).expect("mkcol");
        assert_eq!(instructions.len(), 1);
        assert_eq!(instructions[0].text(), Ok(Some("T")));
        assert_eq!(
            mkcol(body("<oc:display-name>T</oc:display-name>").as_bytes(), Limits::default()),
            Err(BodyError::NoResourceType)
        );
    }

    #[test]
    fn searches() {
        let body = format!(
            "<oc:search-query {DECLARED}><d:prop><oc:role/></d:prop><oc:search>\
             <oc:pattern> a% </oc:pattern><oc:limit>2</oc:limit></oc:search></oc:search-query>"
        );
        let query = search_query(body.as_bytes(), Limits::default()).expect("query");
        assert_eq!((query.pattern.as_str(), query.limit.as_str(), query.offset.as_str()), ("a%", "2", ""));
        assert!(matches!(
            search_query(b"<d:expand-property xmlns:d='DAV:'/>", Limits::default()),
            Err(BodyError::Report(_))
        ));
    }

    #[test]
    fn media_types() {
        for xml in ["application/xml", "TEXT/XML; charset=utf-8"] {
            assert!(is_xml_media_type(xml));
        }
        for other in ["", "text/plain", "application/xml+x", "application/json"] {
            assert!(!is_xml_media_type(other));
        }
    }
}
