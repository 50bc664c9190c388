//! `opening_balances`: what the operator's command found spent in the records of an Envoy that is gone. Nobody writes it by
//! hand, so only the filter's part may have it.

use crate::budget::Carried;
use crate::config::reader::Reader;
use crate::units::Timestamp;

pub(super) fn read_balances(reader: &Reader<'_>) -> Option<Vec<Carried>> {
    let mut section = reader.section()?;
    let made = section.required("made").and_then(|made| made.point_in_time());
    let balances = section.list("balances");
    let balances = balances.iter().filter_map(read_balance).collect();
    section.end();
    made.map(|_| balances)
}

fn read_balance(entry: &Reader<'_>) -> Option<Carried> {
    let mut section = entry.section()?;
    let counter = section.required("counter").and_then(|counter| counter.string());
    let since = section.optional("since").map(|since| since.point_in_time());
    let spent = section
        .required("spent")
        .and_then(|spent| spent.integer(0..=u64::MAX));
    let alerted = section
        .optional("alerted")
        .map(|alerted| alerted.integer(1..=100));
    section.end();
    let Timestamp(since) = match since {
        None => Timestamp::default(),
        Some(since) => since?,
    };
    Some(Carried {
        counter: counter?.to_owned(),
        since: since / 1_000_000_000,
        spent: spent?,
        alerted: match alerted {
            None => 0,
            Some(alerted) => u8::try_from(alerted?).ok()?,
        },
    })
}
