//! `broker token`: the configuration holds the SHA-256 of a token, never the token.

use std::fmt::Write as _;
use std::io::Read as _;

use anyhow::{Context as _, Result, ensure};
use clap::Subcommand;
use shared::identity::TokenDigest;

#[derive(Subcommand)]
pub enum Command {
    /// Make a new token: print it, and the line for the agent's entry.
    New,
    /// Read a token from standard input and print the line for the agent's entry.
    Hash,
}

pub fn run(command: &Command) -> Result<()> {
    match command {
        Command::New => {
            let mut bytes = [0_u8; 24];
            getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
            let mut token = "mb-".to_owned();
            for byte in bytes {
                write!(token, "{byte:02x}")?;
            }
            println!("token: {token}");
            println!("token_sha256: {}", TokenDigest::of(token.as_bytes()));
        }
        Command::Hash => {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .context("cannot read standard input")?;
            let token = text.trim();
            ensure!(!token.is_empty(), "standard input holds no token");
            println!("token_sha256: {}", TokenDigest::of(token.as_bytes()));
        }
    }
    Ok(())
}
