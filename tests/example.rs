//! What users copy works as it stands: `envoy/envoy.yaml`, on a real Envoy. Every field and metric that shows up there is
//! documented.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use provider_simulator::{Behaviour, Simulator};
use tempfile::TempDir;

use crate::documents::read;
use crate::harness::{
    Answer, CHAT, MESSAGES, PATIENCE, Process, Record, free_address, replace, until, wasm, workspace,
};

const TOKEN: &str = "support-bot-token";
const OPENAI: &str = r#"{"model":"primary-llm","messages":[{"role":"user","content":"hi"}]}"#;
const OPENAI_STREAM: &str =
    r#"{"model":"primary-llm","stream":true,"messages":[{"role":"user","content":"hi"}]}"#;
const ANTHROPIC: &str =
    r#"{"model":"claude-sonnet-4-6","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;

#[tokio::test]
async fn envoys_configuration_by_hand_works_as_it_stands() {
    let example = Example::start().await;
    let [anthropic, openai, backup] = &example.accounts;

    let answer = example.post(CHAT, OPENAI).await;
    assert_eq!(
        answer.expect_status(200).said(),
        "Hello from openai-prod: gpt-5-mini."
    );
    let answer = example.post(MESSAGES, ANTHROPIC).await;
    assert_eq!(
        answer.expect_status(200).said(),
        "Hello from anthropic-prod: claude-sonnet-4-6."
    );
    openai.behave(Behaviour::status(503));
    let answer = example.post(CHAT, OPENAI_STREAM).await;
    assert_eq!(
        answer.expect_status(200).said(),
        "Hello from openai-backup: gpt-5-mini."
    );
    for (account, header, key) in [
        (anthropic, "x-api-key", "key-a"),
        (openai, "authorization", "Bearer key-b"),
        (backup, "authorization", "Bearer key-c"),
    ] {
        for request in account.received() {
            assert_eq!(request.header(header), Some(key), "{}", account.name());
            assert!(!request.contains(TOKEN), "{}", account.name());
        }
    }

    let page = Answer::of(
        example
            .client
            .get(format!("http://{}/status.json", example.status)),
    )
    .await;
    let status = page.expect_status(200).json();
    assert_eq!(status["pools"][0]["members"][1]["standing"], "healthy");

    let records = example.wait_for_records(3).await;
    let way = |provider: &str, status: &str| (provider.to_owned(), status.to_owned());
    let ways = [
        vec![way("openai-prod", "200")],
        vec![way("anthropic-prod", "200")],
        vec![way("openai-prod", "503"), way("openai-backup", "200")],
    ];
    for (record, ways) in records.iter().zip(ways) {
        assert_eq!(record.text("llm.agent"), "support-bot");
        assert_eq!(record.text("llm.outcome"), "ok");
        assert_eq!(record.ways(), ways);
        assert!(record.number("llm.cost.usd") > 0.0);
    }
    assert_eq!(records[1].text("llm.api"), "anthropic.messages");
    assert_eq!(records[2].text("llm.pool"), "primary-tier");
}

#[tokio::test]
async fn every_field_and_metric_that_there_is_is_documented() {
    let example = Example::start().await;
    example.accounts[1].behave(Behaviour::status(503));
    example.post(CHAT, OPENAI).await.expect_status(200);
    example
        .post(CHAT, OPENAI.replace("primary-llm", "nobody-knows"))
        .await
        .expect_status(404);
    example.wait_for_records(2).await;
    let document = read("docs/record.md");
    let log = std::fs::read_to_string(example.access_log()).expect("the access log");
    let fields = quoted_names(&log);
    assert!(fields.len() > 20, "{fields:?}");
    for field in fields {
        assert!(
            document.contains(&format!("`{field}`")),
            "docs/record.md does not know the field `{field}`"
        );
    }
    let page = until(PATIENCE, "the broker's histograms", async || {
        let page = example.admin("/stats/prometheus").await;
        page.contains("model_broker_duration_ms_count").then_some(page)
    })
    .await;
    let metrics: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE model_broker_"))
        .filter_map(|rest| rest.split(' ').next())
        .collect();
    assert!(metrics.len() >= 7, "{metrics:?}");
    for metric in metrics {
        assert!(
            document.contains(&format!("`model_broker_{metric}`")),
            "docs/record.md does not know the metric `{metric}`"
        );
    }
}

/// Envoy itself with `envoy/envoy.yaml`, and the accounts that it names: anthropic-prod, openai-prod, openai-backup.
struct Example {
    _envoy: Process,
    folder: TempDir,
    address: SocketAddr,
    admin: SocketAddr,
    status: SocketAddr,
    accounts: [Simulator; 3],
    client: reqwest::Client,
}

