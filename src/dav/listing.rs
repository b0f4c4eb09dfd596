//! A listing as a multistatus.

use super::multistatus::{Multistatus, Selection};
use super::path::push_segment;
use super::prop::{Kind, Values};
use crate::domain::Node;
use crate::service::{Children, Listing};

/// How hrefs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slash {
    /// With a slash at the end of collections (PROPFIND).
    OnCollections,
    /// Without, as answers to a search have it.
    Never,
}

/// The kind of a node that was asked for itself.
pub fn kind(node: &Node) -> Kind {
    match node {
        Node::Root | Node::Users => Kind::Collection,
        Node::Groups | Node::UserGroups(_) => Kind::Groups,
        Node::Group(_) => Kind::Group,
        Node::Membership(..) => Kind::Membership,
    }
}

/// Writes `listing`, which was taken at `href` (without a slash at the end).
pub struct ListingWriter<'l> {
    href: &'l str,
    slash: Slash,
    selection: &'l Selection,
    multistatus: Multistatus,
    /// One buffer for all hrefs.
    child_href: String,
}

impl<'l> ListingWriter<'l> {
    /// For a listing at `href`.
    pub fn new(href: &'l str, slash: Slash, selection: &'l Selection) -> Self {
        Self { href, slash, selection, multistatus: Multistatus::new(), child_href: String::new() }
    }

    /// Adds the node itself.
    pub fn node(&mut self, node: &Node) {
        let values = match node {
            Node::Group(group) => Values::Group(group, None),
            Node::Membership(_, member) => Values::Membership(member),
            _ => Values::Fixed,
        };
        let kind = kind(node);
        self.child_href.clear();
        self.child_href.push_str(self.href);
        self.resource(kind, values);
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
        self.child_href.clear();
        self.child_href.push_str(self.href);
        self.child_href.push('/');
        push_segment(&mut self.child_href, name);
        self.resource(kind, values);
    }

    /// Adds what is at `child_href`.
    fn resource(&mut self, kind: Kind, values: Values<'_>) {
        if self.slash == Slash::OnCollections && kind.is_collection() {
            self.child_href.push('/');
        }
        self.multistatus.resource(&self.child_href, kind, values, self.selection);
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
