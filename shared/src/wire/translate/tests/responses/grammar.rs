//! The grammar of a response's stream: numbered events, items that begin, go on and end, parts within messages, and at
//! the end all of it once more. Whoever reads the pieces and whoever reads the end read the same.

use serde_json::Value;

/// What a stream said that obeys the grammar.
#[derive(Debug, Default)]
pub struct Seen {
    /// The text of all messages, piece by piece.
    pub text: String,
    /// The thoughts.
    pub thoughts: String,
    /// The arguments of each call.
    pub arguments: Vec<String>,
    /// The last response; null if the stream never began.
    pub response: Value,
}

/// An item under way.
#[derive(Debug, Default)]
struct Item {
    id: String,
    kind: String,
    /// The words of the part that is open, by the kind of part.
    open: Option<(String, String)>,
    parts: Vec<Value>,
    words: String,
    is_done: bool,
    done: Value,
}

impl Seen {
    /// Reads a stream; the first thing that is wrong is told.
    pub fn of(text: &str) -> Result<Self, String> {
        let mut reading = Reading::default();
        for event in text.split_terminator("\n\n").filter(|event| *event != ": ping") {
            reading
                .event(event)
                .map_err(|problem| format!("{problem} in {event}"))?;
        }
        if reading.next > 0 && !reading.is_over {
            return Err("the stream has no end".to_owned());
        }
        Ok(reading.seen)
    }
}

#[derive(Default)]
struct Reading {
    next: u64,
    is_over: bool,
    id: Value,
    items: Vec<Item>,
    seen: Seen,
}

fn check(holds: bool, problem: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(problem.to_owned()) }
}

impl Reading {
    fn event(&mut self, event: &str) -> Result<(), String> {
        let (name, data) = event.split_once('\n').ok_or("one line")?;
        let name = name.strip_prefix("event: ").ok_or("no name")?;
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").ok_or("no data")?)
            .map_err(|error| error.to_string())?;
        check(data["type"] == name, "the name is not the type")?;
        check(data["sequence_number"] == self.next, "numbers have a gap")?;
        check(!self.is_over, "something follows the end")?;
        let first = self.next;
        self.next += 1;
        match (first, name) {
            (0, "response.created") | (1, "response.in_progress") => {
                let response = &data["response"];
                check(response["status"] == "in_progress", "is not in progress")?;
                check(response["output"] == serde_json::json!([]), "has output already")?;
                check(first == 0 || response["id"] == self.id, "another id")?;
                self.id = response["id"].clone();
                return Ok(());
            }
            (0 | 1, _) => return Err("begins with something else".to_owned()),
            _ => {}
        }
        match name {
            "response.completed" | "response.incomplete" | "response.failed" => {
                self.end(name, &data["response"])
            }
            "response.output_item.added" => self.begin(&data),
            _ => self.within(name, &data),
        }
    }

    fn begin(&mut self, data: &Value) -> Result<(), String> {
        let item = &data["item"];
        check(
            data["output_index"] == self.items.len(),
            "the place of the item has a gap",
        )?;
        let kind = item["type"].as_str().unwrap_or_default().to_owned();
        let id = item["id"].as_str().unwrap_or_default().to_owned();
        let prefix = match kind.as_str() {
            "message" => "msg_",
            "reasoning" => "rs_",
            "function_call" => "fc_",
            _ => return Err("an unknown kind of item".to_owned()),
        };
        check(id.starts_with(prefix) && id.len() <= 64, "not an id")?;
        check(self.items.iter().all(|other| other.id != id), "an id twice")?;
        let sequential = |other: &Item| other.is_done || other.kind == "function_call";
        check(self.items.iter().all(sequential), "begins within another item")?;
        if kind == "function_call" {
            check(item["arguments"] == "", "arguments at the beginning")?;
            check(
                item["call_id"].as_str().is_some_and(|id| !id.is_empty()),
                "no call_id",
            )?;
        }
        self.items.push(Item {
            id,
            kind,
            ..Item::default()
        });
        Ok(())
    }

