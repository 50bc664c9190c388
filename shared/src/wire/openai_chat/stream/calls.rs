//! Which tool call a fragment of a stream belongs to. OpenAI numbers them; other servers number all of them 0, or
//! none, repeat the id and the name with every fragment, or leave the id out.

use crate::limits::{MAX_HELD, MAX_TOOL_CALLS};
use crate::wire::TooMuchHeld;
use crate::wire::ir::{Arguments, Delta, ToolIndex};
use crate::wire::openai_chat::answer::read::{arguments, given_id, given_text};
use json::{Node, Partial, Text};

/// The calls of one answer so far.
#[derive(Debug, Default)]
pub struct Calls {
    seen: Vec<Call>,
    /// How many of them began.
    begun: usize,
    /// How much is remembered of them.
    held: usize,
}

#[derive(Debug, Default)]
struct Call {
    /// The server's number of it.
    number: Option<u64>,
    id: Option<Text<'static>>,
    name: Option<Text<'static>>,
    /// Its place among the calls that began; a call begins with its name.
    index: Option<ToolIndex>,
    /// What came of its arguments before it began.
    early: Text<'static>,
    arguments: Partial,
}

/// An entry of `tool_calls`.
struct Fragment<'a> {
    number: Option<u64>,
    id: Option<Text<'a>>,
    name: Option<Text<'a>>,
    arguments: Text<'a>,
}

impl Calls {
    /// Whether any call began.
    pub fn has_begun(&self) -> bool {
        self.begun > 0
    }

    /// Takes an entry of `tool_calls` and tells the steps that it stands for.
    pub fn read(&mut self, entry: Node<'_>, tell: &mut dyn FnMut(Delta<'_>)) -> Result<(), TooMuchHeld> {
        let [number, id, function] = entry.fields(["index", "id", "function"]);
        let Some(function) = function else {
            return Ok(());
        };
        let [name, given] = function.fields(["name", "arguments"]);
        let given = given.and_then(arguments);
        let fragment = Fragment {
            number: number.and_then(Node::unsigned),
            id: given_id(id),
            name: given_text(name),
            arguments: match given {
                Some(Arguments::Encoded(text)) => text,
                Some(Arguments::Json(json)) => Text::of_document(&json),
                None => Text::default(),
            },
        };
        let place = match self.place(&fragment) {
            Some(place) => place,
            None => self.add(&fragment)?,
        };
        self.take(place, &fragment, tell)
    }

    /// The call that a fragment goes on with.
    fn place(&self, fragment: &Fragment<'_>) -> Option<usize> {
        let last = |is_it: &dyn Fn(&Call) -> bool| self.seen.iter().rposition(is_it);
        let place = match (fragment.number, &fragment.id) {
            (Some(number), _) => last(&|call| call.number == Some(number)),
            (None, Some(id)) => last(&|call| call.id.as_ref() == Some(id)),
            (None, None) => last(&|_| true),
        }?;
        self.seen.get(place)?.goes_on(fragment).then_some(place)
    }

    fn add(&mut self, fragment: &Fragment<'_>) -> Result<usize, TooMuchHeld> {
        if self.seen.len() >= MAX_TOOL_CALLS {
            return Err(TooMuchHeld::new());
        }
        self.seen.push(Call {
            number: fragment.number,
            ..Call::default()
        });
        Ok(self.seen.len() - 1)
    }

    fn take(
        &mut self,
        place: usize,
        fragment: &Fragment<'_>,
        tell: &mut dyn FnMut(Delta<'_>),
    ) -> Result<(), TooMuchHeld> {
        // Ids must be unique among the calls of an answer; one that is not is made anew by the writer.
        let is_taken = |id: &Text<'_>| self.seen.iter().any(|call| call.id.as_ref() == Some(id));
        let id = fragment.id.as_ref().filter(|id| !is_taken(id));
        let Some(call) = self.seen.get_mut(place) else {
            return Ok(());
        };
        if call.id.is_none() && call.index.is_none() {
            call.id = id.map(|id| id.clone().into_owned());
            self.held += call.id.as_ref().map_or(0, |id| id.escaped().len());
        }
        if call.name.is_none() {
            call.name = fragment.name.as_ref().map(|name| name.clone().into_owned());
            self.held += call.name.as_ref().map_or(0, |name| name.escaped().len());
        }
        call.arguments.push(&fragment.arguments);
        let index = match (call.index, &call.name) {
            (Some(index), _) => index,
            (None, None) => {
                call.early.push(&fragment.arguments);
                self.held += fragment.arguments.escaped().len();
                return self.bounded();
            }
            (None, Some(name)) => {
                let index = ToolIndex(self.begun);
                self.begun += 1;
                call.index = Some(index);
                tell(Delta::ToolCall {
                    index,
                    id: call.id.clone(),
                    name: name.clone(),
                });
                let early = std::mem::take(&mut call.early);
                self.held -= early.escaped().len();
                tell_arguments(index, &early, tell);
                index
            }
        };
        tell_arguments(index, &fragment.arguments, tell);
        self.bounded()
    }

    fn bounded(&self) -> Result<(), TooMuchHeld> {
        if self.held > MAX_HELD {
            return Err(TooMuchHeld::new());
        }
        Ok(())
    }
}

impl Call {
    /// Whether a fragment under the call's number is one of it, and not of another call under the same number:
    /// that has another id, or without ids another name, or it begins when this one's arguments are whole.
    fn goes_on(&self, fragment: &Fragment<'_>) -> bool {
        if let (Some(own), Some(id)) = (&self.id, &fragment.id) {
            return own == id;
        }
        let (Some(own), Some(name)) = (&self.name, &fragment.name) else {
            return true;
        };
        own == name && (fragment.arguments.is_empty() || !self.arguments.is_whole())
    }
}

fn tell_arguments(index: ToolIndex, fragment: &Text<'_>, tell: &mut dyn FnMut(Delta<'_>)) {
    if !fragment.is_empty() {
        tell(Delta::Arguments {
            index,
            fragment: fragment.clone(),
        });
    }
}
