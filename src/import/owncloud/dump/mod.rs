//! A dump of a MySQL or MariaDB database, read from the beginning to the end without keeping what is not
//! wanted: most of it is the list of files.
//!
//! What mysqldump and mariadb-dump write is a small part of SQL, so it is read by hand: parsers of all of
//! SQL want a statement as a whole, and one can be as large as the server accepts.

mod token;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use rusqlite::Connection;

use super::source::SourceError;
use super::staging::{Staging, Value, is_wanted};
use super::{Done, Watch};
use token::{Fault, Token, Tokens};

/// What a definition in a table begins with that is no column.
const NO_COLUMNS: [&str; 9] =
    ["PRIMARY", "UNIQUE", "KEY", "INDEX", "CONSTRAINT", "FULLTEXT", "SPATIAL", "FOREIGN", "CHECK"];

/// What stands for standard input.
const STANDARD: &str = "-";

/// What else is given for a dump, by how it begins, and what to do with it.
const OTHERS: [(&[u8], &str); 4] = [
    (b"\x1f\x8b", "this is compressed; unpack it: zcat FILE | davgroups import owncloud -"),
    (b"SQLite format 3\0", "this is a SQLite database; name its file"),
    (b"<?xml", "this is XML; make the dump without --xml"),
    (b"PGDMP", POSTGRESQL),
];

const POSTGRESQL: &str =
    "dumps of PostgreSQL are not read; give the URL of the database: postgres://USER@HOST/NAME";

/// Whether a file is to be read as a dump, by its name or its beginning. What cannot be read twice can
/// be nothing else.
pub(super) fn is_dump(path: &Path) -> bool {
    let named = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("sql"));
    // What cannot be read is said where it is read.
    let streamed = path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
    let begins = || matches!(beginning(path).as_ref(), Ok(b"--" | b"/*" | b"\x1f\x8b"));
    named || streamed || path == Path::new(STANDARD) || begins()
}

fn beginning(path: &Path) -> io::Result<[u8; 2]> {
    let mut beginning = [0; 2];
    File::open(path)?.read_exact(&mut beginning)?;
    Ok(beginning)
}

/// The bytes of a dump, and how many there are, as far as that is known.
fn open(path: &Path) -> io::Result<(Box<dyn Read>, u64)> {
    if path == Path::new(STANDARD) {
        return Ok((Box::new(io::stdin()), 0));
    }
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    Ok((Box::new(file), length))
}

/// Reads the tables of a dump.
pub(super) fn load(path: &Path, watch: Watch<'_>) -> Result<Connection, SourceError> {
    let name = || match path == Path::new(STANDARD) {
        true => "standard input".to_owned(),
        false => path.display().to_string(),
    };
    let unreadable = |error: &dyn std::fmt::Display| SourceError::Unreadable(name(), error.to_string());
    let (bytes, of) = open(path).map_err(|error| unreadable(&error))?;
    let staging = Staging::new().map_err(|error| unreadable(&error))?;
    let mut bytes = BufReader::with_capacity(1 << 20, bytes);
    let head = bytes.fill_buf().map_err(|error| unreadable(&error))?;
    if let Some((_, reason)) = OTHERS.iter().find(|(beginning, _)| head.starts_with(beginning)) {
        return Err(SourceError::Dump { name: name(), line: 1, reason: (*reason).to_owned() });
    }
    let mut dump = Dump { tokens: Tokens::new(bytes), staging };
    match dump.read(&|read| watch(Done::Bytes { read, of: of.max(read) })) {
        Ok(()) => dump.staging.finish().map_err(|error| unreadable(&error)),
        Err(Wrong::Dump(reason)) => Err(SourceError::Dump { name: name(), line: dump.tokens.line, reason }),
        Err(Wrong::Io(error)) => Err(unreadable(&error)),
        Err(Wrong::Sqlite(error)) => Err(unreadable(&error)),
    }
}

/// Why a dump is not read to its end.
enum Wrong {
    Io(io::Error),
    Dump(String),
    Sqlite(rusqlite::Error),
}

impl Wrong {
    fn dump<T>(reason: impl Into<String>) -> Result<T, Self> {
        Err(Self::Dump(reason.into()))
    }
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Io(error) => Self::Io(error),
            Fault::Syntax(reason) => Self::Dump(reason.to_owned()),
        }
    }
}

