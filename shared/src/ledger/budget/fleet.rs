//! What a fleet of Envoys knows of a ceiling that they share.

use super::{Ceiling, Spending};
use crate::units::Timestamp;

impl Spending {
    /// Takes over what the fleet has left: what others hold counts as spent. It may be more than was believed, since they
    /// return what they do not use.
    pub fn learn(&mut self, ceiling: &Ceiling, left: u64, now: Timestamp) {
        self.turn(ceiling, now);
        let reserved = self.fresh.saturating_add(self.aged);
        self.spent = ceiling.most.saturating_sub(left).saturating_sub(reserved);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Period, Unit, Zone};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOW: Timestamp = Timestamp(1_795_254_245_000_000_000);

    #[test]
    fn what_others_hold_is_spent_and_what_they_return_is_left_again() {
        let ceiling = Ceiling {
            unit: Unit::Tokens,
            most: 100,
            period: Period::Day,
            zone: Zone::UTC,
        };
        let mut spending = Spending::default();
        let hold = spending.reserve(&ceiling, 20, NOW).unwrap();
        spending.learn(&ceiling, 30, NOW);
        assert_eq!(
            (spending.spent(&ceiling, NOW), spending.left(&ceiling, NOW)),
            (50, 30)
        );
        spending.learn(&ceiling, 70, NOW);
        assert_eq!(
            (spending.spent(&ceiling, NOW), spending.left(&ceiling, NOW)),
            (10, 70)
        );
        spending.settle(&ceiling, hold, 5, NOW);
        assert_eq!(spending.left(&ceiling, NOW), 85);
    }
}
