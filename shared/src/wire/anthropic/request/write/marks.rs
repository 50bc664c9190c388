//! Marks up to which the prompt is to be cached.

use crate::wire::ir::{Breakpoint, ChatRequest, Content, Part};
use json::write::Object;

/// How many marks the API takes: <https://platform.claude.com/docs/en/build-with-claude/prompt-caching>
const MOST: usize = 4;

/// Writes the marks in the order of the prompt. Of too many the first go: a later one covers what they cover.
pub(super) struct Marks {
    to_skip: usize,
    skipped: usize,
}

impl Marks {
    /// The marks of a call.
    pub(super) fn of(request: &ChatRequest<'_>) -> Self {
        let tools = request
            .tools
            .iter()
            .filter(|tool| tool.breakpoint.is_some())
            .count();
        let parts = request.messages.iter().flat_map(|message| &message.parts);
        let marked = |part: &Part<'_>| {
            let inner = match &part.content {
                Content::ToolResult { content, .. } => content.as_slice(),
                _ => &[],
            };
            inner
                .iter()
                .chain([part])
                .filter(|part| part.breakpoint.is_some())
                .count()
        };
        let all = tools + parts.map(marked).sum::<usize>();
        Self {
            to_skip: all.saturating_sub(MOST),
            skipped: 0,
        }
    }

    /// Writes a mark.
    pub(super) fn write(&mut self, object: &mut Object<'_>, mark: Option<Breakpoint>) {
        let Some(mark) = mark else { return };
        if self.skipped < self.to_skip {
            self.skipped += 1;
            return;
        }
        object.object("cache_control", |object| {
            object.string("type", "ephemeral");
            if mark == Breakpoint::Hour {
                object.string("ttl", "1h");
            }
        });
    }

    /// Whether some were left out.
    pub(super) fn has_lost_some(&self) -> bool {
        self.skipped > 0
    }
}
