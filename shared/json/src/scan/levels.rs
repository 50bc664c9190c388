//! The containers that are open, in a fixed stack of bits.

use super::ScanError;
use crate::MAX_DEPTH;

/// Which of the open containers are objects, the innermost in the lowest bit.
#[derive(Default)]
pub(super) struct Levels {
    objects: [u128; 2],
    depth: usize,
}

impl Levels {
    pub(super) fn open(&mut self, is_object: bool) -> Result<(), ScanError> {
        // The outermost object, which the caller walks, is one level more.
        if self.depth + 1 >= MAX_DEPTH {
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

    /// Whether the innermost object is an element of a list that a member of an element of a list is, and so on up to
    /// the outermost value, a list.
    pub(super) fn are_parts(&self) -> bool {
        const TURNS: u128 = u128::MAX / 3;
        let [low, _] = self.objects;
        let open = u32::try_from(self.depth)
            .ok()
            .and_then(|depth| 1_u128.checked_shl(depth));
        self.depth >= 4
            && self.depth.is_multiple_of(2)
            && open.is_some_and(|open| low & (open - 1) == TURNS & (open - 1))
    }
}
