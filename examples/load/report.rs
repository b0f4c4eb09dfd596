//! What was measured, as a table or as JSON.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::Result;
use crate::measure::Slices;

/// Everything that was measured.
pub struct Report {
    run: Value,
    lanes: Vec<LaneRow>,
    figures: Vec<Figure>,
}

/// One lane in one section.
struct LaneRow {
    section: &'static str,
    connections: usize,
    slices: Slices,
}

/// One figure that there may be a target for.
struct Figure {
    what: String,
    value: f64,
    unit: &'static str,
    target: Target,
}

/// What a figure should be.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    AtLeast(f64),
    Under(f64),
    /// Said for information.
    None,
}

impl Target {
    fn is_met(self, value: f64) -> bool {
        match self {
            Target::AtLeast(least) => value >= least,
            Target::Under(most) => value < most,
            Target::None => true,
        }
    }

    fn describe(self) -> String {
        match self {
            Target::AtLeast(least) => format!("at least {least}"),
            Target::Under(most) => format!("under {most}"),
            Target::None => String::new(),
        }
    }
}

impl Report {
    pub fn new(users: usize, groups: usize, rounds: usize, slice: u64) -> Self {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let run = json!({
            "unix_time": now.as_secs(), "cores": cores, "users": users, "groups": groups,
            "rounds": rounds, "slice_ms": slice,
        });
        Self { run, lanes: Vec::new(), figures: Vec::new() }
    }

    /// Adds what some lanes did.
    pub fn lanes(&mut self, section: &'static str, connections: usize, lanes: &[Slices]) {
        let rows = lanes.iter().map(|slices| LaneRow { section, connections, slices: slices.clone() });
        self.lanes.extend(rows);
    }

    /// Adds a figure.
    pub fn figure(&mut self, what: impl Into<String>, value: f64, unit: &'static str, target: Target) {
        self.figures.push(Figure { what: what.into(), value, unit, target });
    }

    /// Prints tables.
    #[expect(clippy::unnecessary_wraps, reason = "as print_json, which can fail")]
    pub fn print(&self) -> Result<()> {
        println!("{}\n", self.run);
        println!(
            "| section | connections | lane | body bytes | req/s | p50 µs | p99 µs | server CPU µs/req |"
        );
        println!("|---|---:|---|---:|---:|---:|---:|---:|");
        for LaneRow { section, connections, slices } in &self.lanes {
            println!(
                "| {section} | {connections} | {} | {} | {:.0} | {} | {} | {:.0} |",
                slices.name,
                slices.length,
                slices.rate(),
                slices.latency(0.5),
                slices.latency(0.99),
                slices.cpu(),
            );
        }
        println!("\n| figure | measured | target | met |\n|---|---:|---:|---|");
        for Figure { what, value, unit, target } in &self.figures {
            let met = match target {
                Target::None => "",
                _ if target.is_met(*value) => "yes",
                _ => "**no**",
            };
            println!("| {what} | {value:.2} {unit} | {} | {met} |", target.describe());
        }
        Ok(())
    }

    /// Prints one JSON object.
    pub fn print_json(&self) -> Result<()> {
        let lanes: Vec<Value> = self.lanes.iter().map(LaneRow::json).collect();
        let figures: Vec<Value> = self.figures.iter().map(Figure::json).collect();
        let report = json!({ "run": self.run, "lanes": lanes, "figures": figures });
        println!("{}", serde_json::to_string_pretty(&report)?);
        Ok(())
    }
}

impl LaneRow {
    fn json(&self) -> Value {
        json!({
            "section": self.section, "connections": self.connections, "lane": self.slices.name,
            "body_bytes": self.slices.length, "requests_per_second": self.slices.rate(),
            "p50_us": self.slices.latency(0.5), "p99_us": self.slices.latency(0.99),
            "server_cpu_us_per_request": self.slices.cpu(),
        })
    }
}

impl Figure {
    fn json(&self) -> Value {
        json!({
            "figure": self.what, "value": self.value, "unit": self.unit,
            "target": self.target.describe(), "met": self.target.is_met(self.value),
        })
    }
}
