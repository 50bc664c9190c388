//! `policies`, as the operator's command compiles them, and `policy_mode`.

use std::sync::Arc;

use crate::config::reader::Reader;
use crate::policy::{Mode, Policies, Program};

/// Compiled policies; their text never comes this far.
pub(super) fn read_policies(reader: &Reader<'_>) -> Option<Arc<Policies>> {
    if reader.value().get("schema").is_none() {
        return reader.withheld(
            "must be compiled, which `broker render` and `broker up` do: the filter does not read Cedar's text",
        );
    }
    let program: Program = match serde_json::from_value(reader.value().clone()) {
        Ok(program) => program,
        Err(error) => return reader.withheld(format!("are no compiled policies: {error}")),
    };
    match Policies::new(program) {
        Ok(policies) => Some(Arc::new(policies)),
        Err(error) => reader.withheld(error.to_string()),
    }
}

pub(super) fn read_mode(reader: &Reader<'_>) -> Option<Mode> {
    let text = reader.string()?;
    let modes = Mode::ALL.map(Mode::as_str);
    let mode = Mode::ALL.into_iter().find(|mode| mode.as_str() == text);
    mode.or_else(|| reader.unknown_name("is no mode (supported: enforce, audit)", modes))
}
