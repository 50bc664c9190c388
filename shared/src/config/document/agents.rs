//! `tenants`, `workspaces` and `agents`: who calls.

use crate::config::criteria::NO_ATTRIBUTES;
use crate::config::reader::Reader;
use crate::identity::TokenDigest;
use crate::units::Timestamp;

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
    pub tokens: Vec<TokenEntry<'v>>,
    pub attributes: Vec<(&'v str, &'v str)>,
}

/// An element of `token_sha256`.
pub struct TokenEntry<'v> {
    pub digest: TokenDigest,
    pub expires: Option<Timestamp>,
    pub at: Reader<'v>,
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
    pub(super) fn read(entry: &Reader<'v>, tokens: Tokens) -> Option<Self> {
        let mut section = entry.section()?;
        let name = section.required("name").filter(|name| name.name().is_some());
        let workspace = section
            .optional("workspace")
            .filter(|workspace| workspace.string().is_some());
        let tokens = match tokens {
            Tokens::Required => section.required("token_sha256"),
            Tokens::Optional => section.optional("token_sha256"),
        };
        let tokens = tokens.map(|tokens| tokens.one_or_many()).unwrap_or_default();
        let tokens = tokens.into_iter().filter_map(TokenEntry::read).collect();
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

/// Whether an agent must have a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tokens {
    /// It is known by nothing else.
    Required,
    /// It may be known by something else.
    Optional,
}

impl<'v> TokenEntry<'v> {
    /// A digest, or a mapping with a digest and the time when it expires.
    fn read(token: Reader<'v>) -> Option<Self> {
        if !token.value().is_object() {
            return Some(Self {
                digest: read_digest(&token)?,
                expires: None,
                at: token,
            });
        }
        let mut section = token.section()?;
        let digest = section.required("sha256").and_then(|digest| read_digest(&digest));
        let expires = section.optional("expires").map(|expires| expires.point_in_time());
        section.end();
        // An end that cannot be read must not become none.
        let expires = match expires {
            Some(expires) => Some(expires?),
            None => None,
        };
        Some(Self {
            digest: digest?,
            expires,
            at: token,
        })
    }
}

/// The value is not shown: somebody may have put the token itself there.
fn read_digest(reader: &Reader<'_>) -> Option<TokenDigest> {
    let digest = reader.value().as_str().and_then(TokenDigest::from_hex);
    digest.or_else(|| {
        reader.withheld("must be the SHA-256 of a token, 64 hexadecimal digits: see `broker token hash`")
    })
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
