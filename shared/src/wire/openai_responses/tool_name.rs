//! Tools in namespaces. Other formats know none: there a tool is called by both names at once, and a call of it is told
//! in the two names that its agent knows.

use sha2::{Digest, Sha256};

use crate::wire::codec::Namespaced;
use crate::wire::opaque::hex;
use json::Text;

/// The longest name of a tool that every provider takes.
const LONGEST: usize = 64;

/// How many hexadecimal digits stand for the rest of a name that would be too long.
const DIGITS: usize = 12;

/// What a tool of a namespace is called at providers that know no namespaces. The same two names give the same one.
pub(super) fn alias(namespace: &Text<'_>, name: &Text<'_>) -> Text<'static> {
    let mut joined = namespace.escaped().to_vec();
    joined.extend_from_slice(b"__");
    joined.extend_from_slice(name.escaped());
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if joined.len() <= LONGEST && joined.iter().all(is_plain) {
        return Text::of_escaped(joined);
    }
    let mut digits = hex(&Sha256::digest(&joined));
    digits.truncate(DIGITS);
    let kept = joined.iter().copied().filter(is_plain).take(LONGEST - DIGITS - 1);
    let short: Vec<u8> = kept.chain([b'_']).chain(digits.into_bytes()).collect();
    Text::of_escaped(short)
}

/// The two names behind one, if it is that of a tool in a namespace.
pub(super) fn behind<'n>(
    namespaced: &'n [Namespaced],
    alias: &Text<'_>,
) -> Option<(&'n Text<'static>, &'n Text<'static>)> {
    let found = namespaced.iter().find(|tool| tool.alias == *alias)?;
    Some((&found.namespace, &found.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn two_names_become_one_that_every_provider_takes() {
        let named = |namespace: &str, name: &str| {
            let alias = alias(&Text::of_plain(namespace), &Text::of_plain(name));
            alias.plain().unwrap().into_owned()
        };
        assert_eq!(named("mcp__docs", "search"), "mcp__docs__search");
        let long = named(&"n".repeat(40), &"f".repeat(40));
        assert_eq!(long.len(), 64);
        assert_eq!(long, named(&"n".repeat(40), &"f".repeat(40)));
        assert_ne!(long, named(&"n".repeat(40), &"f".repeat(41)));
        let odd = named("a.b", "c d");
        assert!(odd.starts_with("ab__cd_") && odd.len() == 19, "{odd}");
    }
}
