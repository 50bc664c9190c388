//! What a stream has shown of itself so far: as long as it is nothing, another provider may still be asked.

use super::ir::{Delta, ErrorKind};

/// What one event of a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventClass {
    /// Nothing that the agent would miss: a role, a ping, usage, a block that begins empty.
    Preamble,
    /// Something said, or the reason why nothing more is.
    Content,
    /// An error of this kind.
    Error(ErrorKind),
    /// The end.
    End,
}

/// What an answer showed first, and is since then committed to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// Nothing yet.
    #[default]
    Nothing,
    /// Content.
    Content,
    /// An error, before any content.
    Failed(ErrorKind),
    /// The end, before any content: the stream is empty.
    Ended,
}

impl Progress {
    /// What is known after an event of this class.
    #[must_use]
    pub fn after(self, class: EventClass) -> Self {
        match (self, class) {
            (Self::Nothing, EventClass::Content) => Self::Content,
            (Self::Nothing, EventClass::Error(kind)) => Self::Failed(kind),
            (Self::Nothing, EventClass::End) => Self::Ended,
            (Self::Nothing, EventClass::Preamble) => Self::Nothing,
            (known, _) => known,
        }
    }
}

impl EventClass {
    /// What a step is.
    #[must_use]
    pub fn of(delta: &Delta<'_>) -> Self {
        match delta {
            Delta::Error(error) => Self::Error(error.kind),
            Delta::End => Self::End,
            delta if delta.is_content() => Self::Content,
            _ => Self::Preamble,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn what_shows_first_decides() {
        let failed = EventClass::Error(ErrorKind::Overloaded);
        let after = |classes: &[EventClass]| {
            classes
                .iter()
                .fold(Progress::Nothing, |so_far, class| so_far.after(*class))
        };
        assert_eq!(after(&[EventClass::Preamble]), Progress::Nothing);
        assert_eq!(
            after(&[EventClass::Preamble, EventClass::Content, failed]),
            Progress::Content
        );
        assert_eq!(
            after(&[failed, EventClass::End]),
            Progress::Failed(ErrorKind::Overloaded)
        );
        assert_eq!(after(&[EventClass::Preamble, EventClass::End]), Progress::Ended);
    }
}
