//! Amounts of money as text, without a float in between.

use shared::units::MicroUsd;

/// An amount in dollars, with as many decimals as it needs, two at least: `3.00`, `0.0375`.
pub fn dollars(amount: MicroUsd) -> String {
    let (whole, micro) = (amount.0 / 1_000_000, amount.0 % 1_000_000);
    let decimals = format!("{micro:06}");
    let needed = decimals.trim_end_matches('0').len().max(2);
    let decimals: String = decimals.chars().take(needed).collect();
    format!("{whole}.{decimals}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_has_the_decimals_that_it_needs() {
        let text = |micro| dollars(MicroUsd(micro));
        assert_eq!(text(0), "0.00");
        assert_eq!(text(3_000_000), "3.00");
        assert_eq!(text(37_500), "0.0375");
        assert_eq!(text(1), "0.000001");
        assert_eq!(text(u64::MAX), "18446744073709.551615");
    }
}
