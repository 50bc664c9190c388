//! The containers that are open, in a fixed stack of bits.

use super::ScanError;
use crate::limits::MAX_JSON_DEPTH;

/// Which of the open containers are objects, the innermost in the lowest bit.
#[derive(Default)]
pub(super) struct Levels {
    objects: [u128; 2],
    depth: usize,
}

impl Levels {
    pub(super) fn open(&mut self, is_object: bool) -> Result<(), ScanError> {
        // The outermost object, which the caller walks, is one level more.
        if self.depth + 1 >= MAX_JSON_DEPTH {
            return Err(ScanError::TooDeep);
        }
        let [low, high] = self.objects;
        self.objects = [(low << 1) | u128::from(is_object), (high << 1) | (low >> 127)];
        self.depth += 1;
        Ok(())
    }

    /// Closes the innermost container; true if that was the first one.
    pub(super) fn close(&mut self) -> bool {
        let [low, high] = self.objects;
        self.objects = [(low >> 1) | (high << 127), high >> 1];
        self.depth -= 1;
        self.depth == 0
    }

    pub(super) fn in_object(&self) -> bool {
        let [low, _] = self.objects;
        low & 1 == 1
    }
}
