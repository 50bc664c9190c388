//! Whole requests and what becomes of them: `shared/testdata/requests/`. To write the expected files anew, look at
//! what changed, and commit it: `BLESS=1 cargo test -p model-broker-shared golden`

use std::fmt::Write as _;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{target, translated_from};
use crate::wire::Format;

/// A request, the model that it goes to, what was sent and left out.
macro_rules! case {
    ($name:literal, $from:literal, $model:literal) => {
        Case {
            body: include_str!(concat!("../../../testdata/requests/", $name, ".", $from, ".json")),
            from: $from,
            model: $model,
            file: concat!($name, ".", $from, ".to-", $model, ".json"),
            #[cfg(target_family = "wasm")]
            expected: include_str!(concat!(
                "../../../testdata/requests/",
                $name,
                ".",
                $from,
                ".to-",
                $model,
                ".json"
            )),
        }
    };
}

struct Case {
    body: &'static str,
    from: &'static str,
    model: &'static str,
    file: &'static str,
    #[cfg(target_family = "wasm")]
    expected: &'static str,
}

fn cases() -> Vec<Case> {
    vec![
        case!("agent", "openai", "claude-sonnet-4-6"),
        case!("agent", "openai", "claude-opus-5-5"),
        case!("old", "openai", "claude-3-haiku-20240307"),
        case!("thinking", "openai", "claude-opus-4-8"),
        case!("thinking", "openai", "claude-sonnet-4-5"),
        case!("agent", "anthropic", "gpt-5.6"),
        case!("agent", "anthropic", "gpt-4.1"),
        case!("agent", "anthropic", "qwen3"),
        case!("plain", "anthropic", "gpt-5.2"),
        case!("plain", "anthropic", "o3"),
        case!("agent", "openai", "mistral-medium-3.5"),
        case!("agent", "anthropic", "mistral-large-2512"),
        case!("plain", "anthropic", "mistral-small-2506"),
        case!("agent", "openai", "command-a-reasoning-08-2025"),
        case!("plain", "anthropic", "command-a-reasoning-08-2025"),
        case!("agent", "responses", "claude-sonnet-4-6"),
        case!("agent", "responses", "qwen3"),
        case!("codex", "responses", "claude-opus-4-8"),
        case!("codex", "responses", "claude-sonnet-4-5"),
    ]
}

/// What was sent, every lexeme as it is, one member or element a line, and what was left out.
fn shown(case: &Case) -> String {
    let from = match case.from {
        "openai" => Format::OpenAiChat,
        "responses" => Format::OpenAiResponses,
        _ => Format::AnthropicMessages,
    };
    let (body, dropped) = translated_from(from, case.body, &target(case.model));
    let dropped = serde_json::to_string(dropped.places()).unwrap();
    let body = String::from_utf8(body).unwrap();
    indented(&format!("{{\"dropped\":{dropped},\"body\":{body}}}"))
}

fn indented(json: &str) -> String {
    let mut out = String::new();
    let (mut depth, mut in_string, mut is_escaped) = (0, false, false);
    for (at, c) in json.char_indices() {
        let closes_at_once = json
            .get(at + 1..)
            .is_some_and(|rest| rest.starts_with(['}', ']']));
        out.push(c);
        match c {
            _ if in_string => {
                in_string = c != '"' || is_escaped;
                is_escaped = c == '\\' && !is_escaped;
                if in_string || !closes_at_once {
                    continue;
                }
                depth -= 1;
            }
            '"' => {
                in_string = true;
                continue;
            }
            '{' | '[' if closes_at_once => continue,
            '{' | '[' => depth += 1,
            ',' => {}
            ':' => {
                out.push(' ');
                continue;
            }
            _ if closes_at_once => depth -= 1,
            _ => continue,
        }
        let _written = write!(out, "\n{}", "  ".repeat(depth));
    }
    out.push('\n');
    out
}

#[cfg(target_family = "wasm")]
fn expected(case: &Case) -> String {
    case.expected.to_owned()
}

#[cfg(not(target_family = "wasm"))]
fn expected(case: &Case) -> String {
    let file = format!("{}/testdata/requests/{}", env!("CARGO_MANIFEST_DIR"), case.file);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, shown(case)).unwrap();
    }
    std::fs::read_to_string(&file).unwrap_or_default()
}

#[test]
fn whole_requests_become_what_the_files_say() {
    for case in cases() {
        let (shown, expected) = (shown(&case), expected(&case));
        for (line, (shown, expected)) in shown.lines().zip(expected.lines()).enumerate() {
            assert_eq!(shown, expected, "{}:{}", case.file, line + 1);
        }
        assert_eq!(shown.len(), expected.len(), "{}", case.file);
    }
}
