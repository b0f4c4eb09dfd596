//! Lists as occ prints them.

use clap::{Args, ValueEnum};
use serde_json::Value;

/// How a list is printed.
#[derive(Args)]
pub(super) struct Output {
    /// How to print
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Plain)]
    output: Format,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Format {
    Plain,
    Json,
    JsonPretty,
}

impl Output {
    pub(super) fn render(&self, value: &Value) -> String {
        match self.output {
            Format::Plain => {
                let mut text = String::new();
                write_plain(&mut text, value, 1);
                text
            }
            Format::Json => format!("{value}\n"),
            Format::JsonPretty => format!("{value:#}\n"),
        }
    }

    /// The same with a heading for each list, as `app:list` prints.
    pub(super) fn render_headed(&self, headed: &[(&str, Value)]) -> String {
        if !matches!(self.output, Format::Plain) {
            let fields = headed.iter().map(|(name, list)| (name.to_lowercase(), list.clone()));
            return self.render(&Value::Object(fields.collect()));
        }
        let mut text = String::new();
        for (name, list) in headed {
            text += &format!("{name}:\n");
            write_plain(&mut text, list, 1);
        }
        text
    }
}

/// `  - key: value`, and deeper what is in a value.
fn write_plain(text: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::Object(_) | Value::Array(_) => {
                        *text += &format!("{indent}- {}:\n", word(key));
                        write_plain(text, value, depth + 1);
                    }
                    scalar => *text += &format!("{indent}- {}: {}\n", word(key), scalar_text(scalar)),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                *text += &format!("{indent}- {}\n", scalar_text(item));
            }
        }
        scalar => *text += &format!("{indent}- {}\n", scalar_text(scalar)),
    }
}

fn scalar_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => word(text),
        other => other.to_string(),
    }
}

/// A name may not hold what would look like another line.
fn word(text: &str) -> String {
    text.replace(char::is_control, "?")
}
