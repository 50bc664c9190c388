//! What is measured: the rows of the table.

use crate::body::{Dialect, Prompt};
use crate::peer::Peer;

/// One row of the table.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) shape: Shape,
    pub(crate) caller: Dialect,
    pub(crate) provider: Peer,
}

/// What a call looks like, in whatever format, and how many are made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    name: &'static str,
    pub(crate) bytes: usize,
    /// Milliseconds between two pieces; `None` asks for a whole answer.
    pub(crate) stream: Option<u32>,
    pub(crate) calls: u32,
}

const fn shape(name: &'static str, bytes: usize, stream: Option<u32>, calls: u32) -> Shape {
    Shape {
        name,
        bytes,
        stream,
        calls,
    }
}

/// Large bodies and paced streams take longer, so they are called less often.
const UNTRANSLATED: [Shape; 4] = [
    shape("200 B", 200, None, 16_000),
    shape("1 kB", 1000, None, 16_000),
    shape("20 kB", 20_000, None, 12_000),
    shape("unpaced stream", 1000, Some(0), 2000),
];

/// What translation is measured with: a large request, and a stream whose chunks come one by one.
const TRANSLATED: [Shape; 2] = [
    shape("400 kB", 400_000, None, 2000),
    shape("paced stream", 1000, Some(2), 32),
];

/// Each caller's own provider first: what translation adds is the difference to it.
const CALLERS: [(Dialect, &[Peer]); 3] = [
    (
        Dialect::OpenAi,
        &[
            Peer::OpenAi,
            Peer::Anthropic,
            Peer::Gemini,
            Peer::Converse,
            Peer::Mistral,
            Peer::Cohere,
        ],
    ),
    (
        Dialect::Responses,
        &[Peer::Responses, Peer::OpenAi, Peer::Anthropic],
    ),
    (Dialect::Anthropic, &[Peer::Anthropic, Peer::OpenAi]),
];

impl Row {
    fn of(shape: Shape, caller: Dialect, provider: Peer) -> Self {
        let name = if provider == caller.own() {
            format!("{}, {}", caller.name(), shape.name)
        } else {
            format!("{} to {}, {}", caller.name(), provider.name(), shape.name)
        };
        Self {
            name,
            shape,
            caller,
            provider,
        }
    }

    pub(crate) fn prompt(&self) -> Prompt<'_> {
        Prompt {
            dialect: self.caller,
            model: self.provider.model(),
            bytes: self.shape.bytes,
            stream: self.shape.stream.is_some(),
            pace_ms: self.shape.stream.unwrap_or(0),
        }
    }

    /// Whether `other` is the same call without translation.
    pub(crate) fn is_translation_of(&self, other: &Self) -> bool {
        self.provider != self.caller.own()
            && other.provider == other.caller.own()
            && (self.caller, self.shape) == (other.caller, other.shape)
    }
}

/// The rows with `word` in their names and those that they are translations of; all without a word. Rows that are
/// compared stand close together, since the machine's mood changes with time.
pub(crate) fn rows(word: &str) -> Vec<Row> {
    let plain = UNTRANSLATED.map(|shape| Row::of(shape, Dialect::OpenAi, Peer::OpenAi));
    let translated = CALLERS.iter().flat_map(|(caller, providers)| {
        TRANSLATED.iter().flat_map(move |shape| {
            let row = |provider: &Peer| Row::of(*shape, *caller, *provider);
            providers.iter().map(row)
        })
    });
    let (mut wanted, others): (Vec<Row>, Vec<Row>) = plain
        .into_iter()
        .chain(translated)
        .partition(|row| row.name.to_lowercase().contains(&word.to_lowercase()));
    let is_compared = |other: &Row| wanted.iter().any(|row| row.is_translation_of(other));
    let compared: Vec<Row> = others.into_iter().filter(is_compared).collect();
    wanted.splice(0..0, compared);
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(word: &str) -> Vec<String> {
        rows(word).into_iter().map(|row| row.name).collect()
    }

    #[test]
    fn each_translation_has_a_row_to_be_compared_with() {
        let rows = rows("");
        for row in rows.iter().filter(|row| row.provider != row.caller.own()) {
            let own = rows.iter().filter(|other| row.is_translation_of(other));
            assert_eq!(own.count(), 1, "{}", row.name);
        }
    }

    #[test]
    fn a_word_chooses_rows_and_what_they_are_compared_with() {
        assert_eq!(
            names("cohere"),
            [
                "chat, 400 kB",
                "chat, paced stream",
                "chat to Cohere, 400 kB",
                "chat to Cohere, paced stream",
            ]
        );
        assert_eq!(names("20 kB"), ["chat, 20 kB"]);
        assert!(names("no such row").is_empty());
    }
}
