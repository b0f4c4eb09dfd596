//! What is known of searches for users, for those who read them page by page.

use std::sync::Arc;

use quick_cache::sync::Cache;

use crate::domain::{Page, Pattern, Result, Search, UserId};
use crate::store::Generation;

/// For as many patterns it is remembered how much they find.
const TOTALS: usize = 256;

/// Of as many pages it is remembered where they ended.
const ENDS: usize = 1_024;

/// What searches have found lately. With a million users, of whom every eighth matches, counting takes 360 ms,
/// and reaching the five-hundredth page of ten from the beginning 20, where going on to it takes 1.5.
#[derive(Clone)]
pub(super) struct Searches(Arc<Known>);

struct Known {
    totals: Cache<Pattern, (Generation, u64)>,
    /// The last user before an offset.
    ends: Cache<(Pattern, u64), (Generation, UserId)>,
}

/// What of it is true until something is written.
pub(super) struct SearchesNow {
    known: Arc<Known>,
    generation: Generation,
}

impl Default for Searches {
    fn default() -> Self {
        Self(Arc::new(Known { totals: Cache::new(TOTALS), ends: Cache::new(ENDS) }))
    }
}

impl Searches {
    /// What is known of a generation, which was asked for before anything is read.
    pub fn at(&self, generation: Generation) -> SearchesNow {
        SearchesNow { known: Arc::clone(&self.0), generation }
    }
}

impl SearchesNow {
    /// How many match; counted if that is not known.
    ///
    /// # Errors
    /// Whatever counting returns.
    pub fn total(&self, pattern: &Pattern, count: impl FnOnce() -> Result<u64>) -> Result<u64> {
        if let Some(total) = self.current(self.known.totals.get(pattern)) {
            return Ok(total);
        }
        let total = count()?;
        self.known.totals.insert(pattern.clone(), (self.generation, total));
        Ok(total)
    }

    /// A page of what `search` finds. It is read from behind the last user of the page before it, if that is
    /// known, and else from the beginning.
    ///
    /// # Errors
    /// Whatever reading returns.
    pub fn page(
        &self,
        search: &Search,
        read: impl FnOnce(&Search, Option<&UserId>) -> Result<Vec<UserId>>,
    ) -> Result<Vec<UserId>> {
        let Search { pattern, page } = search;
        let end = |offset| (pattern.clone(), offset);
        let found = match self.current(self.known.ends.get(&end(page.offset))) {
            Some(last) => {
                let rest = Search { page: Page { offset: 0, ..*page }, ..search.clone() };
                read(&rest, Some(&last))?
            }
            None => read(search, None)?,
        };
        if let (Some(last), Some(_)) = (found.last(), page.limit) {
            let offset = page.offset.saturating_add(found.len() as u64);
            self.known.ends.insert(end(offset), (self.generation, last.clone()));
        }
        Ok(found)
    }

    fn current<T>(&self, known: Option<(Generation, T)>) -> Option<T> {
        known.filter(|(generation, _)| *generation == self.generation).map(|(_, what)| what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Error;

    fn search(text: &str, offset: u64) -> Search {
        let pattern = Pattern::new(text).expect("short");
        Search { pattern, page: Page { limit: Some(2), offset } }
    }

    #[test]
    fn what_was_counted_is_true_until_something_is_written() {
        let searches = Searches::default();
        let total = |generation, text, counted| {
            let now = searches.at(Generation(generation));
            now.total(&search(text, 0).pattern, || Ok(counted)).expect("counted")
        };
        assert_eq!(total(1, "grace", 7), 7);
        assert_eq!(total(1, "grace", 8), 7);
        assert_eq!(total(1, "ada", 3), 3);
        assert_eq!(total(2, "grace", 8), 8);
        let failed = searches.at(Generation(3)).total(&search("grace", 0).pattern, || Err(Error::Busy));
        assert!(matches!(failed, Err(Error::Busy)));
        assert_eq!(total(3, "grace", 9), 9);
    }

    #[test]
    fn a_page_goes_on_where_the_one_before_it_ended() {
        let searches = Searches::default();
        // Answers `found`, and says with which offset and behind whom it was read.
        let page = |generation, search: &Search, found: &[&str]| {
            let mut asked = None;
            let read = |search: &Search, last: Option<&UserId>| {
                asked = Some((search.page.offset, last.map(ToString::to_string)));
                Ok(found.iter().map(|id| UserId::stored(*id)).collect())
            };
            let found = searches.at(Generation(generation)).page(search, read).expect("read");
            (found.len(), asked.expect("read"))
        };
        let behind = |last: &str| (0, Some(last.to_owned()));
        assert_eq!(page(1, &search("a", 0), &["ada", "alan"]), (2, (0, None)));
        assert_eq!(page(1, &search("a", 2), &["anna", "bea"]), (2, behind("alan")));
        assert_eq!(page(1, &search("a", 4), &["carla"]), (1, behind("bea")));
        assert_eq!(page(1, &search("a", 5), &[]), (0, behind("carla")));
        assert_eq!(page(1, &search("a", 1), &["alan", "anna"]), (2, (1, None)), "no page ended there");
        assert_eq!(page(1, &search("b", 2), &[]), (0, (2, None)), "another search");
        assert_eq!(page(2, &search("a", 2), &["anna", "bea"]), (2, (2, None)), "something was written");
        let all = Search { page: Page { limit: None, offset: 0 }, ..search("c", 0) };
        page(2, &all, &["cleo"]);
        assert_eq!(page(2, &search("c", 1), &[]), (0, (1, None)), "it was no page");
    }
}
