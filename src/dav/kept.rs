//! Listings that were rendered before, for clients that ask again and again.

use bytes::Bytes;
use moka::sync::Cache;

use super::multistatus::Selection;
use crate::count::Lookups;
use crate::domain::{Principal, UserId};
use crate::store::Generation;

/// As many bytes of listings are kept at most.
const CAPACITY: u64 = 8 << 20;

/// What a listing takes in memory beside its bytes, about.
const OVERHEAD: usize = 512;

/// Rendered listings, each good for as long as nothing is written.
///
/// A thousand members that were listed before cost little more than sending them, some 15 times less
/// than reading and rendering them. Whatever is written by anybody makes all of them worthless: keeping
/// account of what depends on what would be another place for rules.
pub struct Kept {
    listings: Cache<Key, (Generation, Bytes)>,
    lookups: Lookups,
}

/// What a listing depends on beside what is stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    viewer: UserId,
    administrator: bool,
    href: String,
    selection: Selection,
}

impl Key {
    /// For everything below `href` as `who` sees it.
    pub fn new(who: &Principal, href: &str, selection: &Selection) -> Self {
        Self {
            viewer: who.user.clone(),
            administrator: who.administrator,
            href: href.to_owned(),
            selection: selection.clone(),
        }
    }
}

impl Kept {
    /// Nothing yet.
    pub fn new() -> Self {
        let weigh = |_: &Key, (_, bytes): &(Generation, Bytes)| {
            u32::try_from(bytes.len() + OVERHEAD).unwrap_or(u32::MAX)
        };
        Self {
            listings: Cache::builder().max_capacity(CAPACITY).weigher(weigh).build(),
            lookups: Lookups::default(),
        }
    }

    /// The listing as it was rendered in that generation.
    pub fn get(&self, key: &Key, generation: Generation) -> Option<Bytes> {
        let found = self.listings.get(key).filter(|(rendered_in, _)| *rendered_in == generation);
        let count = if found.is_some() { &self.lookups.hits } else { &self.lookups.misses };
        count.increment();
        found.map(|(_, listing)| listing)
    }

    /// How often that helped.
    pub fn lookups(&self) -> &Lookups {
        &self.lookups
    }

    /// Keeps a listing. `generation` was read before what is in it. What has to go for it goes at once:
    /// left to itself the cache would hold some 30 MB more for a moment.
    pub fn keep(&self, key: Key, generation: Generation, listing: Bytes) {
        self.listings.insert(key, (generation, listing));
        self.listings.run_pending_tasks();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dav::request::Wanted;

    #[test]
    fn listings_are_good_for_one_viewer_and_one_generation() {
        let who = |user: &str, administrator| Principal {
            user: UserId::stored(user.to_owned()),
            administrator,
            subadmin: false,
        };
        let selection = Selection { wanted: Wanted::AllProp, minimal: false, as_printed: false };
        let key = |who: &Principal| Key::new(who, "/groups", &selection);
        let kept = Kept::new();
        let alice = key(&who("alice", false));
        kept.keep(alice.clone(), Generation(1), Bytes::from_static(b"listing"));
        assert_eq!(kept.get(&alice, Generation(1)).as_deref(), Some(&b"listing"[..]));
        assert_eq!(kept.get(&alice, Generation(2)), None);
        assert_eq!(kept.get(&key(&who("alice", true)), Generation(1)), None);
        assert_eq!(kept.get(&key(&who("bob", false)), Generation(1)), None);
        let minimal = Selection { minimal: true, ..selection.clone() };
        assert_eq!(kept.get(&Key::new(&who("alice", false), "/groups", &minimal), Generation(1)), None);
    }
}
