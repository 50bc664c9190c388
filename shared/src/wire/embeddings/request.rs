//! A request for embeddings in the intermediate form.

use crate::wire::Untranslatable;
use json::write::Object;
use json::{Kind, Node, Text};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddingRequest<'a> {
    /// What is to be embedded, in order.
    pub inputs: Inputs<'a>,
    /// How long the vectors are to be.
    pub dimensions: Option<u64>,
    /// How they are to be written.
    pub encoding: Encoding,
}

/// What is to be embedded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inputs<'a> {
    /// Texts.
    Texts(Vec<Text<'a>>),
    /// Tokens of OpenAI's models, which mean nothing to others.
    Tokens,
}

/// How the numbers of a vector are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As a list of numbers.
    Float,
    /// As base64 of 32-bit floats, the least significant byte first.
    Base64,
}

fn malformed(place: &str, problem: &'static str) -> Untranslatable {
    Untranslatable::Malformed {
        place: place.to_owned(),
        problem,
    }
}

impl<'a> EmbeddingRequest<'a> {
    /// Reads a body in OpenAI's format.
    pub fn read(body: &'a [u8]) -> Result<Self, Untranslatable> {
        let keys = ["input", "dimensions", "encoding_format"];
        let sound = Node::sound(body, keys).ok_or_else(|| malformed("body", "must be valid JSON"))?;
        let (_, [input, dimensions, encoding]) = sound;
        let input = input.ok_or_else(|| malformed("input", "is missing"))?;
        let dimensions = dimensions.map(|dimensions| {
            let number = dimensions.unsigned().filter(|number| *number > 0);
            number.ok_or_else(|| malformed("dimensions", "must be a whole number above 0"))
        });
        Ok(Self {
            inputs: inputs(input)?,
            dimensions: dimensions.transpose()?,
            encoding: match encoding {
                None => Encoding::Float,
                Some(encoding) if encoding.is("float") => Encoding::Float,
                Some(encoding) if encoding.is("base64") => Encoding::Base64,
                Some(_) => return Err(malformed("encoding_format", "must be `float` or `base64`")),
            },
        })
    }

    /// How many vectors the answer must have.
    #[must_use]
    pub fn count(&self) -> usize {
        match &self.inputs {
            Inputs::Texts(texts) => texts.len(),
            // Nobody who is asked in another format takes them.
            Inputs::Tokens => 0,
        }
    }

    /// The texts, for a provider that takes nothing else.
    pub fn texts(&self) -> Result<&[Text<'a>], Untranslatable> {
        match &self.inputs {
            Inputs::Texts(texts) => Ok(texts),
            Inputs::Tokens => Err(unsupported("input")),
        }
    }

    /// Writes the length that is asked for, if one is.
    pub fn write_dimensions(&self, key: &str, object: &mut Object<'_>) {
        if let Some(dimensions) = self.dimensions {
            object.number(key, dimensions);
        }
    }
}

/// What a provider has no way to do.
pub fn unsupported(place: &str) -> Untranslatable {
    Untranslatable::Unsupported {
        place: place.to_owned(),
    }
}

fn inputs(input: Node<'_>) -> Result<Inputs<'_>, Untranslatable> {
    if let Some(text) = input.text().filter(|_| input.kind() == Kind::String) {
        return Ok(Inputs::Texts(vec![text]));
    }
    let elements = input.elements();
    let Some(first) = elements.first() else {
        return Err(malformed(
            "input",
            "must be a text, or a list with something in it",
        ));
    };
    if matches!(first.kind(), Kind::Number | Kind::Array) {
        let is_same = elements.iter().all(|element| element.kind() == first.kind());
        return is_same
            .then_some(Inputs::Tokens)
            .ok_or_else(|| malformed("input", "must be a list of one kind"));
    }
    let mut texts = Vec::with_capacity(elements.len());
    for (index, element) in elements.into_iter().enumerate() {
        let text = element.text();
        texts.push(text.ok_or_else(|| malformed(&format!("input[{index}]"), "must be a text"))?);
    }
    Ok(Inputs::Texts(texts))
}
