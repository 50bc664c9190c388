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

/// The body with the edits made, as the pieces that it consists of: nothing of a long body is copied. Edits at one
/// place are made in the order given.
///
/// An edit that overlaps an earlier one or lies outside the body is left out: callers make edits from spans of
/// this very body, so that cannot happen, and a wrong edit must not become a panic.
pub fn splice<'a>(body: &'a [u8], edits: &'a mut [Edit]) -> Vec<&'a [u8]> {
    edits.sort_by_key(|edit| edit.span.start);
    let mut pieces = Vec::with_capacity(2 * edits.len() + 1);
    let mut done = 0;
    for edit in &*edits {
        if let (Some(kept), true) = (body.get(done..edit.span.start), edit.span.end <= body.len()) {
            pieces.extend([kept, edit.text.as_slice()]);
            done = edit.span.end;
        }
    }
    pieces.push(body.get(done..).unwrap_or_default());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn edits_are_made_in_place_and_in_order() {
        let body = br#"{"model":"a","n":1}"#;
        let mut edits = vec![
            Edit::replace(Span { start: 9, end: 12 }, *b"\"longer\""),
            Edit::insert(1, *b"\"x\":1,"),
            Edit::insert(1, *b"\"y\":2,"),
        ];
        assert_eq!(
            splice(body, &mut edits).concat(),
            br#"{"x":1,"y":2,"model":"longer","n":1}"#
        );
    }

    #[test]
    fn without_edits_the_body_is_the_same() {
        assert_eq!(splice(b"{ }", &mut []).concat(), b"{ }");
    }

    #[test]
    fn an_edit_outside_the_body_is_left_out() {
        assert_eq!(splice(b"{}", &mut [Edit::insert(9, *b"x")]).concat(), b"{}");
    }
}
