//! How much the model is to think: `generationConfig.thinkingConfig`.

use crate::wire::codec::Dropped;
use crate::wire::gemini::models::{Model, Thinking};
use crate::wire::ir::{ChatRequest, Effort, Reasoning};
use json::write::Object;

/// How many tokens of thought an effort stands for, for models that know only budgets, and the reverse.
const BUDGETS: [(Effort, u64); 6] = [
    (Effort::Minimal, 512),
    (Effort::Low, 1_024),
    (Effort::Medium, 8_192),
    (Effort::High, 24_576),
    (Effort::XHigh, 24_576),
    (Effort::Max, 32_768),
];

/// What the model is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// Nothing: it thinks as it sees fit, and does not say what.
    Unsaid,
    /// Not to think.
    Off,
    /// To think as much as it sees fit.
    Free,
    /// Up to this many tokens.
    Budget(u64),
    /// At this level.
    Level(&'static str),
}

/// What the model is told, given what it knows.
pub(super) fn plan(request: &ChatRequest<'_>, model: &Model, dropped: &mut Dropped) -> Plan {
    let Some(wish) = request.reasoning else {
        return Plan::Unsaid;
    };
    match (model.thinking, wish) {
        (Thinking::Never, Reasoning::Off) => Plan::Unsaid,
        (Thinking::Never, _) => {
            dropped.note(request.words.reasoning);
            Plan::Unsaid
        }
        (Thinking::Budget { can_be_off: true, .. }, Reasoning::Off) => Plan::Off,
        (Thinking::Budget { least, .. }, Reasoning::Off) => {
            // The nearest to not at all.
            dropped.note(request.words.reasoning);
            Plan::Budget(least)
        }
        (_, Reasoning::Adaptive) => Plan::Free,
        (Thinking::Budget { least, most, .. }, Reasoning::Effort(effort)) => {
            Plan::Budget(budget(effort).clamp(least, most))
        }
        (Thinking::Budget { least, most, .. }, Reasoning::Budget(tokens)) => {
            Plan::Budget(tokens.clamp(least, most))
        }
        (Thinking::Levels(levels), Reasoning::Off) => {
            dropped.note(request.words.reasoning);
            Plan::Level(level(levels, Effort::Minimal))
        }
        (Thinking::Levels(levels), Reasoning::Effort(effort)) => Plan::Level(level(levels, effort)),
        (Thinking::Levels(levels), Reasoning::Budget(tokens)) => {
            let within = |(_, budget): &&(Effort, u64)| tokens <= *budget;
            let nearest = BUDGETS.iter().find(within);
            Plan::Level(level(levels, nearest.map_or(Effort::Max, |(effort, _)| *effort)))
        }
    }
}

/// Writes it. Who asks for thoughts is told them.
pub(super) fn write(config: &mut Object<'_>, plan: Plan) {
    if plan == Plan::Unsaid {
        return;
    }
    config.object("thinkingConfig", |thinking| {
        match plan {
            Plan::Unsaid | Plan::Free => {}
            Plan::Off => thinking.number("thinkingBudget", 0),
            Plan::Budget(tokens) => thinking.number("thinkingBudget", tokens),
            Plan::Level(level) => thinking.string("thinkingLevel", level),
        }
        if plan != Plan::Off {
            thinking.boolean("includeThoughts", true);
        }
    });
}

fn budget(effort: Effort) -> u64 {
    let row = BUDGETS.iter().find(|(known, _)| *known == effort);
    row.map_or(8_192, |(_, tokens)| *tokens)
}

/// The level that the model knows for an effort: the next above, or its highest.
fn level(levels: &[Effort], effort: Effort) -> &'static str {
    let next = levels.iter().find(|level| **level >= effort);
    match next.or(levels.last()) {
        Some(Effort::Minimal) => "MINIMAL",
        Some(Effort::Low) => "LOW",
        Some(Effort::Medium) => "MEDIUM",
        _ => "HIGH",
    }
}
