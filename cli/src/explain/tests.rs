use super::*;

const DOCUMENT: &str = "
providers:
  - {name: eu, kind: openai, region: eu, endpoint: 'https://eu.example.com'}
  - {name: us, kind: openai, region: us, endpoint: 'https://us.example.com'}
pools:
  - name: main
    members: [{provider: eu, model: gpt-4o}, {provider: us, model: gpt-4o}, {provider: eu, model: gpt-oss-20b}]
models: [{name: primary, pool: main}]
rules: [{name: vip, match: {tier: gold}, pool: main}]
tenants: [{name: acme, regions: [eu]}]
workspaces: [{name: lab, tenant: acme}]
agents:
  - {name: bot, workspace: lab, token_sha256: 4c26d9074c27d89ede59270c0ac14b71e071b15239519f75474b2f3ba63481f5}
prices: {gpt-4o: {input: 2.5, output: 10}}
";
const IMAGE: &str = r#"{"model":"primary","messages":[{"role":"user","content":[{"type":"image_url"}]}]}"#;

fn snapshot() -> std::sync::Arc<Snapshot> {
    snapshot_of(DOCUMENT)
}

fn snapshot_of(document: &str) -> std::sync::Arc<Snapshot> {
    let document = document::parse(document, Path::new("broker.yaml"));
    document
        .unwrap_or_else(|error| panic!("{error:#}"))
        .loaded
        .snapshot
        .clone()
}

fn told(body: &str) -> String {
    told_by(DOCUMENT, body)
}

fn told_by(document: &str, body: &str) -> String {
    let snapshot = snapshot_of(document);
    let question = Question {
        agent: find_agent(&snapshot, None).unwrap(),
        format: Format::OpenAiChat,
        endpoint: Endpoint::Answer,
        headers: &read_headers(&["X-Broker-Step: plan".to_owned()]).unwrap(),
        body: body.as_bytes(),
        input: None,
        random: 0,
        now: Timestamp(0),
        conditions: &[],
    };
    table::of(&explain::explain(&snapshot, question).unwrap())
}

#[test]
fn a_decision_can_be_read_from_top_to_bottom() {
    let expected = "\
call      openai.chat for primary, about 1521 tokens of input, needs vision
agent     bot of workspace lab of tenant acme, in eu only
facts     step plan
rules     vip does not match: tier is not given, must be gold
pool      main, the model's own
routing   priority-weighted
failover  up to 2 attempts after the first

   account  model        region  priority  weight  first  input $
1  eu       gpt-4o       eu      0         1       100%   0.003803
-  us       gpt-4o       us      0         1       0%     -         left out: not in a region that is allowed
-  eu       gpt-oss-20b  eu      0         1       0%     -         left out: does not look at images
";
    assert_eq!(told(IMAGE), expected);
}

#[test]
fn a_cascade_is_told_in_its_order() {
    let cascade = DOCUMENT.replace("name: main\n", "name: main\n    routing: cascade\n");
    let cascade = cascade.replace(
        "{provider: eu, model: gpt-4o}",
        "{provider: eu, model: gpt-4o, priority: 1}",
    );
    let told = told_by(&cascade, r#"{"model":"primary","messages":[]}"#);
    let members = told.split_once("\n\n").unwrap().1;
    let rows: Vec<(&str, &str)> = members
        .lines()
        .skip(1)
        .map(|row| {
            (
                row.split_once(' ').unwrap().0,
                row.split("  ").last().unwrap().trim(),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("2", "rung 3"),
            ("-", "rung 1; left out: not in a region that is allowed"),
            ("1", "rung 2")
        ]
    );
}

#[test]
fn a_refusal_is_told_as_the_agent_would_get_it() {
    let told = told(&IMAGE.replace("primary", "unheard-of"));
    let last = told.lines().last().unwrap();
    assert!(
        last.starts_with("refused   404 model_not_found: there is no model `unheard-of`"),
        "{told}"
    );
}

#[test]
fn an_agent_is_found_by_name_or_told_who_there_is() {
    let snapshot = snapshot();
    assert_eq!(find_agent(&snapshot, Some("bot")).unwrap().name.as_str(), "bot");
    let error = find_agent(&snapshot, Some("nobody")).unwrap_err().to_string();
    assert_eq!(error, "there is no agent `nobody`; there are: bot");
}

#[test]
fn a_header_has_a_name_and_a_value() {
    let headers = read_headers(&["X-Team:  blue: green ".to_owned(), "x-empty:".to_owned()]).unwrap();
    assert_eq!(headers.text("x-team"), Some("blue: green"));
    assert_eq!(headers.text("x-empty"), Some(""));
    assert!(read_headers(&["nonsense".to_owned()]).is_err());
    assert!(read_headers(&[": x".to_owned()]).is_err());
}
