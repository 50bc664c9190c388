//! Expressions, one by one.

use std::sync::Arc;

use cedar_policy::pst;

use super::{BinaryOp, Expr, Unsupported, Variable, entity_type, named, time};
use crate::policy::expression::{ContextAttribute, UnaryOp};

/// The parts of a chain of one operator, in their order; not by recursion, because chains are long.
pub(super) fn chain(expr: &Arc<pst::Expr>, operator: pst::BinaryOp) -> Vec<&Arc<pst::Expr>> {
    let mut parts = Vec::new();
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        match &**expr {
            pst::Expr::BinaryOp { op, left, right } if *op == operator => {
                open.push(right);
                open.push(left);
            }
            _ => parts.push(expr),
        }
    }
    parts
}

pub(super) fn lower(expr: &Arc<pst::Expr>) -> Result<Expr, Unsupported> {
    Ok(match &**expr {
        pst::Expr::Literal(literal) => lower_literal(literal)?,
        pst::Expr::Var(variable) => Expr::Variable(lower_variable(variable)?),
        pst::Expr::UnaryOp { op, expr: operand } => lower_unary(*op, expr, operand)?,
        pst::Expr::BinaryOp { op, left, right } => match op {
            pst::BinaryOp::And => Expr::And(lower_all(chain(expr, *op))?),
            pst::BinaryOp::Or => Expr::Or(lower_all(chain(expr, *op))?),
            _ => lower_binary(*op, left, right).unwrap_or_else(|| Err(unsupported(expr)))?,
        },
        pst::Expr::GetAttr { expr: of, attr } if is_context(of) => {
            Expr::Context(context_attribute(attr.as_str())?)
        }
        pst::Expr::GetAttr { expr: of, attr } => {
            Expr::Attribute(Box::new(lower_owner(of)?), attr.as_str().into())
        }
        pst::Expr::HasAttr { expr: of, attrs } => lower_has(of, attrs.iter().map(pst::SmolStr::as_str))?,
        pst::Expr::Like { expr: text, pattern } => Expr::Like(Box::new(lower(text)?), pieces(pattern)),
        pst::Expr::Is {
            expr: entity,
            entity_type: of,
            in_expr,
        } => {
            let lowered = lower(entity)?;
            let is = Expr::Is(Box::new(lowered.clone()), entity_type(of)?);
            match in_expr {
                Some(other) => {
                    let is_in = Expr::Binary(BinaryOp::In, Box::new([lowered, lower(other)?]));
                    Expr::And(vec![is, is_in])
                }
                None => is,
            }
        }
        pst::Expr::IfThenElse {
            cond,
            then_expr,
            else_expr,
        } => Expr::If(Box::new([lower(cond)?, lower(then_expr)?, lower(else_expr)?])),
        pst::Expr::Set(parts) => Expr::Set(lower_all(parts.iter().collect())?),
        pst::Expr::Record(members) => Expr::Record(
            members
                .iter()
                .map(|(name, value)| Ok((name.as_str().into(), lower(value)?)))
                .collect::<Result<_, Unsupported>>()?,
        ),
        pst::Expr::Slot(_) => return Err(Unsupported::Template),
        _ => return Err(unsupported(expr)),
    })
}

fn unsupported(expr: &Arc<pst::Expr>) -> Unsupported {
    Unsupported::Expression(expr.to_string())
}

fn lower_all(parts: Vec<&Arc<pst::Expr>>) -> Result<Vec<Expr>, Unsupported> {
    parts.into_iter().map(lower).collect()
}

fn lower_literal(literal: &pst::Literal) -> Result<Expr, Unsupported> {
    Ok(match literal {
        pst::Literal::Bool(value) => Expr::Bool(*value),
        pst::Literal::Long(value) => Expr::Long(*value),
        pst::Literal::String(text) => Expr::Text(text.as_str().into()),
        pst::Literal::EntityUID(entity) => {
            let (entity_type, name) = named(entity)?;
            Expr::Entity(entity_type, name)
        }
        other => return Err(Unsupported::Expression(format!("{other:?}"))),
    })
}

fn lower_variable(variable: &pst::Var) -> Result<Variable, Unsupported> {
    match variable {
        pst::Var::Principal => Ok(Variable::Principal),
        pst::Var::Action => Ok(Variable::Action),
        pst::Var::Resource => Ok(Variable::Resource),
        pst::Var::Context => Err(Unsupported::WholeContext),
    }
}

fn is_context(expr: &pst::Expr) -> bool {
    matches!(expr, pst::Expr::Var(pst::Var::Context))
}

fn context_attribute(name: &str) -> Result<ContextAttribute, Unsupported> {
    ContextAttribute::named(name).ok_or_else(|| Unsupported::Expression(format!("context.{name}")))
}

