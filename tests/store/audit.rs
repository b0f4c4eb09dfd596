//! What is written down of changes.

use davgroups::domain::{Action, AuditQuery, AuditRecord, Change, Origin, Outcome, Principal, Timestamp};

use crate::database::Database;
use crate::fixture::{id, read, write};

fn everything() -> AuditQuery {
    AuditQuery {
        since: Timestamp(0),
        until: Timestamp(i64::MAX),
        actor: None,
        action: String::new(),
        limit: 100,
    }
}

fn alice() -> Principal {
    let origin = Origin::Address([192, 0, 2, 7].into());
    Principal { user: id("alice"), origin, ..Principal::operator() }
}

fn actions(records: &[AuditRecord]) -> Vec<&str> {
    records.iter().map(|record| record.action.as_str()).collect()
}

pub fn records_are_found_as_they_were_written(database: &dyn Database) {
    let store = database.open();
    write(&store, |tx| {
        let denied = Outcome::Denied("no right to it".to_owned());
        tx.insert_audit(
            &alice(),
            &Change::with(Action::ADD_MEMBER, "te'am", "bob (member)"),
            &Outcome::Done,
        )?;
        tx.insert_audit(&alice(), &Change::of(Action::DELETE_USER, "bob"), &denied)?;
        tx.insert_audit(&Principal::operator(), &Change::of(Action::CREATE_USER, "carol"), &Outcome::Done)
    });
    let all = read(&store, |reader| reader.audit(&everything()));
    assert_eq!(actions(&all), ["customgroup.add", "user.delete", "user.create"]);
    let first = AuditRecord {
        at: all[0].at,
        actor: Some(id("alice")),
        origin: "192.0.2.7".to_owned(),
        action: "customgroup.add".to_owned(),
        subject: "te'am".to_owned(),
        detail: "bob (member)".to_owned(),
        outcome: Outcome::Done,
    };
    assert_eq!(all[0], first);
    assert_eq!(all[1].outcome, Outcome::Denied("no right to it".to_owned()));
    assert_eq!((all[2].actor.as_ref(), all[2].origin.as_str()), (None, "machine"));
    let at = all[0].at;
    for (query, expected) in [
        (AuditQuery { actor: Some(id("alice")), ..everything() }, &["customgroup.add", "user.delete"][..]),
        (AuditQuery { actor: Some(id("ALICE")), ..everything() }, &["customgroup.add", "user.delete"]),
        (AuditQuery { action: "user.".to_owned(), ..everything() }, &["user.delete", "user.create"]),
        (AuditQuery { action: "%".to_owned(), ..everything() }, &[]),
        (AuditQuery { limit: 1, ..everything() }, &["user.create"]),
        (AuditQuery { since: Timestamp(at.0 + 1), ..everything() }, &[]),
        (AuditQuery { until: Timestamp(at.0 - 1), ..everything() }, &[]),
    ] {
        let found = read(&store, |reader| reader.audit(&query));
        assert_eq!(actions(&found), expected, "{query:?}");
    }
}

pub fn old_records_are_forgotten(database: &dyn Database) {
    let store = database.open();
    let note = |subject: &'static str| {
        write(&store, move |tx| {
            tx.insert_audit(&alice(), &Change::of(Action::ENABLE_USER, subject), &Outcome::Done)?;
            Ok(tx.now())
        })
    };
    note("one");
    let mut later = note("two");
    while later == read(&store, |reader| reader.audit(&everything()))[0].at {
        later = note("later");
    }
    let before = later;
    let left = |records: Vec<AuditRecord>| records.into_iter().all(|record| record.at >= before);
    assert!(write(&store, move |tx| tx.delete_audit(before)) > 0);
    assert!(left(read(&store, |reader| reader.audit(&everything()))));
    assert_eq!(write(&store, move |tx| tx.delete_audit(before)), 0);
}