    fn within(&mut self, name: &str, data: &Value) -> Result<(), String> {
        let place = usize::try_from(data["output_index"].as_u64().ok_or("no place")?).unwrap();
        let seen = &mut self.seen;
        let item = self.items.get_mut(place).ok_or("no such item")?;
        check(!item.is_done, "the item is over")?;
        if name == "response.output_item.done" {
            check(item.open.is_none(), "a part is open")?;
            item.is_done = true;
            item.done = data["item"].clone();
            check(item.done["id"] == item.id, "another id")?;
            return match item.kind.as_str() {
                "message" => check(
                    item.done["content"] == Value::from(item.parts.clone()),
                    "other parts",
                ),
                "reasoning" => check(
                    item.done["summary"] == Value::from(item.parts.clone()),
                    "other parts",
                ),
                _ => check(item.done["arguments"] == item.words, "other arguments"),
            };
        }
        check(data["item_id"] == item.id, "another item's id")?;
        let (kind, step) = match (
            item.kind.as_str(),
            name.strip_prefix("response.").unwrap_or_default(),
        ) {
            ("message", "content_part.added") => (data["part"]["type"].as_str().unwrap_or_default(), "added"),
            ("message", "content_part.done") => {
                (data["part"]["type"].as_str().unwrap_or_default(), "part done")
            }
            ("message", "output_text.delta") => ("output_text", "delta"),
            ("message", "output_text.done") => ("output_text", "words done"),
            ("message", "refusal.delta") => ("refusal", "delta"),
            ("message", "refusal.done") => ("refusal", "words done"),
            ("reasoning", "reasoning_summary_part.added") => ("summary_text", "added"),
            ("reasoning", "reasoning_summary_part.done") => ("summary_text", "part done"),
            ("reasoning", "reasoning_summary_text.delta") => ("summary_text", "delta"),
            ("reasoning", "reasoning_summary_text.done") => ("summary_text", "words done"),
            ("function_call", "function_call_arguments.delta") => {
                item.words += data["delta"].as_str().ok_or("no delta")?;
                return Ok(());
            }
            ("function_call", "function_call_arguments.done") => {
                check(data["arguments"] == item.words, "other arguments")?;
                seen.arguments.push(item.words.clone());
                return Ok(());
            }
            _ => return Err("does not belong to such an item".to_owned()),
        };
        let index = match item.kind.as_str() {
            "message" => &data["content_index"],
            _ => &data["summary_index"],
        };
        check(*index == item.parts.len(), "the place of the part has a gap")?;
        let key = if kind == "refusal" { "refusal" } else { "text" };
        match (step, &mut item.open) {
            ("added", None) => {
                check(data["part"][key] == "", "words at the beginning")?;
                item.open = Some((kind.to_owned(), String::new()));
            }
            ("delta", Some((open, words))) if open == kind => {
                let delta = data["delta"].as_str().ok_or("no delta")?;
                check(!delta.is_empty(), "nothing is said")?;
                words.push_str(delta);
                match kind {
                    "output_text" => seen.text += delta,
                    "summary_text" => seen.thoughts += delta,
                    _ => {}
                }
            }
            ("words done", Some((open, words))) if open == kind => {
                check(data[key] == *words, "other words at the end")?;
            }
            ("part done", Some((open, words))) if open == kind => {
                check(data["part"][key] == *words, "another part at the end")?;
                item.parts.push(data["part"].clone());
                item.open = None;
            }
            _ => return Err("the part is not open".to_owned()),
        }
        Ok(())
    }

    fn end(&mut self, name: &str, response: &Value) -> Result<(), String> {
        self.is_over = true;
        let status = name.strip_prefix("response.").unwrap_or_default();
        check(response["status"] == status, "another status")?;
        check(response["id"] == self.id, "another id")?;
        check(response["error"].is_object() == (status == "failed"), "an error")?;
        check(
            response["incomplete_details"].is_object() == (status == "incomplete"),
            "details",
        )?;
        check(self.items.iter().all(|item| item.is_done), "an item is open")?;
        let items: Vec<Value> = self.items.iter().map(|item| item.done.clone()).collect();
        check(response["output"] == Value::from(items), "another output")?;
        self.seen.response = response.clone();
        Ok(())
    }
}
