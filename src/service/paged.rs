//! One page of a listing.

use crate::domain::{Page, Pattern, Result, Search};

/// Part of what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paged<T> {
    /// The entries of the page.
    pub entries: Vec<T>,
    /// How many there are on all pages; none when everything was asked for, and is here.
    pub total: Option<u64>,
}

impl<T> Paged<T> {
    /// `entries` as found for `search`. `count` is asked only if that was a part.
    pub(super) fn new(
        entries: Vec<T>,
        search: &Search,
        count: impl FnOnce(&Pattern) -> Result<u64>,
    ) -> Result<Self> {
        let paged = search.page != Page::default();
        let total = if paged { Some(count(&search.pattern)?) } else { None };
        Ok(Self { entries, total })
    }
}
