//! Whether a call can be asked of a provider of another format than the caller's.

use crate::call::Prepared;
use crate::routing::ExclusionReason;
use crate::wire::ir::ChatRequest;
use crate::wire::{Dropped, Format, Target, Untranslatable};

/// A call on its way to providers of any format. It is read for translation only once one of another format comes
/// up, and only once for all of them.
pub struct Portable<'a> {
    format: Format,
    body: &'a [u8],
    read: Option<Result<ChatRequest<'a>, Untranslatable>>,
    refusal: Option<Untranslatable>,
}

impl<'a> Portable<'a> {
    /// A call in `format`.
    pub fn new(format: Format, body: &'a [u8]) -> Self {
        Self {
            format,
            body,
            read: None,
            refusal: None,
        }
    }

    /// Whether the target can be asked.
    pub fn to(&mut self, target: &Target<'_>) -> Result<(), ExclusionReason> {
        let theirs = target.format(self.format);
        if theirs.is(self.format) {
            return Ok(());
        }
        let (format, body) = (self.format, self.body);
        let request = self.read.get_or_insert_with(|| format.read_chat(body));
        let checked = match request {
            Ok(request) => theirs.check_chat(request, target),
            Err(error) => Err(error.clone()),
        };
        checked.map_err(|error| self.refuse(error))
    }

    /// Notes why a target cannot be asked.
    pub fn refuse(&mut self, error: Untranslatable) -> ExclusionReason {
        let place = error.place().to_owned();
        self.refusal.get_or_insert(error);
        ExclusionReason::Untranslatable { place }
    }

    /// The body for a target that can be asked in its own format, so that it need not be read once more for the
    /// attempt; `None` if the target takes the caller's.
    pub fn prepare(&self, target: &Target<'_>) -> Option<Prepared> {
        let theirs = target.format(self.format);
        let request = self.read.as_ref()?.as_ref().ok()?;
        (!theirs.is(self.format)).then(|| {
            let mut dropped = Dropped::default();
            let body = theirs.write_chat(request, target, &mut dropped);
            Prepared { body, dropped }
        })
    }

    /// Why the first target that cannot be asked cannot.
    pub fn into_refusal(self) -> Option<Untranslatable> {
        self.refusal
    }
}
