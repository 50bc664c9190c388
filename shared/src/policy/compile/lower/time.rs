//! `datetime("…")` and `duration("…")`: Cedar reads them, and what is evaluated are milliseconds.

use std::str::FromStr;
use std::sync::Arc;

use cedar_policy::{Context, Entities, EntityUid, EvalResult, Expression, Request, pst};

use super::{Expr, Unsupported};

pub(super) fn datetime(call: &Arc<pst::Expr>) -> Result<Expr, Unsupported> {
    let since = format!("{call}.durationSince(datetime(\"1970-01-01\"))");
    millis(call, &since).map(Expr::Datetime)
}

pub(super) fn duration(call: &Arc<pst::Expr>) -> Result<Expr, Unsupported> {
    millis(call, &call.to_string()).map(Expr::Duration)
}

fn millis(call: &Arc<pst::Expr>, duration: &str) -> Result<i64, Unsupported> {
    let evaluate = || {
        let expression = Expression::from_str(&format!("{duration}.toMilliseconds()")).ok()?;
        let anybody = EntityUid::from_str("Agent::\"\"").ok()?;
        let request = Request::new(anybody.clone(), anybody.clone(), anybody, Context::empty(), None).ok()?;
        match cedar_policy::eval_expression(&request, &Entities::empty(), &expression).ok()? {
            EvalResult::Long(millis) => Some(millis),
            _ => None,
        }
    };
    evaluate().ok_or_else(|| Unsupported::Time(call.to_string()))
}
