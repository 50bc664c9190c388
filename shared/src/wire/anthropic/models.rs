//! What Claude models refuse or need, by families of names.
//!
//! The rows are those of the model catalogue of `@ai-sdk/anthropic` 4.0.105; where it is silent or doubtful, of
//! <https://platform.claude.com/docs/en/build-with-claude/thinking-troubleshooting> (4.7 and later refuse
//! `budget_tokens`; a forced choice of tools goes with adaptive thinking, not with a budget) and
//! <https://platform.claude.com/docs/en/build-with-claude/structured-outputs> (from 4.5 on, and Opus 4.1).

use crate::wire::ir::Effort;

/// What a model refuses or needs.
#[expect(
    clippy::struct_excessive_bools,
    reason = "a row of a table: what a model takes in one place says nothing of another"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Model {
    /// Whether it takes `temperature`, `top_p` and `top_k`.
    pub(super) samples: bool,
    /// Whether it takes `temperature` and `top_p` in one call.
    pub(super) samples_both: bool,
    /// Whether it thinks as much as it sees fit, guided by `output_config.effort`.
    pub(super) adaptive: bool,
    /// Whether it thinks up to a number of tokens.
    pub(super) budget: bool,
    /// Whether it can be kept from thinking.
    pub(super) can_be_off: bool,
    /// Whether it can be forced to call a tool.
    pub(super) can_be_forced: bool,
    /// The highest effort that it knows.
    pub(super) highest_effort: Effort,
    /// Whether it knows the effort `xhigh`.
    pub(super) xhigh: bool,
    /// Whether its answers can be held to a schema, with `output_config.format`.
    pub(super) structured: bool,
    /// The most tokens of an answer, if that is known.
    pub(super) max_tokens: Option<u64>,
}

/// A model of which nothing is known: it may be one of another maker behind Anthropic's API, so nothing is taken
/// from it that it may well know, and nothing is given to it that only newer models know.
const UNKNOWN: Model = Model {
    samples: true,
    samples_both: true,
    adaptive: false,
    budget: true,
    can_be_off: true,
    can_be_forced: true,
    highest_effort: Effort::High,
    xhigh: false,
    structured: false,
    max_tokens: None,
};

/// The models before thinking.
const CLAUDE_3: Model = Model {
    budget: false,
    max_tokens: Some(4_096),
    ..UNKNOWN
};

const CLAUDE_3_5: Model = Model {
    max_tokens: Some(8_192),
    ..CLAUDE_3
};

const CLAUDE_3_7: Model = Model {
    budget: true,
    max_tokens: Some(64_000),
    ..CLAUDE_3
};

const CLAUDE_4: Model = Model {
    samples_both: false,
    ..CLAUDE_3_7
};

const CLAUDE_4_5: Model = Model {
    structured: true,
    ..CLAUDE_4
};

const CLAUDE_4_6: Model = Model {
    adaptive: true,
    highest_effort: Effort::Max,
    max_tokens: Some(128_000),
    ..CLAUDE_4_5
};

const CLAUDE_4_7: Model = Model {
    samples: false,
    budget: false,
    xhigh: true,
    ..CLAUDE_4_6
};

const ALWAYS_THINKING: Model = Model {
    can_be_off: false,
    ..CLAUDE_4_7
};

const UNFORCED: Model = Model {
    can_be_forced: false,
    ..ALWAYS_THINKING
};

/// A family of names.
struct Family {
    /// Its line; empty: any, also one that did not exist when this was written.
    line: &'static str,
    /// Its first version.
    from: (u32, u32),
    model: Model,
}

const fn family(line: &'static str, from: (u32, u32), model: Model) -> Family {
    Family { line, from, model }
}

/// The families, of one line the newest first. A version after the newest is taken for that. A line that did not
/// exist is taken for the strictest of its time.
const FAMILIES: [Family; 24] = [
    family("opus", (5, 5), UNFORCED),
    family("opus", (4, 7), CLAUDE_4_7),
    family("opus", (4, 6), CLAUDE_4_6),
    family("opus", (4, 5), CLAUDE_4_5),
    family(
        "opus",
        (4, 1),
        Model {
            structured: true,
            max_tokens: Some(32_000),
            ..CLAUDE_4
        },
    ),
    family(
        "opus",
        (4, 0),
        Model {
            max_tokens: Some(32_000),
            ..CLAUDE_4
        },
    ),
    family("opus", (3, 0), CLAUDE_3),
    family(
        "sonnet",
        (5, 5),
        Model {
            highest_effort: Effort::High,
            xhigh: false,
            ..UNFORCED
        },
    ),
    family("sonnet", (4, 7), CLAUDE_4_7),
    family("sonnet", (4, 6), CLAUDE_4_6),
    family("sonnet", (4, 5), CLAUDE_4_5),
    family("sonnet", (4, 0), CLAUDE_4),
    family("sonnet", (3, 7), CLAUDE_3_7),
    family("sonnet", (3, 5), CLAUDE_3_5),
    family("sonnet", (3, 0), CLAUDE_3),
    family("haiku", (5, 0), CLAUDE_4_7),
    family("haiku", (4, 5), CLAUDE_4_5),
    family("haiku", (3, 5), CLAUDE_3_5),
    family("haiku", (3, 0), CLAUDE_3),
    family("fable", (5, 1), UNFORCED),
    family("fable", (0, 0), ALWAYS_THINKING),
    family("mythos", (0, 0), ALWAYS_THINKING),
    family("", (5, 0), UNFORCED),
    family("", (0, 0), UNKNOWN),
];

