//! How much matches a pattern, for those who read page after page.

use std::sync::Arc;

use quick_cache::sync::Cache;

use crate::domain::{Pattern, Result};
use crate::store::Generation;

/// As many patterns are remembered.
const CAPACITY: usize = 256;

/// How many users match patterns that were looked for lately. Counting looks at all of them where a page
/// needs a few: of a million, where every eighth matches, that is a third of a second for every page.
#[derive(Clone)]
pub(super) struct Totals(Arc<Cache<Pattern, (Generation, u64)>>);

/// Those that are true until something is written.
pub(super) struct TotalsNow {
    totals: Totals,
    generation: Generation,
}

impl Default for Totals {
    fn default() -> Self {
        Self(Arc::new(Cache::new(CAPACITY)))
    }
}

impl Totals {
    /// Those of a generation, which was asked for before anything is read.
    pub fn at(&self, generation: Generation) -> TotalsNow {
        TotalsNow { totals: self.clone(), generation }
    }
}

impl TotalsNow {
    /// How many match; counted if that is not known.
    ///
    /// # Errors
    /// Whatever counting returns.
    pub fn of(&self, pattern: &Pattern, count: impl FnOnce() -> Result<u64>) -> Result<u64> {
        let Totals(known) = &self.totals;
        if let Some((generation, total)) = known.get(pattern)
            && generation == self.generation
        {
            return Ok(total);
        }
        let total = count()?;
        known.insert(pattern.clone(), (self.generation, total));
        Ok(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Error;

    #[test]
    fn what_was_counted_is_true_until_something_is_written() {
        let totals = Totals::default();
        let pattern = |text| Pattern::new(text).expect("short");
        let of = |generation, text, counted| {
            totals.at(Generation(generation)).of(&pattern(text), || Ok(counted)).expect("counted")
        };
        assert_eq!(of(1, "grace", 7), 7);
        assert_eq!(of(1, "grace", 8), 7);
        assert_eq!(of(1, "ada", 3), 3);
        assert_eq!(of(2, "grace", 8), 8);
        let failed = totals.at(Generation(3)).of(&pattern("grace"), || Err(Error::Busy));
        assert!(matches!(failed, Err(Error::Busy)));
        assert_eq!(of(3, "grace", 9), 9);
    }
}
