//! Reads a document of cases; every mistake is told with its place.

use serde_json::{Map, Value, json};

use super::decided::name;
use super::{Case, Decision, Deed, Expectation, Standing};
use crate::config::{Agent, Log, Mistakes, Reader, Section, Snapshot};
use crate::headers::Headers;
use crate::health::delay;
use crate::policy::{Action, PolicyId};
use crate::units::{Timestamp, Tokens};
use crate::wire::Format;

/// Reads the cases of a document for a configuration. `read_file` reads a file that a case names, or says why it cannot
/// be read.
pub fn read(
    document: &Value,
    snapshot: &Snapshot,
    mut read_file: impl FnMut(&str) -> Result<Vec<u8>, String>,
) -> Result<Vec<Case>, Mistakes> {
    let log = Log::default();
    let root = Reader::root(document, &log);
    let entries = root.list();
    if entries.is_empty() && document.is_array() {
        root.mistake::<()>("has no cases, so it could not fail");
    }
    let cases: Vec<Case> = entries
        .iter()
        .filter_map(|entry| case(entry, snapshot, &mut read_file))
        .collect();
    let (mistakes, _) = log.into_parts();
    if mistakes.is_empty() {
        Ok(cases)
    } else {
        Err(Mistakes(mistakes))
    }
}

type ReadFile<'f> = dyn FnMut(&str) -> Result<Vec<u8>, String> + 'f;

fn case(entry: &Reader<'_>, snapshot: &Snapshot, read_file: &mut ReadFile<'_>) -> Option<Case> {
    let mut section = entry.section()?;
    let name = section.optional("name").and_then(|name| name.string());
    let agent = section
        .required("agent")
        .and_then(|reader| agent(&reader, snapshot));
    let attributes = section
        .optional("attributes")
        .map_or_else(Vec::new, |reader| texts(&reader));
    let headers = section
        .optional("headers")
        .map_or_else(Vec::new, |reader| texts(&reader));
    let at = section.optional("at").and_then(|reader| moment(&reader));
    let deed = deed(&mut section, read_file);
    let expected = section
        .required("expect")
        .and_then(|reader| expectation(&reader, snapshot));
    let is_known = section.end();
    let mut agent = agent?.clone();
    agent.attributes.extend(attributes);
    let lower = |(name, value): (String, String)| (name.to_ascii_lowercase(), value.into_bytes());
    is_known.then_some(Case {
        name: name.map(str::to_owned),
        agent,
        headers: Headers::new(headers.into_iter().map(lower).collect()),
        at,
        deed: deed?,
        expected: expected?,
    })
}

fn agent<'s>(reader: &Reader<'_>, snapshot: &'s Snapshot) -> Option<&'s Agent> {
    let name = reader.string()?;
    let mut agents = snapshot.agents.values().map(|agent| &**agent);
    agents
        .clone()
        .find(|agent| agent.name.as_str() == name)
        .or_else(|| {
            let names = agents.by_ref().map(|agent| agent.name.as_str());
            reader.unknown_name("is no agent of the configuration", names)
        })
}

fn texts(reader: &Reader<'_>) -> Vec<(String, String)> {
    let entries = reader.entries().into_iter();
    entries
        .filter_map(|(key, value)| Some((key.to_owned(), value.string()?.to_owned())))
        .collect()
}

fn moment(reader: &Reader<'_>) -> Option<Timestamp> {
    delay::moment(reader.string()?).or_else(|| reader.mistake("must be a time such as 2026-12-24T18:00:00Z"))
}

fn deed(section: &mut Section<'_>, read_file: &mut ReadFile<'_>) -> Option<Deed> {
    let action = match section.optional("action") {
        None => Some(Action::Invoke),
        Some(reader) => one_of(&reader, Action::ALL, Action::as_str),
    };
    let format = match section.optional("api") {
        None => Some(Format::OpenAiChat),
        Some(reader) => one_of(
            &reader,
            [
                Format::OpenAiChat,
                Format::AnthropicMessages,
                Format::OpenAiResponses,
            ],
            api,
        ),
    };
    let input = section
        .optional("estimated_tokens")
        .map(|reader| reader.integer(0..=1_000_000_000).map(Tokens));
    let model = section.optional("model");
    let request = section.optional("request");
    let file = section.optional("request_file");
    if action? == Action::List {
        let misplaced = request.or(file);
        if let Some(misplaced) = misplaced {
            return misplaced.mistake("has no meaning for `action: list`, which only has a `model`");
        }
        let Some(model) = model else {
            return section.missing("model", "is missing");
        };
        return Some(Deed::List {
            model: model.string()?.to_owned(),
        });
    }
    let format = format?;
    let body = match (model, request, file) {
        (Some(model), None, None) => body(format, json!({"model": model.string()?}).as_object()?),
        (None, Some(request), None) => match request.value().as_object() {
            Some(members) => body(format, members),
            None => return request.mistake("must be a mapping: the body of the request"),
        },
        (None, None, Some(file)) => match read_file(file.string()?) {
            Ok(body) => body,
            Err(problem) => return file.mistake(format!("cannot be read: {problem}")),
        },
        (None, None, None) => {
            return section.missing("request", "is missing; or give `model` or `request_file`");
        }
        (Some(one), ..) | (None, Some(one), _) => {
            return one.withheld("is one of `model`, `request` and `request_file`; give one of them");
        }
    };
    Some(Deed::Invoke {
        format,
        body,
        input: match input {
            Some(input) => Some(input?),
            None => None,
        },
    })
}

