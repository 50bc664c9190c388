//! Reads a schema. Schemas within it are read in turn, not within each other, so that no depth of references costs
//! stack.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{Author, Id, Node, Rules, SchemaError, SchemaProblem, Type};
use crate::acceptance::pattern::{Case, Pattern};
use crate::limits::MAX_SCHEMA_NODES;

/// Keywords that say something about a value and limit nothing, or hold what others refer to.
const NOTES: [&str; 16] = [
    "$anchor",
    "$comment",
    "$defs",
    "$id",
    "$schema",
    "contentEncoding",
    "contentMediaType",
    "default",
    "definitions",
    "deprecated",
    "description",
    "examples",
    "format",
    "readOnly",
    "title",
    "writeOnly",
];

/// Gives the nodes of a schema, the whole first.
pub(super) fn compile(schema: &Value, author: Author) -> Result<Vec<Node>, SchemaError> {
    let mut compiler = Compiler {
        root: schema,
        author,
        known: HashMap::new(),
        nodes: Vec::new(),
        waiting: Vec::new(),
    };
    compiler.refer(schema, "#".to_owned());
    while let Some(Waiting { id, schema, place }) = compiler.waiting.pop() {
        if compiler.nodes.len() > MAX_SCHEMA_NODES {
            return Err(SchemaError {
                place,
                problem: SchemaProblem::TooLarge,
            });
        }
        let node = compiler.read(schema, &place)?;
        if let Some(slot) = compiler.nodes.get_mut(id) {
            *slot = node;
        }
    }
    Ok(compiler.nodes)
}

struct Compiler<'v> {
    root: &'v Value,
    author: Author,
    /// Which node a value of the document became, so that each becomes one.
    known: HashMap<*const Value, Id>,
    nodes: Vec<Node>,
    waiting: Vec<Waiting<'v>>,
}

struct Waiting<'v> {
    id: Id,
    schema: &'v Value,
    place: String,
}

impl<'v> Compiler<'v> {
    /// The node that a schema becomes; its turn to be read comes later.
    fn refer(&mut self, schema: &'v Value, place: String) -> Id {
        let next = self.nodes.len();
        let id = *self.known.entry(std::ptr::from_ref(schema)).or_insert(next);
        if id == next {
            self.nodes.push(Node::Anything);
            self.waiting.push(Waiting { id, schema, place });
        }
        id
    }

    fn read(&mut self, schema: &'v Value, place: &str) -> Result<Node, SchemaError> {
        let keywords = match schema {
            Value::Bool(true) => return Ok(Node::Anything),
            Value::Bool(false) => return Ok(Node::Nothing),
            Value::Object(keywords) => keywords,
            _ if self.author == Author::Agent => return Ok(Node::Anything),
            _ => {
                return Err(SchemaError {
                    place: place.to_owned(),
                    problem: SchemaProblem::NoSchema,
                });
            }
        };
        let mut rules = Rules::default();
        for (keyword, value) in keywords {
            let place = [place, "/", keyword].concat();
            if let Err(problem) = self.keyword(&mut rules, keyword, value, &place)
                && self.author == Author::Operator
            {
                return Err(SchemaError { place, problem });
            }
        }
        Ok(Node::Rules(Box::new(rules)))
    }

