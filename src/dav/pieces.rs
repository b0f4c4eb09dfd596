//! Listings that are too long to be in memory as a whole.

use bytes::Bytes;
use tokio::sync::mpsc::{Sender, channel};

use super::listing::ListingWriter;
use super::multistatus::{Selection, Slash};
use crate::domain::{Page, Principal, Result, Search};
use crate::edge::{Body, BrokenOff};
use crate::request_id::RequestId;
use crate::service::{Last, Listing, Scope, Service};

/// A listing with fewer entries is rendered as a whole: 2,000 members take 1 MB.
const WHOLE: u64 = 2_000;

/// As many entries of a longer one are read and rendered at once. With them, a listing of 200,000
/// members takes less than 1 MB while it is sent.
const PIECE: u64 = 250;

/// Everything directly below a place, or the first part of it if [`rest`] says that there is more.
pub fn first() -> Scope {
    Scope::Children(Search { page: Page { limit: Some(WHOLE), offset: 0 }, ..Search::default() })
}

/// Where `listing`, which was taken with [`first`], goes on; none if it is whole.
pub fn rest(listing: &Listing) -> Option<Last> {
    listing.children.last_of(WHOLE)
}

/// A listing of which `begun` is the first part, and `last` the end of that.
pub fn body(
    service: Service,
    who: Principal,
    href: String,
    begun: Listing,
    last: Last,
    selection: Selection,
) -> Body {
    // One piece waits while one is sent: a slow reader makes nothing pile up.
    let (pieces, sent) = channel(1);
    let made = async move {
        let writer = ListingWriter::new(&href, Slash::OnCollections, &selection);
        if let Err(error) = write(&service, &who, begun, last, writer, &pieces).await {
            tracing::error!(%error, "a listing was broken off");
            // Whoever has hung up need not be told.
            let _ = pieces.send(Err(BrokenOff)).await;
        }
    };
    tokio::spawn(RequestId::carried_into(made));
    Body::Pieces(sent)
}

async fn write(
    service: &Service,
    who: &Principal,
    begun: Listing,
    mut last: Last,
    mut writer: ListingWriter<'_>,
    pieces: &Sender<Result<Bytes, BrokenOff>>,
) -> Result<()> {
    let Listing { node, mut children } = begun;
    writer.node(&node);
    loop {
        writer.children(&children);
        if pieces.send(Ok(Bytes::from(writer.take()))).await.is_err() {
            // The reader has gone.
            return Ok(());
        }
        children = service.browse_on(&node, who, last, PIECE).await?;
        match children.last_of(PIECE) {
            Some(next) => last = next,
            None => break,
        }
    }
    writer.children(&children);
    let _ = pieces.send(Ok(Bytes::from(writer.finish()))).await;
    Ok(())
}
