//! Bounds on a policy's text, before the parser, which goes as deep as the text does, sees it.

use super::statement::{Token, Tokens};
use crate::limits::{MAX_POLICY_DEPTH, MAX_POLICY_OPERATORS, MAX_POLICY_TEXT};

/// Why a text is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TooMuch {
    /// It is too long.
    #[error("the policy has {0} bytes; at most {MAX_POLICY_TEXT} are taken")]
    Long(usize),
    /// Its brackets are nested too deeply.
    #[error("the policy nests brackets more than {MAX_POLICY_DEPTH} deep: split it into several policies")]
    Deep,
    /// It has too many operators that nest without brackets.
    #[error(
        "the policy has more than {MAX_POLICY_OPERATORS} operators: compare with a set, \
         as in `[\"a\", \"b\"].contains(context.step)`, or split it into several policies"
    )]
    Operators,
}

pub(super) fn check(text: &str) -> Result<(), TooMuch> {
    if text.len() > MAX_POLICY_TEXT {
        return Err(TooMuch::Long(text.len()));
    }
    let mut depth = 0_usize;
    let mut operators = 0_usize;
    for (_, token) in Tokens::of(text) {
        match token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => depth = depth.saturating_sub(1),
            Token::Sign('&' | '|' | '+' | '-' | '*' | '!' | '.') | Token::Word("if") => operators += 1,
            _ => {}
        }
        if depth > MAX_POLICY_DEPTH {
            return Err(TooMuch::Deep);
        }
        if operators > MAX_POLICY_OPERATORS {
            return Err(TooMuch::Operators);
        }
    }
    Ok(())
}
