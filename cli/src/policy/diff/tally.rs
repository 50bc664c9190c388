//! Replays calls one after the other and counts what would change. Calls with the same facts are decided once.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use shared::ids::PoolName;
use shared::replay::{NoCall, RecordedCall};
use shared::units::Timestamp;

use super::outcome::Outcome;
use super::side::{Member, Side};

/// So many calls with different facts are remembered at most; then remembering begins anew. Each takes about 1 kB.
const MOST_REMEMBERED: usize = 1 << 16;

/// What was found so far.
pub struct Tally<'s> {
    pub old: Side<'s>,
    pub new: Side<'s>,
    /// Calls that were replayed.
    pub calls: u64,
    /// Those of which a decision would change.
    pub changed: u64,
    /// Those that were served by somebody and would be by nobody.
    pub newly_refused: u64,
    /// Those that were served by nobody and would be by somebody.
    pub newly_served: u64,
    /// Replayed calls whose record does not say what they needed of the model.
    pub without_needs: u64,
    /// Replayed calls that were decided by another configuration than the old one.
    pub of_other_config: u64,
    /// Records of calls without an agent or a model.
    pub without_model: u64,
    /// Lines that are no records.
    pub no_records: u64,
    /// Calls of agents that one or both configurations do not know.
    pub strangers: BTreeMap<String, Stranger>,
    /// Replayed calls of agents that are in no configuration but that of a JWT's or a certificate's word.
    pub by_word: u64,
    changes: HashMap<Change, Calls>,
    remembered: HashMap<RecordedCall, Rc<Effect>>,
}

/// An agent that one or both configurations do not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stranger {
    pub calls: u64,
    pub is_in_old: bool,
    pub is_in_new: bool,
}

/// A decision that would change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Change {
    pub agent: String,
    pub model: String,
    pub old_pool: Option<PoolName>,
    pub new_pool: Option<PoolName>,
    pub member: Member,
    pub old: Outcome,
    pub new: Outcome,
}

/// The calls that a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calls {
    pub count: u64,
    pub first: Timestamp,
    pub last: Timestamp,
}

/// What the new configuration changes for calls with the same facts.
struct Effect {
    changes: Vec<Change>,
    was_served: bool,
    is_served: bool,
}

impl<'s> Tally<'s> {
    pub fn new(old: Side<'s>, new: Side<'s>) -> Self {
        Self {
            old,
            new,
            calls: 0,
            changed: 0,
            newly_refused: 0,
            newly_served: 0,
            without_needs: 0,
            of_other_config: 0,
            without_model: 0,
            no_records: 0,
            strangers: BTreeMap::new(),
            by_word: 0,
            changes: HashMap::new(),
            remembered: HashMap::new(),
        }
    }

    /// Takes a line of an access log.
    pub fn add(&mut self, line: &[u8]) {
        match RecordedCall::read(line) {
            Ok(call) => self.replay(call),
            Err(NoCall::NotARecord) => self.no_records += 1,
            Err(NoCall::NoModel) => self.without_model += 1,
        }
    }

    fn replay(&mut self, mut call: RecordedCall) {
        let (is_in_old, is_in_new) = (self.old.knows_caller(&call), self.new.knows_caller(&call));
        if !is_in_old || !is_in_new {
            let stranger = self.strangers.entry(call.agent.clone()).or_default();
            stranger.calls += 1;
            stranger.is_in_old |= is_in_old;
            stranger.is_in_new |= is_in_new;
        }
        if !is_in_old && !is_in_new {
            return;
        }
        self.calls += 1;
        self.by_word += u64::from(!self.old.has_agent(&call) && !self.new.has_agent(&call));
        self.without_needs += u64::from(!call.has_needs);
        self.of_other_config += u64::from(call.config != self.old.snapshot.version.as_str());
        let at = call.at;
        // What is left of the call are the facts that a decision looks at.
        call.at = self.old.grain.max(self.new.grain).round(at);
        call.config.clear();
        let effect = self.effect(call);
        self.changed += u64::from(!effect.changes.is_empty());
        self.newly_refused += u64::from(effect.was_served && !effect.is_served);
        self.newly_served += u64::from(!effect.was_served && effect.is_served);
        for change in &effect.changes {
            match self.changes.get_mut(change) {
                Some(calls) => calls.add(at),
                None => {
                    self.changes.insert(change.clone(), Calls::first(at));
                }
            }
        }
    }

    fn effect(&mut self, call: RecordedCall) -> Rc<Effect> {
        if let Some(known) = self.remembered.get(&call) {
            return known.clone();
        }
        if self.remembered.len() >= MOST_REMEMBERED {
            self.remembered.clear();
        }
        let effect = Rc::new(effect(&self.old, &self.new, &call));
        self.remembered.insert(call, effect.clone());
        effect
    }

    /// Every change with its calls, in the order of their names.
    pub fn changes(&self) -> Vec<(&Change, Calls)> {
        let mut changes: Vec<_> = self
            .changes
            .iter()
            .map(|(change, calls)| (change, *calls))
            .collect();
        changes.sort_by_cached_key(|(change, calls)| {
            let names = (change.agent.clone(), change.model.clone());
            let pools = (change.old_pool.clone(), change.new_pool.clone());
            (names, pools, change.member.clone(), calls.first)
        });
        changes
    }
}

impl Calls {
    fn first(at: Timestamp) -> Self {
        Self {
            count: 1,
            first: at,
            last: at,
        }
    }

    fn add(&mut self, at: Timestamp) {
        self.count += 1;
        self.first = self.first.min(at);
        self.last = self.last.max(at);
    }
}

fn effect(old: &Side<'_>, new: &Side<'_>, call: &RecordedCall) -> Effect {
    let (before, after) = (old.say(call), new.say(call));
    let of_old = before.members.iter().map(|(member, _)| member);
    let only_new = after.members.iter().map(|(member, _)| member);
    let only_new = only_new.filter(|member| before.members.iter().all(|(known, _)| known != *member));
    let change = |member: &Member| {
        let (old, new) = (before.of(member), after.of(member));
        old.differs(&new).then(|| Change {
            agent: call.agent.clone(),
            model: call.model.clone(),
            old_pool: before.pool.clone(),
            new_pool: after.pool.clone(),
            member: member.clone(),
            old,
            new,
        })
    };
    Effect {
        changes: of_old.chain(only_new).filter_map(change).collect(),
        was_served: before.is_served(),
        is_served: after.is_served(),
    }
}
