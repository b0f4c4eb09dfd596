//! What a request says besides its path: names and values from the query and the body.

use std::collections::HashMap;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};
use percent_encoding::percent_decode;
use thiserror::Error;
use zeroize::Zeroizing;

use super::{json, multipart};
use crate::edge::Request;

/// As many names and list entries a request may have.
pub(super) const MAX_FIELDS: usize = 1000;

/// Why what a request says cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub(super) enum Malformed {
    /// The query or a form is not UTF-8.
    #[error("The parameters are not UTF-8")]
    NotUtf8,
    /// There are more names and values than anything needs.
    #[error("There are too many parameters; at most {MAX_FIELDS} are read")]
    TooMany,
    /// The body is not the JSON it claims to be.
    #[error("The body is not a JSON object")]
    Json,
    /// The body is not the multipart message it claims to be.
    #[error("The body is not a multipart form")]
    Multipart,
    /// A list, a number or an object stands where there should be text.
    #[error("The parameter {0} has to be one text")]
    NotText(&'static str),
    /// Text of another kind than is known.
    #[error("The parameter {0} has none of the values that are known")]
    NotKnown(&'static str),
}

/// What was given under one name.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Given {
    /// Text, which may be a password.
    Text(Zeroizing<String>),
    /// A number, which only JSON can tell from text.
    Number(f64),
    /// Several texts.
    List(Vec<String>),
    /// Anything else.
    Other,
}

/// Everything that was given, by name. What comes later replaces what came before, the body the query.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Params(HashMap<String, Given>);

impl Params {
    /// Reads query and body. What a GET carries besides its query is used if it can be read and ignored
    /// if not, as is a body of no known kind.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn read(request: &Request) -> Result<Self, Malformed> {
        let mut params = Self::default();
        params.read_form(request.uri().query().unwrap_or_default().as_bytes())?;
        let body = read_body(request).await;
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        match body {
            Ok(body) => params.0.extend(body.0),
            Err(_) if reads => {}
            Err(malformed) => return Err(malformed),
        }
        Ok(params)
    }

    /// Reads the query alone.
    pub fn of_query(query: Option<&str>) -> Result<Self, Malformed> {
        let mut params = Self::default();
        params.read_form(query.unwrap_or_default().as_bytes())?;
        Ok(params)
    }

    /// `application/x-www-form-urlencoded`.
    fn read_form(&mut self, form: &[u8]) -> Result<(), Malformed> {
        if form.iter().filter(|&&byte| byte == b'&').count() >= MAX_FIELDS {
            return Err(Malformed::TooMany);
        }
        // Decoded as a whole: separators are ASCII, so that the parts are UTF-8 if and only if it is.
        percent_decode(form).decode_utf8().map_err(|_| Malformed::NotUtf8)?;
        for (name, value) in form_urlencoded::parse(form) {
            self.put(&name, value.into_owned());
        }
        Ok(())
    }

    /// Puts in one pair of a form. `name[]` and `name[0]` add to a list, deeper brackets are something
    /// nobody asks for here.
    pub fn put(&mut self, name: &str, value: String) {
        let Some((name, index)) = name.strip_suffix(']').and_then(|name| name.split_once('[')) else {
            self.0.insert(name.to_owned(), Given::Text(Zeroizing::new(value)));
            return;
        };
        let entry = self.0.entry(name.to_owned()).or_insert_with(|| Given::List(Vec::new()));
        match entry {
            _ if index.contains(['[', ']']) => *entry = Given::Other,
            Given::List(list) => list.push(value),
            Given::Text(_) | Given::Number(_) => *entry = Given::List(vec![value]),
            Given::Other => {}
        }
    }

    /// Puts in what was given under a name as a whole.
    pub fn set(&mut self, name: String, given: Given) {
        self.0.insert(name, given);
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The text under a name, if anything was given.
    ///
    /// # Errors
    /// `NotText` for anything else.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, Malformed> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Given::Text(text)) => Ok(Some(text)),
            Some(_) => Err(Malformed::NotText(name)),
        }
    }

    /// The texts under a name. One text alone is no list and counts for nothing, as clients know it.
    ///
    /// # Errors
    /// `NotText` when there are other things than texts in it.
    pub fn list(&self, name: &'static str) -> Result<&[String], Malformed> {
        match self.0.get(name) {
            None | Some(Given::Text(_)) => Ok(&[]),
            Some(Given::List(list)) => Ok(list),
            Some(Given::Number(_) | Given::Other) => Err(Malformed::NotText(name)),
        }
    }

    /// The whole number under a name, with decimals cut off; none for what is not above zero, and for
    /// what is no number.
    ///
    /// # Errors
    /// `NotText` for lists and the like.
    pub fn amount(&self, name: &'static str) -> Result<Option<u64>, Malformed> {
        let number = match self.0.get(name) {
            Some(Given::Number(number)) => Some(*number),
            _ => self.text(name)?.and_then(number),
        };
        // The conversion saturates, and gives 0 for what is negative.
        Ok(number.map(|number| number as u64).filter(|&amount| amount > 0))
    }
}

