//! Request headers as types.

use http::{HeaderMap, header};

use crate::domain::Search;
use crate::service::Scope;

/// `Depth: infinity` (RFC 4918 section 10.2), which no resource here takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InfiniteDepth;

/// How far a PROPFIND looks: 0 is the resource itself. Like ownCloud, anything else but infinity is 1,
/// a missing header too (RFC 4918 section 9.1 would have that be infinity).
///
/// # Errors
/// [`InfiniteDepth`].
pub fn depth(headers: &HeaderMap) -> Result<Scope, InfiniteDepth> {
    match headers.get("depth").map(|depth| depth.as_bytes().trim_ascii()) {
        Some(b"0") => Ok(Scope::Itself),
        Some(depth) if depth.eq_ignore_ascii_case(b"infinity") => Err(InfiniteDepth),
        _ => Ok(Scope::Children(Search::default())),
    }
}

/// Whether the client wants no more said than needed: `Prefer: return=minimal` (RFC 8144), its older
/// spelling `return-minimal`, or `Brief: t` of Microsoft's clients.
pub fn wants_minimal(headers: &HeaderMap) -> bool {
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let minimal = |preference: &str| {
        let preference: String = preference.chars().filter(|c| !matches!(c, ' ' | '"')).collect();
        matches!(preference.to_ascii_lowercase().as_str(), "return=minimal" | "return-minimal")
    };
    preferences.flat_map(|value| value.split([',', ';'])).any(minimal)
        || headers.get("brief").is_some_and(|brief| brief.as_bytes().eq_ignore_ascii_case(b"t"))
}

/// Whether a browser asks: somebody who takes HTML.
pub fn accepts_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|range| {
        let essence = range.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("text/html") || essence.eq_ignore_ascii_case("application/xhtml+xml")
    })
}

/// The conditions of a request: RFC 9110 section 13.1 and RFC 4918 section 10.4. No resource has an
/// entity tag or a lock yet, so that only `*` can match, and tags and tokens never do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// `If-Match`: none, `*` (true), or tags.
    if_match: Option<bool>,
    /// Whether there is `If-None-Match: *`.
    if_none_match: bool,
    /// Whether an `If` header asks for a tag or a lock.
    asks_for_state: bool,
}

/// An `If` that holds for nothing.
const NEVER: header::HeaderValue = header::HeaderValue::from_static("(<DAV:no-lock>)");

const STAR: header::HeaderValue = header::HeaderValue::from_static("*");

impl Conditions {
    /// Those in `headers`.
    pub fn of(headers: &HeaderMap) -> Self {
        let star = |value: &header::HeaderValue| value.as_bytes().trim_ascii() == b"*";
        // One list that holds is enough.
        let holds = |value: &header::HeaderValue| {
            let text = value.to_str().unwrap_or_default();
            let mut lists = text.split('(').skip(1).filter_map(|list| list.split_once(')'));
            lists.any(|(list, _)| is_all_negations(list))
        };
        Self {
            if_match: headers.get(header::IF_MATCH).map(star),
            if_none_match: headers.get(header::IF_NONE_MATCH).is_some_and(star),
            asks_for_state: headers.get("if").is_some_and(|value| !holds(value)),
        }
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// The same in the plainest form, for dav-server: some of what clients send it reads only with a panic.
    pub fn write(self, headers: &mut HeaderMap) {
        if self.asks_for_state || self.if_match == Some(false) {
            headers.insert("if", NEVER);
        }
        if self.if_match == Some(true) {
            headers.insert(header::IF_MATCH, STAR);
        }
        if self.if_none_match {
            headers.insert(header::IF_NONE_MATCH, STAR);
        }
    }

    /// Whether they hold for a resource that exists, or does not.
    pub fn hold(self, exists: bool) -> bool {
        let matched = self.if_match.is_none_or(|star| star && exists);
        matched && !(self.if_none_match && exists) && !self.asks_for_state
    }
}

/// Whether a list of conditions holds where there are no tags and locks: if each of them is negated.
/// List = "(" 1*Condition ")"; Condition = ["Not"] (State-token | "[" entity-tag "]")
fn is_all_negations(list: &str) -> bool {
    let mut rest = list.trim_start();
    while !rest.is_empty() {
        let negated = rest.split_at_checked(3).filter(|(not, _)| not.eq_ignore_ascii_case("not"));
        let Some((_, negated)) = negated else { return false };
        let negated = negated.trim_start();
        let end = match negated.chars().next() {
            Some('<') => '>',
            Some('[') => ']',
            _ => return false,
        };
        let Some((_, further)) = negated.split_once(end) else { return false };
        rest = further.trim_start();
    }
    !list.trim_start().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            let name: HeaderName = name.parse().expect("name");
            map.append(name, value.parse().expect("value"));
        }
        map
    }

    #[test]
    fn depths() {
        assert_eq!(depth(&headers(&[("depth", "0")])), Ok(Scope::Itself));
        assert_eq!(depth(&headers(&[("depth", "Infinity")])), Err(InfiniteDepth));
        for one in ["1", "2", "foo", "-1", "1,noroot", ""] {
            assert_eq!(depth(&headers(&[("depth", one)])), Ok(Scope::all_children()), "{one}");
        }
        assert_eq!(depth(&headers(&[])), Ok(Scope::all_children()));
    }

    #[test]
    fn minimal_answers() {
        for (name, value) in [
            ("prefer", "return=minimal"),
            ("prefer", "depth-noroot, return = minimal"),
            ("prefer", "return-minimal"),
            ("brief", "t"),
        ] {
            assert!(wants_minimal(&headers(&[(name, value)])), "{name}: {value}");
        }
        assert!(!wants_minimal(&headers(&[("prefer", "depth-noroot"), ("brief", "f")])));
    }

    #[test]
    fn browsers() {
        assert!(accepts_html(&headers(&[("accept", "text/html,application/xml;q=0.9,*/*;q=0.8")])));
        assert!(!accepts_html(&headers(&[("accept", "*/*")])));
    }

    #[test]
    fn conditions() {
        let holds = |name, value, exists| {
            let conditions = Conditions::of(&headers(&[(name, value)]));
            let mut written = HeaderMap::new();
            conditions.write(&mut written);
            assert_eq!(Conditions::of(&written).hold(exists), conditions.hold(exists), "{name}: {value}");
            conditions.hold(exists)
        };
        assert!(holds("if-match", "*", true));
        assert!(!holds("if-match", "*", false));
        assert!(!holds("if-match", "\"x\"", true));
        assert!(!holds("if-match", "\"", true));
        assert!(holds("if-none-match", "\"", true));
        assert!(!holds("if-none-match", "*", true));
        assert!(holds("if-none-match", "*", false));
        assert!(holds("if-none-match", "\"x\"", true));
        assert!(!holds("if", "(<opaquelocktoken:x>)", true));
        for held in [
            "(Not <DAV:no-lock>)",
            "( not<DAV:no-lock> Not [\"a\"] )",
            "(<urn:x>) (Not <urn:x>)",
            "</other> (Not [W/\"x\"])",
        ] {
            assert!(holds("if", held, true), "{held}");
        }
        for refused in [
            "(Not <DAV:no-lock> <urn:x>)",
            "(Not <DAV:no-lock>",
            "(Not DAV:no-lock)",
            "(Nöt <x>)",
            "()",
            "",
            "(<urn:x> [\"e\")",
        ] {
            assert!(!holds("if", refused, true), "{refused}");
        }
    }
}
