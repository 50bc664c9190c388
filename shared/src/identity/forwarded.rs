//! `x-forwarded-client-cert`: one element per proxy, separated by commas, the nearest one last; in each, pairs of key and
//! value separated by semicolons; values may be quoted.
//! <https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-client-cert>

use crate::limits::MAX_FORWARDED_CERTIFICATES;

/// The header is not of this form, or its last element has more than one URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// The URI of the last element: what the proxy before us saw itself. The others are hearsay.
pub(super) fn last_uri(header: &[u8]) -> Result<Option<String>, Unreadable> {
    if header.len() > MAX_FORWARDED_CERTIFICATES {
        return Err(Unreadable);
    }
    let header = std::str::from_utf8(header).map_err(|_| Unreadable)?;
    let mut uri = None;
    let mut rest = header;
    loop {
        let (key, after) = rest.split_once('=').ok_or(Unreadable)?;
        let (value, separator, after) = value(after)?;
        if key.trim().eq_ignore_ascii_case("uri") && !value.is_empty() && uri.replace(value).is_some() {
            return Err(Unreadable);
        }
        match separator {
            None => return Ok(uri),
            Some(Separator::Element) => uri = None,
            Some(Separator::Pair) => {}
        }
        rest = after;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Separator {
    Pair,
    Element,
}

/// A value, what ends it, and what follows.
fn value(text: &str) -> Result<(String, Option<Separator>, &str), Unreadable> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    let mut is_quoted = false;
    if text.starts_with('"') {
        is_quoted = true;
        characters.next();
    }
    while let Some((at, character)) = characters.next() {
        match character {
            '"' if is_quoted => {
                let end = characters.next();
                let separator = end.map(|(_, character)| separator(character).ok_or(Unreadable));
                let rest = end.and_then(|(at, _)| text.get(at + 1..)).unwrap_or_default();
                return Ok((value, separator.transpose()?, rest));
            }
            '\\' if is_quoted => value.push(characters.next().ok_or(Unreadable)?.1),
            _ if is_quoted => value.push(character),
            '"' => return Err(Unreadable),
            _ => match separator(character) {
                Some(separator) => {
                    return Ok((value, Some(separator), text.get(at + 1..).unwrap_or_default()));
                }
                None => value.push(character),
            },
        }
    }
    if is_quoted {
        Err(Unreadable)
    } else {
        Ok((value, None, ""))
    }
}

fn separator(character: char) -> Option<Separator> {
    match character {
        ';' => Some(Separator::Pair),
        ',' => Some(Separator::Element),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
