//! The Envoy process.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// How long Envoy may take to end.
const END: Duration = Duration::from_secs(5);

/// A running Envoy; it ends with this value.
pub struct Envoy {
    child: Child,
}

impl Envoy {
    /// Starts Envoy from this thread. It asks the kernel to be ended when the thread that started it ends, so it is
    /// the main thread that must call this.
    pub fn start(binary: Option<&Path>, folder: &Path, concurrency: u32) -> Result<Self> {
        let binary = binary.map_or_else(find, |binary| Ok(binary.to_owned()))?;
        let child = Command::new(&binary)
            .arg("-c")
            .arg(folder.join("envoy.yaml"))
            .args(["--concurrency", &concurrency.to_string()])
            .args([
                "--disable-hot-restart",
                "--log-level",
                "warn",
                "--component-log-level",
                "wasm:info",
            ])
            .args(["--file-flush-interval-msec", "200"])
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start Envoy at {}", binary.display()))?;
        Ok(Self { child })
    }

    /// How it ended, if it did.
    pub fn has_ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().context("cannot tell whether Envoy runs")
    }

    /// Asks it to end and waits for that.
    pub fn stop(&mut self) -> Result<()> {
        let pid = self.child.id().to_string();
        // Best effort: what does not end on being asked is killed below.
        let asked = Command::new("kill").args(["-TERM", &pid]).status();
        let deadline = Instant::now() + END;
        while asked.is_ok() && Instant::now() < deadline {
            if self.has_ended()?.is_some() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.child.kill().context("cannot end Envoy")?;
        self.child.wait().context("cannot end Envoy")?;
        Ok(())
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        if matches!(self.has_ended(), Ok(None)) && self.stop().is_err() {
            eprintln!("broker: Envoy could not be ended");
        }
    }
}

/// The Envoy that scripts/setup.sh installed, or the one of the path.
fn find() -> Result<PathBuf> {
    let libraries = std::fs::read_dir(".tools/envoy/lib")
        .into_iter()
        .flatten()
        .flatten();
    let installed = libraries.map(|entry| entry.path().join("site-packages/envoy/_bin/envoy"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path)
        .map(|folder| folder.join("envoy"))
        .collect::<Vec<_>>();
    match installed.chain(folders).find(|candidate| candidate.is_file()) {
        Some(binary) => Ok(binary),
        None => bail!("there is no Envoy: run scripts/setup.sh, or name one with --envoy or ENVOY_BIN"),
    }
}
