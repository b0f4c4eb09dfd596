//! Bodies that are `multipart/form-data` (RFC 7578).

use std::convert::Infallible;
use std::future::ready;

use bytes::Bytes;
use futures_util::stream;
use multer::{Multipart, parse_boundary};

use super::params::{MAX_FIELDS, Malformed, Params};

/// Reads the parts that have a name; what they claim to be and the names of files do not matter.
///
/// Some clients end lines with LF alone, which ownCloud takes. Such a body is read with CRLF put in.
pub(super) async fn read(body: &Bytes, content_type: &str) -> Result<Params, Malformed> {
    let boundary = parse_boundary(content_type).map_err(|_| Malformed::Multipart)?;
    let lone_feeds = has_lone_feeds(body, &boundary);
    let body = if lone_feeds { with_crlf(body) } else { body.clone() };
    let whole = stream::once(ready(Ok::<_, Infallible>(body)));
    let mut parts = Multipart::new(whole, boundary);
    let mut params = Params::default();
    let mut count = 0;
    while let Some(part) = parts.next_field().await.map_err(|_| Malformed::Multipart)? {
        count += 1;
        if count > MAX_FIELDS {
            return Err(Malformed::TooMany);
        }
        let Some(name) = part.name().map(str::to_owned) else { continue };
        let value = part.bytes().await.map_err(|_| Malformed::Multipart)?;
        let value = std::str::from_utf8(&value).map_err(|_| Malformed::NotUtf8)?;
        params.put(&name, if lone_feeds { value.replace("\r\n", "\n") } else { value.to_owned() });
    }
    Ok(params)
}

/// Whether the first delimiter is ended by LF alone.
fn has_lone_feeds(body: &[u8], boundary: &str) -> bool {
    let after = body.strip_prefix(b"--").and_then(|rest| rest.strip_prefix(boundary.as_bytes()));
    after.is_some_and(|rest| rest.starts_with(b"\n"))
}

fn with_crlf(body: &[u8]) -> Bytes {
    let mut result = Vec::with_capacity(body.len() + body.len() / 16);
    for &byte in body {
        if byte == b'\n' {
            result.push(b'\r');
        }
        result.push(byte);
    }
    result.into()
}
