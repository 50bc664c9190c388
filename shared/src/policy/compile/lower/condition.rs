//! `when` and `unless` as one conjunction, whose parts are looked at in the order in which Cedar does.

use std::sync::Arc;

use cedar_policy::pst;

use super::{Expr, Unsupported, expr};
use crate::policy::expression::UnaryOp;

/// Adds the parts of a clause, and what they say in Cedar's words.
pub(super) fn lower(
    clause: &pst::Clause,
    conditions: &mut Vec<Expr>,
    words: &mut Vec<String>,
) -> Result<(), Unsupported> {
    match clause {
        pst::Clause::When(condition) => {
            for part in expr::chain(condition, pst::BinaryOp::And) {
                conditions.push(expr::lower(part)?);
                words.push(part.to_string());
            }
        }
        // None of the alternatives may hold.
        pst::Clause::Unless(condition) => {
            for part in expr::chain(condition, pst::BinaryOp::Or) {
                conditions.push(Expr::Unary(UnaryOp::Not, Box::new(expr::lower(part)?)));
                words.push(opposite(part).to_string());
            }
        }
    }
    Ok(())
}

fn opposite(condition: &Arc<pst::Expr>) -> pst::Expr {
    match &**condition {
        pst::Expr::UnaryOp {
            op: pst::UnaryOp::Not,
            expr,
        } => (**expr).clone(),
        pst::Expr::BinaryOp {
            op: pst::BinaryOp::Eq,
            left,
            right,
        } => pst::Expr::BinaryOp {
            op: pst::BinaryOp::NotEq,
            left: left.clone(),
            right: right.clone(),
        },
        pst::Expr::BinaryOp {
            op: pst::BinaryOp::NotEq,
            left,
            right,
        } => pst::Expr::BinaryOp {
            op: pst::BinaryOp::Eq,
            left: left.clone(),
            right: right.clone(),
        },
        _ => pst::Expr::UnaryOp {
            op: pst::UnaryOp::Not,
            expr: condition.clone(),
        },
    }
}
