//! The state as a page for people: one file, nothing loaded from anywhere, every text escaped.

use super::{MemberStatus, PoolStatus, RuleStatus, Status};
use crate::units::Millis;

const HEAD: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width\"><meta http-equiv=\"refresh\" content=\"5\">\
<title>Model Broker</title><style>\
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem;color:#222;background:#fff}\
table{border-collapse:collapse;width:100%}\
th,td{text-align:left;padding:.25rem .75rem;border-bottom:1px solid #ddd}\
th{font-weight:600;color:#555}\
.number{text-align:right;font-variant-numeric:tabular-nums}\
.well{color:#17692c}.unwell{color:#8a5a00}.out{color:#a8201a;font-weight:600}\
</style></head><body><h1>Model Broker</h1>";

const RULES: [&str; 11] = [
    "rule", "pool", "matches", "success", "error", "refused", "left", "p50", "p95", "cost", "since",
];

const MEMBERS: [&str; 7] = [
    "account",
    "model",
    "region",
    "priority",
    "weight",
    "standing",
    "first byte",
];

/// What stands for what is not known.
const UNKNOWN: &str = "\u{2013}";

/// The page.
pub fn page(status: &Status<'_>) -> String {
    let mut html = Html(HEAD.to_owned());
    html.0.push_str("<p>Configuration ");
    html.text(status.config.as_str());
    html.0.push_str(" at ");
    html.text(&status.time);
    html.0.push_str("</p><h2>Rules</h2>");
    html.table(&RULES, &status.rules, rule);
    for PoolStatus {
        pool,
        routing,
        members,
    } in &status.pools
    {
        html.0.push_str("<h2>Pool ");
        html.text(pool.as_str());
        html.0.push_str("</h2><p>");
        html.text(routing);
        html.0.push_str("</p>");
        html.table(&MEMBERS, members, member);
    }
    html.0.push_str("</body></html>\n");
    html.0
}

fn rule(html: &mut Html, rule: &RuleStatus<'_>) {
    html.cell("", rule.rule.unwrap_or("the model's own pool"));
    html.cell("", rule.pool.as_str());
    html.cell("number", &rule.matches.to_string());
    html.cell("number", &percent(rule.success_rate));
    html.cell("number", &percent(rule.error_rate));
    html.cell("number", &rule.refusals.to_string());
    html.cell("number", &rule.abandoned.to_string());
    html.cell("number", &duration(rule.p50_ms));
    html.cell("number", &duration(rule.p95_ms));
    html.cell("number", &format!("${:.6}", rule.cost_usd));
    html.cell("", rule.since.as_deref().unwrap_or(UNKNOWN));
}

fn member(html: &mut Html, member: &MemberStatus<'_>) {
    html.cell("", member.provider.as_str());
    html.cell("", member.model.as_str());
    html.cell("", member.region.unwrap_or(UNKNOWN));
    html.cell("number", &member.priority.to_string());
    html.cell("number", &member.weight.to_string());
    let mut standing = member.standing.replace('_', " ");
    if let Some(cause) = member.cause {
        standing.push_str(", ");
        standing.push_str(&cause.replace('_', " "));
    }
    if let Some(left) = member.for_ms {
        standing.push_str(", for ");
        standing.push_str(&duration(Some(left)));
    }
    let class = match (member.standing, member.for_ms) {
        ("healthy", _) => "well",
        (_, None) => "unwell",
        (_, Some(_)) => "out",
    };
    html.cell(class, &standing);
    html.cell("number", &duration(member.first_byte_ms));
}

fn percent(rate: Option<f64>) -> String {
    rate.map_or_else(|| UNKNOWN.to_owned(), |rate| format!("{:.1} %", rate * 100.0))
}

fn duration(duration: Option<Millis>) -> String {
    match duration {
        None => UNKNOWN.to_owned(),
        Some(Millis(millis)) if millis < 10_000 => format!("{millis} ms"),
        Some(Millis(millis)) => format!("{} s", millis.div_ceil(1_000)),
    }
}

/// A page as it grows.
struct Html(String);

impl Html {
    fn table<T>(&mut self, titles: &[&str], rows: &[T], write: impl Fn(&mut Self, &T)) {
        self.0.push_str("<table><thead><tr>");
        for title in titles {
            self.0.push_str("<th>");
            self.text(title);
            self.0.push_str("</th>");
        }
        self.0.push_str("</tr></thead><tbody>");
        for row in rows {
            self.0.push_str("<tr>");
            write(self, row);
            self.0.push_str("</tr>");
        }
        self.0.push_str("</tbody></table>");
    }

    fn cell(&mut self, class: &str, text: &str) {
        for part in ["<td class=\"", class, "\">"] {
            self.0.push_str(part);
        }
        self.text(text);
        self.0.push_str("</td>");
    }

    fn text(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                other => self.0.push(other),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn no_text_can_become_markup() {
        let mut html = Html(String::new());
        html.cell("", "<script>alert('&\"')</script>");
        assert_eq!(
            html.0,
            "<td class=\"\">&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;</td>"
        );
    }

    #[test]
    fn figures_are_short() {
        let durations = [None, Some(0), Some(9_999), Some(10_001)].map(|millis| duration(millis.map(Millis)));
        assert_eq!(durations, ["\u{2013}", "0 ms", "9999 ms", "11 s"]);
        assert_eq!([Some(0.995), None].map(percent), ["99.5 %", "\u{2013}"]);
    }
}
