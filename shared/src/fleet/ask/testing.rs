//! A rate limit service in memory: it reads requests and counts as the reference service does.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::fleet::account::LIMIT;
use crate::fleet::protobuf::{Fields, Writer};

/// The service, for budgets of one period.
#[derive(Debug)]
pub struct Memory {
    /// The number of the unit of its limits.
    pub unit: u64,
    counters: RefCell<BTreeMap<String, u64>>,
}

impl Memory {
    /// A service whose limits are of this unit.
    pub fn new(unit: u64) -> Self {
        Self {
            unit,
            counters: RefCell::default(),
        }
    }

    /// What all counters of taken and of returned amounts are at.
    pub fn counted(&self) -> (u64, u64) {
        let counters = self.counters.borrow();
        let sum = |side: &str| {
            // A worker's own have its book before that, whose name has a dash.
            let is_of_fleet = |name: &str| {
                let whole = name.strip_suffix(side);
                whole.is_some_and(|name| name.rsplit('/').next().is_some_and(|last| !last.contains('-')))
            };
            let of_side = counters.iter().filter(|(name, _)| is_of_fleet(name));
            of_side.map(|(_, count)| count).sum()
        };
        (sum("/taken"), sum("/returned"))
    }

    /// Answers a request.
    pub fn answer(&self, request: &[u8]) -> Vec<u8> {
        let mut response = Writer::default();
        response.number(1, 1);
        for field in Fields::of(request) {
            let (2, descriptor) = field.unwrap() else {
                continue;
            };
            let (name, hits) = read(descriptor.bytes().unwrap());
            let mut counters = self.counters.borrow_mut();
            let counter = counters.entry(name).or_default();
            *counter += hits;
            response.message(2, |status| {
                status.number(1, if *counter > LIMIT { 2 } else { 1 });
                status.message(2, |limit| {
                    limit.number(1, LIMIT);
                    limit.number(2, self.unit);
                });
                status.number(3, LIMIT.saturating_sub(*counter));
            });
        }
        response.finish()
    }
}

/// A descriptor's name and its addend.
fn read(descriptor: &[u8]) -> (String, u64) {
    let (mut name, mut hits) = (String::new(), 1);
    for field in Fields::of(descriptor) {
        match field.unwrap() {
            (1, entry) => {
                for field in Fields::of(entry.bytes().unwrap()) {
                    let text = field.unwrap().1.bytes().unwrap();
                    name.push_str(std::str::from_utf8(text).unwrap());
                    name.push('_');
                }
            }
            (3, wrapper) => {
                let value = Fields::of(wrapper.bytes().unwrap()).next();
                hits = value.unwrap().unwrap().1.number().unwrap();
            }
            _ => {}
        }
    }
    (name.trim_end_matches('_').to_owned(), hits)
}
