//! Plain Envoy against the broker: the same calls to both in interleaved rounds, so that whatever else the machine does
//! falls on both alike. Only ratios mean anything; absolute numbers belong to one machine on one day.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::Compare;
use crate::body::{Dialect, Prompt};
use crate::client::{self, Case, Sample, Target};
use crate::process::{self, Process};
use crate::upstream::CHUNKS;

/// A round of one case never takes longer.
const ROUND_LIMIT: Duration = Duration::from_mins(1);

/// What translation may add for each 100 kB of a request, in microseconds.
const LIMIT_PER_100_KB: f64 = 500.0;

/// What translation may add for each chunk of a stream, in microseconds.
const LIMIT_PER_CHUNK: f64 = 20.0;

/// One row of the table.
#[derive(Clone, Copy)]
struct Row {
    name: &'static str,
    bytes: usize,
    /// Milliseconds between two chunks; `None` asks for a whole answer.
    stream: Option<u32>,
    calls: u32,
    caller: Dialect,
    provider: Dialect,
}

const fn row(name: &'static str, bytes: usize, stream: Option<u32>, calls: u32) -> Row {
    Row {
        name,
        bytes,
        stream,
        calls,
        caller: Dialect::OpenAi,
        provider: Dialect::OpenAi,
    }
}

impl Row {
    const fn between(self, caller: Dialect, provider: Dialect) -> Self {
        Self {
            caller,
            provider,
            ..self
        }
    }

    /// Whether `other` is the same call without translation.
    fn is_translation_of(&self, other: &Self) -> bool {
        self.caller != self.provider
            && other.provider == other.caller
            && self.caller == other.caller
            && (self.bytes, self.stream) == (other.bytes, other.stream)
    }
}

/// Large bodies and paced streams take longer, so they are called less often.
const ROWS: [Row; 12] = [
    row("chat, 200 B", 200, None, 16_000),
    row("chat, 1 kB", 1000, None, 16_000),
    row("chat, 20 kB", 20_000, None, 12_000),
    row("chat, 400 kB", 400_000, None, 3000),
    row("stream, 200 chunks", 1000, Some(0), 2000),
    row("stream, paced 2 ms", 1000, Some(2), 40),
    row("to Anthropic, 400 kB", 400_000, None, 2000).between(Dialect::OpenAi, Dialect::Anthropic),
    row("to Anthropic, paced", 1000, Some(2), 40).between(Dialect::OpenAi, Dialect::Anthropic),
    row("messages, 400 kB", 400_000, None, 2000).between(Dialect::Anthropic, Dialect::Anthropic),
    row("messages, paced 2 ms", 1000, Some(2), 40).between(Dialect::Anthropic, Dialect::Anthropic),
    row("to OpenAI, 400 kB", 400_000, None, 2000).between(Dialect::Anthropic, Dialect::OpenAi),
    row("to OpenAI, paced", 1000, Some(2), 40).between(Dialect::Anthropic, Dialect::OpenAi),
];

/// Both sides of one round.
struct Round {
    plain: Sample,
    broker: Sample,
    /// One call at a time: with several, a worker that is busy makes the next call wait, and the first word's time
    /// would tell how long the queue is.
    unhurried: Unhurried,
}

struct Unhurried {
    plain: Sample,
    broker: Sample,
}

struct Side {
    target: Target,
    process: Process,
}

impl Side {
    fn at(url: &str, token: &str) -> Result<Self> {
        let target = Target::parse(url, token)?;
        let process = process::listening_at(target.address)?;
        Ok(Self { target, process })
    }

    async fn measure(&self, case: &Case) -> Result<Sample> {
        client::measure(&self.target, case, Some(&self.process)).await
    }

    fn speaking(&self, dialect: Dialect) -> Self {
        Self {
            target: self.target.speaking(dialect),
            process: self.process.clone(),
        }
    }
}

