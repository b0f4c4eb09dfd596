//! Searching and paging.

use super::error::{Error, Result};
use super::fold::fold;

/// What to look for: an infix, without regard to case; no character of it is a wildcard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pattern(String);

impl Pattern {
    /// The longest pattern in bytes. The longest thing that is searched is shorter.
    pub const MAX_BYTES: usize = 4096;

    /// Checks a pattern. An empty one matches everything.
    ///
    /// # Errors
    /// [`Error::PatternTooLong`] beyond [`Self::MAX_BYTES`].
    pub fn new(text: &str) -> Result<Self> {
        if text.len() > Self::MAX_BYTES {
            return Err(Error::PatternTooLong);
        }
        Ok(Self(fold(text)))
    }

    /// The pattern in the form in which names are compared.
    pub fn folded(&self) -> &str {
        &self.0
    }

    /// Whether everything matches.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Which part of a listing is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// How many entries at most; none means all.
    pub limit: Option<u64>,
    /// How many entries to leave out at the beginning.
    pub offset: u64,
}

/// A pattern, and which part of what it finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// What to look for.
    pub pattern: Pattern,
    /// Which part of it.
    pub page: Page,
}
