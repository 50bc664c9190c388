//! What is evaluated has the meaning that Cedar gives it: the same policies, decided by both.

mod cedar;
mod generated;
mod situation;

use proptest::prelude::*;

use super::decide;
use super::testing::{compile_text, names, provider, target};
use super::{Call, Deciding, Decision, Denial, Policies, PolicyId, Source, Target, Verdict, compile};
use generated::{arbitrary_text, policy_text};
use situation::{Situation, scope, situation};

/// Cases of each property; with many more, `PROPTEST_CASES` says how many.
const CASES: u32 = 48;

fn config() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok();
    ProptestConfig {
        cases: asked.and_then(|asked| asked.parse().ok()).unwrap_or(CASES),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Of several texts those that hold, each as a policy of its own with an `@id`.
fn that_hold(texts: &[String]) -> Vec<String> {
    let named = texts
        .iter()
        .enumerate()
        .map(|(number, text)| format!("@id(\"{number}\") {text}"));
    named.filter(|text| compile_text(text).is_ok()).collect()
}

fn policies(texts: &[String]) -> Policies {
    Policies::new(compile_text(&texts.concat()).unwrap().program).unwrap()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn decisions_are_those_of_cedar(
        texts in prop::collection::vec(policy_text(), 1..6),
        situations in prop::collection::vec(situation(), 1..6),
    ) {
        let texts = that_hold(&texts);
        let policies = policies(&texts);
        for situation in &situations {
            let ours = situation.decide(&policies);
            let theirs = cedar::decide(&texts, situation);
            prop_assert_eq!(&ours, &theirs.as_ours(), "{} {:?}", texts.concat(), situation);
        }
    }

    #[test]
    fn the_index_finds_every_policy_that_is_about_the_call(
        texts in prop::collection::vec((policy_text(), scope()), 1..20),
        situation in situation(),
    ) {
        let texts: Vec<_> = texts
            .into_iter()
            .filter(|(text, _)| compile_text(text).is_ok())
            .collect();
        let sources: Vec<_> = texts
            .iter()
            .enumerate()
            .map(|(number, (text, scope))| (number.to_string(), text, scope))
            .collect();
        let sources: Vec<_> = sources
            .iter()
            .map(|(origin, text, scope)| Source { origin, scope, text })
            .collect();
        let policies = Policies::new(compile(&sources, &names()).unwrap().program).unwrap();
        let of_all = situation.with_call(|call| {
            let all = policies.all().iter().enumerate();
            decide::decide(all, |_, policy| policy.is_satisfied(call))
        });
        prop_assert_eq!(situation.decide(&policies), of_all);
    }

    #[test]
    fn targets_decided_together_are_decided_as_each_alone(
        texts in prop::collection::vec(policy_text(), 1..12),
        situation in situation(),
    ) {
        let policies = policies(&that_hold(&texts));
        situation.with_call(|call| {
            let mut deciding = Deciding::new(&policies, call.principal, call.action, call.context);
            for account in ["openai-us", "bedrock-eu", "local-vllm", "openai-us"] {
                for pool in ["standard-tier", "reasoning-tier"] {
                    let provider = provider(account);
                    let target = Target { pool, ..target(&provider) };
                    let alone = policies.decide(&Call { target: &target, ..*call });
                    prop_assert_eq!(deciding.decide(&target), alone);
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn nothing_is_allowed_without_a_permit_and_a_forbid_outweighs_all(
        texts in prop::collection::vec(policy_text(), 1..8),
        situation in situation(),
    ) {
        let texts = that_hold(&texts);
        let forbids: Vec<_> = texts.iter().filter(|text| text.contains("forbid")).cloned().collect();
        prop_assert!(!situation.decide(&policies(&forbids)).is_allowed());

        let mut with_forbid = texts.clone();
        with_forbid.push("@id(\"no\") forbid(principal, action, resource);".to_owned());
        let verdict = situation.decide(&policies(&with_forbid));
        prop_assert_eq!(verdict.decision, Decision::Deny(Denial::Forbidden));
        prop_assert!(verdict.determining.contains(&PolicyId::from("no")));
    }

    #[test]
    fn no_text_makes_the_compiler_panic(text in arbitrary_text()) {
        if let Ok(compiled) = compile_text(&text) {
            prop_assert!(Policies::new(compiled.program).is_ok());
        }
    }
}

#[test]
fn most_of_what_is_generated_holds() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (policy_text, situation) = (policy_text(), situation());
    let texts: Vec<_> = (0..300)
        .map(|_| policy_text.new_tree(&mut runner).unwrap().current())
        .collect();
    let situations: Vec<Situation> = (0..20)
        .map(|_| situation.new_tree(&mut runner).unwrap().current())
        .collect();
    let held: Vec<_> = texts.iter().filter(|text| compile_text(text).is_ok()).collect();
    let verdicts: Vec<Verdict> = held
        .iter()
        .flat_map(|text| {
            let policies = policies(&[(*text).clone()]);
            situations
                .iter()
                .map(move |situation| situation.decide(&policies))
        })
        .collect();
    let count = |decision: fn(Decision) -> bool| {
        verdicts
            .iter()
            .filter(|verdict| decision(verdict.decision))
            .count()
    };
    let tally = (
        held.len(),
        count(|decision| decision == Decision::Allow),
        count(|decision| decision == Decision::Deny(Denial::Forbidden)),
        count(|decision| matches!(decision, Decision::Deny(Denial::Failed(_)))),
    );
    assert!(
        tally.0 > 150 && tally.1 > 100 && tally.2 > 100 && tally.3 > 20,
        "{tally:?}"
    );
}
