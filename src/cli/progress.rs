//! How far something long has come, for those who sit in front of it: drawn on standard error if that is a
//! terminal, and nowhere else.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar for bytes that are read, whose number is known once some were.
pub(super) fn reading() -> ProgressBar {
    bar("reading  [{bar:30}] {bytes} of {total_bytes}, {eta} left")
}

/// A bar for rows that are read, of which nobody knows how many there are.
pub(super) fn counting() -> ProgressBar {
    bar("reading  {human_pos} rows")
}

/// A bar for `rows` that are written.
pub(super) fn writing(rows: u64) -> ProgressBar {
    let bar = bar("taking over  [{bar:30}] {human_pos} of {human_len} rows, {eta} left");
    bar.set_length(rows);
    bar
}

fn bar(template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style)
}
