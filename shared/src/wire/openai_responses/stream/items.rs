//! The items of a stream's output: each has a beginning, pieces and an end, and the last event repeats all of them.
//! Messages and thoughts come one after the other; calls of tools may take turns.

use super::calls::OpenCall;
use super::events::Page;
use super::words::{Message, Thought};
use crate::limits::{MAX_REPEATED_OUTPUT, MAX_TOOL_CALLS};
use crate::wire::TooMuchHeld;
use crate::wire::openai_responses::item::{Status, Words};
use json::Text;
use json::write::Array;

/// What an item takes of memory beside its words.
const AROUND: usize = 256;

/// The items of one answer so far.
#[derive(Debug, Default)]
pub struct Items {
    /// What is kept of the answer's id: ids of items are made of it.
    tail: String,
    /// The items that are whole, as they were written; one that is still under way has its place.
    written: Vec<Vec<u8>>,
    /// The message or the thought that is under way: always the last item.
    words: Option<OpenWords>,
    /// The calls, by their number; `None` once they are whole.
    calls: Vec<Option<OpenCall>>,
    has_refusal: bool,
    /// How many bytes are kept.
    kept: usize,
}

#[derive(Debug)]
enum OpenWords {
    Message(Message),
    Thought(Thought),
}

impl Items {
    /// The items of the answer with this id.
    pub fn new(tail: String) -> Self {
        Self {
            tail,
            ..Self::default()
        }
    }

    /// What is kept of the answer's id.
    pub fn tail(&self) -> &str {
        &self.tail
    }

    /// How many calls there were.
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// Whether the model refused in words.
    pub fn has_refusal(&self) -> bool {
        self.has_refusal
    }

    /// Writes the output, all of it.
    pub fn write(&self, output: &mut Array<'_>) {
        for item in &self.written {
            output.raw(item);
        }
    }

    /// More words of a message.
    pub fn say(&mut self, words: Words, text: &Text<'_>, page: &mut Page<'_>) -> Result<(), TooMuchHeld> {
        self.keep(text)?;
        self.has_refusal |= words == Words::Refusal;
        if !matches!(self.words, Some(OpenWords::Message(_))) {
            let place = self.begin(page);
            self.words = Some(OpenWords::Message(Message::begin(&self.tail, place, page)));
        }
        if let Some(OpenWords::Message(message)) = &mut self.words {
            message.say(words, text, page);
        }
        Ok(())
    }

    /// More of a thought.
    pub fn think(&mut self, more: &Text<'_>, page: &mut Page<'_>) -> Result<(), TooMuchHeld> {
        self.keep(more)?;
        if let Some(thought) = self.thought(page) {
            thought.think(more, page);
        }
        Ok(())
    }

    /// The seal of a thought, which may have no words. Nobody could bring one home whose maker is not known.
    pub fn seal(&mut self, signature: &Text<'_>, page: &mut Page<'_>) -> Result<(), TooMuchHeld> {
        if page.maker.is_none() {
            return Ok(());
        }
        self.keep(signature)?;
        if let Some(thought) = self.thought(page) {
            thought.seal(signature);
        }
        Ok(())
    }

    /// A thought that only its maker can read.
    pub fn sealed(&mut self, data: &Text<'_>, page: &mut Page<'_>) -> Result<(), TooMuchHeld> {
        if page.maker.is_none() {
            return Ok(());
        }
        self.keep(data)?;
        let place = self.begin(page);
        let thought = Thought::begin(&self.tail, place, page);
        let ended = thought.end_sealed(data, page);
        self.end(ended, page);
        Ok(())
    }

    /// The thought that is under way ends. Text goes on: its pieces are one part for whoever reads it as JSON.
    pub fn end_thought(&mut self, page: &mut Page<'_>) {
        if let Some(OpenWords::Thought(_)) = self.words {
            self.end_words(Status::Completed, page);
        }
    }

    /// A tool is called; `pairing` is the id that its result will have.
    pub fn call(
        &mut self,
        pairing: &Text<'_>,
        name: &Text<'_>,
        page: &mut Page<'_>,
    ) -> Result<(), TooMuchHeld> {
        if self.calls.len() >= MAX_TOOL_CALLS {
            return Err(TooMuchHeld::new());
        }
        self.keep(pairing)?;
        self.keep(name)?;
        let place = self.begin(page);
        let call = OpenCall::begin(&self.tail, place, pairing, name, page);
        self.calls.push(Some(call));
        Ok(())
    }

    /// More arguments of a call. What follows the end of a call that was told is not.
    pub fn arguments(
        &mut self,
        index: usize,
        fragment: &Text<'_>,
        page: &mut Page<'_>,
    ) -> Result<(), TooMuchHeld> {
        self.keep(fragment)?;
        if let Some(Some(call)) = self.calls.get_mut(index) {
            call.tell(fragment, page);
        }
        Ok(())
    }

    /// Ends all items; `status` is that of those that are not whole.
    pub fn end_all(&mut self, status: Status, page: &mut Page<'_>) {
        self.end_calls(|_| true, status, page);
        self.end_words(status, page);
    }

    /// The thought that is under way, or begins.
    fn thought(&mut self, page: &mut Page<'_>) -> Option<&mut Thought> {
        if !matches!(self.words, Some(OpenWords::Thought(_))) {
            let place = self.begin(page);
            self.words = Some(OpenWords::Thought(Thought::begin(&self.tail, place, page)));
        }
        match &mut self.words {
            Some(OpenWords::Thought(thought)) => Some(thought),
            _ => None,
        }
    }

    /// The place of the next item. What gives way to it ends: words do, and calls whose arguments are whole.
    fn begin(&mut self, page: &mut Page<'_>) -> usize {
        self.end_calls(OpenCall::is_whole, Status::Completed, page);
        self.end_words(Status::Completed, page);
        let place = self.written.len();
        self.written.push(Vec::new());
        place
    }

    fn end(&mut self, (place, written): (usize, Vec<u8>), page: &mut Page<'_>) {
        page.item("response.output_item.done", place, |event| {
            event.raw("item", &written);
        });
        if let Some(slot) = self.written.get_mut(place) {
            *slot = written;
        }
    }

    fn end_words(&mut self, status: Status, page: &mut Page<'_>) {
        let ended = match self.words.take() {
            None => return,
            Some(OpenWords::Message(message)) => message.end(status, page),
            Some(OpenWords::Thought(thought)) => thought.end(page),
        };
        self.end(ended, page);
    }

    fn end_calls(&mut self, which: fn(&OpenCall) -> bool, status: Status, page: &mut Page<'_>) {
        for index in 0..self.calls.len() {
            let slot = self.calls.get_mut(index);
            if let Some(call) = slot.and_then(|slot| slot.take_if(|call| which(call))) {
                let ended = call.end(status, page);
                self.end(ended, page);
            }
        }
    }

    fn keep(&mut self, text: &Text<'_>) -> Result<(), TooMuchHeld> {
        self.kept = self.kept.saturating_add(text.escaped().len());
        let items = self.written.len().saturating_mul(AROUND);
        if self.kept.saturating_add(items) > MAX_REPEATED_OUTPUT {
            return Err(TooMuchHeld::new());
        }
        Ok(())
    }
}
