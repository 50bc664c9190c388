//! Takes a text apart into policies, so that each has its own place, bounds and mistakes.

/// One policy's text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Statement<'a> {
    /// Where it begins, comments before it left out.
    pub start: usize,
    /// From there to its semicolon.
    pub text: &'a str,
}

/// What stands in a policy's text, as far as its bounds and its end depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A string with its quotes.
    Text,
    /// A name, a keyword or a number.
    Word(&'a str),
    /// Anything else.
    Sign(char),
}

/// The tokens of a text with their places, without white space and comments.
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Goes on after the first character that is not of a kind.
    fn skip_while(&mut self, is_kind: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|sign| !is_kind(sign)).unwrap_or(rest.len());
    }

    fn skip_string(&mut self) {
        let mut is_escaped = false;
        for (index, sign) in self.rest().char_indices().skip(1) {
            if sign == '"' && !is_escaped {
                self.at += index + 1;
                return;
            }
            is_escaped = sign == '\\' && !is_escaped;
        }
        self.at = self.text.len();
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = (usize, Token<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.skip_while(char::is_whitespace);
            if !self.rest().starts_with("//") {
                break;
            }
            self.skip_while(|sign| !matches!(sign, '\n' | '\r'));
        }
        let start = self.at;
        let sign = self.rest().chars().next()?;
        let is_word = |sign: char| sign.is_alphanumeric() || sign == '_';
        let token = if sign == '"' {
            self.skip_string();
            Token::Text
        } else if is_word(sign) {
            self.skip_while(is_word);
            Token::Word(self.text.get(start..self.at).unwrap_or_default())
        } else {
            self.at += sign.len_utf8();
            Token::Sign(sign)
        };
        Some((start, token))
    }
}

/// The policies of a text; the last one may lack its semicolon, which the parser then says.
pub(super) fn split(text: &str) -> Vec<Statement<'_>> {
    let mut statements = Vec::new();
    let mut start = None;
    for (at, token) in Tokens::of(text) {
        let begin = *start.get_or_insert(at);
        if token == Token::Sign(';') {
            statements.extend(text.get(begin..=at).map(|text| Statement { start: begin, text }));
            start = None;
        }
    }
    let rest = start.and_then(|start| Some((start, text.get(start..)?)));
    statements.extend(rest.map(|(start, text)| Statement { start, text }));
    statements
}
