//! Moments as people type and read them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::domain::Timestamp;

/// The year 10000, for which the form of dates has no room.
const UNWRITABLE: Timestamp = Timestamp(253_402_300_800_000);

/// A moment in the past: so long ago (`90d`, `12h`, `1h 30m`), a date (`2026-11-01`, which begins at midnight
/// UTC), or a time (`2026-11-01T12:00:00Z`).
///
/// # Errors
/// What is expected, if it is none of these.
pub(super) fn past(text: &str) -> Result<Timestamp, String> {
    match length(text) {
        Some(ago) => SystemTime::now().checked_sub(ago).map(Timestamp::of).ok_or_else(|| expected(text)),
        None => moment(text),
    }
}

/// A moment in the future: in so long, a date (which begins at midnight UTC), or a time.
///
/// # Errors
/// What is expected, if it is none of these, has gone by, or is thousands of years away.
pub(super) fn future(text: &str) -> Result<Timestamp, String> {
    let end = match length(text) {
        Some(ahead) => SystemTime::now().checked_add(ahead).map(Timestamp::of).ok_or_else(|| expected(text)),
        None => moment(text),
    }?;
    if end <= Timestamp::now() {
        Err(format!("{text} is not in the future"))
    } else if end >= UNWRITABLE {
        Err(format!("{text} is after the year 9999"))
    } else {
        Ok(end)
    }
}

/// A moment as people read it: `2026-11-01T12:00:00.000Z`.
pub(super) fn shown(moment: Timestamp) -> String {
    let since = Duration::from_millis(u64::try_from(moment.0).unwrap_or_default());
    let writable = UNIX_EPOCH.checked_add(since).filter(|_| moment < UNWRITABLE);
    let shown = writable.map(humantime::format_rfc3339_millis);
    shown.map_or_else(|| moment.0.to_string(), |shown| shown.to_string())
}

fn length(text: &str) -> Option<Duration> {
    humantime::parse_duration(text).ok()
}

fn moment(text: &str) -> Result<Timestamp, String> {
    let whole = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00Z") };
    humantime::parse_rfc3339(&whole).map(Timestamp::of).map_err(|_| expected(text))
}

fn expected(text: &str) -> String {
    format!(
        "{text:?} is no time; use a length such as 90d or 12h, a date such as 2026-11-01, or 2026-11-01T12:00:00Z"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_dates_and_times_are_moments() {
        let ago = |text: &str| (Timestamp::now().0 - past(text).expect(text).0 + 500) / 1000;
        assert_eq!(ago("90d"), 90 * 86_400);
        assert_eq!(ago("1h 30m"), 5400);
        assert_eq!(past("2026-11-01"), Ok(Timestamp(1_793_491_200_000)));
        assert_eq!(past("2026-11-01T12:00:00Z"), Ok(Timestamp(1_793_534_400_000)));
        assert_eq!(shown(Timestamp(1_793_534_400_007)), "2026-11-01T12:00:00.007Z");
        for text in ["", "yesterday", "90", "-5d", "2026-13-01", "9999999999999y"] {
            assert!(past(text).is_err_and(|error| error.contains("is no time")), "{text}");
            assert!(future(text).is_err_and(|error| error.contains("is no time")), "{text}");
        }
    }

    #[test]
    fn what_has_gone_by_is_not_in_the_future() {
        let ahead = future("90d").expect("a length").0 - Timestamp::now().0;
        assert_eq!((ahead + 500) / 1000, 90 * 86_400);
        assert_eq!(future("2999-12-31"), Ok(Timestamp(32_503_593_600_000)));
        for text in ["0s", "2001-01-01", "2001-01-01T12:00:00Z"] {
            assert!(future(text).is_err_and(|error| error.contains("is not in the future")), "{text}");
        }
        assert!(future("10000y").is_err_and(|error| error.contains("is after the year 9999")));
        assert_eq!(shown(UNWRITABLE), "253402300800000");
        assert_eq!(shown(Timestamp(i64::MAX)), i64::MAX.to_string());
    }
}
