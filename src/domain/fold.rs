//! Comparing without regard to case.

/// `text` with full Unicode case folding, the form in which names are compared and searched.
///
/// No normalisation is done: `é` as one character and as two stay different names, as they are for
/// ownCloud.
pub fn fold(text: &str) -> String {
    unicase::UniCase::new(text).to_folded_case()
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
