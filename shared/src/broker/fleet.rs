//! A call whose budgets a fleet of Envoys counts together, or the limits of the account that is to take it, waits for the
//! rate limit service, for some milliseconds at the most. What it took there and did not use is returned when it is over,
//! which delays nobody.
//!
//! Where the account is at a limit of the fleet the call is decided anew, and asks again for whoever is to take it then. An
//! attempt that follows a failure cannot wait: it goes by what this Envoy knows.

mod limits;

use super::anew::go_elsewhere;
use super::{Output, Refusal, ServiceCall, State, Trail, forward, refuse};
use crate::budget::Overdrawn;
use crate::call::Call;
use crate::fleet::limits::shares;
use crate::fleet::{Ask, Asked, Service, Share, Taken, Trouble, Verdict, WhenDown};
use crate::metrics::{Labels, Metric};
use crate::routing::take_uncounted;
use crate::units::{Millis, Timestamp};
use limits::{close, has_room, limited, take};

/// A call that waits for the service.
#[derive(Debug)]
pub(super) struct Asking {
    call: Call,
    ask: Ask,
    /// When it came so far.
    since: Timestamp,
    /// How long the answer may take.
    time: Millis,
}

/// What a call has asked the service so far.
#[derive(Debug, Default)]
pub(super) struct Inquiry {
    /// When it first did.
    since: Option<Timestamp>,
    /// When it was said what it needs, and how much of that are budgets; the rest are the limits of an account.
    at: Timestamp,
    budgets: usize,
    /// How often the call was decided anew.
    pub decisions: usize,
}

/// Lets a call go on, or asks the service first where a fleet counts its budgets or the limits of who is to take it.
pub(super) fn begin(trail: &mut Trail, call: Call, now: Timestamp, output: &mut dyn Output) -> State {
    let holding = &trail.reserved.holding;
    let mut shares = holding.shares(trail.random, now);
    (trail.inquiry.at, trail.inquiry.budgets) = (now, shares.len());
    if let Some((provider, tokens)) = limited(&call) {
        shares.extend(self::shares(provider, tokens, now));
    }
    if shares.is_empty() {
        return forward(trail, call, output);
    }
    if output.worker().pending.is_without_service(now) {
        return do_without(trail, call, shares, Trouble::Resting, now, output);
    }
    // A call that probably gets nothing only looks, so that whoever is refused time and again takes nothing.
    let takes = !holding.seems_overdrawn();
    send(trail, call, Ask::new(shares, takes), now, output)
}

/// The service answered, or it is known that it will not.
pub(super) fn answered(
    trail: &mut Trail,
    asking: Asking,
    answer: Result<&[u8], u32>,
    now: Timestamp,
    output: &mut dyn Output,
) -> State {
    let Asking {
        mut call,
        mut ask,
        since,
        time,
    } = asking;
    let verdict = answer
        .map_err(|status| Trouble::of_status(status).after(now.millis_since(since), time))
        .and_then(|answer| ask.read(answer, &output.worker().pending));
    let asked = match verdict {
        Ok(asked) => {
            output.worker().pending.hear();
            asked
        }
        Err(trouble) => {
            let pending = &output.worker().pending;
            pending.lose(ask.take_sent(), trouble, now);
            return do_without(trail, call, ask.into_shares(), trouble, now, output);
        }
    };
    let overdrawn = trail
        .reserved
        .holding
        .overdrawn_in_fleet(ask.shares(), &asked, now);
    if let Some(overdrawn) = overdrawn {
        return turn_away(trail, call, &ask, &asked, overdrawn, now, output);
    }
    let (of_budgets, of_limits) = asked
        .split_at_checked(trail.inquiry.budgets)
        .unwrap_or((&asked, &[]));
    if !has_room(&call, of_limits, now, output) {
        return_all(&ask, output);
        measure("limited", None, output);
        return go_elsewhere(trail, call, of_budgets, now, output);
    }
    trail
        .reserved
        .holding
        .learn(of_budgets, ask.takes(), output.store(), now);
    if !ask.takes() {
        // There is enough after all.
        let ask = Ask::new(ask.into_shares(), true);
        return send(trail, call, ask, now, output);
    }
    measure("counted", None, output);
    take(&mut call, |tokens| Taken::new(tokens, true, trail.inquiry.at));
    trail.reserved.holding.charge(ask.into_shares(), Some(&asked));
    forward(trail, call, output)
}

/// The call is over before the service answered. Whether it took something there is found out later.
pub(super) fn abandon(trail: &mut Trail, asking: Asking, output: &mut dyn Output) {
    let Asking {
        call, mut ask, since, ..
    } = asking;
    let pending = &output.worker().pending;
    pending.lose(ask.take_sent(), Trouble::Failed, since);
    give_back(trail, call, since, output);
}

