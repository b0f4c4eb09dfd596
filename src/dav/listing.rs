//! A listing as a multistatus.

use super::multistatus::{Multistatus, Selection, Slash};
use super::prop::{Kind, Values};
use crate::domain::Node;
use crate::service::{Children, Listing};

/// The kind of a node that was asked for itself.
pub fn kind(node: &Node) -> Kind {
    match node {
        Node::Root | Node::Users => Kind::Collection,
        Node::Groups | Node::UserGroups(_) => Kind::Groups,
        Node::Group(_) => Kind::Group,
        Node::Membership(..) => Kind::Membership,
    }
}

/// Writes what is at an href (without a slash at the end), and below it.
pub struct ListingWriter<'l> {
    selection: &'l Selection,
    multistatus: Multistatus,
}

impl<'l> ListingWriter<'l> {
    /// For a listing at `href`.
    pub fn new(href: &str, slash: Slash, selection: &'l Selection) -> Self {
        Self { selection, multistatus: Multistatus::new(href, slash) }
    }

    /// Adds the node itself.
    pub fn node(&mut self, node: &Node) {
        let values = match node {
            Node::Group(group) => Values::Group(group, None),
            Node::Membership(_, member) => Values::Membership(member),
            _ => Values::Fixed,
        };
        self.multistatus.resource(kind(node), values, self.selection);
    }

    /// Adds what lies below it.
    pub fn children(&mut self, children: &Children) {
        match children {
            Children::None => {}
            Children::Top => {
                self.child("groups", Kind::Groups, Values::Fixed);
                self.child("users", Kind::Collection, Values::Fixed);
            }
            Children::Users(users) => {
                users.iter().for_each(|user| self.child(user.as_str(), Kind::Groups, Values::Fixed));
            }
            Children::Groups(groups) => {
                self.multistatus.expect(groups.len());
                for listed in groups {
                    let kind = if listed.role.is_some() { Kind::GroupOfUser } else { Kind::Group };
                    self.child(listed.group.uri.as_str(), kind, Values::Group(&listed.group, listed.role));
                }
            }
            Children::Members(members) => {
                self.multistatus.expect(members.len());
                for member in members {
                    self.child(member.user.as_str(), Kind::Membership, Values::Membership(member));
                }
            }
        }
    }

    /// What was written so far, and not taken yet.
    pub fn take(&mut self) -> String {
        self.multistatus.take()
    }

    /// The document, or what of it was not taken yet.
    pub fn finish(self) -> String {
        self.multistatus.finish()
    }

    fn child(&mut self, name: &str, kind: Kind, values: Values<'_>) {
        self.multistatus.child(name, kind, values, self.selection);
    }
}

/// Writes the node and what lies below it.
pub fn render(href: &str, listing: &Listing, selection: &Selection) -> String {
    let mut writer = ListingWriter::new(href, Slash::OnCollections, selection);
    writer.node(&listing.node);
    writer.children(&listing.children);
    writer.finish()
}

/// Writes only what lies below the node: the answer to a search.
pub fn render_matches(href: &str, listing: &Listing, selection: &Selection) -> String {
    let mut writer = ListingWriter::new(href, Slash::Never, selection);
    writer.children(&listing.children);
    writer.finish()
}
