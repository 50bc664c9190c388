//! Plain Envoy against the broker: the same calls to both in interleaved rounds, so that whatever else the machine does
//! falls on both alike. Only ratios mean anything; absolute numbers belong to one machine on one day.

use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::Compare;
use crate::body::Dialect;
use crate::client::{self, Case, Sample, Target};
use crate::process::{self, Process};
use crate::rows::{Row, rows};
use crate::table::{Measured, Table};

/// A round of one case never takes longer.
const ROUND_LIMIT: Duration = Duration::from_mins(1);

/// Both sides of one round.
pub(crate) struct Round {
    pub(crate) plain: Sample,
    pub(crate) broker: Sample,
    /// One call at a time: with several, a worker that is busy makes the next call wait, and the first word's time
    /// would tell how long the queue is.
    pub(crate) unhurried: Unhurried,
}

pub(crate) struct Unhurried {
    pub(crate) plain: Sample,
    pub(crate) broker: Sample,
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
    let mut measured: Vec<Measured> = rows(&arguments.only).into_iter().map(Measured::new).collect();
    if measured.is_empty() {
        bail!("no row has `{}` in its name", arguments.only);
    }
    // Each round has every row: what the machine does meanwhile falls on all of them alike.
    for number in 0..arguments.rounds.max(1) {
        for Measured { row, rounds } in &mut measured {
            eprintln!(
                "measuring, round {} of {}: {}",
                number + 1,
                arguments.rounds,
                row.name
            );
            let case = case_of(row, &arguments);
            let (plain, broker) = (plain.speaking(row.caller), broker.speaking(row.caller));
            let round = one_round(&plain, &broker, &case, number).await?;
            refuse_errors(row, &round)?;
            rounds.push(round);
        }
    }
    let table = Table { measured };
    table.print();
    if let Some(path) = &arguments.json {
        std::fs::write(path, table.to_json().to_string())
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    table.refuse_slow_translation()
}

fn case_of(row: &Row, arguments: &Compare) -> Case {
    let calls = row.shape.calls;
    Case {
        body: row.prompt().body(),
        calls: if arguments.quick { calls / 4 } else { calls },
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
fn refuse_errors(row: &Row, round: &Round) -> Result<()> {
    let samples = [
        &round.plain,
        &round.broker,
        &round.unhurried.plain,
        &round.unhurried.broker,
    ];
    for sample in samples {
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