/// Measure every row and print the table.
pub(crate) async fn run(arguments: Compare) -> Result<()> {
    let plain = Side::at(&arguments.plain, &arguments.token).context("plain Envoy")?;
    let broker = Side::at(&arguments.broker, &arguments.token).context("the broker")?;
    let mut measured = Vec::new();
    for row in &ROWS {
        eprintln!("measuring: {}", row.name);
        let case = case_of(row, &arguments);
        let mut rounds = Vec::new();
        for number in 0..arguments.rounds.max(1) {
            let (plain, broker) = (plain.speaking(row.caller), broker.speaking(row.caller));
            rounds.push(one_round(&plain, &broker, &case, number).await?);
        }
        refuse_errors(row, &rounds)?;
        measured.push((row, rounds));
    }
    print_table(&measured);
    if let Some(path) = &arguments.json {
        std::fs::write(path, to_json(&measured).to_string())
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn case_of(row: &Row, arguments: &Compare) -> Case {
    let prompt = Prompt {
        dialect: row.caller,
        model: match row.provider {
            Dialect::OpenAi => &arguments.model,
            Dialect::Anthropic => &arguments.anthropic_model,
        },
        bytes: row.bytes,
        stream: row.stream.is_some(),
        pace_ms: row.stream.unwrap_or(0),
    };
    Case {
        body: prompt.body(),
        calls: if arguments.quick { row.calls / 4 } else { row.calls },
        connections: arguments.concurrency,
        limit: ROUND_LIMIT,
    }
}

/// Who comes first changes from round to round: the second finds warmer caches.
async fn one_round(plain: &Side, broker: &Side, case: &Case, number: u32) -> Result<Round> {
    let one_at_a_time = Case {
        body: case.body.clone(),
        calls: case.calls.div_ceil(8),
        connections: 1,
        limit: case.limit,
    };
    let (plain_all, broker_all) = in_turn(plain, broker, case, number).await?;
    let (plain, broker) = in_turn(plain, broker, &one_at_a_time, number).await?;
    Ok(Round {
        plain: plain_all,
        broker: broker_all,
        unhurried: Unhurried { plain, broker },
    })
}

async fn in_turn(plain: &Side, broker: &Side, case: &Case, number: u32) -> Result<(Sample, Sample)> {
    if number.is_multiple_of(2) {
        let plain = plain.measure(case).await.context("plain Envoy")?;
        Ok((plain, broker.measure(case).await.context("the broker")?))
    } else {
        let broker = broker.measure(case).await.context("the broker")?;
        Ok((plain.measure(case).await.context("plain Envoy")?, broker))
    }
}

/// A call that failed costs little: its number would flatter.
fn refuse_errors(row: &Row, rounds: &[Round]) -> Result<()> {
    for sample in rounds.iter().flat_map(|round| {
        [
            &round.plain,
            &round.broker,
            &round.unhurried.plain,
            &round.unhurried.broker,
        ]
    }) {
        if let Some(error) = &sample.first_error {
            bail!(
                "{}: {} calls failed, the first with: {error}",
                row.name,
                sample.errors
            );
        }
    }
    Ok(())
}

fn print_table(measured: &[(&Row, Vec<Round>)]) {
    println!("                            CPU us of Envoy             calls each second          first word");
    println!("                           plain   broker   ratio     plain   broker   ratio         added us");
    for (row, rounds) in measured {
        let cpu = Columns::of(rounds, Sample::cpu_per_call);
        let speed = Columns::of(rounds, |sample| Some(sample.calls_per_second()));
        let first_word = median(rounds.iter().map(first_word_added));
        println!(
            "{:<22} {:>9.1}{:>9.1}{:>7.2}x {:>9.0}{:>9.0}{:>7.2}x {:>+16.0}",
            row.name, cpu.plain, cpu.broker, cpu.ratio, speed.plain, speed.broker, speed.ratio, first_word
        );
        if row.stream.is_some() {
            let cpu = Columns::of(rounds, Sample::cpu_per_event);
            println!(
                "  each chunk of it     {:>9.1}{:>9.1}{:>7.2}x",
                cpu.plain, cpu.broker, cpu.ratio
            );
        }
        let own = measured.iter().find(|(own, _)| row.is_translation_of(own));
        if let Some((_, own)) = own {
            let own = Columns::of(own, Sample::cpu_per_call).broker;
            print_translation(row, cpu.broker - own);
        }
    }
}

/// `added`: microseconds of a call.
#[expect(clippy::cast_precision_loss, reason = "sizes of some hundred thousand bytes")]
fn print_translation(row: &Row, added: f64) {
    let (each, of, limit) = if row.stream.is_some() {
        (added / CHUNKS as f64, "chunk", LIMIT_PER_CHUNK)
    } else {
        (added * 1e5 / row.bytes as f64, "100 kB", LIMIT_PER_100_KB)
    };
    println!("  translation adds     {each:>9.1} us each {of}; the limit is {limit:.0} us");
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

fn to_json(measured: &[(&Row, Vec<Round>)]) -> serde_json::Value {
    let rows = measured.iter().map(|(row, rounds)| {
        let speed = Columns::of(rounds, |sample| Some(sample.calls_per_second()));
        json!({
            "case": row.name,
            "body_bytes": row.bytes,
            "pace_ms": row.stream,
            "cpu_ratio": Columns::of(rounds, Sample::cpu_per_call).ratio,
            "throughput_ratio": speed.ratio,
            "first_word_added_us": median(rounds.iter().map(first_word_added)),
            "plain": rounds.iter().map(|round| round.plain.to_json()).collect::<Vec<_>>(),
            "broker": rounds.iter().map(|round| round.broker.to_json()).collect::<Vec<_>>(),
        })
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn median_of(values: &[f64]) -> f64 {
        median(values.iter().copied())
    }

    #[test]
    fn medians_of_odd_even_and_none() {
        assert!((median_of(&[3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median_of(&[1.0, 2.0]) - 1.5).abs() < f64::EPSILON);
        assert!(median_of(&[]).is_nan());
    }
}
