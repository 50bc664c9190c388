//! Policies as nobody would write them.

use proptest::prelude::*;

fn one_of(choices: &[&str]) -> BoxedStrategy<String> {
    let choices: Vec<String> = choices.iter().map(|&choice| choice.to_owned()).collect();
    prop::sample::select(choices).boxed()
}

/// A policy: mostly valid, with every operator that the broker knows.
pub fn policy_text() -> BoxedStrategy<String> {
    let head = (
        one_of(&["permit", "permit", "forbid"]),
        one_of(&[
            "principal",
            "principal",
            "principal",
            "principal is Agent",
            "principal == Agent::\"support-bot\"",
            "principal in Workspace::\"support\"",
            "principal in Tenant::\"acme\"",
            "principal is Agent in Tenant::\"globex\"",
        ]),
        one_of(&[
            "action",
            "action",
            "action == Action::\"invoke\"",
            "action in [Action::\"list\", Action::\"invoke\"]",
            "action in Action::\"use\"",
        ]),
        one_of(&[
            "resource",
            "resource",
            "resource",
            "resource in Pool::\"standard-tier\"",
            "resource in Provider::\"bedrock-eu\"",
            "resource is Target in Model::\"primary-llm\"",
        ]),
    );
    let clauses = prop::collection::vec(
        (one_of(&["when", "unless"]), Grammar::of_depth(4).condition),
        0..3,
    );
    (head, clauses)
        .prop_map(|((effect, principal, action, resource), clauses)| {
            let clauses = clauses
                .iter()
                .map(|(word, condition)| format!(" {word} {{ {condition} }}"));
            let clauses = clauses.collect::<Vec<_>>().concat();
            format!("{effect}({principal}, {action}, {resource}){clauses};\n")
        })
        .boxed()
}

fn with(template: &'static str, parts: Vec<BoxedStrategy<String>>) -> BoxedStrategy<String> {
    parts
        .prop_map(move |parts| {
            parts
                .iter()
                .fold(template.to_owned(), |text, part| text.replacen('_', part, 1))
        })
        .boxed()
}

/// Expressions by their type, which are built of those one level below.
#[derive(Clone)]
struct Grammar {
    condition: BoxedStrategy<String>,
    long: BoxedStrategy<String>,
    text: BoxedStrategy<String>,
    set: BoxedStrategy<String>,
}

impl Grammar {
    fn of_depth(depth: u32) -> Self {
        let below = (depth > 0).then(|| Self::of_depth(depth - 1));
        let text = text(below.as_ref());
        Self {
            condition: condition(below.as_ref()),
            long: long(below.as_ref()),
            set: set(&text),
            text,
        }
    }
}

fn condition(below: Option<&Grammar>) -> BoxedStrategy<String> {
    let leaf = one_of(&[
        "context.stream",
        "context.tools",
        "context has BUDGET",
        "(context has BUDGET && context.BUDGET < 3)",
        "principal has workspace",
        "principal.hasTag(\"a\")",
        "(principal.hasTag(\"a\") && principal.getTag(\"a\") == \"ab\")",
        "(principal.hasTag(context.step) && principal.getTag(context.step) like \"a*\")",
        "principal is Agent",
        "resource is Target in Pool::\"standard-tier\"",
        "resource.provider == Provider::\"openai-us\"",
        "resource.provider.region == \"eu\"",
        "principal in [Workspace::\"support\", Workspace::\"abroad\"]",
        "Workspace::\"support\" in Tenant::\"acme\"",
        "action in Action::\"use\"",
        "action == Action::\"list\"",
        "principal == principal",
        "resource.capabilities.isEmpty()",
        "{a: context.step, b: 1}.a == \"a\"",
        "{a: 1, b: context.step} == {b: \"a\", a: 1}",
        "{a: {b: true}} has a.b",
    ])
    .prop_map(|text| text.replace("BUDGET", "budget_left_usd"))
    .boxed();
    let Some(grammar) = below else {
        return leaf;
    };
    let below = || grammar.condition.clone();
    let (long, text, set) = (
        || grammar.long.clone(),
        || grammar.text.clone(),
        || grammar.set.clone(),
    );
    prop_oneof![
        2 => leaf,
        1 => with("(_ && _)", vec![below(), below()]),
        1 => with("(_ || _ || _)", vec![below(), below(), below()]),
        1 => with("!_", vec![below()]),
        1 => with("(if _ then _ else _)", vec![below(), below(), below()]),
        1 => with("(_ == _)", vec![long(), long()]),
        1 => with("(_ < _)", vec![long(), long()]),
        1 => with("(_ >= _)", vec![long(), long()]),
        1 => with("(_ != _)", vec![text(), text()]),
        1 => with("_ like \"a*b\"", vec![text()]),
        1 => with("_ like \"*a\\*b\"", vec![text()]),
        1 => with("_ like \"a**\"", vec![text()]),
        1 => with("_.contains(_)", vec![set(), text()]),
        1 => with("_.containsAll(_)", vec![set(), set()]),
        1 => with("_.containsAny(_)", vec![set(), set()]),
        1 => with("(_ == _)", vec![set(), set()]),
        1 => with("(_ < _)", vec![time(), time()]),
        1 => with("(_.toDate() == _.toDate())", vec![time(), time()]),
        1 => with("(_.durationSince(_) > duration(\"1d2h\"))", vec![time(), time()]),
    ]
    .boxed()
}

