//! A store in memory that lets other workers in between a read and the write that follows it.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::fmt;

use super::Store;

type Turn = Box<dyn FnOnce(&Memory)>;

/// Keeps to the host's rules: a value that is not there yet is written without a check.
#[derive(Default)]
pub struct Memory {
    values: RefCell<HashMap<String, (Vec<u8>, u32)>>,
    versions: Cell<u32>,
    turns: RefCell<VecDeque<Turn>>,
    /// How many reads pass before somebody comes in between.
    pub patience: Cell<u32>,
    /// How many swaps were lost.
    pub lost: Cell<u32>,
}

impl fmt::Debug for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Memory").field(&self.values).finish()
    }
}

impl Memory {
    /// Lets another worker do something right after the next read of an existing value.
    pub fn meanwhile(&self, turn: impl FnOnce(&Self) + 'static) {
        self.turns.borrow_mut().push_back(Box::new(turn));
    }

    /// Does what nobody came in between with.
    pub fn finish_turns(&self) {
        while let Some(turn) = self.next_turn() {
            turn(self);
        }
    }

    fn next_turn(&self) -> Option<Turn> {
        self.turns.borrow_mut().pop_front()
    }
}

impl Store for Memory {
    fn get(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        let found = self.values.borrow().get(key).cloned();
        if let Some(patience) = self.patience.get().checked_sub(1) {
            self.patience.set(patience);
        } else if found.is_some()
            && let Some(turn) = self.next_turn()
        {
            // Whatever comes in between is not overtaken itself.
            let others = self.turns.take();
            turn(self);
            self.turns.borrow_mut().extend(others);
        }
        found
    }

    fn swap(&self, key: &str, value: &[u8], version: Option<u32>) -> bool {
        let mut values = self.values.borrow_mut();
        if let Some((_, current)) = values.get(key)
            && version.is_some_and(|version| version != *current)
        {
            self.lost.set(self.lost.get() + 1);
            return false;
        }
        self.versions.set(self.versions.get() + 1);
        values.insert(key.to_owned(), (value.to_vec(), self.versions.get()));
        true
    }
}
