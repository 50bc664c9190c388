use std::io::Write as _;

use super::sums::{Found, Sums};
use super::*;
use clap::Parser as _;

/// A day of two agents: a call, one that failed over, one without a price, one that broke off, a cascade, a refusal, and
/// what is no record.
const LOG: &str = r#"{"time":"2026-11-20T10:00:00.000Z","llm.agent":"bot","llm.workspace":"lab","llm.tenant":"acme","llm.feature":"inbox","llm.pool":"main","llm.provider":"a","llm.model":"small","llm.attempts":[{"provider":"a","model":"small","status":200,"ms":1,"input":100,"output":10,"cost_usd":0.0001}],"llm.outcome":"ok","llm.tokens.input":100,"llm.tokens.output":10,"llm.cost.usd":0.0001}
{"time":"2026-11-20T11:00:00.000Z","llm.agent":"bot","llm.feature":"=1+1","llm.provider":"b","llm.model":"large","llm.attempts":[{"provider":"a","model":"small","status":"error_in_answer","ms":1,"input":50,"output":5,"cost_usd":5e-5},{"provider":"b","model":"large","status":200,"ms":1,"input":100,"output":10,"cost_usd":0.003}],"llm.outcome":"ok","llm.tokens.input":100,"llm.tokens.output":10,"llm.cost.usd":0.00305,"llm.cost.failed_usd":5e-5}
{"time":"2026-11-21T00:00:00.000Z","llm.agent":"batch","llm.provider":"c","llm.model":"own","llm.outcome":"ok","llm.tokens.input":7,"llm.tokens.output":3}
{"time":"2026-11-21T01:00:00.000Z","llm.agent":"batch","llm.provider":"b","llm.model":"large","llm.outcome":"aborted","llm.usage":"estimated","llm.tokens.input":10,"llm.tokens.output":10,"llm.cost.usd":0.001}
{"time":"2026-11-21T02:00:00.000Z","llm.agent":"bot","llm.provider":"a","llm.model":"small","llm.outcome":"ok","llm.tokens.input":1,"llm.tokens.output":1,"llm.cost.usd":0.000001,"llm.cost.saved_usd":-0.0005}
{"time":"2026-11-21T03:00:00.000Z","llm.outcome":"denied","llm.decision":"deny"}

Envoy started
{"time":"2026-11-21T04:00:00.000Z"}
"#;

#[derive(clap::Parser)]
struct Command {
    #[command(flatten)]
    options: Options,
}

fn options(arguments: &[&str]) -> Options {
    let arguments = ["spend"].iter().chain(arguments);
    Command::try_parse_from(arguments).unwrap().options
}

fn query(arguments: &[&str]) -> Query {
    let options = options(arguments);
    Query {
        by: options.by,
        since: options.since,
        until: options.until,
    }
}

fn found(log: &str, query: &Query) -> Found {
    let mut found = Found::default();
    work::add_block(log.as_bytes(), query, &mut found);
    found
}

fn table(arguments: &[&str]) -> String {
    let query = query(arguments);
    Report::of(&query, &found(LOG, &query)).table()
}

fn total(found: &Found) -> Sums {
    let mut total = Sums::default();
    found.groups.values().for_each(|sums| total.add(sums));
    total
}

#[test]
fn golden_table_by_agent_the_dearest_first() {
    assert_eq!(
        table(&[]),
        "\
agent  calls  cost unknown  estimated  input  output    cost $  in vain $  saved $
bot        3             0          0    201      21  0.003151    0.00005  -0.0005
batch      2             1          1     17      13     0.001       0.00     0.00
-          1             0          0      0       0      0.00       0.00     0.00
total      6             1          1    218      34  0.004151    0.00005  -0.0005
"
    );
}

#[test]
fn golden_table_by_day_in_the_order_of_days() {
    assert_eq!(
        table(&["--by", "day,agent"]),
        "\
day         agent  calls  cost unknown  estimated  input  output    cost $  in vain $  saved $
2026-11-20  bot        2             0          0    200      20   0.00315    0.00005     0.00
2026-11-21  -          1             0          0      0       0      0.00       0.00     0.00
2026-11-21  batch      2             1          1     17      13     0.001       0.00     0.00
2026-11-21  bot        1             0          0      1       1  0.000001       0.00  -0.0005
total                  6             1          1    218      34  0.004151    0.00005  -0.0005
"
    );
}

#[test]
fn each_attempt_counts_for_its_own_account_and_the_call_for_the_last() {
    assert_eq!(
        table(&["--by", "provider,model"]),
        "\
provider  model  calls  cost unknown  estimated  input  output    cost $  in vain $  saved $
b         large      2             0          1    110      20     0.004       0.00     0.00
a         small      2             0          0    151      16  0.000151    0.00005  -0.0005
-         -          1             0          0      0       0      0.00       0.00     0.00
c         own        1             1          0      7       3      0.00       0.00     0.00
total                6             1          1    268      39  0.004151    0.00005  -0.0005
"
    );
}

