//! `tenants`, `workspaces`, `agents` and `identity`: who calls.

use serde_json::Value;

use crate::config::criteria::NO_ATTRIBUTES;
use crate::config::reader::Reader;
use crate::identity::TokenDigest;

/// An entry of `tenants`.
pub struct TenantEntry<'v> {
    pub name: Reader<'v>,
    pub regions: Option<Vec<Reader<'v>>>,
}

/// An entry of `workspaces`.
pub struct WorkspaceEntry<'v> {
    pub name: Reader<'v>,
    pub tenant: Option<Reader<'v>>,
    pub regions: Option<Vec<Reader<'v>>>,
}

/// An entry of `agents`.
pub struct AgentEntry<'v> {
    pub name: Reader<'v>,
    pub workspace: Option<Reader<'v>>,
    pub tokens: Vec<(TokenDigest, Reader<'v>)>,
    pub attributes: Vec<(&'v str, &'v str)>,
}

impl<'v> TenantEntry<'v> {
    pub(super) fn read(entry: &Reader<'v>) -> Option<Self> {
        let mut section = entry.section()?;
        let name = section.required("name").filter(|name| name.name().is_some());
        let regions = section.optional("regions").map(|regions| read_regions(&regions));
        section.end();
        Some(Self { name: name?, regions })
    }
}

impl<'v> WorkspaceEntry<'v> {
    pub(super) fn read(entry: &Reader<'v>) -> Option<Self> {
        let mut section = entry.section()?;
        let name = section.required("name").filter(|name| name.name().is_some());
        let tenant = section
            .optional("tenant")
            .filter(|tenant| tenant.string().is_some());
        let regions = section.optional("regions").map(|regions| read_regions(&regions));
        section.end();
        Some(Self {
            name: name?,
            tenant,
            regions,
        })
    }
}

/// A list that names no region would let no call out, which nobody means.
fn read_regions<'v>(reader: &Reader<'v>) -> Vec<Reader<'v>> {
    if reader.value().as_array().is_some_and(Vec::is_empty) {
        return reader
            .mistake("must have at least one region; leave it out to allow all")
            .unwrap_or_default();
    }
    reader.list()
}

impl<'v> AgentEntry<'v> {
    pub(super) fn read(entry: &Reader<'v>) -> Option<Self> {
        let mut section = entry.section()?;
        let name = section.required("name").filter(|name| name.name().is_some());
        let workspace = section
            .optional("workspace")
            .filter(|workspace| workspace.string().is_some());
        let tokens = section
            .required("token_sha256")
            .map(|tokens| tokens.one_or_many())
            .unwrap_or_default();
        let tokens = tokens.into_iter().filter_map(|token| {
            let digest = token.value().as_str().and_then(TokenDigest::from_hex);
            match digest {
                Some(digest) => Some((digest, token)),
                // The value is not shown: somebody may have put the token itself there.
                None => token.withheld(
                    "must be the SHA-256 of a token, 64 hexadecimal digits: see `broker token hash`",
                ),
            }
        });
        let tokens = tokens.collect();
        let attributes = section
            .optional("attributes")
            .map(|map| map.entries())
            .unwrap_or_default();
        let attributes = attributes
            .iter()
            .filter_map(|(key, value)| attribute(key, value))
            .collect();
        section.end();
        Some(Self {
            name: name?,
            workspace,
            tokens,
            attributes,
        })
    }
}

fn attribute<'v>(key: &'v str, value: &Reader<'v>) -> Option<(&'v str, &'v str)> {
    if let Some((_, meaning)) = NO_ATTRIBUTES.iter().find(|(fact, _)| *fact == key) {
        return value.mistake(format!(
            "cannot be an attribute: in conditions `{key}` is {meaning}"
        ));
    }
    // A stand-in, so that conditions on the attribute are not told that no agent has it.
    Some((key, value.string().unwrap_or_default()))
}

pub(super) fn read_identity(reader: &Reader<'_>) {
    let Some(mut section) = reader.section() else {
        return;
    };
    if let Some(tokens) = section.optional("tokens")
        && tokens.value() != &Value::Bool(true)
    {
        tokens.mistake::<()>("must be `true`: tokens are the one identity of this version of the broker");
    }
    section.not_yet(&["jwt", "spiffe"]);
    section.end();
}
