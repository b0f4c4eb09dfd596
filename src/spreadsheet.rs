//! Cells of CSV files that a spreadsheet must not run: the one rule of every CSV that is written or read.

use std::borrow::Cow;

/// Characters at the beginning of a cell that make a spreadsheet calculate.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A cell that no spreadsheet calculates: with an apostrophe before what would be a formula, also if it
/// has apostrophes before it already, so that [`restore`] always finds its own.
pub fn neutral(cell: &str) -> Cow<'_, str> {
    if is_formula(cell) { format!("'{cell}").into() } else { cell.into() }
}

/// Takes off what [`neutral`] put on.
pub fn restore(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}

fn is_formula(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(FORMULA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_calculate_nothing_and_read_back() {
        for cell in
            ["", "a", "'a", "=1+1", "-minus", "+plus", "@at", "'-quoted", "''@twice", "\t=x", "\rx", "a=b"]
        {
            assert!(!neutral(cell).starts_with(FORMULA), "{cell:?}");
            assert_eq!(restore(&neutral(cell)), cell);
        }
        assert_eq!(restore("'tis"), "'tis");
    }
}
