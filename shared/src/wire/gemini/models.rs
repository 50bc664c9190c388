//! What Gemini models refuse or need, by generation and line.
//!
//! Sources: <https://ai.google.dev/gemini-api/docs/thinking> and
//! <https://docs.cloud.google.com/vertex-ai/generative-ai/docs/thinking> for thinking (budgets until 2.5, levels from 3
//! on), <https://ai.google.dev/gemini-api/docs/structured-output> (with tools from 3 on), and the error `Penalty is not
//! enabled for this model` of 2.5 and later.

use crate::wire::ir::Effort;

/// What a model refuses or needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Model {
    /// How it is told to think.
    pub(super) thinking: Thinking,
    /// Whether it takes penalties on tokens.
    pub(super) penalties: bool,
    /// Whether its answers can have a shape where it is also offered tools.
    pub(super) shape_with_tools: bool,
    /// Whether it refuses calls of tools without the seal of the thought that they came of.
    pub(super) wants_seals: bool,
}

/// How a model is told to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thinking {
    /// It does not think.
    Never,
    /// Up to a number of tokens.
    Budget {
        /// The fewest tokens.
        least: u64,
        /// The most tokens.
        most: u64,
        /// Whether it can be kept from thinking.
        can_be_off: bool,
    },
    /// At one of these levels, none beyond the last.
    Levels(&'static [Effort]),
}

/// The lines of a generation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Pro,
    Flash,
    FlashLite,
    Other,
}

impl Model {
    /// What a model refuses or needs. A model whose name says no generation is taken for one of the latest, for that is
    /// what names such as `gemini-flash-latest` stand for; one that is no Gemini, such as Gemma, neither thinks nor seals.
    pub(super) fn of(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let name = name.rsplit('/').next().unwrap_or(&name);
        let Some(rest) = name.strip_prefix("gemini-") else {
            return Self {
                thinking: Thinking::Never,
                penalties: true,
                shape_with_tools: false,
                wants_seals: false,
            };
        };
        let generation = generation(rest);
        let line = line(rest);
        let is_at_least = |least| generation.is_none_or(|generation| generation >= least);
        Self {
            thinking: thinking(generation, line),
            penalties: !is_at_least((2, 5)),
            shape_with_tools: is_at_least((3, 0)),
            wants_seals: is_at_least((3, 0)),
        }
    }
}

fn generation(rest: &str) -> Option<(u32, u32)> {
    let number = rest.split('-').next()?;
    let (major, minor) = number.split_once('.').unwrap_or((number, "0"));
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn line(rest: &str) -> Line {
    let has = |word| rest.split('-').any(|part| part == word);
    match (has("pro"), has("flash"), has("lite")) {
        (true, ..) => Line::Pro,
        (_, true, true) => Line::FlashLite,
        (_, true, false) => Line::Flash,
        _ => Line::Other,
    }
}

fn thinking(generation: Option<(u32, u32)>, line: Line) -> Thinking {
    use Effort::{High, Low, Medium, Minimal};
    match (generation, line) {
        (Some((..=1, _) | (2, ..=4)), _) => Thinking::Never,
        (Some((2, _)), Line::Pro) => Thinking::Budget {
            least: 128,
            most: 32_768,
            can_be_off: false,
        },
        (Some((2, _)), Line::FlashLite) => Thinking::Budget {
            least: 512,
            most: 24_576,
            can_be_off: true,
        },
        (Some((2, _)), _) => Thinking::Budget {
            least: 1,
            most: 24_576,
            can_be_off: true,
        },
        (Some((3, 0)), Line::Pro) => Thinking::Levels(&[Low, High]),
        (Some((3, ..=5)), Line::Flash | Line::FlashLite) => Thinking::Levels(&[Minimal, Low, Medium, High]),
        // What every later model takes.
        _ => Thinking::Levels(&[Low, Medium, High]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_model_is_told_to_think_in_the_way_of_its_generation() {
        use Effort::{High, Low, Medium, Minimal};
        let budget = |least, most, can_be_off| Thinking::Budget {
            least,
            most,
            can_be_off,
        };
        for (name, thinking) in [
            ("gemini-2.0-flash-001", Thinking::Never),
            ("gemma-3-27b-it", Thinking::Never),
            ("gemini-2.5-pro", budget(128, 32_768, false)),
            ("gemini-2.5-flash", budget(1, 24_576, true)),
            ("gemini-2.5-flash-lite-preview-09-2025", budget(512, 24_576, true)),
            ("gemini-3-pro-preview", Thinking::Levels(&[Low, High])),
            ("gemini-3.1-pro-preview", Thinking::Levels(&[Low, Medium, High])),
            (
                "google/Gemini-3-flash-preview",
                Thinking::Levels(&[Minimal, Low, Medium, High]),
            ),
            ("gemini-3.8-flash", Thinking::Levels(&[Low, Medium, High])),
            ("gemini-4-argon", Thinking::Levels(&[Low, Medium, High])),
            ("gemini-flash-latest", Thinking::Levels(&[Low, Medium, High])),
        ] {
            assert_eq!(Model::of(name).thinking, thinking, "{name}");
        }
    }

    #[test]
    fn seals_are_wanted_from_the_third_generation_on() {
        for (name, wanted) in [
            ("gemini-2.5-flash", false),
            ("gemini-3.8-flash", true),
            ("gemma-3", false),
        ] {
            assert_eq!(Model::of(name).wants_seals, wanted, "{name}");
        }
    }
}
