//! Checks a value against a schema, within bounds on steps and depth.

use serde_json::{Map, Value};

use super::{Id, Node, Rules, Type};
use crate::limits::{MAX_SCHEMA_DEPTH, MAX_SCHEMA_STEPS};

/// Why a value does not fit a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// It does not.
    #[error("does not fit the schema")]
    Wrong,
    /// To find out takes too long.
    #[error("takes too long to be checked")]
    TooMuchWork,
}

/// Whether a value fits the first of the nodes.
pub(super) fn check(nodes: &[Node], value: &Value) -> Result<(), Misfit> {
    let mut checker = Checker {
        nodes,
        steps: MAX_SCHEMA_STEPS,
    };
    if checker.fits(0, value, 0)? {
        Ok(())
    } else {
        Err(Misfit::Wrong)
    }
}

struct Checker<'s> {
    nodes: &'s [Node],
    steps: u32,
}

/// Whether something holds, if that was to be found out.
type Holds = Result<bool, Misfit>;

impl Checker<'_> {
    fn spend(&mut self, steps: usize) -> Result<(), Misfit> {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        self.steps = self.steps.checked_sub(steps).ok_or(Misfit::TooMuchWork)?;
        Ok(())
    }

    fn fits(&mut self, id: Id, value: &Value, depth: u32) -> Holds {
        self.spend(1)?;
        if depth > MAX_SCHEMA_DEPTH {
            return Err(Misfit::TooMuchWork);
        }
        let nodes = self.nodes;
        match nodes.get(id) {
            Some(Node::Nothing) => Ok(false),
            Some(Node::Rules(rules)) => self.keeps(rules, value, depth + 1),
            Some(Node::Anything) | None => Ok(true),
        }
    }

    fn keeps(&mut self, rules: &Rules, value: &Value, depth: u32) -> Holds {
        let is_typed = |types: &Vec<Type>| types.iter().any(|kind| kind.is_of(value));
        if !rules.types.as_ref().is_none_or(is_typed) {
            return Ok(false);
        }
        if let Some(constant) = &rules.constant
            && !self.equal(constant, value)?
        {
            return Ok(false);
        }
        if let Some(values) = &rules.enumeration
            && !self.any(values, |checker, other| checker.equal(other, value))?
        {
            return Ok(false);
        }
        let by_kind = match value {
            Value::Object(members) => self.object(rules, members, depth)?,
            Value::Array(elements) => self.array(rules, elements, depth)?,
            Value::String(text) => self.string(rules, text)?,
            Value::Number(number) => keeps_number(rules, number.as_f64().unwrap_or_default()),
            Value::Null | Value::Bool(_) => true,
        };
        Ok(by_kind && self.combined(rules, value, depth)?)
    }

    fn combined(&mut self, rules: &Rules, value: &Value, depth: u32) -> Holds {
        if !self.every(&rules.all_of, |checker, id| checker.fits(*id, value, depth))? {
            return Ok(false);
        }
        if let Some(schemas) = &rules.any_of
            && !self.any(schemas, |checker, id| checker.fits(*id, value, depth))?
        {
            return Ok(false);
        }
        if let Some(schemas) = &rules.one_of {
            let mut fitting = 0;
            for id in schemas {
                fitting += u32::from(self.fits(*id, value, depth)?);
            }
            if fitting != 1 {
                return Ok(false);
            }
        }
        match rules.not {
            Some(id) => Ok(!self.fits(id, value, depth)?),
            None => Ok(true),
        }
    }

    fn object(&mut self, rules: &Rules, members: &Map<String, Value>, depth: u32) -> Holds {
        self.spend(rules.required.len().saturating_add(rules.properties.len()))?;
        let has_required = rules.required.iter().all(|name| members.contains_key(name));
        if !has_required || !rules.properties_count.hold(members.len()) {
            return Ok(false);
        }
        for (name, id) in &rules.properties {
            if let Some(value) = members.get(name)
                && !self.fits(*id, value, depth)?
            {
                return Ok(false);
            }
        }
        let Some(additional) = rules.additional else {
            return Ok(true);
        };
        for (name, value) in members {
            self.spend(rules.properties.len().saturating_add(1))?;
            let is_named = rules.properties.iter().any(|(known, _)| known == name);
            if !is_named && !self.fits(additional, value, depth)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn array(&mut self, rules: &Rules, elements: &[Value], depth: u32) -> Holds {
        if !rules.items_count.hold(elements.len()) {
            return Ok(false);
        }
        self.spend(elements.len())?;
        for (index, element) in elements.iter().enumerate() {
            let id = rules.prefix_items.get(index).copied().or(rules.items);
            if let Some(id) = id
                && !self.fits(id, element, depth)?
            {
                return Ok(false);
            }
        }
        if rules.unique_items {
            for (index, element) in elements.iter().enumerate() {
                let before = elements.get(..index).unwrap_or_default();
                if self.any(before, |checker, other| checker.equal(other, element))? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn string(&mut self, rules: &Rules, text: &str) -> Holds {
        // To count characters is quick, to match a pattern is not.
        self.spend(text.len() / 64)?;
        if !rules.length.hold(text.chars().count()) {
            return Ok(false);
        }
        let Some(pattern) = &rules.pattern else {
            return Ok(true);
        };
        self.spend(text.len())?;
        Ok(pattern.is_in(text))
    }

    /// Whether two values are the same: numbers by what they are worth, members in any order.
    fn equal(&mut self, one: &Value, other: &Value) -> Holds {
        self.spend(1)?;
        match (one, other) {
            (Value::Number(one), Value::Number(other)) => Ok(one == other || one.as_f64() == other.as_f64()),
            (Value::String(one), Value::String(other)) => {
                self.spend(one.len() / 64)?;
                Ok(one == other)
            }
            (Value::Array(one), Value::Array(others)) => {
                if one.len() != others.len() {
                    return Ok(false);
                }
                let mut pairs = one.iter().zip(others);
                pairs.try_fold(true, |is_so_far, (one, other)| {
                    Ok(is_so_far && self.equal(one, other)?)
                })
            }
            (Value::Object(one), Value::Object(others)) => {
                if one.len() != others.len() {
                    return Ok(false);
                }
                let mut members = one.iter();
                members.try_fold(true, |is_so_far, (name, value)| match others.get(name) {
                    Some(other) => Ok(is_so_far && self.equal(value, other)?),
                    None => Ok(false),
                })
            }
            (one, other) => Ok(one == other),
        }
    }

    fn any<T>(&mut self, of: &[T], holds: impl Fn(&mut Self, &T) -> Holds) -> Holds {
        for item in of {
            if holds(self, item)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn every<T>(&mut self, of: &[T], holds: impl Fn(&mut Self, &T) -> Holds) -> Holds {
        for item in of {
            if !holds(self, item)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn keeps_number(rules: &Rules, number: f64) -> bool {
    // Steps such as 0.01 have no exact double.
    let is_multiple = |step: f64| {
        let times = number / step;
        (times - times.round()).abs() < 1e-9
    };
    rules.range.hold(number)
        && rules.exclusive_range.hold_strictly(number)
        && rules.multiple_of.is_none_or(is_multiple)
}

impl Type {
    fn is_of(self, value: &Value) -> bool {
        match self {
            Self::Null => value.is_null(),
            Self::Boolean => value.is_boolean(),
            Self::Object => value.is_object(),
            Self::Array => value.is_array(),
            Self::Number => value.is_number(),
            Self::Integer => value.as_f64().is_some_and(|number| number.fract() == 0.0),
            Self::String => value.is_string(),
        }
    }
}
