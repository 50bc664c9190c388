//! A broker of its own for each test: the `broker` command, which runs a real Envoy with the filter in it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder};
use tempfile::TempDir;

use super::places::{binary, free_address, replace, wasm, workspace};
use super::process::Process;
use super::{Answer, CHAT, Config, PATIENCE, Record, metrics, until};

/// A running broker. It ends when it is dropped; if the test has failed, its output is printed.
#[derive(Debug)]
pub struct Broker {
    builder: BrokerBuilder,
    process: Process,
    files: Arc<Files>,
    address: SocketAddr,
    admin: SocketAddr,
    pub(super) status: SocketAddr,
    pub(super) client: reqwest::Client,
}

/// How a broker is started.
#[derive(Clone, Debug)]
pub struct BrokerBuilder {
    yaml: String,
    concurrency: usize,
    env: Vec<(String, String)>,
    arguments: Vec<String>,
}

/// How a broker that did not start ended.
#[derive(Debug)]
pub struct Exit {
    /// The exit code, if it was no signal.
    pub code: Option<i32>,
    /// All it wrote to stdout.
    pub stdout: String,
    /// All it wrote to stderr.
    pub stderr: String,
}

#[derive(Debug)]
struct Files {
    dir: TempDir,
}

impl BrokerBuilder {
    /// Threads of Envoy that serve; 2 without this.
    pub fn concurrency(mut self, threads: usize) -> Self {
        self.concurrency = threads;
        self
    }

    /// Sets a variable of the broker's environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds an option of `broker up` and its value.
    pub fn option(mut self, name: &str, value: &str) -> Self {
        self.arguments.extend([name.to_owned(), value.to_owned()]);
        self
    }

    /// Starts it and waits until it is ready.
    pub async fn start(self) -> Broker {
        let files = self.files();
        self.start_with(files).await
    }

    async fn start_with(self, files: Arc<Files>) -> Broker {
        let (mut process, [address, admin, status]) = self.spawn(&files);
        let started = Instant::now();
        while !process
            .stdout()
            .lines()
            .any(|line| line.starts_with("broker ready"))
        {
            if let Some(status) = process.exited() {
                panic!("the broker ended with {status}\n{}", report(&process));
            }
            assert!(
                started.elapsed() < TO_START,
                "the broker was not ready in {TO_START:?}\n{}",
                report(&process)
            );
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()
            .expect("an HTTP client");
        Broker {
            builder: self,
            process,
            files,
            address,
            admin,
            status,
            client,
        }
    }

    /// Starts it with a configuration that it must refuse, and waits for its end.
    pub async fn refused(self) -> Exit {
        let files = self.files();
        let (mut process, ..) = self.spawn(&files);
        let status = until(
            PATIENCE,
            "the end of a broker with a wrong configuration",
            async || process.exited(),
        )
        .await;
        // The output is read by threads, which may be a moment behind the end.
        tokio::time::sleep(Duration::from_millis(100)).await;
        Exit {
            code: status.code(),
            stdout: process.stdout(),
            stderr: process.stderr(),
        }
    }

    fn files(&self) -> Arc<Files> {
        let files = Files {
            dir: TempDir::new().expect("a directory for the broker"),
        };
        replace(&files.config(), &self.yaml);
        Arc::new(files)
    }

    /// The addresses are those of the agents, of Envoy's admin interface and of the status page.
    fn spawn(&self, files: &Files) -> (Process, [SocketAddr; 3]) {
        let (address, admin, status) = (free_address(), free_address(), free_address());
        let mut command = Command::new(binary());
        command.arg("up").arg("--config").arg(files.config());
        command.args(["--listen", &address.to_string(), "--admin", &admin.to_string()]);
        command.args(["--status", &status.to_string()]);
        command.arg("--access-log").arg(files.access_log());
        command.args(["--concurrency", &self.concurrency.to_string()]);
        command
            .args(&self.arguments)
            .current_dir(workspace())
            .env("MODEL_BROKER_WASM", wasm())
            .envs(self.env.iter().cloned());
        (Process::start(command), [address, admin, status])
    }
}

impl Broker {
    /// Starts a broker with this configuration.
    pub async fn start(config: &Config) -> Self {
        config.broker().start().await
    }

