//! All numbers as Prometheus reads them, in the text of OpenMetrics.

use std::fmt;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeGaugeValue, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::super::App;
use super::Metrics;
use crate::auth::Logins;
use crate::count::{Histogram, Lookups};
use crate::store::sqlite::SqliteStore;

/// The media type of what is made here.
pub(super) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Microseconds in a second, the unit of Prometheus.
const MICROSECONDS: f64 = 1_000_000.0;

/// Everything that `app` and its parts have counted.
pub(super) fn render(app: Arc<App>) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Collected(app)));
    let mut text = String::new();
    text::encode(&mut text, &registry)?;
    Ok(text)
}

struct Collected(Arc<App>);

impl fmt::Debug for Collected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Collected")
    }
}

impl Collector for Collected {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page(encoder);
        let (app, dispatch) = (&self.0, self.0.dispatch());
        process(&mut page, app.metrics())?;
        requests(&mut page, app.metrics())?;
        logins(&mut page, dispatch.logins())?;
        page.lookups(
            "credential_cache",
            "Looks into the cache of verified credentials",
            &dispatch.logins().credentials,
        )?;
        page.lookups("answer_cache", "Looks for an answer that was given before", dispatch.kept_answers())?;
        store(&mut page, app.store())
    }
}

fn process(page: &mut Page<'_>, metrics: &Metrics) -> fmt::Result {
    let started = metrics.started.duration_since(UNIX_EPOCH).unwrap_or_default();
    page.gauge("process_start_time", "When the process started", Some(Unit::Seconds), started.as_secs_f64())?;
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    page.metric("davgroups_build", "What is running", None, MetricType::Info)?.encode_info(&version)?;
    page.gauge("davgroups_open_connections", "Connections that are open", None, metrics.connections.get())
}

fn requests(page: &mut Page<'_>, metrics: &Metrics) -> fmt::Result {
    let mut counts = page.metric("davgroups_requests", "Requests answered", None, MetricType::Counter)?;
    for (method, endpoint, operation) in metrics.operations() {
        for (status, count) in operation.statuses() {
            let labels = [("method", method), ("endpoint", endpoint), ("status", &status)];
            counter(counts.encode_family(&labels)?, count)?;
        }
    }
    let help = "Time until the head of an answer was ready";
    let name = "davgroups_request_duration";
    let mut times = page.metric(name, help, Some(&Unit::Seconds), MetricType::Histogram)?;
    for (method, endpoint, operation) in metrics.operations() {
        let labels = [("method", method), ("endpoint", endpoint)];
        histogram(times.encode_family(&labels)?, &operation.time, MICROSECONDS)?;
    }
    Ok(())
}

fn logins(page: &mut Page<'_>, logins: &Logins) -> fmt::Result {
    let reasons = [
        ("no_credentials", &logins.without_credentials),
        ("wrong_credentials", &logins.wrong),
        ("too_many_failures", &logins.blocked),
        ("server_error", &logins.broken),
    ];
    let help = "Requests whose credentials were refused";
    let mut failures = page.metric("davgroups_auth_failures", help, None, MetricType::Counter)?;
    for (reason, count) in reasons {
        counter(failures.encode_family(&[("reason", reason)])?, count.get())?;
    }
    Ok(())
}

fn store(page: &mut Page<'_>, store: &SqliteStore) -> fmt::Result {
    let counters = store.counters();
    page.counter("davgroups_store_statements", "SQL statements run", counters.run.get())?;
    page.gauge("davgroups_write_queue_depth", "Writes that wait", None, counters.waiting.get())?;
    let help = "Writes refused because too many waited";
    page.counter("davgroups_write_queue_full", help, counters.refused.get())?;
    let help = "Writes that shared a commit";
    let sizes = page.metric("davgroups_commit_size", help, None, MetricType::Histogram)?;
    histogram(sizes, &counters.commits, 1.0)?;
    // What cannot be read is left out rather than made up.
    if let Ok((database, log)) = store.sizes() {
        page.gauge("davgroups_database_size", "Size of the database", Some(Unit::Bytes), database)?;
        page.gauge("davgroups_wal_size", "Size of its write-ahead log", Some(Unit::Bytes), log)?;
    }
    Ok(())
}

/// What is written on.
struct Page<'a>(DescriptorEncoder<'a>);

impl Page<'_> {
    fn metric<'s>(
        &'s mut self,
        name: &'s str,
        help: &str,
        unit: Option<&'s Unit>,
        kind: MetricType,
    ) -> Result<MetricEncoder<'s>, fmt::Error> {
        self.0.encode_descriptor(name, help, unit, kind)
    }

    fn counter(&mut self, name: &str, help: &str, count: u64) -> fmt::Result {
        counter(self.metric(name, help, None, MetricType::Counter)?, count)
    }

    fn gauge(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<Unit>,
        value: impl EncodeGaugeValue,
    ) -> fmt::Result {
        self.metric(name, help, unit.as_ref(), MetricType::Gauge)?.encode_gauge(&value)
    }

    fn lookups(&mut self, name: &str, help: &str, lookups: &Lookups) -> fmt::Result {
        let name = format!("davgroups_{name}_lookups");
        let mut metric = self.metric(&name, help, None, MetricType::Counter)?;
        for (result, count) in [("hit", &lookups.hits), ("miss", &lookups.misses)] {
            counter(metric.encode_family(&[("result", result)])?, count.get())?;
        }
        Ok(())
    }
}

fn counter(mut metric: MetricEncoder<'_>, count: u64) -> fmt::Result {
    metric.encode_counter::<NoLabelSet, _, f64>(&count, None)
}

/// A histogram whose sizes are so many to the unit that is shown.
fn histogram<const N: usize>(
    mut metric: MetricEncoder<'_>,
    sizes: &Histogram<N>,
    to_unit: f64,
) -> fmt::Result {
    let shown = |bound: Option<u64>| bound.map_or(f64::INFINITY, |bound| bound as f64 / to_unit);
    let buckets: Vec<_> = sizes.buckets().map(|(bound, count)| (shown(bound), count)).collect();
    let count = buckets.iter().map(|(_, count)| count).sum();
    metric.encode_histogram::<NoLabelSet>(sizes.sum() as f64 / to_unit, count, &buckets, None)
}
