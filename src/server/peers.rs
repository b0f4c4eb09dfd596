//! How many connections each address has.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::edge::network;

/// The addresses that have connections open: as many entries as connections at most.
pub(super) struct Peers {
    open: Arc<Mutex<HashMap<Ipv6Addr, u32>>>,
    limit: u32,
}

/// One connection of an address, counted until dropped.
pub(super) struct Place {
    open: Arc<Mutex<HashMap<Ipv6Addr, u32>>>,
    address: Ipv6Addr,
}

impl Peers {
    /// With at most `limit` connections for each address; 0 is any number.
    pub(super) fn new(limit: u32) -> Self {
        Self { open: Arc::default(), limit }
    }

    /// A place for one more connection of `peer`; none if it has as many as are allowed.
    pub(super) fn admit(&self, peer: IpAddr) -> Option<Place> {
        let address = network(peer);
        let mut open = lock(&self.open);
        let count = open.entry(address).or_default();
        if self.limit > 0 && *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(Place { open: Arc::clone(&self.open), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Entry::Occupied(mut entry) = lock(&self.open).entry(self.address) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}

fn lock(open: &Mutex<HashMap<Ipv6Addr, u32>>) -> MutexGuard<'_, HashMap<Ipv6Addr, u32>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn each_address_has_so_many_places() {
        let peers = Peers::new(2);
        let places = [peers.admit(peer("192.0.2.1")), peers.admit(peer("::ffff:192.0.2.1"))];
        assert!(places.iter().all(Option::is_some));
        assert!(peers.admit(peer("192.0.2.1")).is_none());
        assert!(peers.admit(peer("192.0.2.2")).is_some());
        drop(places);
        assert!(lock(&peers.open).is_empty(), "nothing is kept of those who have gone");
        assert!(peers.admit(peer("192.0.2.1")).is_some());
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let peers = Peers::new(1);
        let _place = peers.admit(peer("2001:db8::1")).expect("free");
        assert!(peers.admit(peer("2001:db8::2")).is_none());
        assert!(peers.admit(peer("2001:db8:0:1::1")).is_some());
    }

    #[test]
    fn without_a_limit_everybody_is_admitted() {
        let peers = Peers::new(0);
        let places: Vec<_> = (0..1000).map(|_| peers.admit(peer("192.0.2.1"))).collect();
        assert!(places.iter().all(Option::is_some));
    }
}