/// A request's body; what every request has, but a case need not say, is added.
fn body(format: Format, members: &Map<String, Value>) -> Vec<u8> {
    let mut members = members.clone();
    let messages = json!([{"role": "user", "content": "Hello."}]);
    let key = match format {
        Format::OpenAiChat | Format::AnthropicMessages => "messages",
        Format::OpenAiResponses => "input",
    };
    members.entry(key).or_insert(messages);
    if format == Format::AnthropicMessages {
        members.entry("max_tokens").or_insert(json!(100));
    }
    Value::Object(members).to_string().into_bytes()
}

fn api(format: Format) -> &'static str {
    match format {
        Format::OpenAiChat => "openai",
        Format::AnthropicMessages => "anthropic",
        Format::OpenAiResponses => "responses",
    }
}

fn one_of<T: Copy, const N: usize>(
    reader: &Reader<'_>,
    choices: [T; N],
    name: fn(T) -> &'static str,
) -> Option<T> {
    let text = reader.string()?;
    let found = choices.into_iter().find(|choice| name(*choice) == text);
    found.or_else(|| {
        let names = choices.map(name);
        reader.unknown_name(format!("must be one of {}", names.join(", ")), names)
    })
}

fn expectation(reader: &Reader<'_>, snapshot: &Snapshot) -> Option<Expectation> {
    if !reader.value().is_object() {
        return Some(Expectation {
            decision: decision(reader)?,
            policies: Vec::new(),
            members: Vec::new(),
        });
    }
    let mut section = reader.section()?;
    let expected = section.required("decision").and_then(|reader| decision(&reader));
    let code = section.optional("code");
    let policies = section.list("policies");
    let policies = policies.iter().filter_map(|reader| policy(reader, snapshot));
    let policies = policies.collect();
    let members = section
        .optional("members")
        .map_or_else(Vec::new, |reader| reader.entries());
    let members = members
        .iter()
        .filter_map(|(name, reader)| member(name, reader, snapshot));
    let members = members.collect();
    let is_known = section.end();
    let decision = match (expected?, code) {
        (Decision::Deny, Some(code)) => Decision::of_code(code.string()?),
        (_, Some(code)) => return code.mistake("is the code of a refusal: it needs `decision: deny`"),
        (expected, None) => expected,
    };
    is_known.then_some(Expectation {
        decision,
        policies,
        members,
    })
}

fn decision(reader: &Reader<'_>) -> Option<Decision> {
    let is_allowed = one_of(reader, [true, false], allow_or_deny)?;
    Some(if is_allowed {
        Decision::Allow
    } else {
        Decision::Deny
    })
}

fn allow_or_deny(is_allowed: bool) -> &'static str {
    if is_allowed { "allow" } else { "deny" }
}

fn policy(reader: &Reader<'_>, snapshot: &Snapshot) -> Option<PolicyId> {
    let id = PolicyId::from(reader.string()?);
    let all = snapshot
        .policies
        .as_deref()
        .map_or(&[][..], |policies| policies.all());
    if all.iter().any(|policy| policy.id == id) {
        return Some(id);
    }
    let ids = all.iter().map(|policy| policy.id.as_str());
    reader.unknown_name("is no policy of the configuration", ids)
}

fn member(of: &str, reader: &Reader<'_>, snapshot: &Snapshot) -> Option<(String, Standing)> {
    let own = snapshot.models.values().map(|model| &model.pool);
    let pools = snapshot.pools.iter().chain(own);
    let members = pools.flat_map(|pool| &pool.members);
    let names: Vec<String> = members
        .map(|member| name(&member.provider.name, &member.model))
        .collect();
    if !names.iter().any(|name| name == of) {
        let candidates = names.iter().map(String::as_str);
        return reader.unknown_key("is no member of any pool, as `provider/model`", of, candidates);
    }
    let is_allowed = one_of(reader, [true, false], allow_or_deny)?;
    let standing = if is_allowed {
        Standing::Allowed
    } else {
        Standing::Denied
    };
    Some((of.to_owned(), standing))
}
