//! The requests that are sent, as bytes on the wire.

use std::cell::Cell;
use std::rc::Rc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;

use crate::measure::Requests;
use crate::seed::{PASSWORD, user};

/// Where the custom groups are.
pub const GROUPS: &str = "/remote.php/dav/customgroups/groups/";

/// As many users send requests in turn where it should not always be the same.
const SENDERS: u64 = 16;

/// The six properties of a membership that are asked for; one of them is one that it lacks.
const MEMBER: [&str; 6] = [
    "<d:resourcetype/>",
    "<o:role/>",
    "<o:user-id/>",
    "<o:user-display-name/>",
    "<o:user-type-info/>",
    "<d:getetag/>",
];

/// The six that files are asked for.
const FILE: [&str; 6] = [
    "<d:resourcetype/>",
    "<d:getcontentlength/>",
    "<d:getlastmodified/>",
    "<d:displayname/>",
    "<d:getetag/>",
    "<d:creationdate/>",
];

/// A request of `who`, who may be nobody.
pub fn request(method: &str, path: &str, who: Option<&str>, headers: &str, body: &str) -> Bytes {
    let authorization = who.map_or_else(String::new, |who| {
        format!("Authorization: Basic {}\r\n", BASE64_STANDARD.encode(format!("{who}:{PASSWORD}")))
    });
    let length = body.len();
    let text = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{authorization}{headers}Content-Length: {length}\r\n\r\n{body}"
    );
    Bytes::from(text)
}

/// GET of `path` by `who`.
pub fn get(path: &str, who: Option<&str>) -> Bytes {
    request("GET", path, who, "", "")
}

/// Users in turn ask for themselves, at paths below `root`.
pub fn getuser(root: &str) -> Requests {
    let root = root.to_owned();
    cycle(SENDERS, move |number| {
        let user = user(number);
        get(&format!("{root}/ocs/v1.php/cloud/users/{user}"), Some(&user))
    })
}

/// The same with something in the query that means nothing and is new each time, so that no answer that
/// is kept will do.
pub fn getuser_anew() -> Requests {
    Rc::new(|number| {
        let user = user((number % SENDERS) as usize);
        get(&format!("/ocs/v1.php/cloud/users/{user}?anew={number}"), Some(&user))
    })
}

/// Members in turn ask for a group and what they are in it, at paths below `root`.
pub fn propfind_group(root: &str) -> Requests {
    let path = format!("{root}{GROUPS}hundred/");
    cycle(SENDERS, move |number| propfind(&path, Some(&user(number)), 0, &MEMBER))
}

/// The administrator lists the members of a group, always alike.
pub fn members(group: &str) -> Bytes {
    propfind(&format!("{GROUPS}{group}/"), Some("admin"), 1, &MEMBER)
}

/// The same with the properties in another order each time, so that no answer can be kept and used
/// again: 720 orders of an answer that is larger than what is kept altogether divided by that.
pub fn members_anew(group: &str) -> Requests {
    let group = group.to_owned();
    cycle(720, move |number| {
        propfind(&format!("{GROUPS}{group}/"), Some("admin"), 1, &permutation(&MEMBER, number))
    })
}

/// Somebody lists the files.
pub fn files() -> Bytes {
    propfind("/files/", None, 1, &FILE)
}

/// The administrator asks for `path`, which has a query, with something in it that is new each time.
pub fn asked_anew(path: String) -> Requests {
    Rc::new(move |number| get(&format!("{path}&anew={number}"), Some("admin")))
}

/// The administrator reads the first thousand pages of what `path`, which has a query, finds, and again.
pub fn pages(path: String) -> Requests {
    Rc::new(move |number| {
        get(&format!("{path}&limit=10&offset={}&anew={number}", number % 1_000 * 10), Some("admin"))
    })
}

/// The administrator searches for groups, with something that is new each time.
pub fn search_groups(pattern: &'static str) -> Requests {
    Rc::new(move |number| search_for_groups(pattern, number))
}

fn search_for_groups(pattern: &str, number: u64) -> Bytes {
    let body = format!(
        "<o:search-query xmlns:d=\"DAV:\" xmlns:o=\"http://owncloud.org/ns\"><d:prop><o:display-name/></d:prop>\
         <o:search><o:pattern>{pattern}</o:pattern><o:limit>10</o:limit></o:search></o:search-query>"
    );
    let headers = format!("Content-Type: application/xml\r\nX-Anew: {number}\r\n");
    request("REPORT", GROUPS, Some("admin"), &headers, &body)
}

/// Adds another user to another of `groups` each time, counted by `next`.
pub fn add_member(groups: Vec<String>, users: usize, next: Rc<Cell<usize>>) -> Requests {
    Rc::new(move |_| {
        let number = next.replace(next.get() + 1);
        let group = &groups[(number / users) % groups.len()];
        request("PUT", &format!("{GROUPS}{group}/{}", user(number % users)), Some("admin"), "", "")
    })
}

fn propfind(path: &str, who: Option<&str>, depth: u8, properties: &[&str; 6]) -> Bytes {
    let body = format!(
        "<d:propfind xmlns:d=\"DAV:\" xmlns:o=\"http://owncloud.org/ns\"><d:prop>{}</d:prop></d:propfind>",
        properties.concat()
    );
    let headers = format!("Depth: {depth}\r\nContent-Type: application/xml\r\n");
    request("PROPFIND", path, who, &headers, &body)
}

/// `count` requests that are made once and sent in turn.
fn cycle(count: u64, make: impl Fn(usize) -> Bytes) -> Requests {
    let made: Vec<Bytes> = (0..count as usize).map(make).collect();
    Rc::new(move |number| made[(number % count) as usize].clone())
}

/// One of the 720 orders of six things.
fn permutation<'t>(things: &[&'t str; 6], mut number: usize) -> [&'t str; 6] {
    let mut order = *things;
    for last in (1..order.len()).rev() {
        order.swap(last, number % (last + 1));
        number /= last + 1;
    }
    order
}
