//! Amounts of money as records write them: decimal numbers of dollars, read without a float in between.

use shared::units::MicroUsd;

/// An amount and its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    pub micro_usd: MicroUsd,
    pub is_negative: bool,
}

/// Beyond this many digits there is no amount that fits.
const MAX_DIGITS: usize = 36;

/// Reads a JSON number of dollars; `None` if it is none, or too large. What is smaller than a micro-dollar is rounded to
/// the nearest.
pub fn read(text: &str) -> Option<Amount> {
    let (text, is_negative) = match text.strip_prefix('-') {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = || whole.bytes().chain(fraction.bytes());
    if whole.is_empty() || whole.len() + fraction.len() > MAX_DIGITS || !digits().all(|b| b.is_ascii_digit())
    {
        return None;
    }
    let number = digits().fold(0_u128, |number, digit| number * 10 + u128::from(digit - b'0'));
    let places = i32::try_from(fraction.len()).ok()?;
    // The number times ten to this is millionths of a dollar.
    let shift = exponent.checked_sub(places)?.checked_add(6)?;
    let ten = |power: u32| 10_u128.checked_pow(power);
    let micro = if shift >= 0 {
        match number {
            0 => 0,
            _ => number.checked_mul(ten(shift.unsigned_abs())?)?,
        }
    } else {
        // What is divided by more than a number can hold is nothing.
        ten(shift.unsigned_abs()).map_or(0, |divisor| (number + divisor / 2) / divisor)
    };
    Some(Amount {
        micro_usd: MicroUsd(u64::try_from(micro).ok()?),
        is_negative,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn micro(text: &str) -> Option<u64> {
        read(text).map(|amount| amount.micro_usd.0)
    }

    #[test]
    fn a_number_of_dollars_is_read_exactly() {
        for (text, expected) in [
            ("0", 0),
            ("0.0", 0),
            ("1", 1_000_000),
            ("0.00208", 2_080),
            ("1e-6", 1),
            ("1.5e-5", 15),
            ("2.5E3", 2_500_000_000),
            ("0.0000004", 0),
            ("0.0000005", 1),
            ("1e-400", 0),
            ("0e400", 0),
            ("18446744073709.551615", u64::MAX),
        ] {
            assert_eq!(micro(text), Some(expected), "{text}");
        }
        assert!(read("-0.5").unwrap().is_negative);
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "",
            "-",
            ".5",
            "1.2.3",
            "1e",
            "1e400",
            "abc",
            "\"1\"",
            "18446744073710",
            "1e99999999999",
        ] {
            assert_eq!(micro(text), None, "{text}");
        }
    }

    proptest! {
        /// The broker writes amounts as the nearest double: none of them changes on the way, up to eight billion dollars.
        #[test]
        fn every_amount_that_the_broker_writes_is_read_back(micro_usd in 0..8_000_000_000_000_000_u64) {
            let written = serde_json::to_string(&MicroUsd(micro_usd).as_dollars()).unwrap();
            prop_assert_eq!(micro(&written), Some(micro_usd));
        }

        #[test]
        fn any_text_is_taken(text in "[-0-9.eE+]{0,50}") {
            let _read = read(&text);
        }
    }
}
