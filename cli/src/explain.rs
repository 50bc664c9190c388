//! `broker explain`: what would become of a call, and why, without making it.

mod table;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use shared::config::{Agent, Snapshot};
use shared::explain::{self, Question, RefusalReport};
use shared::headers::{ANTHROPIC_VERSION, Headers};
use shared::health::delay;
use shared::units::Timestamp;
use shared::wire::Format;

use crate::{document, printed};

#[derive(Args)]
pub struct Options {
    /// The broker's configuration, YAML.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The request's body, JSON; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    request: PathBuf,
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
    let format = match options.api.unwrap_or(likely) {
        Api::Openai => Format::OpenAiChat,
        Api::Anthropic => Format::AnthropicMessages,
        Api::Responses => Format::OpenAiResponses,
    };
    let body = read_body(&options.request)?;
    let question = Question {
        agent,
        format,
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
            let refusal = RefusalReport::of(&refusal, format.dialect());
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
