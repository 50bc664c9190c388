//! Reads the events of a response's stream into steps. What is repeated at the end of a part, an item or the answer is
//! told once, where it came first.

use crate::limits::MAX_TOOL_CALLS;
use crate::wire::codec::{self, NOT_JSON, TooMuchHeld};
use crate::wire::ir::{Delta, ErrorKind, ProviderError, ToolIndex};
use crate::wire::openai_responses::answer::read::{finish, given_text};
use crate::wire::openai_responses::{error, usage};
use json::{Node, Text};

/// What of a stream must be remembered to read the rest of it.
#[derive(Debug, Default)]
pub struct StreamReader {
    has_started: bool,
    has_finished: bool,
    /// The places in the output of the calls of the caller's tools, and whether arguments were told.
    calls: Vec<(u64, bool)>,
}

impl codec::StreamReader for StreamReader {
    fn read(&mut self, data: &[u8], tell: &mut dyn FnMut(Delta<'_>)) {
        let keys = [
            "type",
            "response",
            "output_index",
            "delta",
            "item",
            "arguments",
            "error",
        ];
        let Some((event, [kind, response, index, delta, item, arguments, failure])) = Node::sound(data, keys)
        else {
            // Servers that serve several formats may end all of them in the way of chat completions.
            if data.trim_ascii() != b"[DONE]" {
                tell(Delta::Error(ProviderError::of(ErrorKind::Internal, NOT_JSON)));
            }
            return;
        };
        let kind = kind.and_then(Node::text).unwrap_or_default();
        let index = index.and_then(Node::unsigned).unwrap_or_default();
        match kind.escaped() {
            b"response.created" | b"response.in_progress" | b"response.queued" => self.start(response, tell),
            b"response.output_item.added" => {
                self.start(None, tell);
                if let Some(item) = item
                    && let Err(error) = self.begin_call(index, item, tell)
                {
                    tell(Delta::Error(ProviderError::of(
                        ErrorKind::Internal,
                        &error.to_string(),
                    )));
                }
            }
            b"response.output_text.delta" => self.say(delta, Delta::Text, tell),
            b"response.refusal.delta" => self.say(delta, Delta::Refusal, tell),
            b"response.reasoning_summary_text.delta" | b"response.reasoning_text.delta" => {
                self.say(delta, Delta::Thinking, tell);
            }
            b"response.function_call_arguments.delta" => self.tell_arguments(index, delta, tell),
            // All at once, if not piece by piece.
            b"response.function_call_arguments.done"
                if self.calls.iter().any(|(at, is_told)| *at == index && !is_told) =>
            {
                self.tell_arguments(index, arguments, tell);
            }
            b"response.output_item.done" if self.has_started => tell(Delta::BlockEnd),
            b"response.completed" | b"response.incomplete" => self.end(response, tell),
            b"response.failed" | b"response.cancelled" => {
                let failure = response.and_then(|response| response.field("error"));
                tell(Delta::Error(error::of_response(failure.unwrap_or(event))));
            }
            b"error" => tell(Delta::Error(error::of_response(failure.unwrap_or(event)))),
            b"keepalive" => tell(Delta::Ping),
            _ if failure.is_some() => {
                tell(Delta::Error(error::of_response(failure.unwrap_or(event))));
            }
            _ => {}
        }
    }
}

impl StreamReader {
    fn start(&mut self, response: Option<Node<'_>>, tell: &mut dyn FnMut(Delta<'_>)) {
        if !self.has_started {
            self.has_started = true;
            let [id, model] = response.map_or([None; 2], |response| response.fields(["id", "model"]));
            tell(Delta::Start {
                id: given_text(id),
                model: given_text(model),
            });
        }
    }

    fn begin_call(
        &mut self,
        place: u64,
        item: Node<'_>,
        tell: &mut dyn FnMut(Delta<'_>),
    ) -> Result<(), TooMuchHeld> {
        let [kind, call_id, name] = item.fields(["type", "call_id", "name"]);
        let is_call = kind.is_some_and(|kind| kind.is("function_call"));
        let (true, Some(name)) = (is_call, given_text(name)) else {
            return Ok(());
        };
        if self.calls.len() >= MAX_TOOL_CALLS {
            return Err(TooMuchHeld::new());
        }
        let index = ToolIndex(self.calls.len());
        self.calls.push((place, false));
        tell(Delta::ToolCall {
            index,
            id: given_text(call_id),
            name,
        });
        Ok(())
    }

    fn tell_arguments(&mut self, place: u64, piece: Option<Node<'_>>, tell: &mut dyn FnMut(Delta<'_>)) {
        let call = self.calls.iter_mut().enumerate();
        let call = call.rev().find(|(_, (at, _))| *at == place);
        if let (Some((index, (_, is_told))), Some(fragment)) = (call, given_text(piece)) {
            *is_told = true;
            tell(Delta::Arguments {
                index: ToolIndex(index),
                fragment,
            });
        }
    }

    fn say<'a>(
        &mut self,
        node: Option<Node<'a>>,
        of: fn(Text<'a>) -> Delta<'a>,
        tell: &mut dyn FnMut(Delta<'_>),
    ) {
        if let Some(text) = given_text(node) {
            self.start(None, tell);
            tell(of(text));
        }
    }

    fn end(&mut self, response: Option<Node<'_>>, tell: &mut dyn FnMut(Delta<'_>)) {
        self.start(response, tell);
        if let Some(response) = response {
            let [reported, tier] = response.fields(["usage", "service_tier"]);
            let usage = reported.and_then(|usage| usage::read(usage.raw(), tier.map(Node::raw)));
            if let Some(finish) = finish(response, !self.calls.is_empty()).filter(|_| !self.has_finished) {
                self.has_finished = true;
                tell(Delta::Finish(finish));
            }
            if let Some(usage) = usage {
                tell(Delta::Usage(usage));
            }
        }
        tell(Delta::End);
    }
}
