//! Regular expressions of the configuration.

use regex_lite::{Regex, RegexBuilder};

use crate::limits::{MAX_COMPILED_PATTERN, MAX_PATTERN};

/// A regular expression. It takes time in proportion to the text, whatever both are.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It is longer than [`MAX_PATTERN`].
    #[error("is longer than {MAX_PATTERN} bytes")]
    TooLong,
    /// It matches everything.
    #[error("matches every text")]
    Empty,
    /// It is no regular expression, or too large a one.
    #[error("is no regular expression that can be used here: {0}")]
    Invalid(String),
}

/// Whether upper and lower case are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// They are.
    Sensitive,
    /// They are not, of ASCII letters.
    Insensitive,
}

impl Pattern {
    /// Compiles a pattern.
    pub fn new(pattern: &str, case: Case) -> Result<Self, PatternError> {
        if pattern.len() > MAX_PATTERN {
            return Err(PatternError::TooLong);
        }
        let compiled = RegexBuilder::new(pattern)
            .case_insensitive(case == Case::Insensitive)
            .size_limit(MAX_COMPILED_PATTERN)
            .build();
        compiled
            .map(Self)
            .map_err(|error| PatternError::Invalid(error.to_string()))
    }

    /// As [`Pattern::new`], for a pattern that says something only if it does not match everything.
    pub fn telling(pattern: &str, case: Case) -> Result<Self, PatternError> {
        let pattern = Self::new(pattern, case)?;
        if pattern.is_in("") {
            return Err(PatternError::Empty);
        }
        Ok(pattern)
    }

    /// Whether it matches somewhere in the text.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_pattern_is_bounded_and_says_something() {
        let telling = |text: &str| Pattern::telling(text, Case::Insensitive);
        assert!(
            telling("i (cannot|can't)")
                .unwrap()
                .is_in("Sorry, I CAN'T do that")
        );
        assert_eq!(telling("x*").unwrap_err(), PatternError::Empty);
        assert_eq!(telling(&"x".repeat(1_001)).unwrap_err(), PatternError::TooLong);
        assert!(matches!(telling("(").unwrap_err(), PatternError::Invalid(_)));
        assert!(matches!(
            telling("((a{100}){100}){100}").unwrap_err(),
            PatternError::Invalid(_)
        ));
    }
}
