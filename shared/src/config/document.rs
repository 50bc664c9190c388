//! The document as it is written, each part read by itself; names are not yet looked up.

use serde_json::Value;

use super::Audience;
use super::connection::{CredentialSource, Endpoint};
use super::reader::{Reader, Section};
use super::snapshot::{Capability, Defaults, ProviderKind, Timeouts};
use crate::identity::TokenDigest;
use crate::ledger::Price;
use crate::limits::MAX_ATTEMPTS;
use crate::units::Millis;

/// Everything that is written in the document.
pub struct Document<'v> {
    pub providers: Vec<ProviderEntry<'v>>,
    pub pools: Vec<PoolEntry<'v>>,
    pub models: Vec<ModelEntry<'v>>,
    pub rules: Vec<RuleEntry<'v>>,
    pub tenants: Vec<Reader<'v>>,
    pub workspaces: Vec<WorkspaceEntry<'v>>,
    pub agents: Vec<AgentEntry<'v>>,
    pub prices: Vec<(&'v str, Price)>,
}

/// An entry of `providers`.
pub struct ProviderEntry<'v> {
    pub name: Reader<'v>,
    pub kind: ProviderKind,
    pub region: Option<&'v str>,
    pub timeouts: Timeouts,
    /// Only in the operator's document.
    pub endpoint: Option<Endpoint>,
    pub credential: Option<CredentialSource>,
}

/// An entry of `pools`.
pub struct PoolEntry<'v> {
    pub name: Reader<'v>,
    /// Attempts after the first; `None` where it is not written.
    pub failover: Option<u32>,
    pub members: Vec<MemberEntry<'v>>,
    pub match_when: Option<Reader<'v>>,
}

/// A member of a pool, or a target of a model.
pub struct MemberEntry<'v> {
    pub provider: Reader<'v>,
    /// `None` where a target keeps the logical model's name.
    pub model: Option<&'v str>,
    pub weight: u32,
    pub priority: u32,
}

/// An entry of `models`.
pub struct ModelEntry<'v> {
    pub name: Reader<'v>,
    pub pool: Option<Reader<'v>>,
    pub targets: Vec<MemberEntry<'v>>,
    pub capabilities: Option<Vec<Capability>>,
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

/// An entry of `workspaces`.
pub struct WorkspaceEntry<'v> {
    pub name: Reader<'v>,
    pub tenant: Option<Reader<'v>>,
}

/// An entry of `agents`.
pub struct AgentEntry<'v> {
    pub name: Reader<'v>,
    pub workspace: Option<Reader<'v>>,
    pub tokens: Vec<(TokenDigest, Reader<'v>)>,
    pub attributes: Vec<(&'v str, &'v str)>,
}

impl<'v> Document<'v> {
    /// Reads all parts; `None` only if the document is no mapping.
    pub fn read(root: &Reader<'v>, audience: Audience) -> Option<Self> {
        let mut section = root.section()?;
        let providers = required_list(&mut section, "providers");
        let document = Self {
            providers: providers
                .iter()
                .filter_map(|entry| ProviderEntry::read(entry, audience))
                .collect(),
            pools: section.list("pools").iter().filter_map(PoolEntry::read).collect(),
            models: section
                .list("models")
                .iter()
                .filter_map(ModelEntry::read)
                .collect(),
            rules: section.list("rules").iter().filter_map(RuleEntry::read).collect(),
            tenants: section.list("tenants").iter().filter_map(tenant).collect(),
            workspaces: section
                .list("workspaces")
                .iter()
                .filter_map(WorkspaceEntry::read)
                .collect(),
            agents: section
                .list("agents")
                .iter()
                .filter_map(AgentEntry::read)
                .collect(),
            prices: section
                .optional("prices")
                .map(|prices| read_prices(&prices))
                .unwrap_or_default(),
        };
        if let Some(identity) = section.optional("identity") {
            read_identity(&identity);
        }
        section.not_yet(&[
            "policies",
            "policy_mode",
            "budgets",
            "rate_limit_service",
            "cache",
            "shadow",
            "capture",
        ]);
        section.end();
        Some(document)
    }
}

fn required_list<'v>(section: &mut Section<'v>, key: &'static str) -> Vec<Reader<'v>> {
    let Some(reader) = section.required(key) else {
        return Vec::new();
    };
    if reader.value().as_array().is_some_and(Vec::is_empty) {
        return reader.mistake("must have at least one entry").unwrap_or_default();
    }
    reader.list()
}

