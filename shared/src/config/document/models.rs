//! `models` and `rules`: what agents ask for, and where it goes.

use super::pools::{MemberEntry, read_capabilities};
use crate::config::reader::Reader;
use crate::config::snapshot::Defaults;
use crate::provider::Capabilities;

/// An entry of `models`.
pub struct ModelEntry<'v> {
    pub name: Reader<'v>,
    pub pool: Option<Reader<'v>>,
    pub targets: Vec<MemberEntry<'v>>,
    pub capabilities: Option<Capabilities>,
    pub defaults: Defaults,
}

/// An entry of `rules`.
pub struct RuleEntry<'v> {
    pub path: String,
    pub name: Option<&'v str>,
    pub priority: i64,
    pub criteria: Option<Reader<'v>>,
    pub pool: Reader<'v>,
}

impl<'v> ModelEntry<'v> {
    pub(super) fn read(entry: &Reader<'v>) -> Option<Self> {
        let mut section = entry.section()?;
        let name = section
            .required("name")
            .filter(|name| name.model_name().is_some());
        let pool = section.optional("pool");
        let has_targets = section.optional("targets").is_some();
        let targets = section.list("targets");
        let targets = targets
            .iter()
            .filter_map(|target| MemberEntry::read(target, false))
            .collect();
        let capabilities = section
            .optional("capabilities")
            .map(|list| read_capabilities(&list));
        let defaults = section
            .optional("defaults")
            .map(|defaults| Defaults::read(&defaults));
        section.end();
        if pool.is_some() == has_targets {
            entry.mistake::<()>("must have either `pool` or `targets`");
        }
        Some(Self {
            name: name?,
            pool,
            targets,
            capabilities,
            defaults: defaults.unwrap_or_default(),
        })
    }
}

impl Defaults {
    fn read(reader: &Reader<'_>) -> Self {
        let Some(mut section) = reader.section() else {
            return Self::default();
        };
        let mut number = |key, most: f64| {
            let reader = section.optional(key)?;
            match reader.value().as_f64() {
                Some(number) if (0.0..=most).contains(&number) => Some(number),
                _ => reader.mistake(format!("must be a number from 0 to {most}")),
            }
        };
        let temperature = number("temperature", 2.0);
        let top_p = number("top_p", 1.0);
        let max_tokens = section
            .optional("max_tokens")
            .and_then(|most| most.integer(1..=10_000_000));
        let stop = section.list("stop");
        let stop = stop
            .iter()
            .filter_map(|text| text.string().map(str::to_owned))
            .collect();
        section.end();
        Self {
            temperature,
            top_p,
            max_tokens,
            stop,
        }
    }
}

impl<'v> RuleEntry<'v> {
    pub(super) fn read(entry: &Reader<'v>) -> Option<Self> {
        let mut section = entry.section()?;
        let name = section.optional("name").and_then(|name| name.name());
        let priority = section
            .optional("priority")
            .map_or(Some(0), |priority| priority.signed());
        let criteria = section.optional("match");
        let pool = section.required("pool").filter(|pool| pool.string().is_some());
        section.end();
        Some(Self {
            path: entry.path().to_owned(),
            name,
            priority: priority.unwrap_or_default(),
            criteria,
            pool: pool?,
        })
    }
}
