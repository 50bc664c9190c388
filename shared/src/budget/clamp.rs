//! Less output is asked for where a budget has too little left for what the call allows.

use memchr::memmem;

use super::{Allowance, Prospect};
use crate::call::Call;
use crate::config::ProviderKind;
use crate::endpoint::Endpoint;
use crate::limits::{LEAST_CLAMPED_OUTPUT, UNBOUNDED_OUTPUT};
use crate::routing::Moment;
use crate::units::Tokens;
use crate::wire::Format;
use crate::wire::openai_chat::max_tokens_key;
use json::scan;
use json::splice::{Edit, splice};

/// The output that the budgets which clamp have left for a call, where that is less than what the call may take: less than
/// its bound, or without one than any model can say. `None` if they have enough, or nothing worth asking for.
#[must_use]
pub fn affordable(allowances: &[Allowance], prospect: &Prospect, moment: Moment<'_>) -> Option<Tokens> {
    let clamping = allowances.iter().filter(|allowance| allowance.budget.clamps());
    let left = clamping.map(|allowance| {
        let counter = &allowance.counter;
        let left = counter.left(moment.store, moment.now);
        prospect.affordable(counter.ceiling.unit, left)
    });
    let affordable = left.min()?;
    let wanted = prospect.bound().unwrap_or(UNBOUNDED_OUTPUT);
    (affordable < wanted && affordable >= LEAST_CLAMPED_OUTPUT).then_some(affordable)
}

/// Bounds the answer of a call that has not gone out yet; tells whether that could be said.
#[must_use]
pub fn bound(call: &mut Call, most: Tokens) -> bool {
    if call.endpoint != Endpoint::Answer {
        return false;
    }
    // Thoughts have a budget of their own there, which would have to stay below: better no answer than an error.
    if call.format == Format::AnthropicMessages && memmem::find(&call.body, b"budget_tokens").is_some() {
        return false;
    }
    let kind = call.plan.attempts.first().map(|first| first.provider.kind);
    let mut edits = edits(call, kind, most);
    let body = splice(&call.body, &mut edits).concat();
    let Ok(request) = call.format.read_request(&body) else {
        return false;
    };
    call.body = body;
    call.request = request;
    // It is made anew out of the new body.
    call.prepared = None;
    true
}

fn edits(call: &Call, kind: Option<ProviderKind>, most: Tokens) -> Vec<Edit> {
    let keys: [&[u8]; 2] = match call.format {
        Format::OpenAiChat => [b"max_completion_tokens", b"max_tokens"],
        Format::AnthropicMessages => [b"max_tokens"; 2],
        Format::OpenAiResponses => [b"max_output_tokens"; 2],
    };
    let mut edits = Vec::new();
    let scanned = scan::object(&call.body, |key, value| {
        if keys.contains(&key.as_ref()) {
            edits.push(Edit::replace(value.span, most.0.to_string()));
        }
    });
    if scanned.is_ok() && edits.is_empty() {
        let key = match (call.format, kind) {
            (Format::OpenAiChat, Some(kind)) => max_tokens_key(kind),
            (Format::OpenAiChat, None) | (Format::AnthropicMessages, _) => "max_tokens",
            (Format::OpenAiResponses, _) => "max_output_tokens",
        };
        let text = format!("\"{key}\":{},", most.0);
        edits.push(Edit::insert(call.request.members_at, text));
    }
    edits
}
