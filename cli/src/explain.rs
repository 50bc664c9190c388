//! `broker explain`: what would become of a call, and why, without making it.

mod table;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use shared::config::{Agent, Snapshot};
use shared::endpoint::{Endpoint, Operation, Passed};
use shared::explain::{self, Question, RefusalReport};
use shared::headers::{ANTHROPIC_VERSION, Headers};
use shared::health::delay;
use shared::units::Timestamp;
use shared::wire::{Dialect, Format};

use crate::{document, printed};

#[derive(Args)]
pub struct Options {
    /// The broker's configuration, YAML.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The request's body, JSON, or a form where the API takes one; `-` reads standard input. Calls about files and batches
    /// need none.
    #[arg(long, value_name = "FILE", required_unless_present = "api")]
    request: Option<PathBuf>,
    /// Who would call; may be left out where there is one agent only.
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    /// A header of the request; may be given several times.
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// The API that would be called; without it Anthropic's if there is a header `anthropic-version`, else `OpenAI`'s.
    #[arg(long, value_enum)]
    api: Option<Api>,
    /// When the call would be made, as `2026-12-24T18:00:00Z`; without it now. Policies may look at the time.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<Timestamp>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Api {
    /// POST /v1/chat/completions
    Openai,
    /// POST /v1/messages
    Anthropic,
    /// POST /v1/responses
    Responses,
    /// POST /v1/embeddings
    Embeddings,
    /// POST `/v1/messages/count_tokens`
    CountTokens,
    /// POST /v1/completions
    Completions,
    /// POST /v1/moderations
    Moderations,
    /// POST /v1/images/generations
    ImageGenerations,
    /// POST /v1/images/edits
    ImageEdits,
    /// POST /v1/images/variations
    ImageVariations,
    /// POST /v1/audio/speech
    Speech,
    /// POST /v1/audio/transcriptions
    Transcriptions,
    /// POST /v1/audio/translations
    Translations,
    /// /v1/files, of `OpenAI`
    Files,
    /// /v1/batches
    Batches,
    /// /v1/files, of Anthropic
    AnthropicFiles,
    /// /v1/messages/batches
    MessageBatches,
}

impl Api {
    /// What is asked of a provider, and in the ways of which format.
    fn asks(self) -> (Format, Endpoint) {
        let passed = |operation| {
            let passed = Passed {
                operation,
                method: "POST",
            };
            (passed.format(), Endpoint::Passed(passed))
        };
        match self {
            Self::Openai => (Format::OpenAiChat, Endpoint::Answer),
            Self::Anthropic => (Format::AnthropicMessages, Endpoint::Answer),
            Self::Responses => (Format::OpenAiResponses, Endpoint::Answer),
            Self::Embeddings => (Format::OpenAiChat, Endpoint::Embeddings),
            Self::CountTokens => (Format::AnthropicMessages, Endpoint::CountTokens),
            Self::Completions => passed(Operation::Completions),
            Self::Moderations => passed(Operation::Moderations),
            Self::ImageGenerations => passed(Operation::ImageGenerations),
            Self::ImageEdits => passed(Operation::ImageEdits),
            Self::ImageVariations => passed(Operation::ImageVariations),
            Self::Speech => passed(Operation::Speech),
            Self::Transcriptions => passed(Operation::Transcriptions),
            Self::Translations => passed(Operation::Translations),
            Self::Files => passed(Operation::Files(Dialect::OpenAi)),
            Self::Batches => passed(Operation::Batches),
            Self::AnthropicFiles => passed(Operation::Files(Dialect::Anthropic)),
            Self::MessageBatches => passed(Operation::MessageBatches),
        }
    }
}

fn moment(text: &str) -> Result<Timestamp, String> {
    delay::moment(text).ok_or_else(|| "must be a time such as 2026-12-24T18:00:00Z".to_owned())
}

pub fn run(options: &Options) -> Result<()> {
    let document = document::load(&options.config)?;
    let snapshot = &document.loaded.snapshot;
    let agent = find_agent(snapshot, options.agent.as_deref())?;
    let headers = read_headers(&options.headers)?;
    let likely = match headers.first(ANTHROPIC_VERSION) {
        Some(_) => Api::Anthropic,
        None => Api::Openai,
    };
    let (format, endpoint) = options.api.unwrap_or(likely).asks();
    let body = match &options.request {
        Some(request) => read_body(request)?,
        None if endpoint.may_lack_body() => Vec::new(),
        None => bail!("give the request's body with --request: this API needs one"),
    };
    let question = Question {
        agent,
        format,
        endpoint,
        headers: &headers,
        body: &body,
        input: None,
        random: 0,
        now: options.at.unwrap_or_else(document::now),
        conditions: &document.conditions,
    };
    match explain::explain(snapshot, question) {
        Ok(explanation) if options.json => printed::json(&explanation)?,
        Ok(explanation) => printed::text(&table::of(&explanation))?,
        Err(refusal) => {
            let refusal = RefusalReport::of(&refusal, shared::api::Api::of(format, endpoint).dialect());
            if options.json {
                printed::json(&serde_json::json!({"refusal": refusal}))?;
            } else {
                printed::text(&table::of_refusal(&refusal))?;
            }
        }
    }
    Ok(())
}

fn find_agent<'s>(snapshot: &'s Snapshot, name: Option<&str>) -> Result<&'s Agent> {
    let mut names: Vec<&str> = snapshot
        .agents
        .values()
        .map(|agent| agent.name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    let wanted = match (name, names.as_slice()) {
        (Some(name), _) => name,
        (None, [only]) => only,
        (None, []) => bail!("the configuration has no agents, so every call would be refused"),
        (None, _) => bail!("name the agent with --agent: {}", names.join(", ")),
    };
    let found = snapshot
        .agents
        .values()
        .find(|agent| agent.name.as_str() == wanted);
    match found {
        Some(agent) => Ok(agent),
        None => bail!("there is no agent `{wanted}`; there are: {}", names.join(", ")),
    }
}

fn read_headers(given: &[String]) -> Result<Headers> {
    let pair = |header: &String| match header.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_ascii_lowercase(), value.trim().as_bytes().to_vec()))
        }
        _ => bail!("`{header}` is no header: write `name: value`"),
    };
    Ok(Headers::new(given.iter().map(pair).collect::<Result<_>>()?))
}

fn read_body(path: &Path) -> Result<Vec<u8>> {
    if path != Path::new("-") {
        return std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    }
    let mut body = Vec::new();
    std::io::stdin()
        .read_to_end(&mut body)
        .context("cannot read standard input")?;
    Ok(body)
}

#[cfg(test)]
mod tests;