impl Model {
    /// What a model refuses or needs, by its name at Anthropic or at one of the clouds.
    pub(super) fn of(name: &str) -> Self {
        let (line, version) = line_and_version(&name.to_ascii_lowercase()).unwrap_or_default();
        let families = FAMILIES.iter();
        let mut own = families.filter(|family| family.line.is_empty() || family.line == line);
        own.find(|family| version >= family.from)
            .map_or(UNKNOWN, |family| family.model)
    }

    /// The effort that the model knows and that comes nearest: rather less than was asked for.
    pub(super) fn effort(&self, asked: Effort) -> &'static str {
        match asked.min(self.highest_effort) {
            Effort::Minimal | Effort::Low => "low",
            Effort::Medium => "medium",
            Effort::XHigh if self.xhigh => "xhigh",
            Effort::High | Effort::XHigh => "high",
            Effort::Max => "max",
        }
    }
}

/// The line and the version in a name, in either order: `claude-haiku-4-5-20251001`, `claude-3-5-sonnet@20240620`,
/// `eu.anthropic.claude-sonnet-4-6-v1:0`, `anthropic/claude-opus-4.5`. `None` if it is none of Claude's.
fn line_and_version(name: &str) -> Option<(String, (u32, u32))> {
    let (_, own) = name.split_once("claude")?;
    let mut line = String::new();
    let mut version = Vec::new();
    let mut is_version_over = false;
    for word in own
        .split(['-', '.', '_', '@', ':', '/'])
        .filter(|word| !word.is_empty())
    {
        // A date is no version.
        match word.parse::<u32>() {
            Ok(number) if number < 1_000 && version.len() < 2 && !is_version_over => version.push(number),
            Ok(_) => is_version_over = true,
            Err(_) => {
                is_version_over |= !version.is_empty();
                if line.is_empty() {
                    word.clone_into(&mut line);
                }
            }
        }
    }
    let mut version = version.into_iter();
    let mut next = || version.next().unwrap_or(0);
    Some((line, (next(), next())))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_name_is_understood_wherever_it_comes_from() {
        for (name, line, version) in [
            ("claude-opus-4-6", "opus", (4, 6)),
            ("claude-haiku-4-5-20251001", "haiku", (4, 5)),
            ("claude-opus-4-20250514", "opus", (4, 0)),
            ("claude-sonnet-4@20250514", "sonnet", (4, 0)),
            ("eu.anthropic.claude-sonnet-4-6-v1:0", "sonnet", (4, 6)),
            ("us.anthropic.claude-opus-4-v1:0", "opus", (4, 0)),
            ("claude-sonnet-4-6@20260101", "sonnet", (4, 6)),
            ("anthropic/claude-sonnet-4.5", "sonnet", (4, 5)),
            ("claude-3-5-sonnet-20241022", "sonnet", (3, 5)),
            ("claude-3-haiku@20240307", "haiku", (3, 0)),
            ("Claude-Fable-5.1", "fable", (5, 1)),
            ("claude-mythos-preview", "mythos", (0, 0)),
            ("claude-sonnet-latest", "sonnet", (0, 0)),
        ] {
            assert_eq!(
                line_and_version(&name.to_ascii_lowercase()),
                Some((line.to_owned(), version)),
                "{name}"
            );
        }
        assert_eq!(line_and_version("kimi-k2"), None);
    }

    #[test]
    fn every_family_has_its_gates() {
        for (name, expected) in [
            ("claude-3-haiku-20240307", CLAUDE_3),
            ("claude-3-5-sonnet-20241022", CLAUDE_3_5),
            ("claude-3-7-sonnet-20250219", CLAUDE_3_7),
            ("claude-sonnet-4-20250514", CLAUDE_4),
            ("claude-sonnet-4-5", CLAUDE_4_5),
            ("claude-opus-4-6", CLAUDE_4_6),
            ("claude-opus-4-8", CLAUDE_4_7),
            ("claude-sonnet-5", CLAUDE_4_7),
            ("claude-opus-5", CLAUDE_4_7),
            ("claude-haiku-5-5", CLAUDE_4_7),
            ("claude-fable-5", ALWAYS_THINKING),
            ("claude-fable-5-2", UNFORCED),
            ("claude-opus-5-5", UNFORCED),
            ("claude-opus-7", UNFORCED),
            ("claude-epic-6", UNFORCED),
            ("claude-2.1", UNKNOWN),
            ("claude-sonnet-latest", UNKNOWN),
            ("kimi-k2", UNKNOWN),
        ] {
            assert_eq!(Model::of(name), expected, "{name}");
        }
        assert_eq!(Model::of("claude-opus-4-1").max_tokens, Some(32_000));
    }

    #[test]
    fn an_effort_that_is_unknown_becomes_the_nearest() {
        assert_eq!(Model::of("claude-opus-4-6").effort(Effort::XHigh), "high");
        assert_eq!(Model::of("claude-opus-4-6").effort(Effort::Max), "max");
        assert_eq!(Model::of("claude-opus-4-7").effort(Effort::XHigh), "xhigh");
        assert_eq!(Model::of("claude-sonnet-5-5").effort(Effort::Max), "high");
        assert_eq!(Model::of("claude-sonnet-5").effort(Effort::Minimal), "low");
    }
}