/// Whose attribute or tag is looked at: nothing is known of an entity that is only named.
fn lower_owner(expr: &Arc<pst::Expr>) -> Result<Expr, Unsupported> {
    match lower(expr)? {
        Expr::Entity(..) => Err(Unsupported::AttributeOfName),
        owner => Ok(owner),
    }
}

/// `of has a.b.c` is `of has a && of.a has b && of.a.b has c`.
fn lower_has<'s>(of: &Arc<pst::Expr>, mut names: impl Iterator<Item = &'s str>) -> Result<Expr, Unsupported> {
    let first = names.next().unwrap_or_default();
    let (mut owner, mut parts) = if is_context(of) {
        let first = context_attribute(first)?;
        (Expr::Context(first), vec![Expr::ContextHas(first)])
    } else {
        let first: Arc<str> = first.into();
        let owner = lower_owner(of)?;
        let has = Expr::Has(Box::new(owner.clone()), first.clone());
        (Expr::Attribute(Box::new(owner), first), vec![has])
    };
    for name in names {
        parts.push(Expr::Has(Box::new(owner.clone()), name.into()));
        owner = Expr::Attribute(Box::new(owner), name.into());
    }
    Ok(match parts.len() {
        1 => parts.remove(0),
        _ => Expr::And(parts),
    })
}

fn lower_unary(
    operator: pst::UnaryOp,
    whole: &Arc<pst::Expr>,
    operand: &Arc<pst::Expr>,
) -> Result<Expr, Unsupported> {
    let operator = match operator {
        pst::UnaryOp::Not => UnaryOp::Not,
        pst::UnaryOp::Neg => UnaryOp::Negate,
        pst::UnaryOp::IsEmpty => UnaryOp::IsEmpty,
        pst::UnaryOp::Datetime => return time::datetime(whole),
        pst::UnaryOp::Duration => return time::duration(whole),
        pst::UnaryOp::ToDate => UnaryOp::ToDate,
        pst::UnaryOp::ToTime => UnaryOp::ToTime,
        pst::UnaryOp::ToMilliseconds => UnaryOp::ToMilliseconds,
        pst::UnaryOp::ToSeconds => UnaryOp::ToSeconds,
        pst::UnaryOp::ToMinutes => UnaryOp::ToMinutes,
        pst::UnaryOp::ToHours => UnaryOp::ToHours,
        pst::UnaryOp::ToDays => UnaryOp::ToDays,
        _ => return Err(unsupported(whole)),
    };
    Ok(Expr::Unary(operator, Box::new(lower(operand)?)))
}

/// `None`: an operator that the broker does not have.
fn lower_binary(
    operator: pst::BinaryOp,
    left: &Arc<pst::Expr>,
    right: &Arc<pst::Expr>,
) -> Option<Result<Expr, Unsupported>> {
    let operator = match operator {
        pst::BinaryOp::Eq => BinaryOp::Equal,
        pst::BinaryOp::NotEq => BinaryOp::NotEqual,
        pst::BinaryOp::Less => BinaryOp::Less,
        pst::BinaryOp::LessEq => BinaryOp::LessEqual,
        pst::BinaryOp::Greater => BinaryOp::Greater,
        pst::BinaryOp::GreaterEq => BinaryOp::GreaterEqual,
        pst::BinaryOp::Add => BinaryOp::Add,
        pst::BinaryOp::Sub => BinaryOp::Subtract,
        pst::BinaryOp::Mul => BinaryOp::Multiply,
        pst::BinaryOp::In => BinaryOp::In,
        pst::BinaryOp::Contains => BinaryOp::Contains,
        pst::BinaryOp::ContainsAll => BinaryOp::ContainsAll,
        pst::BinaryOp::ContainsAny => BinaryOp::ContainsAny,
        pst::BinaryOp::GetTag => BinaryOp::GetTag,
        pst::BinaryOp::HasTag => BinaryOp::HasTag,
        pst::BinaryOp::Offset => BinaryOp::Offset,
        pst::BinaryOp::DurationSince => BinaryOp::DurationSince,
        _ => return None,
    };
    let left = match operator {
        BinaryOp::GetTag | BinaryOp::HasTag => lower_owner(left),
        _ => lower(left),
    };
    Some(left.and_then(|left| Ok(Expr::Binary(operator, Box::new([left, lower(right)?])))))
}

/// The texts between the wildcards.
fn pieces(pattern: &[pst::PatternElem]) -> Vec<Arc<str>> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for part in pattern {
        match part {
            pst::PatternElem::Wildcard => pieces.push(std::mem::take(&mut piece)),
            pst::PatternElem::Char(sign) => piece.push(*sign),
        }
    }
    pieces.push(piece);
    pieces.into_iter().map(Arc::from).collect()
}
