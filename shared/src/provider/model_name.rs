//! Models by the names that providers and clouds have for them.

/// Looks a model up by each spelling that its name may stand for: as it is, without a folder before it, without the
/// vendors before it. What `find` is given is in lower case.
pub fn recognise<T>(name: &str, find: impl Fn(&str) -> Option<T>) -> Option<T> {
    let name = name.to_ascii_lowercase();
    let name = name.rsplit_once('/').map_or(name.as_str(), |(_, last)| last);
    find(name).or_else(|| {
        // `eu.anthropic.claude-sonnet-4-6`, `meta.llama3-1-70b-instruct-v1:0`
        let mut rest = name;
        while let Some((vendor, inner)) = rest.split_once('.') {
            if !vendor.chars().all(|c| c.is_ascii_lowercase()) {
                return None;
            }
            if let Some(found) = find(inner) {
                return Some(found);
            }
            rest = inner;
        }
        None
    })
}

/// Whether a name, in lower case, is a model's own or that of one of its revisions.
#[must_use]
pub fn is_revision_of(name: &str, model: &str) -> bool {
    name.strip_prefix(model).is_some_and(is_revision)
}

/// Whether what follows a model's name only says which revision of it: `-2026-04-23`, `@20251001`, `-v1:0`, `-latest`.
#[must_use]
pub fn is_revision(rest: &str) -> bool {
    let rest = rest.strip_suffix("-latest").unwrap_or(rest);
    rest.is_empty()
        || rest.starts_with(['-', '@', ':'])
            && rest.chars().filter(char::is_ascii_digit).count() > 0
            && rest.chars().all(|c| c.is_ascii_digit() || "-@:v".contains(c))
            && !is_minor_version(rest)
}

/// `-5`: the next model rather than a revision of this one. `-001` and dates are revisions.
fn is_minor_version(rest: &str) -> bool {
    rest.strip_prefix('-').is_some_and(|digits| {
        let digits = digits.split('-').next().unwrap_or_default();
        digits.len() < 3 && digits.chars().all(|c| c.is_ascii_digit())
    })
}
