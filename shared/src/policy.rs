//! Who may call what: Cedar policies, default deny, evaluated for every call and each target that could serve it.
//!
//! ```text
//! text ── Cedar parses, validates ──▶ lowered ──▶ Program ── rendered configuration ──▶ Policies ──▶ Verdict
//!         (feature `cedar`: the operator's command)                                      (the filter)
//! ```
//!
//! The text never reaches the filter: Cedar's parser and validator are larger than all the rest of the module, and its
//! evaluator costs microseconds where a validated policy needs nanoseconds. What is evaluated there has the meaning that
//! Cedar gives it, which the tests hold against Cedar itself.

#[cfg(feature = "cedar")]
mod bundle;
#[cfg(feature = "cedar")]
mod compile;
mod decide;
mod deciding;
mod evaluate;
mod explain;
mod expression;
mod facts;
mod index;
mod names;
mod pattern;
mod program;
mod value;
mod verdicts;

#[cfg(test)]
#[cfg(feature = "cedar")]
mod documented;
#[cfg(test)]
#[cfg(all(feature = "cedar", not(target_arch = "wasm32")))]
mod properties;
#[cfg(test)]
#[cfg(feature = "cedar")]
mod testing;
#[cfg(test)]
#[cfg(feature = "cedar")]
mod tests;

#[cfg(feature = "cedar")]
pub use bundle::{Bundle, bundle, files};
#[cfg(feature = "cedar")]
pub use compile::{Compiled, KnownNames, Place, PolicyMistake, SCHEMA, Source, compile};
pub use decide::{Decision, Denial, Policies, ProgramError, Verdict};
pub use deciding::Deciding;
pub use evaluate::EvaluationError;
pub use explain::{Explanation, NearMiss};
pub use expression::{BinaryOp, ContextAttribute, Expr, UnaryOp, Variable};
pub use facts::{Call, Context, Principal, Target};
pub use program::{
    Action, ActionSet, Constraint, Effect, EntityType, Policy, PolicyId, Program, SCHEMA_VERSION, Scope,
};
pub use verdicts::{DenialCause, Mode, Verdicts};
