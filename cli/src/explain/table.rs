//! An explanation for people.

use std::fmt::Write as _;

use shared::explain::{Explanation, MemberReport, Place, RefusalReport};
use shared::policy::{Effect, PolicyId};
use shared::routing::ExclusionReason;

use crate::columns;

pub fn of(explanation: &Explanation) -> String {
    let mut text = String::new();
    line(&mut text, "call", &call(explanation));
    line(&mut text, "agent", &agent(explanation));
    let stated = [
        ("step", &explanation.step),
        ("purpose", &explanation.purpose),
        ("tier", &explanation.tier),
    ];
    let stated: Vec<String> = stated
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?)))
        .collect();
    if !stated.is_empty() {
        line(&mut text, "facts", &stated.join(", "));
    }
    for (index, rule) in explanation.rules.iter().enumerate() {
        let verdict = rule.unmet.as_ref().map_or_else(
            || "matches".to_owned(),
            |unmet| format!("does not match: {unmet}"),
        );
        let title = if index == 0 { "rules" } else { "" };
        line(&mut text, title, &format!("{} {verdict}", rule.name));
    }
    if let Some(pool) = &explanation.pool {
        let chosen = match &explanation.rule {
            Some(rule) => format!("chosen by {rule}"),
            None => "the model's own".to_owned(),
        };
        line(&mut text, "pool", &format!("{pool}, {chosen}"));
    }
    if let Some(routing) = explanation.routing {
        line(&mut text, "routing", routing);
    }
    if let Some(failover) = explanation.failover {
        line(
            &mut text,
            "failover",
            &format!("up to {failover} attempts after the first"),
        );
    }
    if !explanation.members.is_empty() {
        text.push('\n');
        text.push_str(&members(&explanation.members));
    }
    let policies = policies(&explanation.members);
    if !policies.is_empty() {
        text.push('\n');
        text.push_str(&policies);
    }
    if let Some(refusal) = &explanation.refusal {
        text.push('\n');
        text.push_str(&of_refusal(refusal));
    }
    text
}

pub fn of_refusal(refusal: &RefusalReport) -> String {
    let message = refusal.body.pointer("/error/message");
    let message = message.and_then(serde_json::Value::as_str).unwrap_or_default();
    let mut text = String::new();
    line(
        &mut text,
        "refused",
        &format!("{} {}: {message}", refusal.status, refusal.code),
    );
    text
}

fn line(text: &mut String, title: &str, content: &str) {
    // Writing to a string cannot fail.
    let _infallible = writeln!(text, "{title:<9} {content}");
}

fn call(explanation: &Explanation) -> String {
    let needs = if explanation.needs.is_empty() {
        String::new()
    } else {
        format!(", needs {}", explanation.needs.join(", "))
    };
    format!(
        "{} for {}, about {} tokens of input{needs}",
        explanation.api, explanation.model, explanation.input_tokens.0
    )
}

fn agent(explanation: &Explanation) -> String {
    let mut text = explanation.agent.to_string();
    if let Some(workspace) = &explanation.workspace {
        text = format!("{text} of workspace {workspace}");
    }
    if let Some(tenant) = &explanation.tenant {
        text = format!("{text} of tenant {tenant}");
    }
    if let Some(regions) = &explanation.regions {
        text = format!("{text}, in {} only", regions.join(", "));
    }
    text
}

fn members(members: &[MemberReport]) -> String {
    let titles = [
        "", "account", "model", "region", "priority", "weight", "first", "input $", "",
    ];
    let row = |member: &MemberReport| {
        let (attempt, mut verdict) = match &member.place {
            Place::Attempt { attempt } => (attempt.to_string(), String::new()),
            Place::BeyondFailover => ("-".to_owned(), "beyond the last attempt".to_owned()),
            Place::Excluded { excluded } => ("-".to_owned(), format!("left out: {}", told(excluded))),
        };
        if let Some(rung) = member.rung {
            let comma = if verdict.is_empty() { "" } else { "; " };
            verdict = format!("rung {}{comma}{verdict}", rung.0);
        }
        if !member.dropped.is_empty() {
            let comma = if verdict.is_empty() { "" } else { "; " };
            verdict = format!("{verdict}{comma}not told: {}", member.dropped.join(", "));
        }
        [
            attempt,
            member.provider.to_string(),
            member.model.to_string(),
            member.region.clone().unwrap_or_else(|| "-".to_owned()),
            member.priority.to_string(),
            member.weight.to_string(),
            format!("{:.0}%", member.first_of_hundred),
            member
                .input_usd
                .map_or_else(|| "-".to_owned(), |usd| format!("{usd:.6}")),
            verdict,
        ]
    };
    let rows: Vec<_> = members.iter().map(row).collect();
    columns::table(titles, &rows)
}

/// What policies say of each member.
fn policies(members: &[MemberReport]) -> String {
    let mut text = String::new();
    let reports = members
        .iter()
        .filter_map(|member| Some((member, member.policy.as_ref()?)));
    for (member, report) in reports {
        let decision = if report.is_allowed { "allowed" } else { "denied" };
        let by = if report.policies.is_empty() {
            "no policy permits it".to_owned()
        } else {
            format!("by {}", names(&report.policies))
        };
        let of = format!("{} {}", member.provider, member.model);
        line(&mut text, "policy", &format!("{of}: {decision} {by}"));
        for miss in &report.one_condition_away {
            let effect = match miss.effect {
                Effect::Permit => "would permit it",
                Effect::Forbid => "would forbid it",
            };
            line(
                &mut text,
                "",
                &format!("{} {effect} if: {}", miss.policy, miss.unmet),
            );
        }
    }
    text
}

fn names(policies: &[PolicyId]) -> String {
    let names: Vec<_> = policies.iter().map(PolicyId::as_str).collect();
    names.join(", ")
}

fn told(reason: &ExclusionReason) -> String {
    match reason {
        ExclusionReason::Denied { policies, .. } if policies.is_empty() => "no policy permits it".to_owned(),
        ExclusionReason::Denied { policies, .. } => format!("denied by {}", names(policies)),
        ExclusionReason::Region => "not in a region that is allowed".to_owned(),
        ExclusionReason::LacksStreaming => "does not stream".to_owned(),
        ExclusionReason::LacksTools => "does not call tools".to_owned(),
        ExclusionReason::LacksVision => "does not look at images".to_owned(),
        ExclusionReason::LacksJson => "does not answer in a given JSON format".to_owned(),
        ExclusionReason::LacksEmbeddings => "does not embed texts".to_owned(),
        ExclusionReason::ContextTooLong { context_tokens } => {
            format!("its context ends at {} tokens", context_tokens.0)
        }
        ExclusionReason::Untranslatable { place } => format!("cannot be told `{place}`"),
        ExclusionReason::KeptElsewhere => "does not keep that response".to_owned(),
        ExclusionReason::CircuitOpen { for_ms } => format!("failed too often, for {} ms more", for_ms.0),
        ExclusionReason::CoolingDown { for_ms, .. } => format!("cools down, for {} ms more", for_ms.0),
        ExclusionReason::Budget { for_ms } => format!("its budget is spent, for {} ms more", for_ms.0),
        ExclusionReason::Uncounted { for_ms } => {
            format!("nobody counts its limits, for {} ms more", for_ms.0)
        }
        ExclusionReason::Limited { for_ms } => format!("at its limit, for {} ms more", for_ms.0),
        ExclusionReason::RetryBudget => "the pool's retry budget is spent".to_owned(),
    }
}
