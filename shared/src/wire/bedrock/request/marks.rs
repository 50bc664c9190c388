//! Marks up to which the prompt is to be cached: blocks of their own behind what they mark.

use crate::wire::bedrock::models::Model;
use crate::wire::ir::{Breakpoint, ChatRequest, Content};
use json::write::Array;

/// How many marks the API takes: <https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html>
const MOST: usize = 4;

/// Writes the marks in the order of the prompt. Of too many the first go: a later one covers what they cover.
pub(super) struct Marks {
    to_skip: usize,
    has_lost_some: bool,
}

impl Marks {
    /// The marks of a call. Those of tools, and within what tools gave back, have no place here; the last of a result
    /// stands behind the whole of it.
    pub(super) fn of(request: &ChatRequest<'_>, model: Model) -> Self {
        let parts = request.messages.iter().flat_map(|message| &message.parts);
        let all = parts.filter(|part| part.breakpoint.is_some()).count();
        let is_inner = |content: &Content<'_>| match content {
            Content::ToolResult { content, .. } => content.iter().any(|part| part.breakpoint.is_some()),
            _ => false,
        };
        let mut parts = request.messages.iter().flat_map(|message| &message.parts);
        let has_others = request.tools.iter().any(|tool| tool.breakpoint.is_some())
            || parts.any(|part| is_inner(&part.content));
        Self {
            to_skip: if model.caches {
                all.saturating_sub(MOST)
            } else {
                all
            },
            has_lost_some: has_others,
        }
    }

    /// Writes a mark behind what was written last. How long the cache is kept is the model's own.
    pub(super) fn write(&mut self, list: &mut Array<'_>, mark: Option<Breakpoint>) {
        let Some(mark) = mark else { return };
        self.has_lost_some |= mark == Breakpoint::Hour;
        if let Some(left) = self.to_skip.checked_sub(1) {
            self.to_skip = left;
            self.has_lost_some = true;
            return;
        }
        list.object(|block| block.object("cachePoint", |point| point.string("type", "default")));
    }

    /// Whether some were left out, or are kept for less time than was asked for.
    pub(super) fn has_lost_some(&self) -> bool {
        self.has_lost_some
    }
}
