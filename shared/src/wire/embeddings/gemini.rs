//! Google: the Gemini API, <https://ai.google.dev/api/embeddings>, which takes all texts in one batch and tells no tokens
//! unless the model is new, and Vertex AI,
//! <https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api>, which counts each.

use super::Codec;
use super::answer::EmbeddingAnswer;
use super::request::{EmbeddingRequest, unsupported};
use crate::provider::segment;
use crate::wire::Untranslatable;
use json::{Node, write};

pub(super) static CODEC: Codec = Codec {
    write,
    read,
    path: |model| format!("/v1beta/models/{}:batchEmbedContents", segment(model)),
};

pub(super) static VERTEX: Codec = Codec {
    write: write_instances,
    read: read_predictions,
    path: |model| format!("/publishers/google/models/{}:predict", segment(model)),
};

fn write(request: &EmbeddingRequest<'_>, model: &str) -> Result<Vec<u8>, Untranslatable> {
    let texts = request.texts()?;
    let name = ["models/", model].concat();
    let mut out = Vec::new();
    write::object(&mut out, |object| {
        object.array("requests", |requests| {
            for text in texts {
                requests.object(|one| {
                    one.string("model", &name);
                    one.object("content", |content| {
                        content.array("parts", |parts| parts.object(|part| part.text("text", text)));
                    });
                    request.write_dimensions("outputDimensionality", one);
                });
            }
        });
    });
    Ok(out)
}

fn read(body: &[u8]) -> Option<EmbeddingAnswer<'_>> {
    let (_, [embeddings, usage]) = Node::sound(body, ["embeddings", "usageMetadata"])?;
    let tokens = usage.and_then(|usage| usage.field("promptTokenCount")?.unsigned());
    let vectors: Option<Vec<_>> = embeddings?
        .elements()
        .into_iter()
        .map(|embedding| embedding.field("values"))
        .collect();
    EmbeddingAnswer::of(vectors?, tokens)
}

fn write_instances(request: &EmbeddingRequest<'_>, model: &str) -> Result<Vec<u8>, Untranslatable> {
    let texts = request.texts()?;
    // The older models take 250 texts.
    if model.starts_with("gemini-embedding") && texts.len() > 1 {
        return Err(unsupported("input"));
    }
    let mut out = Vec::new();
    write::object(&mut out, |object| {
        object.array("instances", |instances| {
            for text in texts {
                instances.object(|instance| instance.text("content", text));
            }
        });
        if request.dimensions.is_some() {
            object.object("parameters", |parameters| {
                request.write_dimensions("outputDimensionality", parameters);
            });
        }
    });
    Ok(out)
}

fn read_predictions(body: &[u8]) -> Option<EmbeddingAnswer<'_>> {
    let (_, [predictions]) = Node::sound(body, ["predictions"])?;
    let mut tokens = Some(0_u64);
    let mut vectors = Vec::new();
    for prediction in predictions?.elements() {
        let [vector, statistics] = prediction.field("embeddings")?.fields(["values", "statistics"]);
        // Counts may be written as floats.
        let count = statistics
            .and_then(|statistics| statistics.field("token_count")?.number())
            .filter(|count| *count >= 0.0 && *count < 1e15)
            .and_then(|count| format!("{count:.0}").parse::<u64>().ok());
        tokens = tokens.zip(count).map(|(sum, count)| sum.saturating_add(count));
        vectors.push(vector?);
    }
    EmbeddingAnswer::of(vectors, tokens)
}
