//! The limits of the account that is to take a call, where a fleet of Envoys holds them together.

use crate::broker::Output;
use crate::call::Call;
use crate::config::Provider;
use crate::fleet::{Asked, Known, Taken};
use crate::store::{known_key, update};
use crate::units::{Timestamp, Tokens};

/// The account that is to take a call, if a fleet holds its limits together, and the tokens that it is expected to take.
pub(super) fn limited(call: &Call) -> Option<(&Provider, Tokens)> {
    let planned = call.next_planned()?;
    let provider = &planned.provider;
    provider
        .limits
        .shared
        .then_some((provider.as_ref(), planned.estimate.tokens))
}

/// Notes with the leave for the attempt what it takes of limits that a fleet holds together.
pub(super) fn take(call: &mut Call, taken: impl FnOnce(Tokens) -> Taken) {
    let tokens = limited(call).map(|(_, tokens)| tokens);
    if let (Some(tokens), Some(leave)) = (tokens, &mut call.entered) {
        leave.taken = Some(taken(tokens));
    }
}

/// Takes over what the service said of the account's limits, and tells whether the call has room there.
pub(super) fn has_room(call: &Call, asked: &[Asked], now: Timestamp, output: &mut dyn Output) -> bool {
    let Some((provider, tokens)) = limited(call) else {
        return true;
    };
    let learn = |known: &mut Known| known.learn(&provider.limits, asked, tokens, now);
    update(output.store(), &known_key(&provider.name), learn).result
}

/// Nobody counts the limits of the plan's accounts for now, so that none of those is asked.
pub(super) fn close(call: &Call, now: Timestamp, output: &mut dyn Output) {
    let attempts = call.plan.attempts.iter();
    for planned in attempts.filter(|planned| planned.provider.limits.shared) {
        let key = known_key(&planned.provider.name);
        update(output.store(), &key, |known: &mut Known| known.close(now));
    }
}