impl From<rusqlite::Error> for Wrong {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

struct Dump<R> {
    tokens: Tokens<R>,
    staging: Staging,
}

impl<R: BufRead> Dump<R> {
    /// Reads all of it, and says after each statement how many bytes that were.
    fn read(&mut self, watch: &dyn Fn(u64)) -> Result<(), Wrong> {
        while let Some(token) = self.tokens.next()? {
            if token == Token::Symbol(b';') {
                continue;
            }
            let wanted = if token.is("CREATE") {
                self.table()?
            } else if token.is("INSERT") || token.is("REPLACE") {
                self.rows()?
            } else if token.is("COPY") {
                return Wrong::dump(POSTGRESQL);
            } else {
                false
            };
            if !wanted {
                self.tokens.skip_statement()?;
            }
            watch(self.tokens.bytes);
        }
        if self.tokens.unfinished {
            return Wrong::dump("the dump was cut off: the last line of every dump is missing");
        }
        Ok(())
    }

    /// `CREATE TABLE` of a table that is wanted; else nothing, and the statement is not at its end.
    fn table(&mut self) -> Result<bool, Wrong> {
        if !self.tokens.expect()?.is("TABLE") {
            return Ok(false);
        }
        let mut token = self.tokens.expect()?;
        while ["IF", "NOT", "EXISTS"].iter().any(|word| token.is(word)) {
            token = self.tokens.expect()?;
        }
        let table = self.table_name(token)?;
        if !is_wanted(&table) {
            return Ok(false);
        }
        if self.staging.columns(&table).is_some() {
            return Wrong::dump(format!(
                "the table {table} is there twice; a dump of one database is needed"
            ));
        }
        self.symbol(b'(')?;
        let mut columns = Vec::new();
        loop {
            columns.extend(self.column()?);
            if self.skip_definition()? == b')' {
                break;
            }
        }
        self.staging.add_table(&table, columns)?;
        self.tokens.skip_statement()?;
        Ok(true)
    }

    /// The name of a table, without that of its database.
    fn table_name(&mut self, first: Token) -> Result<String, Wrong> {
        let mut token = first;
        while matches!(token, Token::Name(_)) && self.tokens.peek_symbol()? == Some(b'.') {
            self.tokens.expect()?;
            token = self.tokens.expect()?;
        }
        match token {
            Token::Name(name) => Ok(name),
            Token::Word(word) => Ok(word.rsplit('.').next().unwrap_or_default().to_owned()),
            _ => Wrong::dump("the name of a table is missing"),
        }
    }

    /// The beginning of a definition: the name of a column, unless it is something else.
    fn column(&mut self) -> Result<Option<String>, Wrong> {
        match self.tokens.expect()? {
            Token::Name(name) => Ok(Some(name)),
            word if NO_COLUMNS.iter().any(|other| word.is(other)) => Ok(None),
            Token::Word(name) => Ok(Some(name)),
            _ => Wrong::dump("the name of a column is missing"),
        }
    }

    /// Skips the rest of a definition, and says what it ends with: a comma or a parenthesis.
    fn skip_definition(&mut self) -> Result<u8, Wrong> {
        let mut depth = 0;
        loop {
            match self.tokens.expect()? {
                Token::Symbol(b'(') => depth += 1,
                Token::Symbol(end @ (b',' | b')')) if depth == 0 => return Ok(end),
                Token::Symbol(b')') => depth -= 1,
                _ => {}
            }
        }
    }

    /// `INSERT` into a table that is wanted; else nothing, and the statement is not at its end.
    fn rows(&mut self) -> Result<bool, Wrong> {
        let mut token = self.tokens.expect()?;
        while ["LOW_PRIORITY", "DELAYED", "IGNORE", "INTO"].iter().any(|word| token.is(word)) {
            token = self.tokens.expect()?;
        }
        let table = self.table_name(token)?;
        if !is_wanted(&table) {
            return Ok(false);
        }
        let Some(columns) = self.staging.columns(&table) else {
            return Wrong::dump(format!("rows of {table} come before its columns, or without them"));
        };
        let mut columns = columns.to_vec();
        if self.tokens.peek_symbol()? == Some(b'(') {
            let known = columns;
            columns = self.column_list()?;
            if let Some(unknown) = columns.iter().find(|column| !known.contains(column)) {
                return Wrong::dump(format!("the table {table} has no column {unknown}"));
            }
        }
        if !self.tokens.expect()?.is("VALUES") {
            return Wrong::dump("rows begin with VALUES");
        }
        self.values(&table, &columns)?;
        Ok(true)
    }

