//! The end of a message stream that is stopped on its way.

use crate::ledger::Usage;
use crate::sse;
use crate::wire::anthropic::answer::write::write_stop;
use crate::wire::anthropic::usage;
use crate::wire::ir::Finish;
use json::scan;

/// What the end of a stream needs.
#[derive(Debug, Default)]
pub struct Seen {
    /// The index of the block that is under way, as the provider wrote it.
    open: Option<Vec<u8>>,
}

impl Seen {
    pub fn note(&mut self, data: &[u8]) {
        let Ok(members) = scan::members(data, ["type", "index"]) else {
            return;
        };
        let [kind, index] = members.values.map(|value| value.map(|value| value.span.of(data)));
        match kind {
            Some(b"\"content_block_start\"") => self.open = index.map(<[u8]>::to_vec),
            Some(b"\"content_block_stop\"") => self.open = None,
            _ => {}
        }
    }

    pub fn end(&self, used: &Usage, out: &mut Vec<u8>) {
        if let Some(index) = &self.open {
            sse::write_event(out, Some("content_block_stop"), |event| {
                event.string("type", "content_block_stop");
                event.raw("index", index);
            });
        }
        sse::write_event(out, Some("message_delta"), |event| {
            event.string("type", "message_delta");
            event.object("delta", |delta| write_stop(&Finish::Length, delta));
            event.object("usage", |object| usage::write(used, object));
        });
        sse::write_event(out, Some("message_stop"), |event| {
            event.string("type", "message_stop");
        });
    }
}
