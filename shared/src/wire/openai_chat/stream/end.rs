//! The end of a chat completion stream that is stopped on its way.

use crate::ledger::Usage;
use crate::sse;
use crate::wire::openai_chat::usage;
use json::scan;
use json::write::Object;

/// What the chunks of a stream have alike, and what its end needs.
#[derive(Debug)]
pub struct Seen {
    with_usage: bool,
    /// `id`, `created` and `model` as the provider wrote them.
    head: Option<[Vec<u8>; 3]>,
}

impl Seen {
    pub fn new(with_usage: bool) -> Self {
        Self {
            with_usage,
            head: None,
        }
    }

    pub fn note(&mut self, data: &[u8]) {
        if self.head.is_some() {
            return;
        }
        if let Ok(members) = scan::members(data, ["id", "created", "model"])
            && let [Some(id), Some(created), Some(model)] = members.values
        {
            self.head = Some([id, created, model].map(|value| value.span.of(data).to_vec()));
        }
    }

    pub fn end(&self, used: &Usage, out: &mut Vec<u8>) {
        sse::write_event(out, None, |chunk| {
            self.write_head(chunk);
            chunk.array("choices", |choices| {
                choices.object(|choice| {
                    choice.raw("index", b"0");
                    choice.object("delta", |_| ());
                    choice.null("logprobs");
                    choice.string("finish_reason", "length");
                });
            });
            if self.with_usage {
                chunk.null("usage");
            }
        });
        if self.with_usage {
            sse::write_event(out, None, |chunk| {
                self.write_head(chunk);
                chunk.array("choices", |_| ());
                chunk.object("usage", |object| usage::write(used, object));
            });
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    fn write_head(&self, chunk: &mut Object<'_>) {
        if let Some([id, created, model]) = &self.head {
            chunk.raw("id", id);
            chunk.string("object", "chat.completion.chunk");
            chunk.raw("created", created);
            chunk.raw("model", model);
        } else {
            chunk.string("object", "chat.completion.chunk");
        }
    }
}
