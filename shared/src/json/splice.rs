//! Edits of a body in place: every byte that no edit names stays as it was.

use super::Span;

/// One replacement; an empty span inserts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced.
    pub span: Span,
    /// What stands there afterwards.
    pub text: Vec<u8>,
}

impl Edit {
    /// Replaces the bytes of `span`.
    #[must_use]
    pub fn replace(span: Span, text: impl Into<Vec<u8>>) -> Self {
        Self {
            span,
            text: text.into(),
        }
    }

    /// Inserts before the byte at `at`.
    #[must_use]
    pub fn insert(at: usize, text: impl Into<Vec<u8>>) -> Self {
        Self {
            span: Span { start: at, end: at },
            text: text.into(),
        }
    }
}

/// The body with the edits made. Edits at one place are made in the order given.
///
/// An edit that overlaps an earlier one or lies outside the body is left out: callers make edits from spans of
/// this very body, so that cannot happen, and a wrong edit must not become a panic.
#[must_use]
pub fn splice(body: &[u8], mut edits: Vec<Edit>) -> Vec<u8> {
    edits.sort_by_key(|edit| edit.span.start);
    let added: usize = edits.iter().map(|edit| edit.text.len()).sum();
    let mut out = Vec::with_capacity(body.len().saturating_add(added));
    let mut copied = 0;
    for edit in edits {
        if let (Some(kept), true) = (body.get(copied..edit.span.start), edit.span.end <= body.len()) {
            out.extend_from_slice(kept);
            out.extend_from_slice(&edit.text);
            copied = edit.span.end;
        }
    }
    out.extend_from_slice(body.get(copied..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn edits_are_made_in_place_and_in_order() {
        let body = br#"{"model":"a","n":1}"#;
        let edits = vec![
            Edit::replace(Span { start: 9, end: 12 }, *b"\"longer\""),
            Edit::insert(1, *b"\"x\":1,"),
            Edit::insert(1, *b"\"y\":2,"),
        ];
        assert_eq!(splice(body, edits), br#"{"x":1,"y":2,"model":"longer","n":1}"#);
    }

    #[test]
    fn without_edits_the_body_is_the_same() {
        assert_eq!(splice(b"{ }", Vec::new()), b"{ }");
    }

    #[test]
    fn an_edit_outside_the_body_is_left_out() {
        assert_eq!(splice(b"{}", vec![Edit::insert(9, *b"x")]), b"{}");
    }
}
