//! Decides a call of many targets: what does not depend on the target is evaluated once.

use super::decide::{Policies, Verdict, decide};
use super::evaluate::EvaluationError;
use super::facts::{Call, Context, Principal, Target};
use super::program::Action;

/// A call whose targets are decided one after the other.
#[derive(Debug)]
pub struct Deciding<'a> {
    policies: &'a Policies,
    principal: &'a Principal<'a>,
    action: Action,
    context: &'a Context<'a>,
    /// Of each policy, whether it is satisfied but for the target, once that is known.
    known: Vec<Option<Result<bool, EvaluationError>>>,
}

impl<'a> Deciding<'a> {
    /// Begins with a call.
    #[must_use]
    pub fn new(
        policies: &'a Policies,
        principal: &'a Principal<'a>,
        action: Action,
        context: &'a Context<'a>,
    ) -> Self {
        Self {
            policies,
            principal,
            action,
            context,
            known: vec![None; policies.all().len()],
        }
    }

    /// Decides one of its targets.
    pub fn decide(&mut self, target: &Target<'_>) -> Verdict {
        let Self {
            policies,
            principal,
            action,
            context,
            known,
        } = self;
        let call = Call {
            principal,
            action: *action,
            target,
            context,
        };
        decide(policies.candidates(&call), |number, policy| {
            if policies.looks_at_target(number) {
                return policy.is_satisfied(&call);
            }
            if !policy.is_about_target(&call) {
                return Ok(false);
            }
            match known.get_mut(number) {
                Some(known) => *known.get_or_insert_with(|| policy.is_satisfied_but_for_target(&call)),
                None => policy.is_satisfied_but_for_target(&call),
            }
        })
    }
}
