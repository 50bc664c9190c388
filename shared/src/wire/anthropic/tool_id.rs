//! Ids of tool calls as Anthropic allows them: `[A-Za-z0-9_-]+`.

use sha2::{Digest, Sha256};

use crate::wire::answer_id;
use json::Text;

/// The id of a tool's call: the provider's own if it may stand here, otherwise one made of it, and if there is none
/// one made of the answer's id and the call's place. The same call always gets the same id.
pub fn write(id: Option<&Text<'_>>, tail: &str, index: usize) -> String {
    let Some(id) = id else {
        return format!("toolu_{}_{index}", answer_id::short(tail));
    };
    match id.plain() {
        Some(plain) if answer_id::is_plain(&plain) => plain.into_owned(),
        _ => {
            let digest = Sha256::digest(id.escaped());
            let digits = digest.iter().take(12).map(|byte| format!("{byte:02x}"));
            std::iter::once("toolu_".to_owned()).chain(digits).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn an_id_is_kept_or_made_the_same_way_each_time() {
        let text = |plain| Text::of_plain(plain);
        assert_eq!(write(Some(&text("call_a-1")), "t", 0), "call_a-1");
        let made = write(Some(&text("functions.f:0")), "t", 0);
        assert_eq!(made, write(Some(&text("functions.f:0")), "other", 7));
        assert_ne!(made, write(Some(&text("functions.f:1")), "t", 0));
        assert!(answer_id::is_plain(&made) && made.starts_with("toolu_"));
        assert_eq!(write(None, "tail", 2), "toolu_tail_2");
    }
}