    /// Ends it and starts it again with its files: the configuration as it is now, and the access log.
    pub async fn restart(&mut self) {
        self.process.end();
        let (builder, files) = (self.builder.clone(), self.files.clone());
        *self = builder.start_with(files).await;
    }

    /// A broker with this configuration, given as text.
    pub fn builder(yaml: impl Into<String>) -> BrokerBuilder {
        BrokerBuilder {
            yaml: yaml.into(),
            concurrency: 2,
            env: Vec::new(),
            arguments: Vec::new(),
        }
    }

    /// Where agents reach it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where agents reach it: `http://address`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where Envoy's admin interface is.
    pub fn admin_url(&self) -> String {
        format!("http://{}", self.admin)
    }

    /// A call without a credential, to be completed and sent.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.url() + path)
    }

    /// A call with a body and the token where the path's dialect has it, to be completed and sent.
    pub fn call(&self, path: &str, token: &str, body: impl Into<Vec<u8>>) -> RequestBuilder {
        let request = self
            .request(Method::POST, path)
            .header("content-type", "application/json")
            .body(body.into());
        if path.starts_with(CHAT) {
            request.bearer_auth(token)
        } else {
            request
                .header("x-api-key", token)
                .header("anthropic-version", "2023-06-01")
        }
    }

    /// Makes a call and reads the whole answer. The body is sent as it is: give JSON as text.
    pub async fn post(&self, path: &str, token: &str, body: impl Into<Vec<u8>>) -> Answer {
        Answer::of(self.call(path, token, body)).await
    }

    /// The records of the calls so far, oldest first.
    pub fn records(&self) -> Vec<Record> {
        let log = self.access_log();
        // The last line may be half written.
        let complete = log.rsplit_once('\n').map_or("", |(complete, _)| complete);
        complete.lines().map(Record::read).collect()
    }

    /// Waits until there are `n` records, and gives all of them.
    pub async fn wait_for_records(&self, n: usize) -> Vec<Record> {
        until(PATIENCE, &format!("{n} records"), async || {
            Some(self.records()).filter(|records| records.len() >= n)
        })
        .await
    }

    /// The access log as it is written.
    pub fn access_log(&self) -> String {
        match std::fs::read(self.files.access_log()) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => panic!("cannot read the access log: {error}"),
        }
    }

    /// A page of Envoy's admin interface.
    pub async fn admin(&self, path: &str) -> String {
        Answer::of(self.client.get(self.admin_url() + path)).await.text()
    }

    /// All metrics in the form Prometheus reads.
    pub async fn stats_prometheus(&self) -> String {
        self.admin("/stats/prometheus").await
    }

    /// One of Envoy's own stats, by its dotted name.
    pub async fn stat(&self, name: &str) -> Option<f64> {
        let page = self.admin("/stats").await;
        page.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")?.parse().ok())
    }

    /// The sum of all samples of a metric that have these labels; 0 if there is none.
    pub async fn metric(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        metrics::sum(&self.stats_prometheus().await, name, labels)
    }

    /// Replaces the configuration, as an editor does: written beside, then renamed. The broker takes it when it sees it.
    pub fn rewrite_config(&self, yaml: &str) {
        replace(&self.config_path(), yaml);
    }

    /// The configuration file.
    pub fn config_path(&self) -> PathBuf {
        self.files.config()
    }

    /// Where the access log is.
    pub fn access_log_path(&self) -> PathBuf {
        self.files.access_log()
    }

    /// A directory that lives as long as the broker.
    pub fn dir(&self) -> &Path {
        self.files.dir.path()
    }

    /// All that the broker and its Envoy wrote to stdout and stderr.
    pub fn output(&self) -> String {
        report(&self.process)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", report(&self.process));
        }
    }
}

impl Files {
    fn config(&self) -> PathBuf {
        self.dir.path().join("broker.yaml")
    }

    fn access_log(&self) -> PathBuf {
        self.dir.path().join("access.log")
    }
}

fn report(process: &Process) -> String {
    format!(
        "--- broker's stdout ---\n{}\n--- broker's stderr ---\n{}",
        process.stdout(),
        process.stderr()
    )
}

const TO_START: Duration = Duration::from_mins(1);
