//! The words of a dump in SQL as mysqldump and mariadb-dump write it, read as they are needed.

use std::io::{self, BufRead};

/// A word of SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword, a number, or a name without quotes.
    Word(String),
    /// A name in backticks or double quotes.
    Name(String),
    /// A text in single quotes, which may be any bytes.
    Text(Vec<u8>),
    /// Anything else, one byte each.
    Symbol(u8),
}

impl Token {
    /// Whether this is `keyword`, which is given in capitals.
    pub(super) fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(keyword))
    }
}

/// Why no word can be read.
#[derive(Debug)]
pub(super) enum Fault {
    /// The file cannot be read.
    Io(io::Error),
    /// What is there makes no sense, or ends too early.
    Syntax(&'static str),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

const UNENDED: Fault = Fault::Syntax("the dump ends in the middle of a statement");

/// What follows the first dash of the comment that a dump begins with.
const BEGINS: [&[u8]; 2] = [b"- MySQL dump", b"- MariaDB dump"];

/// The same at its end.
const ENDS: &[u8] = b"- Dump completed";

const LONGEST_REMARK: usize = ENDS.len();

/// Words, one after the other.
pub(super) struct Tokens<R> {
    reader: R,
    /// The line that is being read, counted from 1.
    pub(super) line: u64,
    /// How many bytes were read.
    pub(super) bytes: u64,
    /// Whether the program that writes the dump said that it begins, and has not said yet that it ends.
    pub(super) unfinished: bool,
}

impl<R: BufRead> Tokens<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, line: 1, bytes: 0, unfinished: false }
    }

    /// The next word; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Token>, Fault> {
        let Some(first) = self.first()? else {
            return Ok(None);
        };
        Ok(Some(match first {
            b'\'' => Token::Text(self.quoted(first, true)?),
            b'`' | b'"' => Token::Name(lossy(self.quoted(first, true)?)),
            byte if is_part_of_word(byte) => Token::Word(lossy(self.word(byte)?)),
            byte => Token::Symbol(byte),
        }))
    }

    /// The next word, which has to be there.
    pub(super) fn expect(&mut self) -> Result<Token, Fault> {
        self.next()?.ok_or(UNENDED)
    }

    /// Skips what is left of a statement.
    pub(super) fn skip_statement(&mut self) -> Result<(), Fault> {
        loop {
            match self.first()? {
                None => return Err(UNENDED),
                Some(b';') => return Ok(()),
                Some(quote @ (b'\'' | b'`' | b'"')) => drop(self.quoted(quote, false)?),
                Some(_) => {}
            }
        }
    }

    /// The first byte of the next word, behind white space and comments.
    fn first(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            let Some(byte) = self.byte()? else {
                return Ok(None);
            };
            match (byte, self.peek()?) {
                (b'#', _) | (b'-', Some(b'-')) => self.skip_line()?,
                (b'/', Some(b'*')) => self.skip_comment()?,
                _ if byte.is_ascii_whitespace() => {}
                _ => return Ok(Some(byte)),
            }
        }
    }

    fn skip_line(&mut self) -> Result<(), Fault> {
        let mut comment = Vec::new();
        while let Some(byte) = self.byte()?.filter(|byte| *byte != b'\n') {
            if comment.len() < LONGEST_REMARK {
                comment.push(byte);
            }
        }
        if BEGINS.iter().any(|begins| comment.starts_with(begins)) {
            self.unfinished = true;
        } else if comment.starts_with(ENDS) {
            self.unfinished = false;
        }
        Ok(())
    }

    /// Also what MySQL itself runs, `/*!40101 ... */`: none of it is needed here.
    fn skip_comment(&mut self) -> Result<(), Fault> {
        self.byte()?; // the asterisk of the beginning is not that of the end
        let mut last = 0;
        loop {
            match self.byte()?.ok_or(UNENDED)? {
                b'/' if last == b'*' => return Ok(()),
                byte => last = byte,
            }
        }
    }

    /// What stands up to `quote`, without escapes; nothing if it is not to be kept.
    fn quoted(&mut self, quote: u8, keep: bool) -> Result<Vec<u8>, Fault> {
        let mut text = Vec::new();
        loop {
            let byte = match self.byte()?.ok_or(UNENDED)? {
                byte if byte == quote => {
                    if self.peek()? != Some(quote) {
                        return Ok(text);
                    }
                    self.byte()?.ok_or(UNENDED)?
                }
                b'\\' if quote == b'\'' => unescaped(self.byte()?.ok_or(UNENDED)?),
                byte => byte,
            };
            if keep {
                text.push(byte);
            }
        }
    }

    fn word(&mut self, first: u8) -> Result<Vec<u8>, Fault> {
        let mut word = vec![first];
        while let Some(byte) = self.peek()?.filter(|byte| is_part_of_word(*byte)) {
            word.push(byte);
            self.byte()?;
        }
        Ok(word)
    }

    /// The next byte that is not white space, which is left there.
    pub(super) fn peek_symbol(&mut self) -> Result<Option<u8>, Fault> {
        while let Some(byte) = self.peek()? {
            if !byte.is_ascii_whitespace() {
                return Ok(Some(byte));
            }
            self.byte()?;
        }
        Ok(None)
    }

    fn peek(&mut self) -> Result<Option<u8>, Fault> {
        Ok(self.reader.fill_buf()?.first().copied())
    }

    fn byte(&mut self) -> Result<Option<u8>, Fault> {
        let byte = self.peek()?;
        if let Some(byte) = byte {
            self.reader.consume(1);
            self.bytes += 1;
            self.line += u64::from(byte == b'\n');
        }
        Ok(byte)
    }
}