    fn column_list(&mut self) -> Result<Vec<String>, Wrong> {
        self.symbol(b'(')?;
        let mut columns = Vec::new();
        loop {
            match self.tokens.expect()? {
                Token::Name(name) | Token::Word(name) => columns.push(name),
                _ => return Wrong::dump("the name of a column is missing"),
            }
            if self.comma_or(b')')? {
                return Ok(columns);
            }
        }
    }

    fn values(&mut self, table: &str, columns: &[String]) -> Result<(), Wrong> {
        let mut rows = self.staging.rows_into(table, columns)?;
        let mut values = Vec::with_capacity(columns.len());
        loop {
            row(&mut self.tokens, &mut values)?;
            if values.len() != columns.len() {
                return Wrong::dump(format!(
                    "a row of {table} has {} values for {} columns",
                    values.len(),
                    columns.len()
                ));
            }
            rows.add(&values)?;
            if comma_or(&mut self.tokens, b';')? {
                return Ok(());
            }
        }
    }

    fn symbol(&mut self, symbol: u8) -> Result<(), Wrong> {
        symbol_of(&mut self.tokens, symbol)
    }

    fn comma_or(&mut self, end: u8) -> Result<bool, Wrong> {
        comma_or(&mut self.tokens, end)
    }
}

/// Reads one row.
fn row<R: BufRead>(tokens: &mut Tokens<R>, values: &mut Vec<Value>) -> Result<(), Wrong> {
    values.clear();
    symbol_of(tokens, b'(')?;
    loop {
        values.push(value(tokens)?);
        if comma_or(tokens, b')')? {
            return Ok(());
        }
    }
}

fn value<R: BufRead>(tokens: &mut Tokens<R>) -> Result<Value, Wrong> {
    let word = match tokens.expect()? {
        Token::Text(text) => return Ok(Some(text)),
        Token::Word(word) => word,
        _ => return Wrong::dump("a value is missing"),
    };
    if word.eq_ignore_ascii_case("NULL") {
        return Ok(None);
    }
    // Texts may be preceded by what they are: _binary 'x', x'ff'.
    if tokens.peek_symbol()? == Some(b'\'') {
        let Token::Text(text) = tokens.expect()? else {
            return Wrong::dump("a value is missing");
        };
        return match word.as_str() {
            "x" | "X" => hexadecimal(&text).map(Some),
            word if word.starts_with('_') => Ok(Some(text)),
            _ => Wrong::dump(format!("the value {word}'..' is not understood")),
        };
    }
    if let Some(digits) = word.strip_prefix("0x") {
        return hexadecimal(digits.as_bytes()).map(Some);
    }
    if word.starts_with(|first: char| first.is_ascii_digit() || "-+.".contains(first)) {
        return Ok(Some(word.into_bytes()));
    }
    Wrong::dump(format!("the value {word} is not understood"))
}

fn hexadecimal(digits: &[u8]) -> Result<Vec<u8>, Wrong> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
    bytes.map_or_else(|| Wrong::dump("a hexadecimal value is none"), Ok)
}

fn symbol_of<R: BufRead>(tokens: &mut Tokens<R>, symbol: u8) -> Result<(), Wrong> {
    match tokens.expect()? {
        Token::Symbol(found) if found == symbol => Ok(()),
        _ => Wrong::dump(format!("a {:?} is missing", char::from(symbol))),
    }
}

