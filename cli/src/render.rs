//! `broker render envoy`: everything Envoy reads, made from one document. Clusters, listeners and secrets are files
//! that Envoy watches, so that a change of any takes effect without a restart.

mod agents_tls;
mod alerts;
mod aws;
mod bootstrap;
mod clusters;
mod files;
mod health;
mod hop;
mod jwt;
mod listener;
mod parts;
pub mod rate_limit;
mod secrets;
mod services;
mod status;
mod tokens;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::document::{self, Document};

pub use files::write_if_changed;
pub use status::url as status_url;

/// The largest request that Envoy holds back: more than the broker takes, so that the broker is the one to refuse.
const BUFFER_BYTES: usize = shared::limits::MAX_REQUEST_BODY + (4 << 20);

#[derive(Args)]
pub struct Options {
    /// The broker's configuration, YAML.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The folder to write into.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// What `broker spend carry` printed: what is spent of the budgets when Envoy starts. Counters that an Envoy has begun
    /// are left alone.
    #[arg(long, value_name = "FILE")]
    opening_balances: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

/// Where the broker listens, logs and finds its parts.
#[derive(Args, Clone)]
pub struct Place {
    /// Where agents call.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:10000")]
    pub listen: String,
    /// Envoy's admin interface; keep it on loopback.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9901")]
    pub admin: String,
    /// Where the status page is, `/status`; keep it on loopback. `off`: nowhere.
    #[arg(long, value_name = "HOST:PORT", default_value = DEFAULT_STATUS)]
    pub status: String,
    /// Where the records go, a JSON object a line.
    #[arg(long, value_name = "FILE", default_value = "/dev/stdout")]
    pub access_log: PathBuf,
    /// The filter.
    #[arg(long, value_name = "FILE", env = "MODEL_BROKER_WASM", default_value = DEFAULT_MODULE)]
    pub module: PathBuf,
    /// Where the files of `sds` credentials are, each NAME.yaml; without it the folder `secrets` beside the rest.
    #[arg(long, value_name = "FOLDER")]
    pub secrets: Option<PathBuf>,
    /// The certificates that providers are checked against.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "/etc/ssl/certs/ca-certificates.crt"
    )]
    pub trusted_ca: PathBuf,
}

/// Where the status page is if nothing else is said.
pub const DEFAULT_STATUS: &str = "127.0.0.1:9902";

const DEFAULT_MODULE: &str = "target/wasm32-wasip1/module/model_broker.wasm";

impl Place {
    /// The same with paths that hold wherever Envoy runs.
    pub fn absolute(&self) -> Result<Self> {
        let absolute = |path: &Path| {
            std::path::absolute(path).with_context(|| format!("cannot find {}", path.display()))
        };
        let module = absolute(&self.module)?;
        if !module.is_file() {
            bail!(
                "the filter is not at {}: build it with scripts/setup.sh, or name it with --module or \
                 MODEL_BROKER_WASM",
                module.display()
            );
        }
        let secrets = self.secrets.as_deref().map(absolute).transpose()?;
        Ok(Self {
            access_log: absolute(&self.access_log)?,
            module,
            secrets,
            ..self.clone()
        })
    }
}

/// A host and a port for Envoy.
pub fn socket_address(text: &str) -> Result<serde_json::Value> {
    let parts = text
        .rsplit_once(':')
        .and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
    let Some((host, port)) = parts else {
        bail!("`{text}` is no HOST:PORT")
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Ok(serde_json::json!({"socket_address": {"address": host, "port_value": port}}))
}

pub fn run(options: &Options) -> Result<()> {
    let mut document = document::load(&options.config)?;
    document.opening_balances = options.opening_balances.as_deref().map(balances).transpose()?;
    document::print_warnings(&document.loaded.warnings);
    let out = std::path::absolute(&options.out)?;
    render(&document, &options.config, &options.place.absolute()?, &out)?;
    println!(
        "rendered into {}; start with: envoy -c {}",
        out.display(),
        out.join("envoy.yaml").display()
    );
    Ok(())
}

fn balances(file: &Path) -> Result<serde_json::Value> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let balances = serde_json::from_str(&text).ok();
    let holds =
        |balances: &serde_json::Value| balances.get("made").is_some() && balances.get("balances").is_some();
    balances
        .filter(holds)
        .with_context(|| format!("{} is not what `broker spend carry` prints", file.display()))
}

/// Writes what changed, in the order in which Envoy can take it: what is named before what names it.
pub fn render(document: &Document, config: &Path, place: &Place, out: &Path) -> Result<()> {
    let base = config.parent().unwrap_or(Path::new("."));
    // Reads a file that may be wrong: before anything is written.
    let jwt = jwt::filter(document, base)?;
    for (name, secret) in secrets::of(document, base)? {
        write_if_changed(&out.join("secrets").join(name), &secret)?;
    }
    for (name, secret) in agents_tls::secrets(document, base)? {
        write_if_changed(&out.join(agents_tls::FOLDER).join(name), &secret)?;
    }
    write_if_changed(
        &out.join("clusters.yaml"),
        &clusters::of(document, place, base, out)?,
    )?;
    write_if_changed(&out.join("routes.yaml"), &listener::routes(document))?;
    if let Some(filter) = jwt {
        write_if_changed(&out.join(jwt::FILE), &filter)?;
    }
    write_if_changed(&out.join("filter.yaml"), &listener::filter(document, place))?;
    write_if_changed(&out.join("listeners.yaml"), &listener::of(document, place, out)?)?;
    write_if_changed(&out.join("envoy.yaml"), &bootstrap::of(place, out)?)
}

#[cfg(test)]
mod tests;
