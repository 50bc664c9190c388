//! Evaluates conditions, with the meaning that Cedar gives them; `properties.rs` holds the two against each other.

use super::expression::{BinaryOp, Expr, UnaryOp, Variable};
use super::facts::Call;
use super::pattern;
use super::program::{Action, EntityType};
use super::value::{Value, is_within};

/// Why a condition has no value. Validation rules out all but the first two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// A number left the range of 64 bits.
    #[error("a number is too large")]
    Overflow,
    /// The agent has no such attribute, and `hasTag` was not asked first.
    #[error("the agent has no such attribute")]
    NoSuchTag,
    /// An attribute is not there.
    #[error("an attribute is not there")]
    NoSuchAttribute,
    /// An operand has another type than the operator takes.
    #[error("a value has the wrong type")]
    WrongType,
}

type Evaluated<'a> = Result<Value<'a>, EvaluationError>;

const MILLIS_PER_DAY: i64 = 86_400_000;

impl Expr {
    /// Whether the condition holds for a call.
    pub(super) fn holds(&self, call: &Call<'_>) -> Result<bool, EvaluationError> {
        match self.evaluate(call)? {
            Value::Bool(holds) => Ok(holds),
            _ => Err(EvaluationError::WrongType),
        }
    }

    fn evaluate<'a>(&'a self, call: &Call<'a>) -> Evaluated<'a> {
        Ok(match self {
            Self::Bool(value) => Value::Bool(*value),
            Self::Long(value) => Value::Long(*value),
            Self::Text(text) => Value::Text(text),
            Self::Datetime(millis) => Value::Datetime(*millis),
            Self::Duration(millis) => Value::Duration(*millis),
            Self::Entity(entity_type, name) => Value::Entity(*entity_type, name),
            Self::Variable(variable) => call.variable(*variable),
            Self::Context(name) => call
                .context
                .attribute(*name)
                .ok_or(EvaluationError::NoSuchAttribute)?,
            Self::ContextHas(name) => Value::Bool(call.context.attribute(*name).is_some()),
            Self::Set(parts) => Value::Set(evaluate_all(parts, call)?),
            Self::Record(members) => Value::Record(
                members
                    .iter()
                    .map(|(name, value)| Ok((&**name, value.evaluate(call)?)))
                    .collect::<Result<_, _>>()?,
            ),
            Self::And(parts) => Value::Bool(all_hold(parts, call)?),
            Self::Or(parts) => Value::Bool(one_holds(parts, call)?),
            Self::If(parts) => {
                let [condition, then, otherwise] = &**parts;
                let taken = if condition.holds(call)? { then } else { otherwise };
                taken.evaluate(call)?
            }
            Self::Unary(operator, operand) => unary(*operator, operand.evaluate(call)?)?,
            Self::Binary(operator, operands) => {
                let [left, right] = &**operands;
                if let (BinaryOp::Contains, Self::Set(parts)) = (operator, left) {
                    return contains(parts, &right.evaluate(call)?, call);
                }
                binary(*operator, left.evaluate(call)?, right.evaluate(call)?, call)?
            }
            Self::Attribute(of, name) => call
                .attribute(&of.evaluate(call)?, name)?
                .ok_or(EvaluationError::NoSuchAttribute)?,
            Self::Has(of, name) => Value::Bool(call.attribute(&of.evaluate(call)?, name)?.is_some()),
            Self::Like(text, pieces) => match text.evaluate(call)? {
                Value::Text(text) => Value::Bool(pattern::matches(text, pieces)),
                _ => return Err(EvaluationError::WrongType),
            },
            Self::Is(entity, entity_type) => match entity.evaluate(call)? {
                Value::Entity(found, _) => Value::Bool(found == *entity_type),
                _ => return Err(EvaluationError::WrongType),
            },
        })
    }
}

fn evaluate_all<'a>(parts: &'a [Expr], call: &Call<'a>) -> Result<Vec<Value<'a>>, EvaluationError> {
    parts.iter().map(|part| part.evaluate(call)).collect()
}

