//! `davgroups audit`: what was changed, by whom, from where and when.

use clap::Args;
use serde_json::json;

use super::Failure;
use super::operator::{block_on, open_existing};
use super::output::{self, Output};
use super::when;
use crate::config::Config;
use crate::domain::{AuditQuery, AuditRecord, Outcome, Timestamp, UserId};

/// Who acted without being a user. No id has parentheses.
const OPERATOR: &str = "(operator)";

#[derive(Args)]
#[command(after_help = "\
Columns: at, actor, origin, action, subject, detail, outcome. The actor is the id of a user, or (operator) for the
command line and the server itself; the origin an address, or `machine`. The outcome is `done`, or the reason why
somebody without the right was denied what it tried. Times are UTC.

Examples:
  davgroups audit --since 24h
  davgroups audit --since 2026-11-01 --until 2026-12-01 --output csv >november.csv
  davgroups audit --actor alice --action customgroup
  davgroups audit --forget-before 365d")]
pub(super) struct Options {
    /// Only what happened since then: 24h, 90d, 2026-11-01, 2026-11-01T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = when::past)]
    since: Option<Timestamp>,
    /// Only what happened until then
    #[arg(long, value_name = "TIME", value_parser = when::past)]
    until: Option<Timestamp>,
    /// Only what this user did, by its id
    #[arg(long, value_name = "USER")]
    actor: Option<String>,
    /// Only actions that begin so, such as `user.` or `customgroup.add`
    #[arg(long, value_name = "ACTION", default_value = "", hide_default_value = true)]
    action: String,
    /// As many lines at most, the newest ones; where there are older ones, that is said
    #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
    limit: u64,
    /// Delete all records that are older, and print how many there were
    #[arg(long, value_name = "TIME", value_parser = when::past,
          conflicts_with_all = ["since", "until", "actor", "action", "limit"])]
    forget_before: Option<Timestamp>,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(options: &Options, config: &Config) -> Result<(), Failure> {
    block_on(async {
        let service = open_existing(config)?;
        if let Some(before) = options.forget_before {
            let forgotten = service.forget_audit(before).await?;
            return output::print(&format!("{forgotten}\n"));
        }
        let records = service.audit(query(options)).await?;
        // The newest come last.
        let older = records.len().saturating_sub(usize::try_from(options.limit).unwrap_or(usize::MAX));
        if older > 0 {
            eprintln!(
                "older records are left out; --limit {} would show more",
                options.limit.saturating_mul(10)
            );
        }
        let rows: Vec<_> = records[older..].iter().map(row).collect();
        options.output.list(&["at", "actor", "origin", "action", "subject", "detail", "outcome"], &rows)
    })
}

fn query(options: &Options) -> AuditQuery {
    AuditQuery {
        since: options.since.unwrap_or(Timestamp(i64::MIN)),
        until: options.until.unwrap_or(Timestamp(i64::MAX)),
        actor: options.actor.clone().map(UserId::stored),
        action: options.action.clone(),
        // One more than are printed, so that whoever looks for something old is told of it.
        limit: options.limit.saturating_add(1),
    }
}

fn row(record: &AuditRecord) -> Vec<serde_json::Value> {
    let outcome = match &record.outcome {
        Outcome::Done => "done",
        Outcome::Denied(reason) => reason,
    };
    vec![
        json!(when::shown(record.at)),
        json!(record.actor.as_ref().map_or(OPERATOR, UserId::as_str)),
        json!(record.origin),
        json!(record.action),
        json!(record.subject),
        json!(record.detail),
        json!(outcome),
    ]
}
