//! How much a user may store.

use std::fmt;

use super::error::{Error, Result};

const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];

/// A user's quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quota {
    /// Whatever the server's default is; here the same as none.
    #[default]
    Default,
    /// No limit.
    Unlimited,
    /// A number of bytes.
    Bytes(u64),
}

impl Quota {
    /// Reads `none`, `default`, or a size: a number, a dot and decimals if need be, and one of the
    /// units `B K KB M MB G GB T TB P PB` in any case, with or without a space; bytes without a unit.
    ///
    /// # Errors
    /// [`Error::QuotaInvalid`] for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        match text {
            "default" => Ok(Quota::Default),
            "none" => Ok(Quota::Unlimited),
            size => parse_size(size).map(Quota::Bytes).ok_or(Error::QuotaInvalid),
        }
    }

    /// The limit in bytes, if there is one.
    pub fn bytes(self) -> Option<u64> {
        match self {
            Quota::Bytes(bytes) => Some(bytes),
            Quota::Default | Quota::Unlimited => None,
        }
    }
}

/// Decimals are kept to the byte, and a size beyond what 64 bits hold is not one.
fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_uppercase();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let power = match unit.trim_start().trim_end_matches('B') {
        "" => 0,
        "K" => 1,
        "M" => 2,
        "G" => 3,
        "T" => 4,
        "P" => 5,
        _ => return None,
    };
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || decimals.contains('.') || decimals.len() > 15 || unit.trim_start().ends_with("BB")
    {
        return None;
    }
    let scale = 1024_u128.pow(power);
    let whole = whole.parse::<u128>().ok()?.checked_mul(scale)?;
    let tenths = 10_u128.pow(u32::try_from(decimals.len()).ok()?);
    let fraction = if decimals.is_empty() { 0 } else { decimals.parse::<u128>().ok()? * scale / tenths };
    u64::try_from(whole.checked_add(fraction)?).ok().filter(|&bytes| i64::try_from(bytes).is_ok())
}

/// As ownCloud shows it: `none`, `default`, or a size in units of 1024 with one decimal if need be
/// (`5 GB`, `1.5 GB`, `512 B`), rounded.
impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Quota::Default => f.write_str("default"),
            Quota::Unlimited => f.write_str("none"),
            Quota::Bytes(bytes) => write_size(f, *bytes),
        }
    }
}

fn write_size(f: &mut fmt::Formatter<'_>, bytes: u64) -> fmt::Result {
    let mut tenths = u128::from(bytes) * 10;
    let mut unit = 0;
    while tenths >= 10 * 1024 && unit + 1 < UNITS.len() {
        unit += 1;
        tenths = (u128::from(bytes) * 10 + (1 << (10 * unit - 1))) >> (10 * unit);
    }
    // Kilobytes are shown without decimals, as ownCloud does.
    if unit == 1 {
        tenths = (tenths + 5) / 10 * 10;
    }
    match tenths % 10 {
        0 => write!(f, "{} {}", tenths / 10, UNITS[unit]),
        decimal => write!(f, "{}.{decimal} {}", tenths / 10, UNITS[unit]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_and_show_as_owncloud_does() {
        for (text, shown) in [
            ("5 GB", "5 GB"),
            ("5GB", "5 GB"),
            ("12mb", "12 MB"),
            ("1048576", "1 MB"),
            ("1.5GB", "1.5 GB"),
            ("10TB", "10 TB"),
            ("0", "0 B"),
            ("1023", "1023 B"),
            ("2000", "2 KB"),
            ("none", "none"),
            ("default", "default"),
        ] {
            assert_eq!(Quota::parse(text).expect(text).to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", " ", "lots", "-5", "5 XB", "GB", "1.2.3 GB", "5 GB 3", "99999999999 TB", "5 BB"] {
            assert!(Quota::parse(text).is_err(), "{text:?}");
        }
    }
}