impl<'v> ProviderEntry<'v> {
    fn read(entry: &Reader<'v>, audience: Audience) -> Option<Self> {
        let mut section = entry.section()?;
        let name = section.required("name").filter(|name| name.name().is_some());
        let kind = section.required("kind").and_then(|kind| read_kind(&kind));
        let region = section.optional("region").and_then(|region| region.name());
        let timeouts = section
            .optional("timeout")
            .map_or(Some(Timeouts::default()), |t| read_timeouts(&t));
        section.not_yet(&["limits", "budget", "circuit_breaker"]);
        let (mut endpoint, mut credential) = (None, None);
        if audience == Audience::Operator {
            endpoint = section
                .required("endpoint")
                .and_then(|endpoint| read_endpoint(&endpoint));
            credential = section
                .optional("credential")
                .and_then(|source| CredentialSource::read(&source));
        }
        section.end();
        // What has a mistake gets a stand-in, so that who names the account is not told that it does not exist.
        Some(Self {
            name: name?,
            kind: kind.unwrap_or(ProviderKind::OpenAi),
            region,
            timeouts: timeouts.unwrap_or_default(),
            endpoint,
            credential,
        })
    }
}

fn read_kind(reader: &Reader<'_>) -> Option<ProviderKind> {
    let text = reader.string()?;
    let supported = ProviderKind::ALL.map(ProviderKind::as_str);
    if let Some(kind) = ProviderKind::ALL.into_iter().find(|kind| kind.as_str() == text) {
        return Some(kind);
    }
    let problem = if ["azure-openai", "bedrock", "vertex", "gemini", "mistral", "cohere"].contains(&text) {
        "is not supported by this version of the broker"
    } else {
        "is no provider kind"
    };
    reader.unknown_name(
        format!("{problem} (supported: {})", supported.join(", ")),
        supported,
    )
}

fn read_endpoint(reader: &Reader<'_>) -> Option<Endpoint> {
    let text = reader.string()?;
    match Endpoint::parse(text) {
        Ok(endpoint) => Some(endpoint),
        // What is too much in a URL may be a password.
        Err(error) if text.contains(['?', '#', '@']) => reader.withheld(error.to_string()),
        Err(error) => reader.mistake(error.to_string()),
    }
}

fn read_timeouts(reader: &Reader<'_>) -> Option<Timeouts> {
    let mut section = reader.section()?;
    let default = Timeouts::default();
    let mut duration = |key, default: Millis| match section.optional(key) {
        Some(reader) => reader.duration(),
        None => Some(default),
    };
    let connect = duration("connect", default.connect);
    let first_byte = duration("first_byte", default.first_byte);
    let idle = duration("idle", default.idle);
    section.end();
    Some(Timeouts {
        connect: connect?,
        first_byte: first_byte?,
        idle: idle?,
    })
}

impl<'v> PoolEntry<'v> {
    fn read(entry: &Reader<'v>) -> Option<Self> {
        let mut section = entry.section()?;
        let name = section.required("name").filter(|name| name.name().is_some());
        if let Some(routing) = section.optional("routing") {
            read_routing(&routing);
        }
        let failover = section
            .optional("failover")
            .map(|failover| read_failover(&failover));
        let members = required_list(&mut section, "members");
        let members = members
            .iter()
            .filter_map(|member| MemberEntry::read(member, true))
            .collect();
        let match_when = section.optional("match_when");
        section.not_yet(&["affinity", "accept"]);
        if let Some(cache) = section.optional("cache") {
            let profile = cache.string().unwrap_or_default();
            entry.log().warn(
                cache.path(),
                profile,
                "answers are not cached by this version of the broker",
            );
        }
        section.end();
        Some(Self {
            name: name?,
            failover: failover.flatten(),
            members,
            match_when,
        })
    }
}

fn read_routing(reader: &Reader<'_>) {
    match reader.string() {
        Some("priority-weighted") | None => {}
        Some("cascade" | "lowest-cost" | "lowest-latency") => {
            reader.mistake::<()>(
                "is not supported by this version of the broker (supported: priority-weighted)",
            );
        }
        Some(_) => {
            let strategies = ["priority-weighted", "cascade", "lowest-cost", "lowest-latency"];
            reader.unknown_name::<()>(
                "is no routing strategy (supported: priority-weighted)",
                strategies,
            );
        }
    }
}

