//! `budgets`: ceilings of what callers may spend.

use std::ops::RangeInclusive;

use super::care::percent;
use super::policies::read_mode;
use super::zones::read_zone;
use crate::budget::{OnExhausted, Scope};
use crate::config::reader::{Reader, Section};
use crate::ledger::{Ceiling, Percent, Period, Unit, Zone};
use crate::policy::Mode;

/// The most tokens of a budget: what JSON's numbers hold exactly.
const MAX_TOKENS: u64 = 9_000_000_000_000_000;

/// The most dollars of a budget: with six decimals they are what JSON's numbers hold exactly.
const MAX_DOLLARS: f64 = 1e9;

/// An entry of `budgets`. What has a mistake is a stand-in.
pub struct BudgetEntry<'v> {
    pub name: Reader<'v>,
    pub scope: Scope,
    pub of: Option<Reader<'v>>,
    pub ceiling: Ceiling,
    pub alert_at: Vec<Percent>,
    pub downgrade: Option<(Percent, Reader<'v>)>,
    pub mode: Mode,
    pub status: u16,
    pub clamp: bool,
    pub header: bool,
    pub on_exhausted: OnExhausted,
    /// Where it is said that a fleet counts it together.
    pub shared: Option<Reader<'v>>,
}

impl<'v> BudgetEntry<'v> {
    pub(super) fn read(entry: &Reader<'v>) -> Option<Self> {
        let mut section = entry.section()?;
        let name = section.required("name").filter(|name| name.name().is_some());
        let scope = section.required("scope").and_then(|scope| read_scope(&scope));
        let of = section.optional("of").filter(|of| of.string().is_some());
        if let (Some(Scope::EndUser), Some(of)) = (scope, &of) {
            of.mistake::<()>(
                "cannot be chosen: end users stand in no document, and each has a counter of its own",
            );
        }
        let of = of.filter(|_| scope != Some(Scope::EndUser));
        let ceiling = read_ceiling(entry, &mut section);
        let alert_at = read_thresholds(&mut section);
        let downgrade = section
            .optional("downgrade")
            .and_then(|downgrade| read_downgrade(&downgrade));
        let mode = section.optional("mode").and_then(|mode| read_mode(&mode));
        let status = section
            .optional("status")
            .and_then(|status| match status.integer(402..=429) {
                Some(402) => Some(402),
                Some(429) => Some(429),
                Some(_) => status.mistake("must be `429` or `402`"),
                None => None,
            });
        let clamp = section.optional("clamp").and_then(|clamp| read_switch(&clamp));
        let header = section.optional("header").and_then(|header| read_switch(&header));
        let on_exhausted = section
            .optional("on_exhausted")
            .and_then(|reader| read_on_exhausted(&reader));
        let shared = section
            .optional("shared")
            .filter(|shared| read_switch(shared) == Some(true));
        section.end();
        Some(Self {
            name: name?,
            // `of` cannot be looked up without knowing where.
            of: of.filter(|_| scope.is_some()),
            scope: scope.unwrap_or(Scope::Agent),
            ceiling,
            alert_at,
            downgrade,
            mode: mode.unwrap_or_default(),
            status: status.unwrap_or(429),
            clamp: clamp.unwrap_or_default(),
            header: header.unwrap_or_default(),
            on_exhausted: on_exhausted.unwrap_or_default(),
            shared,
        })
    }
}

/// `budget` of a provider account: its bills are in dollars.
pub(super) fn read_account_budget(reader: &Reader<'_>) -> Option<(Ceiling, Vec<Percent>)> {
    let mut section = reader.section()?;
    let most = section.required("usd").and_then(|dollars| read_dollars(&dollars));
    let (period, zone) = read_period_and_zone(&mut section);
    let alert_at = read_thresholds(&mut section);
    section.end();
    let ceiling = Ceiling {
        unit: Unit::MicroUsd,
        most: most?,
        period,
        zone,
    };
    Some((ceiling, alert_at))
}

