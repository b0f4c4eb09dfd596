//! Comparing text without regard to case, and characters that names cannot have.

/// `text` with full Unicode case folding, the form in which names are compared and searched.
///
/// No normalisation is done: `é` as one character and as two stay different names, as they are for
/// ownCloud.
pub fn fold(text: &str) -> String {
    unicase::UniCase::new(text).to_folded_case()
}

/// Whether a character cannot be part of a name: control characters, and the two code points that
/// are not characters and that XML cannot carry.
pub fn is_unwritable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn folds_all_of_unicode() {
        assert_eq!(fold("ÉQUIPE Ünï"), fold("équipe üNÏ"));
        assert_eq!(fold("STRASSE"), fold("straße"));
        assert_ne!(fold("a"), fold("á"));
    }
}
