//! From the path of a request to the place it names, and back to hrefs.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use thiserror::Error;

use crate::domain::Place;

/// What clients of ownCloud see unescaped in hrefs, slashes within a segment excepted.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'_')
    .remove(b'-')
    .remove(b'.')
    .remove(b'~')
    .remove(b'(')
    .remove(b')')
    .remove(b':')
    .remove(b'@');

/// The root of the tree of custom groups, below the base path.
const TREE: [&str; 3] = ["remote.php", "dav", "customgroups"];

/// As many names below [`TREE`] make a place. What is there has four at most, what is said to be missing
/// needs a few more, and places far below one another take more stack than there is.
const DEEPEST: usize = 16;

/// What the path of a request names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A place in the tree of custom groups.
    Tree(Place),
    /// A plain collection around it, by its segments: `/`, `/remote.php/`, `/remote.php/dav/`,
    /// `/remote.php/dav/files/`, `/remote.php/dav/files/{user}/` and, as older sync clients call that,
    /// `/remote.php/webdav/`.
    Around(Vec<String>),
    /// Nothing of ours, by its segments.
    Nowhere(Vec<String>),
}

/// A path that cannot name anything.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PathError {
    /// A percent sign without two hexadecimal digits.
    #[error("the path has a % that is not followed by two hexadecimal digits; write a literal one as %25")]
    Escape,
    /// Not UTF-8 after decoding.
    #[error("the path is not UTF-8 after percent-decoding")]
    NotUtf8,
    /// A NUL byte.
    #[error("the path contains a NUL byte")]
    Nul,
    /// A path without a slash at the beginning.
    #[error("the request target is not a path")]
    Relative,
}

/// Reads the path of a request, percent-encoded and below the base path.
///
/// Runs of slashes count as one, escaped slashes as slashes, dot segments are resolved, and a slash at
/// the end does not matter: all as ownCloud has it.
///
/// # Errors
/// [`PathError`], whatever comes first.
pub fn parse(path: &str) -> Result<Target, PathError> {
    let path = path.strip_prefix('/').ok_or(PathError::Relative)?;
    let decoded = decode(path)?;
    let mut segments: Vec<&str> = Vec::new();
    for segment in decoded.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            name => segments.push(name),
        }
    }
    Ok(target(&segments))
}

fn decode(path: &str) -> Result<String, PathError> {
    let escapes = path.match_indices('%').map(|(at, _)| path.as_bytes().get(at + 1..at + 3));
    for escape in escapes {
        if !escape.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            return Err(PathError::Escape);
        }
    }
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8().map_err(|_| PathError::NotUtf8)?;
    if decoded.contains('\0') { Err(PathError::Nul) } else { Ok(decoded.into_owned()) }
}

fn target(segments: &[&str]) -> Target {
    let owned = || segments.iter().map(ToString::to_string).collect();
    if let Some(below) = segments.strip_prefix(&TREE).filter(|below| below.len() <= DEEPEST) {
        return Target::Tree(below.iter().fold(Place::Root, |place, name| place.child(name)));
    }
    match segments {
        [] | ["remote.php"] | ["remote.php", "dav"] => Target::Around(owned()),
        ["remote.php", "webdav"] | ["remote.php", "dav", "files"] | ["remote.php", "dav", "files", _] => {
            Target::Around(owned())
        }
        _ => Target::Nowhere(owned()),
    }
}

/// The href of a place, from the base path on: absolute, percent-encoded, without a slash at the end.
pub fn href(base: &str, place: &Place) -> String {
    let mut names = Vec::new();
    let mut at = Some(place.clone());
    while let Some(place) = at {
        at = place.parent();
        if at.is_some() {
            names.push(place.name().to_owned());
        }
    }
    let names = TREE.iter().copied().chain(names.iter().rev().map(String::as_str));
    join(base, names)
}

/// The path of a collection around the tree, without a slash at the end but for the top.
pub fn around_href(base: &str, segments: &[String]) -> String {
    let href = join(base, segments.iter().map(String::as_str));
    if href.is_empty() { "/".to_owned() } else { href }
}

