//! Mistral: <https://docs.mistral.ai/api/endpoint/embeddings>. Its API is OpenAI's but for the length of vectors, which has
//! another name, and for tokens, which it does not take.

use super::Codec;
use super::answer::EmbeddingAnswer;
use super::request::EmbeddingRequest;
use crate::wire::Untranslatable;
use json::{Node, write};

pub(super) static CODEC: Codec = Codec {
    write,
    read,
    path: |_| "/v1/embeddings".to_owned(),
};

fn write(request: &EmbeddingRequest<'_>, model: &str) -> Result<Vec<u8>, Untranslatable> {
    let texts = request.texts()?;
    let mut out = Vec::new();
    write::object(&mut out, |object| {
        object.string("model", model);
        object.array("input", |input| texts.iter().for_each(|text| input.text(text)));
        request.write_dimensions("output_dimension", object);
    });
    Ok(out)
}

fn read(body: &[u8]) -> Option<EmbeddingAnswer<'_>> {
    let (_, [data, usage]) = Node::sound(body, ["data", "usage"])?;
    let mut vectors = Vec::new();
    data?.records(["index", "embedding"], |_, [index, vector]| {
        let place = index.and_then(Node::unsigned).unwrap_or(vectors.len() as u64);
        vectors.push((place, vector));
    });
    vectors.sort_by_key(|(place, _)| *place);
    let vectors: Option<Vec<_>> = vectors.into_iter().map(|(_, vector)| vector).collect();
    let tokens = usage.and_then(|usage| usage.field("prompt_tokens")?.unsigned());
    EmbeddingAnswer::of(vectors?, tokens)
}