fn send(trail: &mut Trail, call: Call, mut ask: Ask, now: Timestamp, output: &mut dyn Output) -> State {
    let Some(service) = trail.snapshot.rate_limit_service.clone() else {
        return do_without(trail, call, ask.into_shares(), Trouble::Unreachable, now, output);
    };
    let since = *trail.inquiry.since.get_or_insert(now);
    let left = service.timeout.0.saturating_sub(now.millis_since(since).0);
    if left == 0 {
        return do_without(trail, call, ask.into_shares(), Trouble::TimedOut, now, output);
    }
    let message = ask.message(&service, &output.worker().pending, trail.random);
    let time = time_for(&service, &ask, trail.reserved.holding.seems_overdrawn());
    let time = time.min(Millis(left));
    let is_sent = output.ask_service(ServiceCall {
        service: &service,
        message: &message,
        timeout: time,
    });
    if is_sent {
        return State::Asking(Box::new(Asking {
            call,
            ask,
            since: now,
            time,
        }));
    }
    let pending = &output.worker().pending;
    pending.lose(ask.take_sent(), Trouble::Unreachable, now);
    do_without(trail, call, ask.into_shares(), Trouble::Unreachable, now, output)
}

/// A call that looks first may have to ask twice, in the same time.
fn time_for(service: &Service, ask: &Ask, has_looked: bool) -> Millis {
    if ask.takes() && !has_looked {
        service.timeout
    } else {
        Millis(service.timeout.0 / 2)
    }
}

fn turn_away(
    trail: &mut Trail,
    call: Call,
    ask: &Ask,
    asked: &Verdict,
    overdrawn: Overdrawn,
    now: Timestamp,
    output: &mut dyn Output,
) -> State {
    return_all(ask, output);
    measure("exhausted", None, output);
    // What this call holds was never a part of what is left.
    let shares = ask.shares().len();
    give_back_and_learn(trail, call, asked.get(..shares).unwrap_or_default(), now, output);
    refuse(trail, Refusal::Overdrawn(Box::new(overdrawn)), output)
}

/// Returns what was taken for a call that is not made so.
fn return_all(ask: &Ask, output: &mut dyn Output) {
    let taken = ask.shares().iter().filter(|_| ask.takes());
    for share in taken {
        output.worker().pending.add(share.change(0, true));
    }
}

fn when_down(trail: &Trail) -> WhenDown {
    let service = trail.snapshot.rate_limit_service.as_ref();
    service.map(|service| service.when_down).unwrap_or_default()
}

/// What becomes of a call that the service did not count.
fn do_without(
    trail: &mut Trail,
    mut call: Call,
    shares: Vec<Share>,
    trouble: Trouble,
    now: Timestamp,
    output: &mut dyn Output,
) -> State {
    trail.uncounted.get_or_insert(trouble);
    let is_closed = when_down(trail) == WhenDown::Closed;
    let holding = &trail.reserved.holding;
    if is_closed && holding.is_enforced_by_fleet() {
        measure("closed", Some(trouble), output);
        give_back(trail, call, now, output);
        return refuse(trail, Refusal::Uncounted, output);
    }
    if is_closed && limited(&call).is_some() {
        measure("closed", Some(trouble), output);
        close(&call, now, output);
        return go_elsewhere(trail, call, &[], now, output);
    }
    measure("local", Some(trouble), output);
    if holding.seems_overdrawn() {
        let overdrawn = holding.overdrawn_here(output.store(), now);
        give_back(trail, call, now, output);
        let refusal = overdrawn.map_or(Refusal::Uncounted, |overdrawn| {
            Refusal::Overdrawn(Box::new(overdrawn))
        });
        return refuse(trail, refusal, output);
    }
    let taken =
        limited(&call).map(|(provider, tokens)| take_uncounted(provider, tokens, output.store(), now));
    match taken {
        Some(Ok(taken)) => take(&mut call, |_| taken),
        Some(Err(_)) => return go_elsewhere(trail, call, &[], now, output),
        None => {}
    }
    trail.reserved.holding.charge(shares, None);
    forward(trail, call, output)
}

/// The call is not made.
fn give_back(trail: &mut Trail, call: Call, now: Timestamp, output: &mut dyn Output) {
    give_back_and_learn(trail, call, &[], now, output);
}

fn give_back_and_learn(
    trail: &mut Trail,
    mut call: Call,
    asked: &[Asked],
    now: Timestamp,
    output: &mut dyn Output,
) {
    let store = output.store();
    call.give_back(store, now);
    trail.excluded = call.plan.excluded;
    let holding = std::mem::take(&mut trail.reserved.holding);
    holding.release_and_learn(asked, store, now);
}

fn measure(outcome: &str, trouble: Option<Trouble>, output: &mut dyn Output) {
    let labels = Labels {
        outcome: Some(outcome),
        cause: trouble.map(Trouble::as_str),
        ..Labels::default()
    };
    output.measure(Metric::RateLimitService, labels, 1);
}
