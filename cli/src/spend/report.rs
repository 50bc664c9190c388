//! What was added up, as a table, as CSV and as JSON.

use serde_json::{Map, Value, json};
use shared::units::MicroUsd;

use super::dimension::Dimension;
use super::line::Query;
use super::sums::{Found, SEPARATOR, Sums};
use crate::columns;
use crate::dollars::dollars;

/// The groups in the order in which they are shown, and all of them together.
pub struct Report<'a> {
    query: &'a Query,
    rows: Vec<(Vec<&'a str>, &'a Sums)>,
    total: Sums,
    no_records: u64,
}

const FIGURES: [&str; 8] = [
    "calls",
    "cost unknown",
    "estimated",
    "input",
    "output",
    "cost $",
    "in vain $",
    "saved $",
];

/// The columns of CSV after those that tell the groups apart.
const CSV_FIGURES: [&str; 10] = [
    "calls",
    "calls_cost_unknown",
    "calls_estimated",
    "input_tokens",
    "output_tokens",
    "cost_usd",
    "failed_usd",
    "estimated_usd",
    "saved_usd",
    "overspent_usd",
];

impl<'a> Report<'a> {
    /// By time where that comes first, else the dearest first.
    pub fn of(query: &'a Query, found: &'a Found) -> Self {
        let parts = |key: &'a str| key.split(SEPARATOR).collect::<Vec<_>>();
        let mut rows: Vec<_> = found
            .groups
            .iter()
            .map(|(key, sums)| (parts(key), sums))
            .collect();
        if query.by.first().copied().is_some_and(Dimension::is_time) {
            rows.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        } else {
            rows.sort_unstable_by(|(left, left_sums), (right, right_sums)| {
                right_sums.cost.cmp(&left_sums.cost).then_with(|| left.cmp(right))
            });
        }
        let mut total = Sums::default();
        for (_, sums) in &rows {
            total.add(sums);
        }
        Self {
            query,
            rows,
            total,
            no_records: found.no_records,
        }
    }

    /// For people.
    pub fn table(&self) -> String {
        let titles = self.query.by.iter().map(|dimension| dimension.name());
        let titles: Vec<String> = titles.chain(FIGURES).map(str::to_owned).collect();
        let names = |parts: &[&str]| -> Vec<String> {
            let shown = |part: &&str| if part.is_empty() { "-" } else { part }.to_owned();
            parts.iter().map(shown).collect()
        };
        let mut lines = vec![titles];
        for (parts, sums) in &self.rows {
            lines.push([names(parts), figures(sums)].concat());
        }
        let mut total = vec![String::new(); self.query.by.len()];
        if let Some(first) = total.first_mut() {
            "total".clone_into(first);
        }
        lines.push([total, figures(&self.total)].concat());
        columns::aligned(&lines, self.query.by.len())
    }

    /// For spreadsheets: <https://www.rfc-editor.org/rfc/rfc4180>, without the line of all together.
    pub fn csv(&self) -> String {
        let titles = self.query.by.iter().map(|dimension| dimension.name());
        let mut text = titles.chain(CSV_FIGURES).collect::<Vec<_>>().join(",");
        text.push_str("\r\n");
        for (parts, sums) in &self.rows {
            let counts = [sums.calls, sums.unpriced, sums.estimated, sums.input, sums.output];
            let amounts = [
                sums.cost,
                sums.failed,
                sums.estimated_cost,
                sums.saved,
                sums.overspent,
            ];
            let cells = parts.iter().map(|part| csv_cell(part));
            let cells = cells
                .chain(counts.map(|count| count.to_string()))
                .chain(amounts.map(dollars));
            text.push_str(&cells.collect::<Vec<_>>().join(","));
            text.push_str("\r\n");
        }
        text
    }

    /// For programs: amounts are whole numbers of micro-dollars.
    pub fn json(&self) -> Value {
        let row = |(parts, sums): &(Vec<&str>, &Sums)| {
            let mut row = Map::new();
            for (dimension, part) in self.query.by.iter().zip(parts) {
                let part = (!part.is_empty()).then_some(*part);
                row.insert(dimension.name().to_owned(), json!(part));
            }
            row.extend(json_figures(sums));
            Value::Object(row)
        };
        json!({
            "by": self.query.by.iter().map(|dimension| dimension.name()).collect::<Vec<_>>(),
            "since": self.query.since,
            "until": self.query.until,
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
            "total": Value::Object(json_figures(&self.total)),
            "lines_without_record": self.no_records,
        })
    }
}

fn figures(sums: &Sums) -> Vec<String> {
    let counts = [sums.calls, sums.unpriced, sums.estimated, sums.input, sums.output];
    let mut cells: Vec<String> = counts.iter().map(u64::to_string).collect();
    cells.push(dollars(sums.cost));
    cells.push(dollars(sums.failed));
    cells.push(match sums.saved.0.checked_sub(sums.overspent.0) {
        Some(saved) => dollars(MicroUsd(saved)),
        None => format!(
            "-{}",
            dollars(MicroUsd(sums.overspent.0.saturating_sub(sums.saved.0)))
        ),
    });
    cells
}

fn json_figures(sums: &Sums) -> Map<String, Value> {
    let figures = [
        ("calls", sums.calls),
        ("calls_cost_unknown", sums.unpriced),
        ("calls_estimated", sums.estimated),
        ("input_tokens", sums.input),
        ("output_tokens", sums.output),
        ("cost_micro_usd", sums.cost.0),
        ("failed_micro_usd", sums.failed.0),
        ("estimated_micro_usd", sums.estimated_cost.0),
        ("saved_micro_usd", sums.saved.0),
        ("overspent_micro_usd", sums.overspent.0),
    ];
    let entry = |(name, figure): (&str, u64)| (name.to_owned(), json!(figure));
    figures.into_iter().map(entry).collect()
}

/// A cell that a spreadsheet takes for text, whatever a caller put there: one that begins like a formula would be
/// computed (<https://owasp.org/www-community/attacks/CSV_Injection>).
fn csv_cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@']) {
        "'"
    } else {
        ""
    };
    if text.contains([',', '"']) {
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{guard}{text}")
    }
}