fn long(below: Option<&Grammar>) -> BoxedStrategy<String> {
    let leaf = one_of(&[
        "0",
        "1",
        "1000",
        "9223372036854775807",
        "-9223372036854775808",
        "CONTEXT.estimated",
        "context.hour",
        "context.minute",
    ])
    .prop_map(|text| text.replace("CONTEXT.estimated", "context.estimated_tokens"))
    .boxed();
    let Some(grammar) = below else {
        return leaf;
    };
    let below = || grammar.long.clone();
    prop_oneof![
        4 => leaf,
        1 => with("(_ + _)", vec![below(), below()]),
        1 => with("(_ - _)", vec![below(), below()]),
        1 => with("(_ * _)", vec![below(), below()]),
        1 => with("-_", vec![below()]),
        1 => with("(if _ then _ else _)", vec![grammar.condition.clone(), below(), below()]),
        1 => with("_.toTime().toHours()", vec![time()]),
        1 => with("_.durationSince(_).toDays()", vec![time(), time()]),
        1 => with("_.toTime().toMinutes()", vec![time()]),
        1 => with("_.toTime().toSeconds()", vec![time()]),
    ]
    .boxed()
}

fn text(below: Option<&Grammar>) -> BoxedStrategy<String> {
    let leaf = one_of(&[
        "\"\"",
        "\"a\"",
        "\"ab\"",
        "\"a*b\"",
        "context.step",
        "context.tier",
        "context.weekday",
        "context.classification",
        "principal.name",
        "principal.tenant",
        "resource.model",
        "resource.pool",
        "resource.provider.kind",
        "resource.provider.region",
    ]);
    let Some(below) = below else {
        return leaf;
    };
    let choice = vec![below.condition.clone(), below.text.clone(), below.text.clone()];
    prop_oneof![5 => leaf, 1 => with("(if _ then _ else _)", choice)].boxed()
}

fn set(text: &BoxedStrategy<String>) -> BoxedStrategy<String> {
    let text = || text.clone();
    prop_oneof![
        Just("resource.capabilities".to_owned()),
        with("[_]", vec![text()]),
        with("[_, _]", vec![text(), text()]),
        with("[_, _, _]", vec![text(), text(), text()]),
    ]
    .boxed()
}

fn time() -> BoxedStrategy<String> {
    one_of(&[
        "context.now",
        "datetime(\"1970-01-02\")",
        "datetime(\"2026-11-21T16:30:00+0100\")",
        "datetime(\"1969-12-31T23:59:59.999Z\")",
        "context.now.offset(duration(\"-3d1h\"))",
        "context.now.offset(duration(\"9223372036854775807ms\"))",
        "context.now.toDate()",
    ])
}

/// Bytes, words of the language in any order, and policies with something cut out.
pub fn arbitrary_text() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "permit",
        "forbid",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "principal",
        "action",
        "resource",
        "context",
        ",",
        ";",
        "when",
        "unless",
        "==",
        "in",
        "has",
        "like",
        "is",
        "&&",
        "||",
        "!",
        "-",
        "+",
        "*",
        "<",
        ".",
        "::",
        "\"a\"",
        "@id",
        "@",
        "if",
        "then",
        "else",
        "true",
        "1",
        "99999999999999999999",
        "Agent",
        "Action",
        "?principal",
        "//",
        "\n",
        "\"",
        "\\",
        "ä",
        "\u{202e}",
        "datetime",
        "__cedar",
    ]);
    prop_oneof![
        any::<String>(),
        prop::collection::vec(words, 0..60).prop_map(|words| words.join(" ")),
        (
            policy_text(),
            any::<prop::sample::Index>(),
            any::<prop::sample::Index>()
        )
            .prop_map(|(text, from, to)| {
                let signs: Vec<char> = text.chars().collect();
                let (from, to) = (from.index(signs.len()), to.index(signs.len()));
                signs
                    .iter()
                    .enumerate()
                    .filter(|(place, _)| *place < from.min(to) || *place > from.max(to))
                    .map(|(_, sign)| *sign)
                    .collect()
            }),
    ]
}
