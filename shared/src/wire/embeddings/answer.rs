//! Embeddings in the intermediate form, and how they are written in OpenAI's format.

use super::Encoding;
use crate::wire::media;
use json::write;
use json::{Kind, Node};

/// Embeddings.
#[derive(Debug)]
pub struct EmbeddingAnswer<'a> {
    /// The vectors in the order of the inputs, each a list of numbers as it was written.
    pub vectors: Vec<Node<'a>>,
    /// The tokens of all inputs, where the provider tells.
    pub input_tokens: Option<u64>,
}

impl<'a> EmbeddingAnswer<'a> {
    /// An answer of these vectors; `None` if there are none, or not all are lists.
    pub fn of(vectors: Vec<Node<'a>>, input_tokens: Option<u64>) -> Option<Self> {
        let is_list = |vector: &Node<'_>| vector.kind() == Kind::Array && !vector.is_empty();
        let is_sound = !vectors.is_empty() && vectors.iter().all(is_list);
        is_sound.then_some(Self {
            vectors,
            input_tokens,
        })
    }

    /// Writes the answer under the caller's name of the model; `None` if a vector has something else than numbers.
    pub fn write(&self, encoding: Encoding, model: &str) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut is_sound = true;
        let tokens = self.input_tokens.unwrap_or_default();
        write::object(&mut out, |object| {
            object.string("object", "list");
            object.array("data", |data| {
                for (index, vector) in (0_u64..).zip(&self.vectors) {
                    data.object(|embedding| {
                        embedding.string("object", "embedding");
                        embedding.number("index", index);
                        let floats = floats(*vector);
                        is_sound &= floats.is_some();
                        match encoding {
                            Encoding::Float => embedding.raw("embedding", vector.raw()),
                            Encoding::Base64 => {
                                embedding.string("embedding", &media::encode(&floats.unwrap_or_default()));
                            }
                        }
                    });
                }
            });
            object.string("model", model);
            object.object("usage", |usage| {
                usage.number("prompt_tokens", tokens);
                usage.number("total_tokens", tokens);
            });
        });
        is_sound.then_some(out)
    }
}

/// The numbers of a vector as 32-bit floats, the least significant byte first; `None` if one is none or too large.
fn floats(vector: Node<'_>) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(vector.raw().len() / 2);
    let mut is_sound = true;
    vector.each(|element| {
        // The nearest float to what is written, not to a longer float between.
        let text = std::str::from_utf8(element.raw()).unwrap_or_default();
        let float = text.parse::<f32>().ok().filter(|float| float.is_finite());
        is_sound &= float.is_some() && element.kind() == Kind::Number;
        bytes.extend(float.unwrap_or_default().to_le_bytes());
    });
    is_sound.then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn vector(text: &str) -> Option<String> {
        let document = format!("{{\"v\":{text}}}");
        let node = Node::object(document.as_bytes()).unwrap().field("v")?;
        floats(node).map(|bytes| media::encode(&bytes))
    }

    #[test]
    fn floats_are_the_nearest_and_little_endian() {
        // As `base64.b64encode(numpy.array([…], dtype="float32").tobytes())` writes them.
        assert_eq!(vector("[1.0]").as_deref(), Some("AACAPw=="));
        assert_eq!(vector("[0.5, -2]").as_deref(), Some("AAAAPwAAAMA="));
        assert_eq!(vector("[0.1,0.2,0.3]").as_deref(), Some("zczMPc3MTD6amZk+"));
        // Half a step above 1, and a trifle more, which a float of 64 bits would lose.
        assert_eq!(
            vector("[1.000000059604644775390626]").as_deref(),
            Some("AQCAPw==")
        );
        assert_eq!(vector("[1e-50]").as_deref(), Some("AAAAAA=="));
    }

    #[test]
    fn what_is_no_number_is_no_vector() {
        for text in ["[\"1\"]", "[null]", "[1e99]", "[[1]]", "[1,true]"] {
            assert_eq!(vector(text), None, "{text}");
        }
    }
}
