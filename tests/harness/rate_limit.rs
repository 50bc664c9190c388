//! The reference rate limit service and its Redis, as real processes. scripts/setup.sh installs both.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::places::{binary, free_address, ratelimit, redis, workspace};
use super::process::Process;
use super::{PATIENCE, until};

/// A Redis that keeps nothing on disk.
#[derive(Debug)]
pub struct Redis {
    process: Process,
    address: SocketAddr,
}

/// The rate limit service, with the configuration that `broker render ratelimit` writes.
#[derive(Debug)]
pub struct RateLimit {
    process: Process,
    address: SocketAddr,
    redis: SocketAddr,
    runtime: TempDir,
}

impl Redis {
    /// Starts it and waits until it takes connections.
    pub async fn start() -> Self {
        let address = free_address();
        let mut command = Command::new(redis());
        command
            .args([
                "--bind",
                &address.ip().to_string(),
                "--port",
                &address.port().to_string(),
            ])
            .args(["--save", "", "--appendonly", "no"]);
        let mut process = Process::start(command);
        listens(&mut process, address, "Redis").await;
        Self { process, address }
    }

    /// Ends it.
    pub fn end(&mut self) {
        self.process.end();
    }
}

impl RateLimit {
    /// Starts it at this address for the budgets of this document, and waits until it takes connections.
    pub async fn start(address: SocketAddr, yaml: &str, redis: &Redis) -> Self {
        let runtime = TempDir::new().expect("a directory for the rate limit service");
        render(yaml, runtime.path());
        let mut service = Self {
            process: run(address, redis.address, runtime.path()),
            address,
            redis: redis.address,
            runtime,
        };
        listens(&mut service.process, address, "the rate limit service").await;
        service
    }

    /// Ends it.
    pub fn end(&mut self) {
        self.process.end();
    }

    /// Starts it again, at the same address.
    pub async fn restart(&mut self) {
        self.end();
        self.process = run(self.address, self.redis, self.runtime.path());
        listens(&mut self.process, self.address, "the rate limit service").await;
    }
}

fn render(yaml: &str, runtime: &Path) {
    let document = runtime.join("broker.yaml");
    std::fs::write(&document, yaml).expect("writing a document");
    let mut command = Command::new(binary());
    command
        .current_dir(workspace())
        .args(["render", "ratelimit", "--config"])
        .arg(&document)
        .arg("--out")
        .arg(runtime.join("config/model-broker.yaml"));
    let rendered = command.output().expect("the broker command");
    assert!(
        rendered.status.success(),
        "{}",
        String::from_utf8_lossy(&rendered.stderr)
    );
}

fn run(address: SocketAddr, redis: SocketAddr, runtime: &Path) -> Process {
    let program = ratelimit();
    assert!(
        program.is_file(),
        "the rate limit service is not at {}: scripts/setup.sh builds it",
        program.display()
    );
    let mut command = Command::new(program);
    let (http, debug) = (free_address(), free_address());
    for (name, value) in [
        ("RUNTIME_ROOT", runtime.display().to_string()),
        ("RUNTIME_WATCH_ROOT", "false".to_owned()),
        ("REDIS_SOCKET_TYPE", "tcp".to_owned()),
        ("REDIS_URL", redis.to_string()),
        ("USE_STATSD", "false".to_owned()),
        ("LOG_LEVEL", "warn".to_owned()),
        ("GRPC_HOST", address.ip().to_string()),
        ("GRPC_PORT", address.port().to_string()),
        ("HOST", http.ip().to_string()),
        ("PORT", http.port().to_string()),
        ("DEBUG_HOST", debug.ip().to_string()),
        ("DEBUG_PORT", debug.port().to_string()),
    ] {
        command.env(name, value);
    }
    Process::start(command)
}

async fn listens(process: &mut Process, address: SocketAddr, what: &str) {
    until(PATIENCE, &format!("{what} at {address}"), async || {
        if let Some(status) = process.exited() {
            panic!(
                "{what} ended with {status}\n{}{}",
                process.stdout(),
                process.stderr()
            );
        }
        TcpStream::connect(address).ok()
    })
    .await;
}
