//! Thoughts without a seal of Anthropic's, in a conversation that Anthropic is to go on with. Another provider's model had
//! them when it answered in Anthropic's place; Anthropic refuses a conversation that has one, so they are taken out.

use memchr::memmem;

use crate::request::LeftOut;
use crate::wire::gemini::is_foreign_seal;
use json::splice::Edit;
use json::{Node, Span};

/// What stands where nothing is left of a turn: the API wants some content.
const NOTHING: &[u8] = br#"[{"type":"text","text":"(empty)"}]"#;

/// The edits that take them out of a body that was scanned; for nearly every one there are none.
pub fn edits(body: &[u8]) -> Vec<LeftOut> {
    if !may_have_some(body) {
        return Vec::new();
    }
    let mut edits = Vec::new();
    let messages = Node::unread_object(body).field("messages");
    let messages = messages.map(Node::elements).unwrap_or_default();
    for (index, message) in messages.into_iter().enumerate() {
        let Some(content) = message.field("content") else {
            continue;
        };
        let blocks = content.elements();
        let kept: Vec<&[u8]> = blocks
            .iter()
            .filter(|block| !is_unsealed(**block))
            .map(|block| block.raw())
            .collect();
        if kept.len() < blocks.len() {
            let text = if kept.is_empty() {
                NOTHING.to_vec()
            } else {
                [b"[", kept.join(&b',').as_slice(), b"]"].concat()
            };
            edits.push(LeftOut {
                place: format!("messages[{index}].content"),
                edit: Edit::replace(span_within(body, content.raw()), text),
            });
        }
    }
    edits
}

fn is_unsealed(block: Node<'_>) -> bool {
    let [kind, signature] = block.fields(["type", "signature"]);
    let signature = signature.and_then(Node::text);
    kind.is_some_and(|kind| kind.is("thinking"))
        && signature.is_none_or(|signature| signature.is_empty() || is_foreign_seal(signature.escaped()))
}

/// Whether an empty signature or another's stands anywhere: one search, where a walk would cost much more.
fn may_have_some(body: &[u8]) -> bool {
    const KEY: &[u8] = b"\"signature\"";
    memmem::find_iter(body, KEY).any(|at| {
        let value = body.get(at + KEY.len()..).unwrap_or_default();
        let value = value.trim_ascii_start().strip_prefix(b":").unwrap_or_default();
        let value = value.trim_ascii_start();
        value
            .strip_prefix(b"\"")
            .is_some_and(|signature| signature.starts_with(b"\"") || is_foreign_seal(signature))
    })
}

/// Where a part of a body stands in it.
fn span_within(body: &[u8], part: &[u8]) -> Span {
    let start = (part.as_ptr() as usize).saturating_sub(body.as_ptr() as usize);
    Span {
        start,
        end: start.saturating_add(part.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use json::splice::splice;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn edited(body: &str) -> (String, Vec<String>) {
        let (places, mut edits): (Vec<_>, Vec<_>) = edits(body.as_bytes())
            .into_iter()
            .map(|left_out| (left_out.place, left_out.edit))
            .unzip();
        let body = splice(body.as_bytes(), &mut edits).concat();
        (String::from_utf8(body).unwrap(), places)
    }

    #[test]
    fn thoughts_without_a_seal_go_and_every_other_byte_stays() {
        let body = r#"{"messages":[ {"role":"user","content":"\"signature\":\"\""},
            {"role":"assistant","content":[{"type":"thinking","thinking":"t","signature" : ""} , { "type":"text", "text":"a" },
             {"type":"thinking","thinking":"t","signature":"sealed"}, {"type":"thinking","thinking":"","signature": "gemini:CkQ="}]},
            {"content":[{"type":"thinking","thinking":"t","signature":""}],"role":"assistant"}],"model":"m"}"#;
        let expected = r#"{"messages":[ {"role":"user","content":"\"signature\":\"\""},
            {"role":"assistant","content":[{ "type":"text", "text":"a" },{"type":"thinking","thinking":"t","signature":"sealed"}]},
            {"content":[{"type":"text","text":"(empty)"}],"role":"assistant"}],"model":"m"}"#;
        let (body, places) = edited(body);
        assert_eq!(body, expected);
        assert_eq!(places, ["messages[1].content", "messages[2].content"]);
    }

    #[test]
    fn a_conversation_whose_thoughts_are_sealed_stays_as_it_is() {
        for body in [
            r#"{"messages":[{"content":[{"type":"thinking","thinking":"t","signature":"s"}]}]}"#,
            r#"{"messages":[{"content":[{"type":"text","text":"\"signature\":\"\""}]}]}"#,
            r#"{"messages":[{"content":[{"type":"tool_use","input":{"signature":""}}]}]}"#,
            r#"{"signature":"", "messages":7}"#,
        ] {
            assert_eq!(edited(body), (body.to_owned(), vec![]));
        }
    }
}
