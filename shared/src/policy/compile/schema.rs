//! The entity model as Cedar reads it.

use std::str::FromStr;
use std::sync::LazyLock;

use cedar_policy::{Schema, Validator};

/// The entity model in Cedar's words, for operators' editors and checks too.
pub const SCHEMA: &str = include_str!("../schema.cedarschema");

static VALIDATOR: LazyLock<Result<Validator, String>> = LazyLock::new(|| {
    let schema = Schema::from_str(SCHEMA).map_err(|error| error.to_string())?;
    Ok(Validator::new(schema))
});

/// Checks policies against the entity model.
pub(super) fn validator() -> Result<&'static Validator, String> {
    VALIDATOR.as_ref().map_err(Clone::clone)
}
