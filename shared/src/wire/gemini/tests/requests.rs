//! Whole requests and what becomes of them: `shared/testdata/requests/`.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::wire::blessing::bless;

/// A request, the format it comes in, the model that it goes to, and what is sent.
macro_rules! case {
    ($name:literal, $from:literal, $model:literal) => {
        (
            include_str!(concat!(
                "../../../../testdata/requests/",
                $name,
                ".",
                $from,
                ".json"
            )),
            $from,
            $model,
            concat!($name, ".", $from, ".to-", $model, ".json"),
            include_str!(concat!(
                "../../../../testdata/requests/",
                $name,
                ".",
                $from,
                ".to-",
                $model,
                ".json"
            )),
        )
    };
}

#[test]
fn golden_requests_become_what_the_files_say() {
    for (body, from, model, file, expected) in [
        case!("agent", "openai", "gemini-3.8-flash"),
        case!("agent", "openai", "gemini-2.5-pro"),
        case!("agent", "anthropic", "gemini-3.8-flash"),
        case!("sealed", "anthropic", "gemini-3.8-flash"),
        case!("plain", "anthropic", "gemini-2.5-flash"),
        case!("old", "openai", "gemini-2.0-flash"),
    ] {
        let (from, _) = AGENTS.into_iter().find(|(_, name)| *name == from).unwrap();
        let (sent, dropped) = translated(from, body, &gemini(model)).unwrap();
        let sent: serde_json::Value = serde_json::from_slice(&sent).unwrap();
        let shown = serde_json::json!({"dropped": dropped.places(), "body": sent});
        let shown = serde_json::to_string_pretty(&shown).unwrap() + "\n";
        if !bless(&format!("requests/{file}"), &shown) {
            assert_eq!(shown, expected, "{file}");
        }
    }
}