#[test]
fn however_it_is_told_apart_it_costs_the_same() {
    let cost = |by: &str| total(&found(LOG, &query(&["--by", by]))).cost;
    for by in [
        "workspace",
        "tenant",
        "feature",
        "pool",
        "provider",
        "model",
        "day",
        "month",
    ] {
        assert_eq!(cost(by), cost("agent"), "{by}");
    }
}

#[test]
fn golden_csv() {
    let query = query(&["--by", "feature", "--until", "2026-11-21"]);
    assert_eq!(
        Report::of(&query, &found(LOG, &query)).csv(),
        "feature,calls,calls_cost_unknown,calls_estimated,input_tokens,output_tokens,cost_usd,failed_usd,\
         estimated_usd,saved_usd,overspent_usd\r\n\
         '=1+1,1,0,0,100,10,0.00305,0.00005,0.00,0.00,0.00\r\n\
         inbox,1,0,0,100,10,0.0001,0.00,0.00,0.00,0.00\r\n"
    );
}

#[test]
fn golden_json_has_whole_micro_dollars() {
    let query = query(&[
        "--by",
        "tenant",
        "--since",
        "2026-11-20",
        "--until",
        "2026-11-20T10:30:00Z",
    ]);
    assert_eq!(
        Report::of(&query, &found(LOG, &query)).json(),
        serde_json::json!({
            "by": ["tenant"], "since": "2026-11-20", "until": "2026-11-20T10:30:00",
            "rows": [{
                "tenant": "acme", "calls": 1, "calls_cost_unknown": 0, "calls_estimated": 0,
                "input_tokens": 100, "output_tokens": 10, "cost_micro_usd": 100, "failed_micro_usd": 0,
                "estimated_micro_usd": 0, "saved_micro_usd": 0, "overspent_micro_usd": 0,
            }],
            "total": {
                "calls": 1, "calls_cost_unknown": 0, "calls_estimated": 0,
                "input_tokens": 100, "output_tokens": 10, "cost_micro_usd": 100, "failed_micro_usd": 0,
                "estimated_micro_usd": 0, "saved_micro_usd": 0, "overspent_micro_usd": 0,
            },
            "lines_without_record": 2,
        })
    );
}

#[test]
fn a_bound_includes_its_own_moment_and_excludes_it_as_an_end() {
    let calls = |arguments: &[&str]| total(&found(LOG, &query(arguments))).calls;
    assert_eq!(calls(&["--since", "2026-11-21"]), 4);
    assert_eq!(calls(&["--since", "2026-11-21T00:00:00Z"]), 4);
    assert_eq!(calls(&["--until", "2026-11-21"]), 2);
    assert_eq!(calls(&["--until", "2026-11-21T00:00:00Z"]), 2);
    for wrong in [
        "yesterday",
        "2026-13-01",
        "2026-11-01T00:00:00",
        "2026-11-01 00:00:00Z",
    ] {
        let arguments = ["spend", "--since", wrong];
        assert!(Command::try_parse_from(arguments).is_err(), "{wrong}");
    }
}

#[test]
fn lines_that_are_no_records_are_counted_and_blank_ones_are_not() {
    let found = found(LOG, &query(&[]));
    assert_eq!((found.lines, found.no_records), (8, 2));
}

#[test]
fn what_a_caller_said_cannot_look_like_another_part_of_the_key() {
    let log = r#"{"time":"2026-11-20","llm.outcome":"ok","llm.agent":"a","llm.feature":"x\u001fy\u001b[2J"}"#;
    let query = query(&["--by", "feature,agent"]);
    let found = found(log, &query);
    let keys: Vec<&str> = found.groups.keys().map(String::as_str).collect();
    assert_eq!(keys, ["x?y?[2J\u{1f}a"]);
}

/// Whatever the cut of the blocks, the number of workers and the compression, the sums are those of the text.
#[test]
fn files_plain_and_compressed_add_up_to_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let text = LOG.repeat(20_000);
    let (plain, gzip) = (folder.path().join("a.log"), folder.path().join("b.log.gz"));
    std::fs::write(&plain, &text).unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.trim_end().as_bytes()).unwrap();
    std::fs::write(&gzip, packed.finish().unwrap()).unwrap();

    let query = query(&["--by", "agent,model"]);
    let expected = found(&text, &query);
    for file in [&plain, &gzip] {
        let found: Found = work::add_up(std::slice::from_ref(file), &query).unwrap();
        assert_eq!(found.groups, expected.groups, "{}", file.display());
        assert_eq!((found.lines, found.no_records), (160_000, 40_000));
    }
    let both: Found = work::add_up(&[plain, gzip], &query).unwrap();
    assert_eq!(both.lines, 320_000);
}

#[test]
fn a_file_that_is_not_there_is_an_error_that_names_it() {
    let missing = work::add_up::<Found>(&[PathBuf::from("/no/such.log")], &query(&[]));
    let error = format!("{:#}", missing.unwrap_err());
    assert!(error.starts_with("cannot read /no/such.log: "), "{error}");
}
