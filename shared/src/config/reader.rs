//! Walks a document and writes down every mistake instead of stopping at the first one.
//!
//! A read that fails gives `None` after its mistake is on record; the caller goes on with the rest.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::mistake::{Mistake, nearest};
use crate::units::{Millis, Timestamp};

/// What is said of a text that is no name.
pub const NO_NAME: &str = "must be a name of letters, digits, `.`, `_` and `-`";

/// Where mistakes and warnings are written down.
#[derive(Clone, Default)]
pub struct Log(Rc<RefCell<Entries>>);

#[derive(Default)]
struct Entries {
    mistakes: Vec<Mistake>,
    warnings: Vec<Mistake>,
}

impl Log {
    pub fn mistake(&self, mistake: Mistake) {
        self.0.borrow_mut().mistakes.push(mistake);
    }

    pub fn warn(&self, path: &str, value: &str, problem: &str) {
        let (path, value, problem) = (path.to_owned(), value.to_owned(), problem.to_owned());
        self.0.borrow_mut().warnings.push(Mistake {
            path,
            value,
            problem,
            nearest: None,
        });
    }

    /// The mistakes and the warnings, in the order in which they were found.
    pub fn into_parts(self) -> (Vec<Mistake>, Vec<Mistake>) {
        let entries = self.0.take();
        (entries.mistakes, entries.warnings)
    }
}

/// One value of the document and its place.
#[derive(Clone)]
pub struct Reader<'v> {
    value: &'v Value,
    path: String,
    log: Log,
}

impl<'v> Reader<'v> {
    pub fn root(value: &'v Value, log: &Log) -> Self {
        Self {
            value,
            path: String::new(),
            log: log.clone(),
        }
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    pub fn value(&self) -> &'v Value {
        self.value
    }

    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Puts a mistake about this value on record.
    pub fn mistake<T>(&self, problem: impl Into<String>) -> Option<T> {
        self.mistake_near(problem, None)
    }

    /// Puts a mistake on record without the value, which may be a secret.
    pub fn withheld<T>(&self, problem: impl Into<String>) -> Option<T> {
        let (path, problem) = (self.path.clone(), problem.into());
        self.log.mistake(Mistake {
            path,
            value: String::new(),
            problem,
            nearest: None,
        });
        None
    }

    /// Puts a mistake on record for which one of `candidates` may have been meant.
    pub fn unknown_name<'a, T>(
        &self,
        problem: impl Into<String>,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Option<T> {
        let given = self.value.as_str().unwrap_or_default();
        self.mistake_near(problem, nearest(given, candidates))
    }

    /// Puts a mistake about the key of this value on record, for which one of `candidates` may have been meant.
    pub fn unknown_key<'a, T>(
        &self,
        problem: impl Into<String>,
        key: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Option<T> {
        self.log.mistake(Mistake {
            path: self.path.clone(),
            value: String::new(),
            problem: problem.into(),
            nearest: nearest(key, candidates),
        });
        None
    }

    fn mistake_near<T>(&self, problem: impl Into<String>, nearest: Option<String>) -> Option<T> {
        self.log.mistake(Mistake {
            path: self.path.clone(),
            value: shown(self.value),
            problem: problem.into(),
            nearest,
        });
        None
    }

