//! What became of the cases, for people and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};
use shared::cases::{Decided, DecidedMember, Decision, Standing};
use shared::explain::NearMissReport;
use shared::policy::{Effect, PolicyId};

use super::Tested;
use crate::document::plural;

/// A line for each case, with what is otherwise than expected and why, and a summary.
pub fn text(tested: &[Tested]) -> String {
    let mut text = String::new();
    for case in tested {
        let verdict = if case.failures.is_empty() { "ok" } else { "FAIL" };
        line(&mut text, &format!("{verdict:<4}  {}", case.title));
        if !case.failures.is_empty() {
            for failure in &case.failures {
                line(&mut text, &format!("      {failure}"));
            }
            why(&mut text, &case.decided);
        }
    }
    let cases = plural(tested.len(), "case");
    let failed = failed(tested);
    match failed {
        0 => line(&mut text, &format!("{cases}, all as expected")),
        _ => line(&mut text, &format!("{cases}, {failed} failed")),
    }
    text
}

fn failed(tested: &[Tested]) -> usize {
    tested.iter().filter(|case| !case.failures.is_empty()).count()
}

fn line(text: &mut String, content: &str) {
    // Writing to a string cannot fail.
    let _infallible = writeln!(text, "{content}");
}

/// What is decided of each member, by which policies, and what would have to hold for the contrary.
fn why(text: &mut String, decided: &Decided) {
    for member in &decided.members {
        line(
            text,
            &format!("      {}: {}{}", member.name, member.standing, by(member)),
        );
        for miss in near_misses(member) {
            let effect = match miss.effect {
                Effect::Permit => "would permit it",
                Effect::Forbid => "would forbid it",
            };
            line(
                text,
                &format!("        {} {effect} if: {}", miss.policy, miss.unmet),
            );
        }
    }
}

fn by(member: &DecidedMember) -> String {
    let policies: Vec<_> = member.policies().map(PolicyId::as_str).collect();
    match &member.policy {
        None => String::new(),
        Some(_) if policies.is_empty() => ", no policy permits it".to_owned(),
        Some(_) => format!(" by {}", policies.join(", ")),
    }
}

fn near_misses(member: &DecidedMember) -> &[NearMissReport] {
    member
        .policy
        .as_ref()
        .map_or(&[], |report| &report.one_condition_away)
}

/// The same for programs.
pub fn json(tested: &[Tested]) -> Value {
    let member = |member: &DecidedMember| {
        let (decision, reason) = match member.standing {
            Standing::Allowed => ("allow", None),
            Standing::Denied => ("deny", None),
            Standing::LeftOut(reason) => ("left_out", Some(reason)),
        };
        json!({"member": member.name, "decision": decision, "reason": reason, "policy": member.policy})
    };
    let case = |case: &Tested| {
        let failures = case.failures.iter().map(ToString::to_string);
        let (decision, code) = match &case.decided.decision {
            Decision::Allow => ("allow", None),
            Decision::Deny => ("deny", Some("policy_denied")),
            Decision::Refused(code) => ("deny", Some(code.as_str())),
        };
        json!({
            "case": case.title,
            "passed": case.failures.is_empty(),
            "failures": failures.collect::<Vec<_>>(),
            "decision": decision,
            "code": code,
            "policies": case.decided.determining(),
            "members": case.decided.members.iter().map(member).collect::<Vec<_>>(),
        })
    };
    json!({
        "cases": tested.iter().map(case).collect::<Vec<_>>(),
        "failed": failed(tested),
    })
}
