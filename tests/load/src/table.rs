//! What was measured, as a table and as JSON.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::client::Sample;
use crate::compare::Round;
use crate::rows::Row;
use crate::upstream::CHUNKS;

/// What translation may add for each 100 kB of a request, in microseconds.
const LIMIT_PER_100_KB: f64 = 500.0;

/// What translation may add for each chunk of a stream, in microseconds.
const LIMIT_PER_CHUNK: f64 = 20.0;

/// A row and all its rounds.
pub(crate) struct Measured {
    pub(crate) row: Row,
    pub(crate) rounds: Vec<Round>,
}

impl Measured {
    pub(crate) fn new(row: Row) -> Self {
        let rounds = Vec::new();
        Self { row, rounds }
    }

    fn first_word_added(&self) -> f64 {
        median(self.rounds.iter().map(first_word_added))
    }
}

/// All rows, in order.
pub(crate) struct Table {
    pub(crate) measured: Vec<Measured>,
}

impl Table {
    pub(crate) fn print(&self) {
        println!(
            "                                          CPU us of Envoy             calls each second          first word"
        );
        println!(
            "                                         plain   broker   ratio     plain   broker   ratio         added us"
        );
        for measured in &self.measured {
            let Measured { row, rounds } = measured;
            let cpu = Columns::of(rounds, Sample::cpu_per_call);
            let speed = Columns::of(rounds, |sample| Some(sample.calls_per_second()));
            let first_word = measured.first_word_added();
            println!(
                "{:<36} {:>9.1}{:>9.1}{:>7.2}x {:>9.0}{:>9.0}{:>7.2}x {first_word:>+16.0}",
                row.name, cpu.plain, cpu.broker, cpu.ratio, speed.plain, speed.broker, speed.ratio
            );
            if row.shape.stream.is_some() {
                let cpu = Columns::of(rounds, Sample::cpu_per_event);
                println!(
                    "  each chunk of it                   {:>9.1}{:>9.1}{:>7.2}x",
                    cpu.plain, cpu.broker, cpu.ratio
                );
            }
            if let Some(Added { each, of, limit }) = self.translation(measured) {
                let verdict = if each > limit { "  <-- OVER ITS LIMIT" } else { "" };
                println!(
                    "  translation adds                   {each:>9.1} us each {of}; the limit is {limit:.0} us{verdict}"
                );
            }
        }
    }

    /// An error if any translation took longer than it may.
    pub(crate) fn refuse_slow_translation(&self) -> Result<()> {
        let is_slow = |measured: &&Measured| {
            let added = self.translation(measured);
            added.is_some_and(|added| added.each > added.limit)
        };
        let slow = self.measured.iter().filter(is_slow);
        let names: Vec<&str> = slow.map(|measured| measured.row.name.as_str()).collect();
        if names.is_empty() {
            return Ok(());
        }
        bail!("translation takes longer than its limit: {}", names.join("; "))
    }

    pub(crate) fn to_json(&self) -> Value {
        let rows = self.measured.iter().map(|measured| {
            let Measured { row, rounds } = measured;
            let speed = Columns::of(rounds, |sample| Some(sample.calls_per_second()));
            let samples = |side: fn(&Round) -> &Sample| -> Vec<Value> {
                rounds.iter().map(|round| side(round).to_json()).collect()
            };
            json!({
                "case": row.name,
                "body_bytes": row.shape.bytes,
                "pace_ms": row.shape.stream,
                "cpu_ratio": Columns::of(rounds, Sample::cpu_per_call).ratio,
                "throughput_ratio": speed.ratio,
                "first_word_added_us": measured.first_word_added(),
                "translation_adds_us": self.translation(measured).map(|added| added.each),
                "plain": samples(|round| &round.plain),
                "broker": samples(|round| &round.broker),
            })
        });
        rows.collect()
    }

    /// What translation costs beside the same call that is not translated: the median of each round's difference.
    #[expect(clippy::cast_precision_loss, reason = "sizes of some hundred thousand bytes")]
    fn translation(&self, measured: &Measured) -> Option<Added> {
        let is_own = |other: &&Measured| measured.row.is_translation_of(&other.row);
        let own = self.measured.iter().find(is_own)?;
        let pairs = measured.rounds.iter().zip(&own.rounds);
        let per_call = median(pairs.filter_map(|(translated, own)| {
            Some(translated.broker.cpu_per_call()? - own.broker.cpu_per_call()?)
        }));
        Some(if measured.row.shape.stream.is_some() {
            Added {
                each: per_call / CHUNKS as f64,
                of: "chunk",
                limit: LIMIT_PER_CHUNK,
            }
        } else {
            Added {
                each: per_call * 1e5 / measured.row.shape.bytes as f64,
                of: "100 kB",
                limit: LIMIT_PER_100_KB,
            }
        })
    }
}

/// What translation adds, in microseconds.
struct Added {
    each: f64,
    of: &'static str,
    limit: f64,
}

/// Medians over the rounds; the ratio is the median of each round's ratio, not the ratio of the medians.
struct Columns {
    plain: f64,
    broker: f64,
    ratio: f64,
}

impl Columns {
    fn of(rounds: &[Round], value: impl Fn(&Sample) -> Option<f64>) -> Self {
        let pairs: Vec<(f64, f64)> = rounds
            .iter()
            .filter_map(|round| value(&round.plain).zip(value(&round.broker)))
            .collect();
        Self {
            plain: median(pairs.iter().map(|pair| pair.0)),
            broker: median(pairs.iter().map(|pair| pair.1)),
            ratio: median(pairs.iter().map(|pair| pair.1 / pair.0)),
        }
    }
}

/// Microseconds; below nothing where the broker's median happened to be the smaller one.
fn first_word_added(round: &Round) -> f64 {
    let of = |sample: &Sample| sample.first_word_median().as_secs_f64() * 1e6;
    of(&round.unhurried.broker) - of(&round.unhurried.plain)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    f64::midpoint(at(sorted.len().saturating_sub(1) / 2), at(sorted.len() / 2))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::compare::Unhurried;
    use crate::rows::rows;

    fn median_of(values: &[f64]) -> f64 {
        median(values.iter().copied())
    }

    fn measured(row: Row, microseconds: &[u64]) -> Measured {
        let sample = |time| Sample::of_one_call(Duration::from_micros(time));
        let rounds = microseconds.iter().map(|time| Round {
            plain: sample(100),
            broker: sample(*time),
            unhurried: Unhurried {
                plain: sample(0),
                broker: sample(0),
            },
        });
        Measured {
            row,
            rounds: rounds.collect(),
        }
    }

    #[test]
    fn medians_of_odd_even_and_none() {
        assert!((median_of(&[3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median_of(&[1.0, 2.0]) - 1.5).abs() < f64::EPSILON);
        assert!(median_of(&[]).is_nan());
    }

    #[test]
    fn translation_is_compared_round_by_round_and_refused_over_its_limit() {
        // The second round was slow for both. Per call of 400 kB, 2000 us are the limit.
        for (translated, is_refused) in [([500, 9900, 500], false), ([2900, 9900, 3000], true)] {
            let mut rows = rows("chat to Gemini, 400 kB").into_iter();
            let own = measured(rows.next().unwrap(), &[300, 9500, 300]);
            let translated = measured(rows.next().unwrap(), &translated);
            let table = Table {
                measured: vec![own, translated],
            };
            assert_eq!(table.refuse_slow_translation().is_err(), is_refused);
        }
    }
}
