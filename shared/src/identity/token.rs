//! Broker tokens are known by their SHA-256 only.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use crate::config::Agent;
use crate::units::Timestamp;

/// The SHA-256 of a broker token.
#[derive(Clone, Copy, Eq)]
pub struct TokenDigest([u8; 32]);

/// A broker token of an agent.
#[derive(Clone, Debug)]
pub struct KnownToken {
    /// Whose it is.
    pub agent: Arc<Agent>,
    /// From when on it is worth nothing; `None`: for good.
    pub expires: Option<Timestamp>,
}

impl KnownToken {
    /// Whether it is still worth something.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }
}

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

/// Takes the same time wherever two digests differ. A map that looks one up compares with this too, once a keyed hash has
/// found the place, so that the time of a look-up tells nothing of a digest.
impl PartialEq for TokenDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Hash for TokenDigest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
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
        assert!(TokenDigest::of(b"tesu") != digest);
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
