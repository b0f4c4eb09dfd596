//! The log, on standard error.

use std::fmt;
use std::io::{self, IsTerminal};
use std::panic::PanicHookInfo;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::{DefaultFields, FormatFields, Writer};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Config, LogFormat, LogLevel};
use crate::request_id::RequestId;

/// What a request is called in every line about it.
const REQUEST_ID: &str = "request_id";

/// Starts logging as `config` says. A process that logs already goes on as it does.
pub(super) fn start(config: &Config) {
    let ours = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target(env!("CARGO_CRATE_NAME"), level(config.log_level));
    let started = registry().with(lines(config.log_format).with_filter(ours)).try_init();
    if let Err(error) = started {
        tracing::debug!(%error, "the log had been started before");
    }
    std::panic::set_hook(Box::new(log_panic));
}

/// Where a bug is and what it says; quoted, as it may repeat what a client sent.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, message = ?panic.payload_as_str().unwrap_or_default(), "a bug in davgroups");
}

fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    match format {
        LogFormat::Text => {
            let ansi = io::stderr().is_terminal();
            let lines = tracing_subscriber::fmt::layer().fmt_fields(WithRequest);
            lines.with_writer(io::stderr).with_target(false).with_ansi(ansi).boxed()
        }
        // Flat: the request stands beside what is said of the line.
        LogFormat::Json => {
            let lines = json_subscriber::fmt::layer().with_writer(io::stderr).with_target(false);
            let mut lines = lines.flatten_event(true).with_current_span(false).with_span_list(false);
            lines
                .inner_layer_mut()
                .add_dynamic_field(REQUEST_ID, |_, _| RequestId::current().map(|id| id.to_string()));
            lines.boxed()
        }
    }
}

/// The fields of a line, the request that it is about before all others.
struct WithRequest;

impl<'w> FormatFields<'w> for WithRequest {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        if let Some(id) = RequestId::current() {
            write!(writer, "{REQUEST_ID}={id} ")?;
        }
        DefaultFields::new().format_fields(writer, fields)
    }
}

fn level(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}