pub(super) fn read_switch(reader: &Reader<'_>) -> Option<bool> {
    let is_on = reader.value().as_bool();
    is_on.or_else(|| reader.mistake("must be `true` or `false`"))
}

/// `on_exhausted`: whether streams are stopped.
fn read_on_exhausted(reader: &Reader<'_>) -> Option<OnExhausted> {
    match reader.string()? {
        "finish" => Some(OnExhausted::Finish),
        "stop" => Some(OnExhausted::Stop),
        _ => reader.unknown_name("must be `finish` or `stop`", ["finish", "stop"]),
    }
}

fn read_scope(reader: &Reader<'_>) -> Option<Scope> {
    let text = reader.string()?;
    let scopes = Scope::ALL.map(Scope::as_str);
    let scope = Scope::ALL.into_iter().find(|scope| scope.as_str() == text);
    scope.or_else(|| {
        reader.unknown_name(
            "is no scope (supported: agent, workspace, tenant, end_user)",
            scopes,
        )
    })
}

/// `tokens` or `usd`, `per` and `time_zone`.
fn read_ceiling<'v>(entry: &Reader<'v>, section: &mut Section<'v>) -> Ceiling {
    let (tokens, dollars) = (section.optional("tokens"), section.optional("usd"));
    let (unit, most) = match (tokens, dollars) {
        (Some(tokens), None) => (Unit::Tokens, tokens.integer(1..=MAX_TOKENS)),
        (None, Some(dollars)) => (Unit::MicroUsd, read_dollars(&dollars)),
        _ => (Unit::Tokens, entry.withheld("must have either `tokens` or `usd`")),
    };
    let (period, zone) = read_period_and_zone(section);
    Ceiling {
        unit,
        most: most.unwrap_or(u64::MAX),
        period,
        zone,
    }
}

fn read_period_and_zone(section: &mut Section<'_>) -> (Period, Zone) {
    let period = section.required("per").and_then(|period| read_period(&period));
    let zone = section.optional("time_zone").and_then(|zone| read_zone(&zone));
    (period.unwrap_or(Period::Total), zone.unwrap_or_default())
}

/// Dollars as millionths of them.
fn read_dollars(reader: &Reader<'_>) -> Option<u64> {
    let millionths = reader.value().as_f64().map(|dollars| (dollars * 1e6).round());
    match millionths {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be within f64's exact range"
        )]
        Some(millionths) if (1.0..=MAX_DOLLARS * 1e6).contains(&millionths) => Some(millionths as u64),
        _ => reader.mistake("must be a number of dollars from 0.000001 to 1000000000"),
    }
}

fn read_period(reader: &Reader<'_>) -> Option<Period> {
    let text = reader.string()?;
    let periods = Period::ALL.map(Period::as_str);
    let period = Period::ALL.into_iter().find(|period| period.as_str() == text);
    period.or_else(|| {
        reader.unknown_name(
            "is no period (supported: minute, hour, day, month, total)",
            periods,
        )
    })
}

/// `alert_at`, in ascending order.
fn read_thresholds(section: &mut Section<'_>) -> Vec<Percent> {
    let thresholds = section.list("alert_at");
    let mut thresholds: Vec<Percent> = thresholds.iter().filter_map(|at| part(at, 1..=100)).collect();
    thresholds.sort_unstable();
    thresholds.dedup();
    thresholds
}

fn read_downgrade<'v>(reader: &Reader<'v>) -> Option<(Percent, Reader<'v>)> {
    let mut section = reader.section()?;
    let at = section.required("at").and_then(|at| part(&at, 1..=99));
    let pool = section.required("pool").filter(|pool| pool.string().is_some());
    section.end();
    Some((at.unwrap_or(Percent(99)), pool?))
}

fn part(reader: &Reader<'_>, range: RangeInclusive<u16>) -> Option<Percent> {
    let number = percent(reader, range)?;
    u8::try_from(number).ok().map(Percent)
}
