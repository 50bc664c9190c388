//! One line of an access log.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use shared::units::MicroUsd;

use super::amount::{self, Amount};
use super::dimension::Dimension;
use super::sums::{Found, SEPARATOR, Sums};

/// What is to be added up.
#[derive(Clone, Debug)]
pub struct Query {
    /// By what.
    pub by: Vec<Dimension>,
    /// From when on, as text that times can be compared with.
    pub since: Option<String>,
    /// Until before when.
    pub until: Option<String>,
}

type Text<'a> = Option<Cow<'a, str>>;

/// What of a record counts here. Amounts stay as they are written, to be read exactly.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    time: Cow<'a, str>,
    #[serde(rename = "llm.outcome", borrow)]
    outcome: Cow<'a, str>,
    #[serde(rename = "llm.agent", borrow)]
    agent: Text<'a>,
    #[serde(rename = "llm.workspace", borrow)]
    workspace: Text<'a>,
    #[serde(rename = "llm.tenant", borrow)]
    tenant: Text<'a>,
    #[serde(rename = "llm.feature", borrow)]
    feature: Text<'a>,
    #[serde(rename = "llm.pool", borrow)]
    pool: Text<'a>,
    #[serde(rename = "llm.provider", borrow)]
    provider: Text<'a>,
    #[serde(rename = "llm.model", borrow)]
    model: Text<'a>,
    #[serde(rename = "llm.attempts", borrow)]
    attempts: Option<&'a RawValue>,
    #[serde(rename = "llm.usage", borrow)]
    usage: Text<'a>,
    #[serde(rename = "llm.tokens.input")]
    input: Option<u64>,
    #[serde(rename = "llm.tokens.output")]
    output: Option<u64>,
    #[serde(rename = "llm.cost.usd", borrow)]
    cost: Option<&'a RawValue>,
    #[serde(rename = "llm.cost.failed_usd", borrow)]
    failed: Option<&'a RawValue>,
    #[serde(rename = "llm.cost.saved_usd", borrow)]
    saved: Option<&'a RawValue>,
}

/// An attempt within a record.
#[derive(Deserialize)]
struct Attempt<'a> {
    #[serde(borrow)]
    provider: Text<'a>,
    #[serde(borrow)]
    model: Text<'a>,
    input: Option<u64>,
    output: Option<u64>,
    #[serde(borrow)]
    cost_usd: Option<&'a RawValue>,
}

/// Adds the call of a line; false if the line is no record. `key` is scratch space.
pub fn add(line: &[u8], query: &Query, key: &mut String, found: &mut Found) -> bool {
    let Ok(line) = serde_json::from_slice::<Line<'_>>(line) else {
        return false;
    };
    let time = line.time.as_ref();
    let is_late = |since: &String| time >= since.as_str();
    let is_early = |until: &String| time < until.as_str();
    if !query.since.as_ref().is_none_or(is_late) || !query.until.as_ref().is_none_or(is_early) {
        return true;
    }
    let Some(sums) = line.sums() else { return false };
    let last = Member {
        provider: line.provider.as_deref(),
        model: line.model.as_deref(),
    };
    let attempts = line.attempts_of_others(query);
    if attempts.len() < 2 {
        line.write_key(query, last, key);
        found.add_to(key, &sums);
        return true;
    }
    // The call is its last attempt's, what was used and what it cost is each one's own.
    let of_call = Sums {
        input: 0,
        output: 0,
        cost: MicroUsd(0),
        failed: MicroUsd(0),
        ..sums
    };
    line.write_key(query, last, key);
    found.add_to(key, &of_call);
    let answering = attempts.len() - 1;
    for (index, attempt) in attempts.iter().enumerate() {
        let cost = dollars(attempt.cost_usd).map_or(MicroUsd(0), |amount| amount.micro_usd);
        // A call without an answer has nothing but attempts in vain.
        let is_in_vain = index < answering || sums.failed == sums.cost;
        let member = Member {
            provider: attempt.provider.as_deref(),
            model: attempt.model.as_deref(),
        };
        line.write_key(query, member, key);
        found.add_to(
            key,
            &Sums {
                input: attempt.input.unwrap_or_default(),
                output: attempt.output.unwrap_or_default(),
                cost,
                failed: if is_in_vain { cost } else { MicroUsd(0) },
                ..Sums::default()
            },
        );
    }
    true
}

/// The account and the model of an attempt.
#[derive(Clone, Copy)]
struct Member<'a> {
    provider: Option<&'a str>,
    model: Option<&'a str>,
}

impl<'a> Line<'a> {
    /// What the call adds; `None` if an amount is none.
    fn sums(&self) -> Option<Sums> {
        let given = |text: Option<&RawValue>| match text {
            None => Some(None),
            Some(text) => amount::read(text.get()).map(Some),
        };
        let (cost, failed, saved) = (given(self.cost)?, given(self.failed)?, given(self.saved)?);
        let spent = |amount: Option<Amount>| amount.map_or(MicroUsd(0), |amount| amount.micro_usd);
        let is_estimated = self.usage.as_deref() == Some("estimated");
        let is_answered = self.provider.is_some() && (self.outcome == "ok" || self.input.is_some());
        let only = |is_so: bool, amount: MicroUsd| if is_so { amount } else { MicroUsd(0) };
        let is_loss = saved.is_some_and(|saved| saved.is_negative);
        Some(Sums {
            calls: 1,
            unpriced: u64::from(is_answered && cost.is_none()),
            estimated: u64::from(is_estimated),
            input: self.input.unwrap_or_default(),
            output: self.output.unwrap_or_default(),
            cost: spent(cost),
            failed: spent(failed),
            estimated_cost: only(is_estimated, spent(cost)),
            saved: only(!is_loss, spent(saved)),
            overspent: only(is_loss, spent(saved)),
        })
    }

    /// The attempts, where they are to be told apart and say what they cost.
    fn attempts_of_others(&self, query: &Query) -> Vec<Attempt<'a>> {
        if self.cost.is_none() || !query.by.iter().any(|dimension| dimension.is_of_attempts()) {
            return Vec::new();
        }
        let read = |attempts: &'a RawValue| serde_json::from_str::<Vec<Attempt<'_>>>(attempts.get()).ok();
        let attempts = self.attempts.and_then(read).unwrap_or_default();
        // Records of earlier versions know the cost of the call only.
        let has_costs = attempts.iter().any(|attempt| attempt.cost_usd.is_some());
        if has_costs { attempts } else { Vec::new() }
    }

    fn write_key(&self, query: &Query, member: Member<'_>, key: &mut String) {
        key.clear();
        for (index, dimension) in query.by.iter().enumerate() {
            if index > 0 {
                key.push(SEPARATOR);
            }
            let part = match dimension {
                Dimension::Agent => self.agent.as_deref(),
                Dimension::Workspace => self.workspace.as_deref(),
                Dimension::Tenant => self.tenant.as_deref(),
                Dimension::Feature => self.feature.as_deref(),
                Dimension::Pool => self.pool.as_deref(),
                Dimension::Provider => member.provider,
                Dimension::Model => member.model,
                Dimension::Day => self.time.get(..10),
                Dimension::Month => self.time.get(..7),
            };
            // What a caller says may hold anything; it must not look like a part of its own, nor move a cursor.
            let part = part.unwrap_or_default().chars();
            key.extend(part.map(|c| if c.is_control() { '?' } else { c }));
        }
    }
}

fn dollars(text: Option<&RawValue>) -> Option<Amount> {
    amount::read(text?.get())
}
