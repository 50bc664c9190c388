//! Calls as nobody would make them.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::policy::testing::{Caller, caller, provider, target};
use crate::policy::{Action, Call, Context, EvaluationError, Policies, Scope, Verdict};
use crate::provider::{Capabilities, Capability};
use crate::units::{MicroUsd, Timestamp, Tokens};

/// A call, owning what it borrows.
#[derive(Clone, Debug)]
pub struct Situation {
    caller: Caller,
    action: Action,
    account: &'static str,
    pool: &'static str,
    texts: [&'static str; 5],
    tokens: u64,
    needs: Capabilities,
    now: u64,
    budget_left: Option<u64>,
}

impl Situation {
    pub fn with_call<T>(&self, use_it: impl FnOnce(&Call<'_>) -> T) -> T {
        let provider = provider(self.account);
        let mut target = target(&provider);
        target.pool = self.pool;
        let [classification, step, purpose, tier, region] = self.texts;
        use_it(&Call {
            principal: &self.caller.principal(),
            action: self.action,
            target: &target,
            context: &Context {
                classification,
                step,
                purpose,
                tier,
                region,
                estimated_tokens: Tokens(self.tokens),
                needs: self.needs,
                now: Timestamp(self.now),
                budget_left: self.budget_left.map(MicroUsd),
            },
        })
    }

    pub fn decide(&self, policies: &Policies) -> Verdict {
        self.with_call(|call| policies.decide(call))
    }
}

const TEXTS: [&str; 5] = ["", "a", "ab", "a*b", "eu"];

fn some_text() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&TEXTS[..])
}

pub fn situation() -> impl Strategy<Value = Situation> {
    let who = prop::sample::select(vec!["support-bot", "research-bot", "abroad-bot", "lone-bot"]);
    let tags = prop::collection::btree_map(prop::sample::select(vec!["a", "ab"]), some_text(), 0..3);
    let caller = (who, tags).prop_map(|(agent, tags)| Caller {
        attributes: tags
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect::<BTreeMap<_, _>>(),
        ..caller(agent)
    });
    let needs = prop::collection::vec(prop::sample::select(Capability::ALL.to_vec()), 0..4);
    (
        caller,
        prop::sample::select(Action::ALL.to_vec()),
        prop::sample::select(vec!["openai-us", "bedrock-eu", "local-vllm"]),
        prop::sample::select(vec!["standard-tier", "reasoning-tier"]),
        prop::array::uniform5(some_text()),
        prop_oneof![0..4_u64, Just(1_000), Just(i64::MAX.unsigned_abs())],
        needs.prop_map(|needs| needs.into_iter().collect()),
        prop_oneof![
            0..200_000_000_000_000_u64,
            1_700_000_000_000_000_000..1_900_000_000_000_000_000_u64
        ],
        prop::option::of(0..5_000_000_u64),
    )
        .prop_map(
            |(caller, action, account, pool, texts, tokens, needs, now, budget_left)| Situation {
                caller,
                action,
                account,
                pool,
                texts,
                tokens,
                needs,
                now,
                budget_left,
            },
        )
}

pub fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        Just(Scope::Global),
        Just(Scope::Tenant("acme".into())),
        Just(Scope::Tenant("globex".into())),
        Just(Scope::Workspace("support".into())),
    ]
}

/// Which of our causes one of Cedar's is.
pub fn cause(error: &cedar_policy::EvaluationError) -> EvaluationError {
    use cedar_policy::EvaluationError as Cedar;
    match error {
        Cedar::IntegerOverflow(_) | Cedar::FailedExtensionFunctionExecution(_) => EvaluationError::Overflow,
        Cedar::EntityAttrDoesNotExist(error) if error.to_string().contains("tag") => {
            EvaluationError::NoSuchTag
        }
        Cedar::EntityDoesNotExist(_) => EvaluationError::NoSuchTag,
        _ => EvaluationError::NoSuchAttribute,
    }
}