/// Whether a list is at its end.
fn comma_or<R: BufRead>(tokens: &mut Tokens<R>, end: u8) -> Result<bool, Wrong> {
    match tokens.expect()? {
        Token::Symbol(b',') => Ok(false),
        Token::Symbol(found) if found == end => Ok(true),
        _ => Wrong::dump(format!("a ',' or {:?} is missing", char::from(end))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DUMP: &[u8] = include_bytes!("../../../../tests/admin/owncloud.sql");

    /// What is in the columns `a` and `b` of the table `x_users`.
    fn read(sql: &[u8]) -> Result<Vec<(Value, Value)>, String> {
        let mut dump = Dump { tokens: Tokens::new(sql), staging: Staging::new().expect("a database") };
        match dump.read(&|_| {}) {
            Ok(()) => {}
            Err(Wrong::Dump(reason)) => return Err(format!("{}: {reason}", dump.tokens.line)),
            Err(Wrong::Io(error)) => return Err(error.to_string()),
            Err(Wrong::Sqlite(error)) => return Err(error.to_string()),
        }
        let connection = dump.staging.finish().expect("written");
        let mut statement = connection
            .prepare("SELECT a, b FROM x_users")
            .map_err(|_| "no such table: x_users".to_owned())?;
        let bytes = |row: &rusqlite::Row<'_>, column: usize| match row.get_ref(column)? {
            rusqlite::types::ValueRef::Null => Ok::<_, rusqlite::Error>(None),
            value => Ok(Some(value.as_bytes().expect("bytes").to_vec())),
        };
        let rows = statement.query_map([], |row| Ok((bytes(row, 0)?, bytes(row, 1)?)));
        Ok(rows.expect("rows").collect::<rusqlite::Result<_>>().expect("rows"))
    }

    fn some(bytes: &[u8]) -> Value {
        Some(bytes.to_vec())
    }

    #[test]
    fn rows_are_read_whatever_the_options_of_the_dump() {
        let table = "CREATE TABLE `x_users` (`a` int(11) DEFAULT (1 + (2)), `b` enum('x)','y,'), PRIMARY KEY (`a`,`b`)) COMMENT=';';";
        for (sql, expected) in [
            (
                "INSERT INTO `x_users` VALUES (1,'x'),(NULL,'it''s');",
                vec![(some(b"1"), some(b"x")), (None, some(b"it's"))],
            ),
            ("INSERT INTO `x_users` (`b`, `a`) VALUES ('x',-1.5e3);", vec![(some(b"-1.5e3"), some(b"x"))]),
            ("REPLACE  INTO x_users (b) VALUES (0x00fF) ;", vec![(None, some(b"\0\xff"))]),
            ("INSERT IGNORE INTO `db`.`x_users` VALUES (_binary '\\0',x'');", vec![(some(b"\0"), some(b""))]),
            ("insert into db.x_users values (.5,null);", vec![(some(b".5"), None)]),
            ("INSERT INTO `other` VALUES (nonsense, 'a;b' ;", vec![]),
        ] {
            assert_eq!(read(format!("{table}\n{sql}").as_bytes()), Ok(expected), "{sql}");
        }
        let ansi = "CREATE TABLE IF NOT EXISTS \"x_users\" (\n a text,\n \"b\" text,\n KEY \"k\" (a)\n);\nINSERT INTO \"x_users\" VALUES ('1','2');";
        assert_eq!(read(ansi.as_bytes()), Ok(vec![(some(b"1"), some(b"2"))]));
    }

    #[test]
    fn what_is_no_dump_is_refused_with_its_line() {
        let table = "CREATE TABLE x_users (a int, b int);\n";
        for (sql, reason) in [
            ("INSERT INTO x_users VALUES (1,2)", "2: the dump ends in the middle of a statement"),
            ("INSERT INTO x_users VALUES\n(1,2),\n(1,'2", "4: the dump ends in the middle of a statement"),
            ("INSERT INTO x_users VALUES (1);", "2: a row of x_users has 1 values for 2 columns"),
            ("INSERT INTO x_users (c) VALUES (1);", "2: the table x_users has no column c"),
            ("INSERT INTO x_users VALUES (now(), 1);", "2: the value now is not understood"),
            ("INSERT INTO x_users VALUES (1 2);", "2: a ',' or ')' is missing"),
            ("INSERT INTO x_users SELECT 1;", "2: rows begin with VALUES"),
            ("INSERT INTO x_users VALUES (0xf, 1);", "2: a hexadecimal value is none"),
            (
                "INSERT INTO y_users VALUES (1,2);",
                "2: rows of y_users come before its columns, or without them",
            ),
            (
                "CREATE TABLE x_users (a int);",
                "2: the table x_users is there twice; a dump of one database is needed",
            ),
            ("/* no end", "2: the dump ends in the middle of a statement"),
        ] {
            assert_eq!(read(format!("{table}{sql}").as_bytes()), Err(reason.to_owned()), "{sql}");
        }
    }

    #[test]
    fn a_dump_that_was_cut_off_is_refused_wherever_that_was() {
        let end = DUMP.len() - "-- Dump completed on 2026-11-23  8:36:38\n".len();
        // Before, the comment that a dump begins with is not there.
        for cut in (80..end).step_by(23) {
            let reason = read(&DUMP[..cut]).expect_err("refused");
            assert!(!reason.contains("no such table"), "{reason}");
        }
        assert_eq!(read(DUMP), Err("no such table: x_users".to_owned()));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, sql in r"((CREATE TABLE|INSERT INTO|VALUES|x_users|[a(),;'`\\]) ?){0,12}") {
            // Whether they are taken or refused does not matter here.
            let _ = (read(&bytes), read(sql.as_bytes()));
        }
    }
}