fn join<'s>(base: &str, names: impl Iterator<Item = &'s str>) -> String {
    let mut href = base.to_owned();
    for name in names {
        href.push('/');
        href.push_str(&segment(name));
    }
    href
}

/// The bytes that need no encoding whatever stands around them.
const PLAIN: [bool; 256] = {
    let (mut table, mut byte) = ([false; 256], 0);
    while byte < table.len() {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    table
};

/// One segment, percent-encoded. Most are plain, which is found out in a third of the time that encoding
/// takes.
pub fn segment(name: &str) -> Cow<'_, str> {
    if name.bytes().all(|byte| PLAIN[usize::from(byte)]) {
        return name.into();
    }
    percent_encode(name.as_bytes(), SEGMENT).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str) -> Place {
        match parse(path) {
            Ok(Target::Tree(place)) => place,
            other => panic!("{path}: {other:?}"),
        }
    }

    #[test]
    fn spellings_of_one_place() {
        let team = Place::Group("team1".into());
        for path in [
            "/remote.php/dav/customgroups/groups/team1",
            "/remote.php/dav/customgroups/groups/team1/",
            "//remote.php//dav/customgroups/groups//team1//",
            "/remote.php/dav/%63ustomgroups/%67roups/team1",
            "/remote.php/dav/customgroups/groups%2Fteam1",
            "/remote.php/dav/customgroups/groups/./x/../team1",
            "/../remote.php/dav/customgroups/users/%2e%2e/groups/team1",
        ] {
            assert_eq!(place(path), team, "{path}");
        }
    }

    #[test]
    fn the_tree() {
        let root = "/remote.php/dav/customgroups";
        assert_eq!(place(root), Place::Root);
        assert_eq!(place(&format!("{root}/users/")), Place::Users);
        assert_eq!(
            place(&format!("{root}/users/1/o%27neil%2Bx@ex.org")),
            Place::UsersSecond("1".into(), "o'neil+x@ex.org".into())
        );
        assert_eq!(
            place(&format!("{root}/groups/%C3%A9quipe/a%25b")),
            Place::Membership("équipe".into(), "a%b".into())
        );
        assert!(matches!(place(&format!("{root}/Groups")), Place::Below(..)));
    }

    #[test]
    fn around_the_tree() {
        for path in
            ["/", "/remote.php", "/remote.php/dav/", "/remote.php/dav/files/alice/", "/remote.php/webdav"]
        {
            assert!(matches!(parse(path), Ok(Target::Around(_))), "{path}");
        }
        for path in ["/remote.php/dav/CUSTOMGROUPS", "/dav", "/remote.php/dav/files/alice/x"] {
            assert!(matches!(parse(path), Ok(Target::Nowhere(_))), "{path}");
        }
        let deep = |names| format!("/remote.php/dav/customgroups/groups{}", "/a".repeat(names - 1));
        assert!(matches!(place(&deep(DEEPEST)), Place::Below(..)));
        assert!(matches!(parse(&deep(DEEPEST + 1)), Ok(Target::Nowhere(_))));
    }

    #[test]
    fn paths_that_name_nothing() {
        assert_eq!(parse("/a%zz"), Err(PathError::Escape));
        assert_eq!(parse("/a%2"), Err(PathError::Escape));
        assert_eq!(parse("/a%"), Err(PathError::Escape));
        assert_eq!(parse("/a%E9"), Err(PathError::NotUtf8));
        assert_eq!(parse("/a%00"), Err(PathError::Nul));
        assert_eq!(parse("*"), Err(PathError::Relative));
    }

    #[test]
    fn hrefs_read_back_as_the_same_place() {
        for names in [vec!["groups", "a b&c'd%25", "ü@x~(y):z"], vec!["users", "o'neil+x@ex.org", "q?#"]] {
            let place = names.iter().fold(Place::Root, |place, name| place.child(name));
            let path = href("/owncloud", &place);
            assert_eq!(self::place(path.strip_prefix("/owncloud").expect("base")), place, "{path}");
        }
        let place = Place::Membership("a b".into(), "c(d):e@f~".into());
        assert_eq!(href("", &place), "/remote.php/dav/customgroups/groups/a%20b/c(d):e@f~");
    }
}