/// `3`, `up to 3`, `none`.
fn read_failover(reader: &Reader<'_>) -> Option<u32> {
    let most = MAX_ATTEMPTS - 1;
    let retries = match reader.value() {
        Value::Number(_) => {
            return reader
                .integer(0..=u64::from(most))
                .and_then(|retries| retries.try_into().ok());
        }
        Value::String(text) if text == "none" => Some(0),
        Value::String(text) => {
            let digits = text.trim().strip_prefix("up to ").unwrap_or(text).trim();
            digits
                .chars()
                .all(|c| c.is_ascii_digit())
                .then(|| digits.parse().ok())
                .flatten()
        }
        _ => None,
    };
    match retries {
        Some(retries) if retries <= most => Some(retries),
        _ => reader.mistake(format!(
            "must be `up to N` or N attempts after the first, N from 0 to {most}"
        )),
    }
}

impl<'v> MemberEntry<'v> {
    fn read(entry: &Reader<'v>, model_required: bool) -> Option<Self> {
        let mut section = entry.section()?;
        let provider = section
            .required("provider")
            .filter(|provider| provider.string().is_some());
        let model = if model_required {
            section.required("model")
        } else {
            section.optional("model")
        };
        let model = model.map(|model| model.model_name());
        let mut number = |key, default: u32| match section.optional(key) {
            Some(reader) => reader
                .integer(0..=1_000_000)
                .and_then(|number| u32::try_from(number).ok()),
            None => Some(default),
        };
        let weight = number("weight", 1);
        let priority = number("priority", 0);
        section.end();
        Some(Self {
            provider: provider?,
            model: model.flatten(),
            weight: weight.unwrap_or_default(),
            priority: priority.unwrap_or_default(),
        })
    }
}

impl<'v> ModelEntry<'v> {
    fn read(entry: &Reader<'v>) -> Option<Self> {
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

fn read_capabilities(reader: &Reader<'_>) -> Vec<Capability> {
    let known = Capability::ALL.map(Capability::as_str);
    let read = |entry: &Reader<'_>| {
        let text = entry.string()?;
        let found = Capability::ALL
            .into_iter()
            .find(|capability| capability.as_str() == text);
        found.or_else(|| entry.unknown_name(format!("is no capability (known: {})", known.join(", ")), known))
    };
    reader.list().iter().filter_map(read).collect()
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
    fn read(entry: &Reader<'v>) -> Option<Self> {
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

fn tenant<'v>(entry: &Reader<'v>) -> Option<Reader<'v>> {
    let mut section = entry.section()?;
    let name = section.required("name").filter(|name| name.name().is_some());
    section.not_yet(&["regions"]);
    section.end();
    name
}

impl<'v> WorkspaceEntry<'v> {
    fn read(entry: &Reader<'v>) -> Option<Self> {
        let mut section = entry.section()?;
        let name = section.required("name").filter(|name| name.name().is_some());
        let tenant = section
            .optional("tenant")
            .filter(|tenant| tenant.string().is_some());
        section.not_yet(&["regions"]);
        section.end();
        Some(Self { name: name?, tenant })
    }
}

impl<'v> AgentEntry<'v> {
    fn read(entry: &Reader<'v>) -> Option<Self> {
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
    if ["agent", "workspace", "tenant"].contains(&key) {
        return value.mistake(format!(
            "cannot be an attribute: in conditions `{key}` is the {key}'s name"
        ));
    }
    // A stand-in, so that conditions on the attribute are not told that no agent has it.
    Some((key, value.string().unwrap_or_default()))
}

fn read_identity(reader: &Reader<'_>) {
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

fn read_prices<'v>(reader: &Reader<'v>) -> Vec<(&'v str, Price)> {
    let price = |(model, entry): &(&'v str, Reader<'v>)| {
        let mut section = entry.section()?;
        let mut rate = |key, required: bool| {
            let reader = if required {
                section.required(key)
            } else {
                section.optional(key)
            };
            reader.map(|reader| match reader.value().as_f64().and_then(Price::rate) {
                Some(rate) => Some(rate),
                None => reader.mistake("must be dollars per million tokens, from 0 to 1000000"),
            })
        };
        let input = rate("input", true)??;
        let output = rate("output", true)??;
        let cache_read = rate("cache_read", false);
        let cache_write = rate("cache_write", false);
        section.end();
        Some((
            *model,
            Price {
                input,
                output,
                cache_read: cache_read.flatten().unwrap_or(input),
                cache_write: cache_write.flatten().unwrap_or(input),
            },
        ))
    };
    reader.entries().iter().filter_map(price).collect()
}
