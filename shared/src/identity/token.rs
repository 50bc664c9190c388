//! Broker tokens are known by their SHA-256 only.

use std::fmt;

use sha2::{Digest, Sha256};

/// The SHA-256 of a broker token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The digest of a token.
    #[must_use]
    pub fn of(token: &[u8]) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut digest = [0; 32];
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
            return None;
        };
        if pairs.len() != digest.len() {
            return None;
        }
        for (byte, [high, low]) in digest.iter_mut().zip(pairs) {
            let value = |digit: u8| {
                char::from(digit)
                    .to_digit(16)
                    .and_then(|value| u8::try_from(value).ok())
            };
            *byte = value(*high)? << 4 | value(*low)?;
        }
        Some(Self(digest))
    }
}

/// As 64 hexadecimal digits.
impl fmt::Display for TokenDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenDigest(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn hexadecimal_digits_are_read_and_written() {
        let hex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        let digest = TokenDigest::of(b"test");
        assert_eq!(digest.to_string(), hex);
        assert!(TokenDigest::from_hex(&hex.to_uppercase()) == Some(digest));
        for wrong in [
            "",
            "9f",
            hex.trim_start_matches('9'),
            &format!("{hex}00"),
            &hex.replace('9', "g"),
            &"é".repeat(32),
        ] {
            assert!(TokenDigest::from_hex(wrong).is_none(), "{wrong}");
        }
    }
}