    pub fn string(&self) -> Option<&'v str> {
        self.value.as_str().or_else(|| self.mistake("must be text"))
    }

    /// A name that may stand in a path, a metric label and a log: no control characters, nothing exotic.
    pub fn name(&self) -> Option<&'v str> {
        let text = self.string()?;
        if is_name(text) {
            Some(text)
        } else {
            self.mistake(NO_NAME)
        }
    }

    /// A model's name: as [`Reader::name`], and what cloud providers put into theirs.
    pub fn model_name(&self) -> Option<&'v str> {
        let text = self.string()?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._-:/@+".contains(c);
        if text.is_empty() || text.len() > 256 || !text.chars().all(allowed) {
            return self.mistake("must be a model's name: letters, digits and any of `._-:/@+`");
        }
        Some(text)
    }

    pub fn integer(&self, range: std::ops::RangeInclusive<u64>) -> Option<u64> {
        // A document that went through protobuf's `Struct` holds every number as a double.
        let whole = |number: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked to be a whole number within f64's exact range"
            )]
            (number.fract() == 0.0 && (0.0..=9e15).contains(&number)).then_some(number as u64)
        };
        let number = self
            .value
            .as_u64()
            .or_else(|| self.value.as_f64().and_then(whole));
        match number {
            Some(number) if range.contains(&number) => Some(number),
            _ => self.mistake(format!(
                "must be a whole number from {} to {}",
                range.start(),
                range.end()
            )),
        }
    }

    pub fn signed(&self) -> Option<i64> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "checked to be a small whole number"
        )]
        let whole = |number: f64| (number.fract() == 0.0 && number.abs() <= 1e9).then_some(number as i64);
        self.value
            .as_f64()
            .and_then(whole)
            .or_else(|| self.mistake("must be a whole number"))
    }

    /// A duration such as `20s`, `500ms`, `10m` or `1h`.
    pub fn duration(&self) -> Option<Millis> {
        let problem = "must be a duration such as `500ms`, `20s`, `10m` or `1h`";
        let Some(text) = self.value.as_str() else {
            return self.mistake(problem);
        };
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at_checked(digits).unwrap_or_default();
        let factor = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return self.mistake(problem),
        };
        match number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(factor))
        {
            Some(millis) if (1..=86_400_000).contains(&millis) => Some(Millis(millis)),
            Some(_) => self.mistake("must be between `1ms` and `24h`"),
            None => self.mistake(problem),
        }
    }

    /// A point in time such as `2026-12-31T00:00:00Z`.
    pub fn point_in_time(&self) -> Option<Timestamp> {
        let time = self
            .value
            .as_str()
            .and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
        time.and_then(|time| u64::try_from(time.unix_timestamp_nanos()).ok())
            .map(Timestamp)
            .or_else(|| self.mistake("must be a point in time such as `2026-12-31T00:00:00Z`"))
    }

    /// The elements of a list.
    pub fn list(&self) -> Vec<Reader<'v>> {
        let Some(elements) = self.value.as_array() else {
            return self.withheld::<Vec<_>>("must be a list").unwrap_or_default();
        };
        elements
            .iter()
            .enumerate()
            .map(|(index, value)| Reader {
                value,
                path: format!("{}[{index}]", self.path),
                log: self.log.clone(),
            })
            .collect()
    }

    /// One value, or each value of a list.
    pub fn one_or_many(&self) -> Vec<Reader<'v>> {
        if self.value.is_array() {
            self.list()
        } else {
            vec![self.clone()]
        }
    }

    /// The members of an object whose keys the operator chooses.
    pub fn entries(&self) -> Vec<(&'v str, Reader<'v>)> {
        let Some(members) = self.value.as_object() else {
            return self.mistake::<Vec<_>>("must be a mapping").unwrap_or_default();
        };
        members
            .iter()
            .map(|(key, value)| (key.as_str(), self.member(key, value)))
            .collect()
    }

    /// The value as an object whose keys are ours.
    pub fn section(&self) -> Option<Section<'v>> {
        let Some(members) = self.value.as_object() else {
            return self.withheld("must be a mapping");
        };
        Some(Section {
            reader: self.clone(),
            members,
            known: Vec::new(),
            not_yet: &[],
        })
    }

    fn member(&self, key: &str, value: &'v Value) -> Reader<'v> {
        let path = match self.path.as_str() {
            path if key.contains('.') => format!("{path}[\"{key}\"]"),
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        };
        Reader {
            value,
            path,
            log: self.log.clone(),
        }
    }
}

/// An object whose keys are ours. [`Section::end`] reports the keys that nobody asked for.
pub struct Section<'v> {
    reader: Reader<'v>,
    members: &'v Map<String, Value>,
    known: Vec<&'static str>,
    not_yet: &'static [&'static str],
}

impl<'v> Section<'v> {
    /// A key that may be absent.
    pub fn optional(&mut self, key: &'static str) -> Option<Reader<'v>> {
        self.known.push(key);
        self.members.get(key).map(|value| self.reader.member(key, value))
    }

    /// A key that must be there.
    pub fn required(&mut self, key: &'static str) -> Option<Reader<'v>> {
        let found = self.optional(key);
        found.or_else(|| self.missing(key, "is missing"))
    }

    /// Puts it on record that a key is missing.
    pub fn missing<T>(&self, key: &str, problem: &str) -> Option<T> {
        self.reader.member(key, &Value::Null).withheld(problem)
    }

    /// A list that may be absent.
    pub fn list(&mut self, key: &'static str) -> Vec<Reader<'v>> {
        self.optional(key).map(|reader| reader.list()).unwrap_or_default()
    }

    /// Keys of the configuration's format that this version does not act on. To pass over one in silence would
    /// be to lift a limit that the operator believes in, so each is a mistake.
    pub fn not_yet(&mut self, keys: &'static [&'static str]) {
        self.not_yet = keys;
        for key in keys {
            if let Some(value) = self.members.get(*key) {
                let reader = self.reader.member(key, value);
                let path = reader.path.clone();
                let problem = "is not supported by this version of the broker; remove it".to_owned();
                reader.log.mistake(Mistake {
                    path,
                    value: String::new(),
                    problem,
                    nearest: None,
                });
            }
        }
    }

    /// Reports every key that was not asked for; tells whether all of them were.
    pub fn end(self) -> bool {
        for (key, value) in self.members {
            if !self.known.contains(&key.as_str()) && !self.not_yet.contains(&key.as_str()) {
                // The value is not shown: a key that nobody asked for may well be a secret.
                self.reader.log.mistake(Mistake {
                    path: self.reader.member(key, value).path,
                    value: String::new(),
                    problem: format!("is not a key here (known: {})", self.known.join(", ")),
                    nearest: nearest(key, self.known.iter().copied()),
                });
            }
        }
        self.members.keys().all(|key| self.known.contains(&key.as_str()))
    }
}

/// Whether a text may stand in a path, a metric label and a log.
pub fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    !text.is_empty() && text.len() <= 100 && text.chars().all(allowed)
}

/// A value as it is shown in a message: short, and nothing of what a mapping or a list holds, since that may be a
/// secret.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Object(members) if !members.is_empty() => "{...}".to_owned(),
        Value::Array(elements) if !elements.is_empty() => "[...]".to_owned(),
        other => other.to_string(),
    };
    if text.chars().count() <= 60 {
        return text;
    }
    text.chars().take(57).chain("...".chars()).collect()
}
