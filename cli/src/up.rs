//! `broker up`: renders the configuration, runs Envoy in the foreground, and reloads when the configuration changes.

mod admin;
mod credentials;
mod envoy;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::document;
use crate::render::{self, Place};
use admin::Admin;
use envoy::Envoy;

/// How often the configuration is looked at.
const POLL: Duration = Duration::from_millis(200);

/// How long Envoy may take to start: the module is compiled once per start.
const START: Duration = Duration::from_secs(30);

#[derive(Args)]
pub struct Options {
    /// The broker's configuration, YAML. It is watched: a change that holds takes effect, another is refused.
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
}

pub fn run(options: &Options) -> Result<()> {
    let place = options.place.absolute()?;
    let ended = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, ended.clone()).context("cannot handle signals")?;
    }
    let text = read(&options.config)?;
    let first = document::parse(&text, &options.config)?;
    document::print_warnings(&first.loaded.warnings);
    credentials::check(&first.loaded, &options.config, place.secrets.as_deref())?;
    let folder = tempfile::Builder::new()
        .prefix("model-broker-")
        .tempdir()
        .context("no temporary folder")?;
    let key_set = render::key_set_file(&first, &options.config);
    let keys = key_set.as_deref().and_then(|path| read(path).ok());
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
        current: Written { text, key_set: keys },
        key_set,
        refused: None,
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

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The configuration in force and the files that may change it.
struct Reload<'a> {
    options: &'a Options,
    place: Place,
    folder: PathBuf,
    /// The keys that JWTs are checked with, where they are a file.
    key_set: Option<PathBuf>,
    current: Written,
    /// What was refused last, so that it is reported once.
    refused: Option<Written>,
}

/// What stands in the files.
#[derive(PartialEq, Eq)]
struct Written {
    text: String,
    key_set: Option<String>,
}

impl Written {
    /// `None` if the configuration cannot be read: a file that is being replaced may be missing for a moment.
    fn read(config: &Path, key_set: Option<&Path>) -> Option<Self> {
        Some(Self {
            text: read(config).ok()?,
            key_set: key_set.and_then(|path| read(path).ok()),
        })
    }

    /// Whether there is nothing new to take over. Keys that are missing are none, as long as nothing else changed.
    fn is_as(&self, other: &Self) -> bool {
        self.text == other.text && (self.key_set.is_none() || self.key_set == other.key_set)
    }
}

impl Reload<'_> {
    /// Takes over a configuration that changed and holds; reports one that does not.
    fn look(&mut self, admin: &Admin) {
        let Some(written) = Written::read(&self.options.config, self.key_set.as_deref()) else {
            return;
        };
        if written.is_as(&self.current) || self.refused.as_ref() == Some(&written) {
            return;
        }
        let rejected = admin.rejected_updates();
        match self.take_over(written) {
            Ok(version) => {
                println!(
                    "broker reloaded {}: version {version}",
                    self.options.config.display()
                );
                self.refused = None;
            }
            Err((error, written)) => {
                eprintln!("broker: the new configuration is refused, the old one stays in force: {error:#}");
                self.refused = Some(written);
            }
        }
        if admin.rejected_updates() > rejected {
            eprintln!("broker: Envoy refused a part of it, which stays as it was; what it said is above");
        }
    }

    fn take_over(&mut self, written: Written) -> Result<String, (anyhow::Error, Written)> {
        match self.render(&written.text) {
            Ok((version, key_set, keys)) => {
                self.key_set = key_set;
                self.current = Written {
                    key_set: keys,
                    ..written
                };
                Ok(version)
            }
            Err(error) => Err((error, written)),
        }
    }

    /// Renders a configuration that holds; gives its version, and the file of the key set with what stood in it before:
    /// if that changed since, it is rendered again.
    fn render(&self, text: &str) -> Result<(String, Option<PathBuf>, Option<String>)> {
        let document = document::parse(text, &self.options.config)?;
        document::print_warnings(&document.loaded.warnings);
        credentials::check(
            &document.loaded,
            &self.options.config,
            self.place.secrets.as_deref(),
        )?;
        let key_set = render::key_set_file(&document, &self.options.config);
        let keys = key_set.as_deref().and_then(|path| read(path).ok());
        render::render(&document, &self.options.config, &self.place, &self.folder)?;
        Ok((document.loaded.snapshot.version.to_string(), key_set, keys))
    }
}
