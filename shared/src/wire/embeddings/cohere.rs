//! Cohere: <https://docs.cohere.com/reference/embed>. Its models embed documents and questions differently, which OpenAI's
//! API cannot say; what is not said is a document.

use super::Codec;
use super::answer::EmbeddingAnswer;
use super::request::EmbeddingRequest;
use crate::wire::Untranslatable;
use json::write::Object;
use json::{Kind, Node, write};

pub(super) static CODEC: Codec = Codec {
    write,
    read,
    path: |_| "/v2/embed".to_owned(),
};

fn write(request: &EmbeddingRequest<'_>, model: &str) -> Result<Vec<u8>, Untranslatable> {
    let mut out = Vec::new();
    let mut written = Ok(());
    write::object(&mut out, |object| {
        object.string("model", model);
        written = write_members(request, object);
    });
    written.map(|()| out)
}

/// What Cohere's own API and Bedrock have in common.
pub(super) fn write_members(
    request: &EmbeddingRequest<'_>,
    object: &mut Object<'_>,
) -> Result<(), Untranslatable> {
    let texts = request.texts()?;
    object.array("texts", |input| texts.iter().for_each(|text| input.text(text)));
    object.string("input_type", "search_document");
    object.array("embedding_types", |types| types.string("float"));
    request.write_dimensions("output_dimension", object);
    Ok(())
}

/// Reads vectors by type, or plain ones as older models have them.
pub(super) fn read(body: &[u8]) -> Option<EmbeddingAnswer<'_>> {
    let (_, [embeddings, meta]) = Node::sound(body, ["embeddings", "meta"])?;
    let embeddings = embeddings?;
    let vectors = match embeddings.kind() {
        Kind::Object => embeddings.field("float")?,
        _ => embeddings,
    };
    let billed = meta.and_then(|meta| meta.field("billed_units")?.field("input_tokens"));
    // Counts may be written as floats.
    let tokens = billed
        .and_then(Node::number)
        .filter(|number| *number >= 0.0 && *number < 1e15);
    let tokens = tokens.and_then(|number| format!("{number:.0}").parse().ok());
    EmbeddingAnswer::of(vectors.elements(), tokens)
}
