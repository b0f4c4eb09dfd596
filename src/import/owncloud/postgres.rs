//! The tables of a server on PostgreSQL, read over a connection.

use std::error::Error;
use std::net::IpAddr;

use postgres::config::{Host, SslMode};
use postgres::fallible_iterator::FallibleIterator;
use postgres::{Client, Config, IsolationLevel, NoTls, Transaction};
use rusqlite::Connection;

use super::source::{SourceError, quoted};
use super::staging::{Staging, is_wanted};
use super::{Done, Watch};

/// What URLs of databases begin with.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// Columns of the tables that a query without the name of a schema would find, in their order.
const COLUMNS: &str = "\
    SELECT c.relname::text, a.attname::text
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(c.oid)
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY c.relname, a.attnum";

/// The URL, if `source` is one and not the name of a file.
pub(super) fn url(source: &std::path::Path) -> Option<&str> {
    source.to_str().filter(|source| SCHEMES.iter().any(|scheme| source.starts_with(scheme)))
}

/// Reads the tables of the database at `url` as they are at one moment, and returns them with what the
/// database is called. `password` is for those who leave it out of the URL.
pub(super) fn load(
    url: &str,
    password: Option<&str>,
    watch: Watch<'_>,
) -> Result<(Connection, String), SourceError> {
    let unreadable =
        |name: &str, error: &(dyn Error + 'static)| SourceError::Unreadable(name.to_owned(), reasons(error));
    // The URL can hold a password, and is not repeated.
    let mut config: Config = url.parse().map_err(|error: postgres::Error| unreadable("the URL", &error))?;
    let name = format!("the database {}", config.get_dbname().unwrap_or("of that URL"));
    if let Some(host) = in_the_open(&config) {
        return Err(SourceError::Unencrypted(host));
    }
    if config.get_password().is_none() {
        password.map(|password| config.password(password));
    }
    let copied = || -> Result<Connection, Box<dyn Error>> {
        let mut client = config.connect(NoTls)?;
        copy(&mut client, watch)
    };
    match copied() {
        Ok(connection) => Ok((connection, name)),
        Err(error) => Err(unreadable(&name, &*error)),
    }
}

/// The host to which hashes of passwords would travel where others may read them, unless the URL says that
/// this does not matter.
fn in_the_open(config: &Config) -> Option<String> {
    if config.get_ssl_mode() == SslMode::Disable {
        return None;
    }
    let is_local =
        |name: &str| name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let far = config.get_hosts().iter().find_map(|host| match host {
        Host::Tcp(name) if !is_local(name) => Some(name.clone()),
        _ => None,
    });
    let address = || config.get_hostaddrs().iter().find(|address| !address.is_loopback());
    far.or_else(|| address().map(ToString::to_string))
}

fn copy(client: &mut Client, watch: Watch<'_>) -> Result<Connection, Box<dyn Error>> {
    let mut transaction =
        client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start()?;
    let mut staging = Staging::new()?;
    let mut tables: Vec<(String, Vec<String>)> = Vec::new();
    for row in transaction.query(COLUMNS, &[])? {
        let (table, column): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        match tables.last_mut() {
            Some((last, columns)) if *last == table => columns.push(column),
            _ => tables.push((table, vec![column])),
        }
    }
    let mut copied = 0;
    let advance = &mut || {
        copied += 1;
        watch(Done::Rows(copied));
    };
    for (table, columns) in tables.into_iter().filter(|(table, _)| is_wanted(table)) {
        copy_table(&mut transaction, &mut staging, &table, columns, advance)?;
    }
    Ok(staging.finish()?)
}

/// Copies a table in the order in which its rows lie.
fn copy_table(
    transaction: &mut Transaction<'_>,
    staging: &mut Staging,
    table: &str,
    columns: Vec<String>,
    advance: &mut dyn FnMut(),
) -> Result<(), Box<dyn Error>> {
    let texts: Vec<_> = columns.iter().map(|column| format!("{}::text", quoted(column))).collect();
    let sql = format!("SELECT {} FROM {} ORDER BY ctid", texts.join(", "), quoted(table));
    staging.add_table(table, columns.clone())?;
    let mut into = staging.rows_into(table, &columns)?;
    let none: [&str; 0] = [];
    let mut rows = transaction.query_raw(&sql, none)?;
    while let Some(row) = rows.next()? {
        let value =
            |column| row.try_get::<_, Option<String>>(column).map(|text| text.map(String::into_bytes));
        let values: Result<Vec<_>, _> = (0..columns.len()).map(value).collect();
        into.add(&values?)?;
        advance();
    }
    Ok(())
}

/// An error with what caused it, on one line.
fn reasons(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    let mut texts: Vec<String> = causes.map(ToString::to_string).collect();
    texts.dedup();
    texts.join(": ").replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_do_not_travel_in_the_open_unasked() {
        for (url, host) in [
            ("postgres://u@localhost/db", None),
            ("postgres://u@127.0.0.1:5433/db", None),
            ("postgres://u@%2Frun%2Fpostgresql/db", None),
            ("postgresql:///db?host=/run/postgresql", None),
            ("postgres://u@db.example.org/db?sslmode=disable", None),
            ("postgres://u@db.example.org/db", Some("db.example.org")),
            ("postgres://u@localhost,10.0.0.1/db?sslmode=require", Some("10.0.0.1")),
            ("postgres://u@localhost/db?hostaddr=10.0.0.1", Some("10.0.0.1")),
        ] {
            let config: Config = url.parse().expect(url);
            assert_eq!(in_the_open(&config).as_deref(), host, "{url}");
        }
    }
}