/// A decimal number, without the other things that Rust reads as one (`inf`, `1e9`).
fn number(text: &str) -> Option<f64> {
    let plain = text.trim().bytes().all(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte));
    plain.then(|| text.trim().parse().ok()).flatten()
}

async fn read_body(request: &Request) -> Result<Params, Malformed> {
    let body = request.body();
    if body.is_empty() {
        return Ok(Params::default());
    }
    match kind(request.headers(), body) {
        Kind::Form => {
            let mut params = Params::default();
            params.read_form(body)?;
            Ok(params)
        }
        Kind::Json => json::read(body),
        Kind::Multipart(content_type) => multipart::read(body, &content_type).await,
        Kind::Unknown => Ok(Params::default()),
    }
}

/// What a body is.
enum Kind {
    Form,
    Json,
    Multipart(String),
    Unknown,
}

/// By its media type; without one, a body that begins like a JSON object is one, and any other a form.
fn kind(headers: &HeaderMap, body: &[u8]) -> Kind {
    let Some(content_type) = headers.get(CONTENT_TYPE) else {
        let object = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
        return if object { Kind::Json } else { Kind::Form };
    };
    let content_type = String::from_utf8_lossy(content_type.as_bytes());
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media_type.as_str() {
        "application/x-www-form-urlencoded" => Kind::Form,
        "application/json" => Kind::Json,
        "multipart/form-data" => Kind::Multipart(content_type.into_owned()),
        _ => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn request(method: &str, uri: &str, content_type: Option<&str>, body: &str) -> Request {
        let mut request = http::Request::builder().method(method).uri(uri);
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        request.body(Bytes::copy_from_slice(body.as_bytes())).expect("a request")
    }

    async fn read(method: &str, content_type: &str, body: &str) -> Result<Params, Malformed> {
        Params::read(&request(method, "/", Some(content_type), body)).await
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[tokio::test]
    async fn every_encoding_says_the_same() {
        let multipart = "--b\r\nContent-Disposition: form-data; name=\"userid\"\r\n\r\nö +\r\n\
             --b\r\nContent-Disposition: form-data; name=\"groups[]\"\r\n\r\nx\r\n--b--\r\n";
        for (content_type, body) in [
            (FORM, "userid=%C3%B6+%2B&groups[]=x"),
            ("Application/X-WWW-Form-Urlencoded; charset=UTF-8", "userid=%C3%B6+%2B&groups%5B0%5D=x"),
            ("multipart/form-data; boundary=b", multipart),
            ("multipart/form-data; boundary=\"b\"", &multipart.replace("\r\n", "\n")),
            ("application/json", r#"{"userid":"ö +","groups":["x"],"email":null}"#),
        ] {
            for method in ["POST", "PUT", "DELETE", "GET"] {
                let params = read(method, content_type, body).await.expect(content_type);
                assert_eq!(params.text("userid"), Ok(Some("ö +")), "{method} {content_type}");
                assert_eq!(params.list("groups"), Ok(["x".to_owned()].as_slice()), "{content_type}");
                assert_eq!(params.text("email"), Ok(None), "{content_type}");
            }
        }
    }

    #[tokio::test]
    async fn the_body_wins_over_the_query() {
        let request = request("PUT", "/?key=email&format=json", Some(FORM), "key=quota&value=1");
        let params = Params::read(&request).await.expect("read");
        assert_eq!(params.text("key"), Ok(Some("quota")));
        assert_eq!(params.text("format"), Ok(Some("json")));
    }

    #[tokio::test]
    async fn bodies_without_a_type_are_looked_at() {
        for body in ["userid=frank", r#" {"userid":"frank"}"#] {
            let params = Params::read(&request("POST", "/", None, body)).await.expect(body);
            assert_eq!(params.text("userid"), Ok(Some("frank")), "{body}");
        }
        let params = read("POST", "text/plain", "userid=frank").await.expect("ignored");
        assert_eq!(params.text("userid"), Ok(None));
    }

    #[tokio::test]
    async fn text_is_text() {
        for (content_type, body) in [
            (FORM, "userid[]=x"),
            (FORM, "userid[a][b]=x"),
            ("application/json", r#"{"userid":["x"]}"#),
            ("application/json", r#"{"userid":{"a":"x"}}"#),
            ("application/json", r#"{"userid":5}"#),
            ("application/json", r#"{"userid":true}"#),
        ] {
            let params = read("POST", content_type, body).await.expect(body);
            assert_eq!(params.text("userid"), Err(Malformed::NotText("userid")), "{body}");
        }
        let mixed = read("POST", "application/json", r#"{"groups":["x",5]}"#).await.expect("read");
        assert_eq!(mixed.list("groups"), Err(Malformed::NotText("groups")));
    }

    #[tokio::test]
    async fn junk_is_refused_but_not_on_get() {
        let many = "a=b&".repeat(100_000);
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        let wide = format!("{{\"a\":[{}1]}}", "1,".repeat(100_000));
        let parts =
            "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n".repeat(2000) + "--b--\r\n";
        for (content_type, body, malformed) in [
            (FORM, many.as_str(), Malformed::TooMany),
            (FORM, "a=%ff", Malformed::NotUtf8),
            ("application/json", deep.as_str(), Malformed::Json),
            ("application/json", wide.as_str(), Malformed::Json),
            ("application/json", "{\"a\":", Malformed::Json),
            ("application/json", "{} {}", Malformed::Json),
            ("application/json", "[]", Malformed::Json),
            ("multipart/form-data", "--b", Malformed::Multipart),
            ("multipart/form-data; boundary=b", "--b\r\n\r\nx", Malformed::Multipart),
            ("multipart/form-data; boundary=b", &parts, Malformed::TooMany),
        ] {
            let found = read("POST", content_type, body).await;
            assert_eq!(found, Err(malformed), "{content_type} {:.40}", body);
            assert_eq!(read("GET", content_type, body).await, Ok(Params::default()), "{:.40}", body);
        }
    }

    #[test]
    fn numbers_are_read_leniently() {
        for (query, limit) in [
            ("limit=2", Some(2)),
            ("limit=1.5", Some(1)),
            ("limit=0", None),
            ("limit=-1", None),
            ("limit=abc", None),
            ("limit=inf", None),
            ("limit=", None),
            ("limit=99999999999999999999999", Some(u64::MAX)),
        ] {
            assert_eq!(Params::of_query(Some(query)).expect(query).amount("limit"), Ok(limit), "{query}");
        }
        let list = Params::of_query(Some("limit[]=1")).expect("read");
        assert_eq!(list.amount("limit"), Err(Malformed::NotText("limit")));
    }
}
