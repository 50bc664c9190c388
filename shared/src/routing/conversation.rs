//! Where a conversation was answered last, so that it goes on where its beginning is in the provider's cache.

use super::affinity::{PrefixKey, prefix_key};
use crate::config::{Member, Pool, ProviderKind};
use crate::ledger::Usage;
use crate::limits::MAX_AFFINITY_PART;
use crate::request::Request;
use crate::store::{Packed, Store, Unpack, look, update, warmth_key};
use crate::units::{Millis, Timestamp, Tokens};
use json::scan::{self, string_members};

/// How long providers keep a prompt at the least after it was used: five minutes at Anthropic and OpenAI,
/// <https://platform.claude.com/docs/en/build-with-claude/prompt-caching>,
/// <https://platform.openai.com/docs/guides/prompt-caching>.
const WARM_FOR: Millis = Millis(5 * 60_000);

/// The same for what was written to last an hour.
const WARM_FOR_HOUR: Millis = Millis(60 * 60_000);

/// OpenAI caches prompts from here on, without being asked.
const LEAST_CACHED: Tokens = Tokens(1_024);

/// The messages in which the first of the agent's own is looked for; those before it are the operator's.
const LEADING: usize = 4;

/// A conversation in a pool that keeps conversations where they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Its beginning.
    pub key: PrefixKey,
    /// Who answered it last, while that is still in the cache there.
    pub holder: Option<Holder>,
}

/// Who holds a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Which member of the pool it is.
    pub member: usize,
    /// The tokens that are in its cache.
    pub warm: Tokens,
}

/// What became of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stay {
    /// Nobody held it.
    New,
    /// It stayed where it was.
    Kept,
    /// Another member answered.
    Moved {
        /// The member that held it.
        from: usize,
        /// The tokens that are in the cache there and had to be read anew.
        warm: Tokens,
    },
}

/// What is remembered of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Warmth {
    key: u64,
    member: u64,
    warm: Tokens,
    until: Timestamp,
}

impl Conversation {
    /// The conversation that a body goes on with: it is known by the texts of the system prompt and of the messages up
    /// to the first of a user, which stay as they are while it grows. Markers for the cache wander and do not count.
    #[must_use]
    pub fn of(
        body: &[u8],
        request: &Request,
        pool: &Pool,
        store: &dyn Store,
        now: Timestamp,
    ) -> Option<Self> {
        let mut beginning = Vec::new();
        if let Some(system) = request.beginning.system {
            add_texts(system.of(body), &mut beginning);
        }
        let messages = request.beginning.messages?.of(body);
        if messages.starts_with(b"\"") {
            add_texts(messages, &mut beginning);
        }
        for message in scan::leading::<LEADING>(messages).into_iter().flatten() {
            let message = message.span.of(messages);
            add_texts(message, &mut beginning);
            let role = scan::members(message, ["role"]).ok()?.values;
            let role = role[0].and_then(|role| scan::string(role.span.of(message)));
            if !matches!(role.as_deref(), Some("system" | "developer")) {
                break;
            }
        }
        let key = prefix_key(&beginning);
        let warmth: Warmth = look(store, &warmth_key(key));
        Some(Self {
            key,
            holder: warmth.holder(key, pool, now),
        })
    }

    /// What became of it when a member answered.
    #[must_use]
    pub fn outcome(&self, served: usize) -> Stay {
        match self.holder {
            None => Stay::New,
            Some(holder) if holder.member == served => Stay::Kept,
            Some(Holder { member, warm }) => Stay::Moved { from: member, warm },
        }
    }

    /// Notes that a member has answered it, and keeps its beginning for some time.
    pub fn note(&self, member: &Member, usage: &Usage, store: &dyn Store, now: Timestamp) {
        let lasts = if usage.cache_write_hour.0 > 0 {
            WARM_FOR_HOUR
        } else {
            WARM_FOR
        };
        let noted = Warmth {
            key: self.key.number(),
            member: member.identity.number(),
            warm: warm(member.provider.kind, member.model.as_str(), usage),
            until: now.after(lasts),
        };
        update(store, &warmth_key(self.key), |warmth: &mut Warmth| {
            *warmth = noted.clone();
        });
    }
}

impl Warmth {
    fn holder(&self, key: PrefixKey, pool: &Pool, now: Timestamp) -> Option<Holder> {
        if self.key != key.number() || now >= self.until {
            return None;
        }
        let mut members = pool.members.iter();
        let member = members.position(|member| member.identity.number() == self.member)?;
        Some(Holder {
            member,
            warm: self.warm,
        })
    }
}

/// What of an input the provider has in its cache now. Anthropic and Bedrock say so and cache only what they are asked to;
/// OpenAI caches every longer prompt, and so do Gemini and the servers that speak OpenAI's API.
fn warm(kind: ProviderKind, model: &str, usage: &Usage) -> Tokens {
    match kind {
        ProviderKind::Anthropic | ProviderKind::Bedrock => usage.cache_read.saturating_add(usage.cache_write),
        ProviderKind::Vertex if model.starts_with("claude") => warm(ProviderKind::Anthropic, model, usage),
        _ => Some(usage.input)
            .filter(|input| *input >= LEAST_CACHED)
            .unwrap_or_default(),
    }
}

/// Adds the beginning of what a value says, without what it is wrapped in.
fn add_texts(value: &[u8], texts: &mut Vec<u8>) {
    let mut left = MAX_AFFINITY_PART;
    let mut add = |text: &[u8]| {
        let text = text.get(..left).unwrap_or(text);
        left -= text.len();
        texts.extend(text);
    };
    if value.starts_with(b"\"") {
        add(value);
        return;
    }
    let _scanned_before = string_members(value, |member| {
        if ["text", "content", "data", "url"]
            .iter()
            .any(|key| member.has_key(key.as_bytes()))
        {
            add(member.value());
        }
    });
}

impl Packed for Warmth {
    const VERSION: u8 = 1;
    const LENGTH: usize = 1 + 4 * 8;

    fn write(&self, bytes: &mut Vec<u8>) {
        for number in [self.key, self.member, self.warm.0, self.until.0] {
            bytes.extend(number.to_le_bytes());
        }
    }

    fn read(from: &mut Unpack<'_>) -> Option<Self> {
        Some(Self {
            key: from.u64()?,
            member: from.u64()?,
            warm: Tokens(from.u64()?),
            until: from.timestamp()?,
        })
    }
}

#[cfg(test)]
mod tests;
