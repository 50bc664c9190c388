//! The user of an agent is an opaque name to providers: what is too long for one of them, or says who somebody is,
//! goes as its SHA-256, which is as good for telling one user from another.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use json::Text;

/// The name of a user within `longest` characters.
pub(crate) fn shortened<'t>(user: &'t Text<'_>, longest: usize) -> Cow<'t, [u8]> {
    // Escapes only make it longer.
    let fits =
        user.escaped().len() <= longest || user.plain().is_some_and(|plain| plain.chars().count() <= longest);
    if fits {
        Cow::Borrowed(user.escaped())
    } else {
        Cow::Owned(digest(user).into_bytes())
    }
}

/// The name of a user within `longest` characters, and no e-mail address.
pub(crate) fn anonymous<'t>(user: &'t Text<'_>, longest: usize) -> Cow<'t, [u8]> {
    if user.plain().is_some_and(|plain| is_email(&plain)) {
        Cow::Owned(digest(user).into_bytes())
    } else {
        shortened(user, longest)
    }
}

/// The SHA-256 of a text in hexadecimal digits, however the text was escaped.
pub(crate) fn digest(text: &Text<'_>) -> String {
    let plain = text.plain();
    let bytes = plain.as_ref().map_or(text.escaped(), |plain| plain.as_bytes());
    hex(&Sha256::digest(bytes))
}

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
            // Writing to memory cannot fail.
            let _written = write!(hex, "{byte:02x}");
            hex
        })
}

/// Whether it looks like an e-mail address: a name and a host with a dot, and no white space.
fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !text.contains(char::is_whitespace)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn text(plain: &str) -> Text<'static> {
        Text::of_plain(plain)
    }

    #[test]
    fn a_name_that_fits_stays_and_a_longer_one_becomes_its_digest() {
        assert_eq!(shortened(&text("user-1"), 64), b"user-1".as_slice());
        assert_eq!(shortened(&text("äöü"), 3), "äöü".as_bytes());
        let long = shortened(&text(&"x".repeat(65)), 64).into_owned();
        assert_eq!(long.len(), 64);
        assert_eq!(long, shortened(&text(&"x".repeat(65)), 64).into_owned());
    }

    #[test]
    fn an_e_mail_address_becomes_its_digest() {
        assert_eq!(anonymous(&text("jo@example.com"), 256).len(), 64);
        for plain in ["jo@host", "@example.com", "a b@example.com", "jo"] {
            assert_eq!(anonymous(&text(plain), 256), plain.as_bytes(), "{plain}");
        }
    }
}