/// Whether a value is in a set that is written out, without making that set; all its parts must have a value.
fn contains<'a>(parts: &'a [Expr], value: &Value<'a>, call: &Call<'a>) -> Evaluated<'a> {
    let mut found = false;
    for part in parts {
        found |= part.evaluate(call)? == *value;
    }
    Ok(Value::Bool(found))
}

/// Whether all conditions hold; those after the first that does not are not looked at.
pub(super) fn all_hold(conditions: &[Expr], call: &Call<'_>) -> Result<bool, EvaluationError> {
    for condition in conditions {
        if !condition.holds(call)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn one_holds(conditions: &[Expr], call: &Call<'_>) -> Result<bool, EvaluationError> {
    for condition in conditions {
        if condition.holds(call)? {
            return Ok(true);
        }
    }
    Ok(false)
}

impl<'a> Call<'a> {
    fn variable(&self, variable: Variable) -> Value<'a> {
        match variable {
            Variable::Principal => Value::Entity(EntityType::Agent, self.principal.agent),
            Variable::Action => Value::Entity(EntityType::Action, self.action.as_str()),
            Variable::Resource => Value::Entity(EntityType::Target, ""),
        }
    }

    /// An attribute of a value; those of an entity only if it is one of the call's.
    fn attribute(&self, of: &Value<'a>, name: &str) -> Result<Option<Value<'a>>, EvaluationError> {
        match of {
            Value::Record(members) => {
                let member = members.iter().find(|(member, _)| *member == name);
                Ok(member.map(|(_, value)| value.clone()))
            }
            Value::Entity(EntityType::Agent, agent) if *agent == self.principal.agent => {
                Ok(self.principal.attribute(name))
            }
            Value::Entity(EntityType::Target, _) => Ok(self.target.attribute(name)),
            Value::Entity(EntityType::Provider, provider)
                if *provider == self.target.provider.name.as_str() =>
            {
                Ok(self.target.provider_attribute(name))
            }
            Value::Entity(..) => Ok(None),
            _ => Err(EvaluationError::WrongType),
        }
    }

    /// Whether an entity is another one or is in it.
    fn is_in(&self, one: (EntityType, &str), other: (EntityType, &str)) -> bool {
        if one == other {
            return true;
        }
        let (entity_type, name) = one;
        let Self {
            principal, target, ..
        } = self;
        match entity_type {
            EntityType::Agent if name == principal.agent => principal.lineage().any(|above| above == other),
            EntityType::Workspace if principal.workspace == Some(name) => {
                other.0 == EntityType::Tenant && principal.tenant == Some(other.1)
            }
            EntityType::Target => target.lineage().contains(&other),
            EntityType::Action => {
                let is_member = Action::ALL.iter().any(|action| action.as_str() == name);
                is_member && other == (EntityType::Action, Action::GROUP)
            }
            _ => false,
        }
    }

    /// Whether an entity is one of the others or is in one of them.
    fn is_in_any(&self, one: (EntityType, &str), others: &Value<'a>) -> Result<bool, EvaluationError> {
        match others {
            Value::Entity(entity_type, name) => Ok(self.is_in(one, (*entity_type, name))),
            Value::Set(entities) => {
                let mut found = false;
                for entity in entities {
                    let Value::Entity(entity_type, name) = entity else {
                        return Err(EvaluationError::WrongType);
                    };
                    found |= self.is_in(one, (*entity_type, name));
                }
                Ok(found)
            }
            _ => Err(EvaluationError::WrongType),
        }
    }

    fn tag(&self, of: &Value<'a>, name: &Value<'_>) -> Result<Option<Value<'a>>, EvaluationError> {
        let (Value::Entity(entity_type, entity), Value::Text(name)) = (of, name) else {
            return Err(EvaluationError::WrongType);
        };
        let principal = self.principal;
        if *entity_type != EntityType::Agent || *entity != principal.agent {
            return Ok(None);
        }
        let tag = principal.attributes.get(*name);
        Ok(tag.map(|value| Value::Text(value)))
    }
}

fn unary(operator: UnaryOp, operand: Value<'_>) -> Evaluated<'_> {
    let in_units = |millis: i64, unit: i64| Ok(Value::Long(millis / unit));
    match (operator, operand) {
        (UnaryOp::Not, Value::Bool(value)) => Ok(Value::Bool(!value)),
        (UnaryOp::Negate, Value::Long(value)) => long(value.checked_neg()),
        (UnaryOp::IsEmpty, Value::Set(values)) => Ok(Value::Bool(values.is_empty())),
        (UnaryOp::ToDate, Value::Datetime(millis)) => millis
            .checked_sub(millis.rem_euclid(MILLIS_PER_DAY))
            .map(Value::Datetime)
            .ok_or(EvaluationError::Overflow),
        (UnaryOp::ToTime, Value::Datetime(millis)) => Ok(Value::Duration(millis.rem_euclid(MILLIS_PER_DAY))),
        (UnaryOp::ToMilliseconds, Value::Duration(millis)) => in_units(millis, 1),
        (UnaryOp::ToSeconds, Value::Duration(millis)) => in_units(millis, 1_000),
        (UnaryOp::ToMinutes, Value::Duration(millis)) => in_units(millis, 60_000),
        (UnaryOp::ToHours, Value::Duration(millis)) => in_units(millis, 3_600_000),
        (UnaryOp::ToDays, Value::Duration(millis)) => in_units(millis, MILLIS_PER_DAY),
        _ => Err(EvaluationError::WrongType),
    }
}

fn long<'a>(number: Option<i64>) -> Evaluated<'a> {
    number.map(Value::Long).ok_or(EvaluationError::Overflow)
}

fn binary<'a>(operator: BinaryOp, left: Value<'a>, right: Value<'a>, call: &Call<'a>) -> Evaluated<'a> {
    use BinaryOp as Op;
    match operator {
        Op::Equal => return Ok(Value::Bool(left == right)),
        Op::NotEqual => return Ok(Value::Bool(left != right)),
        Op::HasTag => return Ok(Value::Bool(call.tag(&left, &right)?.is_some())),
        Op::GetTag => return call.tag(&left, &right)?.ok_or(EvaluationError::NoSuchTag),
        _ => {}
    }
    let overflow = EvaluationError::Overflow;
    match (operator, left, right) {
        (Op::Less | Op::LessEqual | Op::Greater | Op::GreaterEqual, left, right) => {
            compare(operator, &left, &right)
        }
        (Op::Add, Value::Long(left), Value::Long(right)) => long(left.checked_add(right)),
        (Op::Subtract, Value::Long(left), Value::Long(right)) => long(left.checked_sub(right)),
        (Op::Multiply, Value::Long(left), Value::Long(right)) => long(left.checked_mul(right)),
        (Op::In, Value::Entity(entity_type, name), others) => {
            Ok(Value::Bool(call.is_in_any((entity_type, name), &others)?))
        }
        (Op::Contains, Value::Set(values), value) => Ok(Value::Bool(values.contains(&value))),
        (Op::ContainsAll, Value::Set(values), Value::Set(wanted)) => {
            Ok(Value::Bool(is_within(&wanted, &values)))
        }
        (Op::ContainsAny, Value::Set(values), Value::Set(wanted)) => {
            Ok(Value::Bool(wanted.iter().any(|value| values.contains(value))))
        }
        (Op::Offset, Value::Datetime(point), Value::Duration(by)) => {
            point.checked_add(by).map(Value::Datetime).ok_or(overflow)
        }
        (Op::DurationSince, Value::Datetime(point), Value::Datetime(earlier)) => {
            point.checked_sub(earlier).map(Value::Duration).ok_or(overflow)
        }
        _ => Err(EvaluationError::WrongType),
    }
}

fn compare<'a>(operator: BinaryOp, left: &Value<'a>, right: &Value<'a>) -> Evaluated<'a> {
    let ordering = match (left, right) {
        (Value::Long(left), Value::Long(right))
        | (Value::Datetime(left), Value::Datetime(right))
        | (Value::Duration(left), Value::Duration(right)) => left.cmp(right),
        _ => return Err(EvaluationError::WrongType),
    };
    Ok(Value::Bool(match operator {
        BinaryOp::Less => ordering.is_lt(),
        BinaryOp::LessEqual => ordering.is_le(),
        BinaryOp::Greater => ordering.is_gt(),
        _ => ordering.is_ge(),
    }))
}
