//! Patterns of `like`.

use std::sync::Arc;

/// Whether a text has the pieces in their order, with anything between them. A pattern without a wildcard is one piece.
pub(super) fn matches(text: &str, pieces: &[Arc<str>]) -> bool {
    let Some((first, others)) = pieces.split_first() else {
        return text.is_empty();
    };
    let Some((last, between)) = others.split_last() else {
        return text == &**first;
    };
    let inner = text
        .strip_prefix(&**first)
        .and_then(|rest| rest.strip_suffix(&**last));
    let Some(mut rest) = inner else {
        return false;
    };
    for piece in between {
        // The first occurrence leaves the most for the others.
        match rest.split_once(&**piece) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
}
