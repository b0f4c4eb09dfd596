//! What was written down of changes.

use rusqlite::{Row, params};

use super::session::{Session, row_limit};
use crate::domain::{AuditQuery, AuditRecord, Change, Outcome, Principal, Result, Timestamp, UserId};
use crate::store::{AuditReader, AuditWriter};

impl AuditReader for Session<'_> {
    fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditRecord>> {
        let mut newest_first = self.all(
            "SELECT at, actor, origin, action, subject, detail, denied FROM audit
             WHERE at BETWEEN ?1 AND ?2 AND (?3 IS NULL OR actor = ?3 COLLATE NOCASE)
               AND substr(action, 1, length(?4)) = ?4
             ORDER BY at DESC, number DESC LIMIT ?5",
            params![
                query.since.0,
                query.until.0,
                query.actor.as_ref().map(UserId::as_str),
                query.action,
                row_limit(query.limit),
            ],
            record,
        )?;
        newest_first.reverse();
        Ok(newest_first)
    }
}

impl AuditWriter for Session<'_> {
    fn insert_audit(&mut self, who: &Principal, change: &Change, outcome: &Outcome) -> Result<()> {
        let denied = match outcome {
            Outcome::Done => None,
            Outcome::Denied(reason) => Some(reason),
        };
        self.change(
            "INSERT INTO audit (at, actor, origin, action, subject, detail, denied)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                self.now.0,
                (!who.is_operator()).then(|| who.user.as_str()),
                who.origin.to_string(),
                change.action.as_str(),
                change.subject,
                change.detail,
                denied,
            ],
        )?;
        Ok(())
    }

    fn delete_audit(&mut self, before: Timestamp) -> Result<u64> {
        Ok(self.change("DELETE FROM audit WHERE at < ?1", [before.0])? as u64)
    }
}

fn record(row: &Row<'_>) -> rusqlite::Result<AuditRecord> {
    Ok(AuditRecord {
        at: Timestamp(row.get(0)?),
        actor: row.get::<_, Option<String>>(1)?.map(UserId::stored),
        origin: row.get(2)?,
        action: row.get(3)?,
        subject: row.get(4)?,
        detail: row.get(5)?,
        outcome: row.get::<_, Option<String>>(6)?.map_or(Outcome::Done, Outcome::Denied),
    })
}
