//! The entity model as Cedar reads it.

use std::str::FromStr;

use cedar_policy::{Schema, Validator};

/// The entity model in Cedar's words, for operators' editors and checks too.
pub const SCHEMA: &str = include_str!("../schema.cedarschema");

pub(super) fn validator() -> Result<Validator, String> {
    let schema = Schema::from_str(SCHEMA).map_err(|error| error.to_string())?;
    Ok(Validator::new(schema))
}
