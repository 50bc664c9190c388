//! Documents: their formats and the names that the API takes,
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html>.

use std::collections::HashSet;

use crate::wire::media;
use json::Text;

/// The longest name of a document.
const LONGEST_NAME: usize = 200;

/// What a document without a name is called.
const UNNAMED: &str = "document";

/// The format of a document, as the API calls it; `None` for one that it does not take.
pub(super) fn format(media_type: &str) -> Option<&'static str> {
    Some(match media_type {
        media::PDF => "pdf",
        "text/csv" => "csv",
        "application/msword" => "doc",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.ms-excel" => "xls",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        "text/html" => "html",
        "text/markdown" => "md",
        text if media::is_text(text) => "txt",
        _ => return None,
    })
}

/// The names given so far: each must be another one.
#[derive(Debug, Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    /// A name for a document, made of its own: letters, digits, hyphens, round and square brackets, and single spaces.
    pub(super) fn give(&mut self, own: Option<&Text<'_>>) -> String {
        let own = own.and_then(Text::plain).unwrap_or_default();
        let is_taken = |c: char| c.is_ascii_alphanumeric() || "-()[]".contains(c);
        let spaced: String = own
            .chars()
            .take(LONGEST_NAME)
            .map(|c| if is_taken(c) { c } else { ' ' })
            .collect();
        let words: Vec<&str> = spaced.split_whitespace().collect();
        let name = if words.is_empty() {
            UNNAMED.to_owned()
        } else {
            words.join(" ")
        };
        let numbered = (2..).map(|number: usize| format!("{name} {number}"));
        let free = std::iter::once(name.clone())
            .chain(numbered)
            .find(|name| !self.0.contains(name));
        let name = free.unwrap_or(name);
        self.0.insert(name.clone());
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn names_are_cleaned_and_told_apart() {
        let mut names = Names::default();
        let mut give = |own: &str| names.give(Some(&Text::of_plain(own)));
        assert_eq!(give("Q3_report  (final).pdf"), "Q3 report (final) pdf");
        assert_eq!(give("Q3 report (final) pdf"), "Q3 report (final) pdf 2");
        assert_eq!(give("../é\n"), "document");
        assert_eq!(give(&"x".repeat(300)).len(), LONGEST_NAME);
        assert_eq!(names.give(None), "document 2");
    }

    #[test]
    fn a_format_is_what_the_media_type_says() {
        assert_eq!(format("application/pdf"), Some("pdf"));
        assert_eq!(format("text/x-python"), Some("txt"));
        assert_eq!(format("application/zip"), None);
    }
}
