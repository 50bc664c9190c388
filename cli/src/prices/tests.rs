use std::path::Path;

use serde_json::json;

use super::*;

const CONFIG: &str = "
providers: [{name: a, kind: openai, endpoint: 'http://a'}]
models:
  - {name: own, targets: [{provider: a, model: house-model}]}
  - {name: haiku, targets: [{provider: a, model: claude-haiku-5-5}]}
  - {name: secret, targets: [{provider: a, model: nobody-knows}]}
prices:
  house-model: {input: 0.25, output: 2, cache_read: 0.0375, tiers: {flex: 0.5}}
";

fn configured() -> Vec<Row> {
    let snapshot = document::parse(CONFIG, Path::new("broker.yaml"))
        .unwrap()
        .loaded
        .snapshot;
    rows(&snapshot.prices, &models_of(&snapshot))
}

/// The models of the configuration come first, with their long inputs, and one without a price says so.
#[test]
fn golden_table() {
    let table = table(&configured());
    let beginning: Vec<&str> = table.lines().take(7).collect();
    assert_eq!(
        beginning.join("\n"),
        "\
US dollars per million tokens; the shipped list prices are those of 2026-11-21.

model                           input   media   output  reasoning  cache read  write 5m  write 1h  tiers                               source
claude-haiku-5-5                0.10    0.10    0.50    0.50       0.01        0.125     0.20      batch 50%                           shipped 2026-11-21
  above 100000 tokens of input  0.50    0.50    2.50    2.50       0.05        0.625     1.00
house-model                     0.25    0.25    2.00    2.00       0.0375      0.25      0.25      flex 50%                            configuration
nobody-knows                    -       -       -       -          -           -         -         -                                   unknown: calls have no cost"
    );
}

#[test]
fn golden_json() {
    let rows = configured();
    let told = serde_json::to_value(json::Report::of(&rows)).unwrap();
    assert_eq!(told["shipped_as_of"], "2026-11-21");
    assert_eq!(
        told["prices"][0],
        json!({
            "model": "claude-haiku-5-5", "source": "shipped",
            "input": 0.1, "media": 0.1, "output": 0.5, "reasoning": 0.5,
            "cache_read": 0.01, "cache_write": 0.125, "cache_write_1h": 0.2,
            "long_context": {
                "above": 100_000, "input": 0.5, "media": 0.5, "output": 2.5, "reasoning": 2.5,
                "cache_read": 0.05, "cache_write": 0.625, "cache_write_1h": 1.0,
            },
            "tiers": {"batch": 0.5},
        })
    );
    assert_eq!(
        told["prices"][2],
        json!({"model": "nobody-knows", "source": null})
    );
}

#[test]
fn without_a_configuration_the_whole_table_is_shown_once() {
    let rows = rows(&Prices::default(), &[]);
    assert_eq!(rows.len(), shipped_rows().count());
    assert!(rows.iter().all(|row| row.price.is_some()));
}