    fn keyword(
        &mut self,
        rules: &mut Rules,
        keyword: &str,
        value: &'v Value,
        place: &str,
    ) -> Result<(), SchemaProblem> {
        match keyword {
            "type" => rules.types = Some(types(value)?),
            "const" => rules.constant = Some(value.clone()),
            "enum" => rules.enumeration = Some(list(value)?.clone()),
            "$ref" => {
                let target = self.target(value)?;
                rules.all_of.push(self.refer(target, place.to_owned()));
            }
            "allOf" => rules.all_of.extend(self.schemas(value, place)?),
            "anyOf" => rules.any_of = Some(self.schemas(value, place)?),
            "oneOf" => rules.one_of = Some(self.schemas(value, place)?),
            "not" => rules.not = Some(self.refer(value, place.to_owned())),
            "properties" => {
                for (name, schema) in mapping(value)? {
                    let id = self.refer(schema, [place, "/", name].concat());
                    rules.properties.push((name.clone(), id));
                }
            }
            "required" => rules.required = texts(value)?,
            "additionalProperties" => rules.additional = Some(self.refer(value, place.to_owned())),
            "minProperties" => rules.properties_count.least = Some(count(value)?),
            "maxProperties" => rules.properties_count.most = Some(count(value)?),
            "prefixItems" => rules.prefix_items = self.schemas(value, place)?,
            "items" => rules.items = Some(self.refer(value, place.to_owned())),
            "minItems" => rules.items_count.least = Some(count(value)?),
            "maxItems" => rules.items_count.most = Some(count(value)?),
            "uniqueItems" => {
                rules.unique_items = value.as_bool().ok_or(SchemaProblem::Malformed("true or false"))?;
            }
            "minLength" => rules.length.least = Some(count(value)?),
            "maxLength" => rules.length.most = Some(count(value)?),
            "pattern" if self.author == Author::Operator => {
                rules.pattern = Some(Pattern::new(text(value)?, Case::Sensitive)?);
            }
            "minimum" => rules.range.least = Some(number(value)?),
            "maximum" => rules.range.most = Some(number(value)?),
            "exclusiveMinimum" => rules.exclusive_range.least = Some(number(value)?),
            "exclusiveMaximum" => rules.exclusive_range.most = Some(number(value)?),
            "multipleOf" => {
                let step = Some(number(value)?).filter(|step| *step > 0.0);
                rules.multiple_of = Some(step.ok_or(SchemaProblem::Malformed("a number above 0"))?);
            }
            note if NOTES.contains(&note) => {}
            _ => return Err(SchemaProblem::Unsupported),
        }
        Ok(())
    }

    fn schemas(&mut self, value: &'v Value, place: &str) -> Result<Vec<Id>, SchemaProblem> {
        let schemas = list(value)?.iter().enumerate();
        Ok(schemas
            .map(|(index, schema)| self.refer(schema, format!("{place}/{index}")))
            .collect())
    }

    fn target(&self, reference: &Value) -> Result<&'v Value, SchemaProblem> {
        let pointer = text(reference)?.strip_prefix('#');
        pointer
            .and_then(|pointer| self.root.pointer(pointer))
            .ok_or(SchemaProblem::Reference)
    }
}

fn types(value: &Value) -> Result<Vec<Type>, SchemaProblem> {
    let one = |value: &Value| match value.as_str() {
        Some("null") => Ok(Type::Null),
        Some("boolean") => Ok(Type::Boolean),
        Some("object") => Ok(Type::Object),
        Some("array") => Ok(Type::Array),
        Some("number") => Ok(Type::Number),
        Some("integer") => Ok(Type::Integer),
        Some("string") => Ok(Type::String),
        _ => Err(SchemaProblem::Malformed("a type of JSON, or several")),
    };
    match value {
        Value::Array(types) => types.iter().map(one).collect(),
        value => Ok(vec![one(value)?]),
    }
}

fn text(value: &Value) -> Result<&str, SchemaProblem> {
    value.as_str().ok_or(SchemaProblem::Malformed("text"))
}

fn texts(value: &Value) -> Result<Vec<String>, SchemaProblem> {
    let texts = list(value)?.iter().map(|value| text(value).map(str::to_owned));
    texts.collect()
}

fn list(value: &Value) -> Result<&Vec<Value>, SchemaProblem> {
    value.as_array().ok_or(SchemaProblem::Malformed("a list"))
}

fn mapping(value: &Value) -> Result<&Map<String, Value>, SchemaProblem> {
    value.as_object().ok_or(SchemaProblem::Malformed("a mapping"))
}

fn number(value: &Value) -> Result<f64, SchemaProblem> {
    value.as_f64().ok_or(SchemaProblem::Malformed("a number"))
}

/// A document that went through protobuf's `Struct` holds every number as a double.
fn count(value: &Value) -> Result<usize, SchemaProblem> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be a small whole number"
    )]
    let whole =
        |number: f64| (number.fract() == 0.0 && (0.0..=1e9).contains(&number)).then_some(number as usize);
    value
        .as_f64()
        .and_then(whole)
        .ok_or(SchemaProblem::Malformed("a whole number that is not negative"))
}
