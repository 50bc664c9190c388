//! `broker up`: renders the configuration, runs Envoy in the foreground, and reloads when the configuration changes.

mod admin;
mod carried;
mod credentials;
mod envoy;
mod written;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::Value;

use crate::document;
use crate::render::{self, Place};
use admin::Admin;
use envoy::Envoy;
use written::Written;

/// How often the configuration is looked at.
const POLL: Duration = Duration::from_millis(200);

/// How long Envoy may take to start: the module is compiled once per start.
const START: Duration = Duration::from_secs(30);

#[derive(Args)]
pub struct Options {
    /// The broker's configuration, YAML. It is watched, with the files that it names: a change that holds takes effect,
    /// another is refused.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    #[command(flatten)]
    place: Place,
    /// Envoy's worker threads.
    #[arg(long, value_name = "N", default_value_t = 2)]
    concurrency: u32,
    /// The Envoy to run; without it the one of scripts/setup.sh, or `envoy` of the path.
    #[arg(long, value_name = "FILE", env = "ENVOY_BIN")]
    envoy: Option<PathBuf>,
    /// Earlier access logs, such as rotated ones: what their calls spent of budgets' open windows stays spent, as what
    /// those of the access log itself did.
    #[arg(long, value_name = "FILE")]
    carry: Vec<PathBuf>,
}

pub fn run(options: &Options) -> Result<()> {
    let place = options.place.absolute()?;
    let ended = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, ended.clone()).context("cannot handle signals")?;
    }
    let written = Written::read(&options.config, None)?;
    let mut first = document::parse(&written.text, &options.config)?;
    document::print_warnings(&first.loaded.warnings);
    credentials::check(&first.loaded, &options.config, place.secrets.as_deref())?;
    first.opening_balances = carried::balances(&first.loaded.snapshot, &place.access_log, &options.carry)?;
    let folder = tempfile::Builder::new()
        .prefix("model-broker-")
        .tempdir()
        .context("no temporary folder")?;
    render::render(&first, &options.config, &place, folder.path())?;

    let mut envoy = Envoy::start(options.envoy.as_deref(), folder.path(), options.concurrency)?;
    let admin = Admin::new(&place.admin);
    wait_until_ready(&mut envoy, &admin, &ended)?;
    let status = match render::status_url(&place) {
        Some(url) => format!(", status {url}"),
        None => String::new(),
    };
    let scheme = if first.loaded.listener.is_some() {
        "https"
    } else {
        "http"
    };
    println!(
        "broker ready on {scheme}://{} (admin http://{}{status})",
        place.listen, place.admin
    );

    let mut reload = Reload {
        options,
        place,
        folder: folder.path().to_owned(),
        current: written,
        refused: None,
        opening_balances: first.opening_balances,
    };
    while !ended.load(Ordering::Relaxed) {
        if let Some(status) = envoy.has_ended()? {
            bail!("Envoy ended by itself: {status}");
        }
        reload.look(&admin);
        std::thread::sleep(POLL);
    }
    envoy.stop()
}

fn wait_until_ready(envoy: &mut Envoy, admin: &Admin, ended: &AtomicBool) -> Result<()> {
    let deadline = Instant::now() + START;
    while !admin.is_ready() || admin.rejected_updates() > 0 {
        if let Some(status) = envoy.has_ended()? {
            bail!("Envoy did not start: {status}; what it said is above");
        }
        if ended.load(Ordering::Relaxed) {
            return envoy.stop();
        }
        if admin.rejected_updates() > 0 {
            bail!("Envoy refused its configuration; what it said is above");
        }
        if Instant::now() > deadline {
            bail!(
                "Envoy was not ready within {} s; what it said is above",
                START.as_secs()
            );
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// The configuration in force and the file that may change it.
struct Reload<'a> {
    options: &'a Options,
    place: Place,
    folder: PathBuf,
    current: Written,
    /// The last that was refused, so that it is reported once.
    refused: Option<Written>,
    /// What was spent when Envoy started.
    opening_balances: Option<Value>,
}

impl Reload<'_> {
    /// Takes over a configuration that changed and holds; reports one that does not.
    fn look(&mut self, admin: &Admin) {
        // A file that is being replaced may be missing for a moment.
        let config = &self.options.config;
        let Ok(written) = Written::read(config, Some(self.refused.as_ref().unwrap_or(&self.current))) else {
            return;
        };
        if written == self.current || self.refused.as_ref() == Some(&written) {
            return;
        }
        let rejected = admin.rejected_updates();
        match self.take_over(&written.text) {
            Ok(document) => {
                let version = &document.loaded.snapshot.version;
                println!("broker reloaded {}: version {version}", config.display());
                self.current = written;
                self.refused = None;
            }
            Err(error) => {
                eprintln!("broker: the new configuration is refused, the old one stays in force: {error:#}");
                self.refused = Some(written);
            }
        }
        if admin.rejected_updates() > rejected {
            eprintln!("broker: Envoy refused a part of it, which stays as it was; what it said is above");
        }
    }

    fn take_over(&self, text: &str) -> Result<document::Document> {
        let mut document = document::parse(text, &self.options.config)?;
        document.opening_balances.clone_from(&self.opening_balances);
        document::print_warnings(&document.loaded.warnings);
        credentials::check(
            &document.loaded,
            &self.options.config,
            self.place.secrets.as_deref(),
        )?;
        render::render(&document, &self.options.config, &self.place, &self.folder)?;
        Ok(document)
    }
}
