//! Gemini's format between the formats of agents.

mod golden;
mod requests;
mod rules;
mod seals;

#[cfg(not(target_arch = "wasm32"))]
mod properties;

use crate::config::{NO_DEFAULTS, ProviderKind};
use crate::wire::codec::{Dropped, Target, Untranslatable};
use crate::wire::{AnswerTranslator, Caller, Format, Observation, Progress, UpstreamFormat};

/// The formats of agents, with the names that they have in files.
const AGENTS: [(Format, &str); 2] = [
    (Format::OpenAiChat, "openai"),
    (Format::AnthropicMessages, "anthropic"),
];

fn caller() -> Caller {
    Caller {
        model: "house".to_owned(),
        created: 1_764_000_001,
        request_id: "req-1".to_owned(),
        stream_usage: true,
        ..Caller::default()
    }
}

fn stream(to: Format) -> AnswerTranslator {
    AnswerTranslator::of_stream(UpstreamFormat::Gemini, to, caller())
}

fn answer(to: Format) -> AnswerTranslator {
    AnswerTranslator::of_answer(UpstreamFormat::Gemini, to, caller())
}

fn error(to: Format, status: u16) -> AnswerTranslator {
    AnswerTranslator::of_error(UpstreamFormat::Gemini, to, caller(), status)
}

/// Feeds the chunks and then the end, and returns what the agent gets, what was noted and what showed first.
fn feed(mut translator: AnswerTranslator, chunks: &[&[u8]]) -> (String, Observation, Progress) {
    let mut noted = Observation::default();
    let mut out = Vec::new();
    for chunk in chunks {
        out.extend(translator.push(chunk, false, &mut noted));
    }
    out.extend(translator.push(b"", true, &mut noted));
    let progress = noted.progress();
    (String::from_utf8(out).unwrap(), noted, progress)
}

fn gemini(model: &str) -> Target<'_> {
    Target {
        kind: ProviderKind::Gemini,
        model,
        defaults: &NO_DEFAULTS,
    }
}

/// What becomes of a body on its way to a target, and what is left out.
fn translated(from: Format, body: &str, target: &Target<'_>) -> Result<(Vec<u8>, Dropped), Untranslatable> {
    let request = from.read_chat(body.as_bytes())?;
    UpstreamFormat::Gemini.check_chat(&request, target)?;
    let mut dropped = Dropped::default();
    let body = UpstreamFormat::Gemini.write_chat(&request, target, &mut dropped);
    Ok((body, dropped))
}
