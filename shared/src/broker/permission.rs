//! What policies said of a call, for its record.

use crate::audit::Record;
use crate::call::Call;
use crate::policy::{Mode, PolicyId, Verdict, Verdicts};

/// Puts into the record what was decided, and by which policies: of the member that was asked last, or if none was of all.
pub(super) fn set<'a>(record: &mut Record<'a>, verdicts: &'a Verdicts, call: Option<&Call>) {
    let asked = asked(verdicts, call);
    let is_allowed = asked.is_some_and(Verdict::is_allowed);
    record.policy = Some(if is_allowed { "allow" } else { "deny" });
    record.policy_mode = (verdicts.mode == Mode::Audit).then_some(Mode::Audit.as_str());
    record.policies = match asked {
        Some(verdict) => verdict.determining.iter().collect(),
        None => verdicts.denying(),
    };
    let words = words(&record.policies);
    let told = match (is_allowed, asked.is_some()) {
        (true, _) => ["; permitted by ", &words].concat(),
        (false, true) => ["; policies would deny it: ", &words].concat(),
        (false, false) => [": ", &words].concat(),
    };
    record.reason.push_str(&told);
}

fn asked<'a>(verdicts: &'a Verdicts, call: Option<&Call>) -> Option<&'a Verdict> {
    verdicts.of(call?.attempts.last()?.member)
}

fn words(policies: &[&PolicyId]) -> String {
    if policies.is_empty() {
        return "no policy permits it".to_owned();
    }
    let names: Vec<_> = policies.iter().map(|policy| policy.as_str()).collect();
    names.join(", ")
}