impl Example {
    async fn start() -> Self {
        let accounts = [
            Simulator::start("anthropic-prod").await,
            Simulator::start("openai-prod").await,
            Simulator::start("openai-backup").await,
        ];
        let (address, admin, status) = (free_address(), free_address(), free_address());
        let folder = TempDir::new().expect("a folder");
        let access_log = folder.path().join("access.log");
        let ports = accounts
            .each_ref()
            .map(|account| account.address().port().to_string());
        let mut yaml = read("envoy/envoy.yaml");
        for (written, here) in [
            ("port_value: 10000", format!("port_value: {}", address.port())),
            ("port_value: 9901", format!("port_value: {}", admin.port())),
            ("port_value: 9902", format!("port_value: {}", status.port())),
            ("18081", ports[0].clone()),
            ("18082", ports[1].clone()),
            ("18083", ports[2].clone()),
            (
                "target/wasm32-wasip1/module/model_broker.wasm",
                wasm().display().to_string(),
            ),
            ("/dev/stdout", access_log.display().to_string()),
        ] {
            assert!(yaml.contains(written), "no `{written}` in envoy/envoy.yaml");
            yaml = yaml.replace(written, &here);
        }
        let path = folder.path().join("envoy.yaml");
        replace(&path, &yaml);
        let example = Self {
            _envoy: start_envoy(&path),
            folder,
            address,
            admin,
            status,
            accounts,
            client: reqwest::Client::builder()
                .no_proxy()
                .timeout(Duration::from_secs(30))
                .build()
                .expect("an HTTP client"),
        };
        until(PATIENCE, "Envoy with envoy/envoy.yaml", async || {
            let ready = example
                .client
                .get(format!("http://{}/ready", example.admin))
                .send()
                .await;
            ready.is_ok_and(|answer| answer.status() == 200).then_some(())
        })
        .await;
        example
    }

    async fn post(&self, path: &str, body: impl Into<String>) -> Answer {
        let request = self.client.post(format!("http://{}{path}", self.address));
        Answer::of(request.bearer_auth(TOKEN).body(body.into())).await
    }

    async fn admin(&self, path: &str) -> String {
        Answer::of(self.client.get(format!("http://{}{path}", self.admin)))
            .await
            .text()
    }

    async fn wait_for_records(&self, n: usize) -> Vec<Record> {
        until(PATIENCE, &format!("{n} records"), async || {
            let log = std::fs::read_to_string(self.access_log()).ok()?;
            // The last line may be half written.
            let complete = log.rsplit_once('\n').map_or("", |(complete, _)| complete);
            let records: Vec<Record> = complete.lines().map(Record::read).collect();
            (records.len() >= n).then_some(records)
        })
        .await
    }

    fn access_log(&self) -> PathBuf {
        self.folder.path().join("access.log")
    }
}

fn start_envoy(config: &Path) -> Process {
    let mut command = Command::new(envoy_binary());
    command.arg("-c").arg(config);
    command.args([
        "--disable-hot-restart",
        "--concurrency",
        "1",
        "--log-level",
        "error",
    ]);
    command.args(["--file-flush-interval-msec", "100"]);
    command.envs([
        ("ANTHROPIC_PROD_KEY", "key-a"),
        ("OPENAI_PROD_KEY", "key-b"),
        ("OPENAI_BACKUP_KEY", "key-c"),
    ]);
    command.current_dir(workspace());
    Process::start(command)
}

/// `ENVOY_BIN`, or the one that scripts/setup.sh installed.
fn envoy_binary() -> PathBuf {
    if let Some(binary) = std::env::var_os("ENVOY_BIN") {
        return binary.into();
    }
    let libraries = workspace().join(".tools/envoy/lib");
    let installed = std::fs::read_dir(libraries).into_iter().flatten().flatten();
    let mut installed = installed.map(|entry| entry.path().join("site-packages/envoy/_bin/envoy"));
    installed
        .find(|binary| binary.is_file())
        .expect("an Envoy: run scripts/setup.sh, or set ENVOY_BIN")
}

/// The names before a colon in lines of JSON: the fields of records and of the objects in them.
fn quoted_names(json: &str) -> BTreeSet<&str> {
    let parts: Vec<&str> = json.split('"').collect();
    let pairs = parts.windows(2).skip(1).step_by(2);
    pairs
        .filter(|pair| pair[1].starts_with(':'))
        .map(|pair| pair[0])
        .collect()
}

#[test]
fn names_are_told_from_values() {
    let names = quoted_names(r#"{"a":"b","c.d":[{"e":1}],"f":"g"}"#);
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["a", "c.d", "e", "f"]);
}
