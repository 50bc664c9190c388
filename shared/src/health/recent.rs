//! Calls and failures of the last while, in ten slots.

use crate::store::Unpack;
use crate::units::{Millis, Timestamp};

/// How many slots the window has: a count covers between nine and ten tenths of it.
const SLOTS: usize = 10;

/// Calls and failures of the last while.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Recent {
    /// The number of the newest slot, counted from the epoch.
    newest: u64,
    slots: [Slot; SLOTS],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slot {
    calls: u16,
    failures: u16,
}

/// What was counted within the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub calls: u32,
    pub failures: u32,
}

impl Recent {
    pub const LENGTH: usize = 8 + SLOTS * 4;

    /// Counts a call.
    pub fn note(&mut self, window: Millis, now: Timestamp, is_failure: bool) {
        let number = number(window, now);
        let is_older = |age: u64| age >= SLOTS as u64;
        if is_older(number.saturating_sub(self.newest)) || is_older(self.newest.saturating_sub(number)) {
            // Nothing recent is left, or the clock or the window is another one.
            *self = Self {
                newest: number,
                ..Self::default()
            };
        }
        while self.newest < number {
            self.newest += 1;
            self.slots.rotate_right(1);
            if let Some(slot) = self.slots.first_mut() {
                *slot = Slot::default();
            }
        }
        // A clock that went back a little counts into the newest slot.
        if let Some(slot) = self.slots.first_mut() {
            slot.calls = slot.calls.saturating_add(1);
            slot.failures = slot.failures.saturating_add(u16::from(is_failure));
        }
    }

    /// What was counted within the window.
    pub fn totals(&self, window: Millis, now: Timestamp) -> Totals {
        let number = number(window, now);
        if self.newest.saturating_sub(number) >= SLOTS as u64 {
            return Totals::default();
        }
        let passed = usize::try_from(number.saturating_sub(self.newest)).unwrap_or(usize::MAX);
        let within = self.slots.iter().take(SLOTS.saturating_sub(passed));
        within.fold(Totals::default(), |totals, slot| Totals {
            calls: totals.calls + u32::from(slot.calls),
            failures: totals.failures + u32::from(slot.failures),
        })
    }

    pub fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.newest.to_le_bytes());
        for slot in &self.slots {
            bytes.extend(slot.calls.to_le_bytes());
            bytes.extend(slot.failures.to_le_bytes());
        }
    }

    pub fn read(from: &mut Unpack<'_>) -> Option<Self> {
        let mut recent = Self {
            newest: from.u64()?,
            ..Self::default()
        };
        for slot in &mut recent.slots {
            slot.calls = from.u16()?;
            slot.failures = from.u16()?;
        }
        Some(recent)
    }
}

/// The number of the slot that a point in time falls into.
fn number(window: Millis, now: Timestamp) -> u64 {
    let slot = window.0.saturating_mul(1_000_000) / SLOTS as u64;
    now.0 / slot.max(1)
}