/// Of names, keywords and numbers.
fn is_part_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_$@.+-".contains(&byte) || byte >= 0x80
}

/// What a backslash before `byte` means.
fn unescaped(byte: u8) -> u8 {
    match byte {
        b'0' => 0,
        b'b' => 8,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'Z' => 26,
        other => other,
    }
}

fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(sql: &[u8]) -> Vec<Token> {
        let mut tokens = Tokens::new(sql);
        std::iter::from_fn(|| tokens.next().expect("words")).collect()
    }

    fn text(text: &[u8]) -> Token {
        Token::Text(text.to_vec())
    }

    #[test]
    fn texts_lose_their_escapes() {
        for (sql, expected) in [
            (&b"''"[..], &b""[..]),
            (b"'it''s'", b"it's"),
            (br"'it\'s \\'", br"it's \"),
            (br"'\0\b\n\r\t\Z\%\x'", b"\0\x08\n\r\t\x1a%x"),
            (b"'-- ; /* # */ `\"'", b"-- ; /* # */ `\""),
            (b"'\xff\xfe'", b"\xff\xfe"),
        ] {
            assert_eq!(tokens(sql), [text(expected)], "{sql:?}");
        }
    }

    #[test]
    fn comments_are_no_words() {
        let sql = b"a -- b 'c\n# d\"\n/* e; */f/*!40101 g */ /**/ -1 `x``y` \"z\"";
        let word = |word: &str| Token::Word(word.to_owned());
        let name = |name: &str| Token::Name(name.to_owned());
        assert_eq!(tokens(sql), [word("a"), word("f"), word("-1"), name("x`y"), name("z")]);
    }

    #[test]
    fn statements_end_where_no_quotes_are() {
        let sql = b"SET x = ';' /* ; */ -- ;\n, `;` \";\" ; next";
        let mut tokens = Tokens::new(&sql[..]);
        tokens.skip_statement().expect("a statement");
        assert!(tokens.expect().expect("a word").is("NEXT"));
        assert_eq!(tokens.line, 2);
        for cut in [&b"SET x"[..], b"SET 'x;", b"SET /* ;", b"SET x = '\\"] {
            assert!(matches!(Tokens::new(cut).skip_statement(), Err(Fault::Syntax(_))));
        }
    }
}
