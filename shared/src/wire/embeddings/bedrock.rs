//! Bedrock, by `InvokeModel`: Titan, which embeds one text a call,
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html>, and Cohere's models,
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html>, which do not tell tokens there.

use super::answer::EmbeddingAnswer;
use super::request::{EmbeddingRequest, unsupported};
use super::{Codec, cohere};
use crate::provider::segment;
use crate::wire::Untranslatable;
use json::{Node, write};

pub(super) static TITAN: Codec = Codec {
    write: write_titan,
    read: read_titan,
    path,
};

pub(super) static COHERE: Codec = Codec {
    write: write_cohere,
    read: cohere::read,
    path,
};

fn path(model: &str) -> String {
    format!("/model/{}/invoke", segment(model))
}

fn write_titan(request: &EmbeddingRequest<'_>, _model: &str) -> Result<Vec<u8>, Untranslatable> {
    let [text] = request.texts()? else {
        return Err(unsupported("input"));
    };
    let mut out = Vec::new();
    write::object(&mut out, |object| {
        object.text("inputText", text);
        request.write_dimensions("dimensions", object);
    });
    Ok(out)
}

fn read_titan(body: &[u8]) -> Option<EmbeddingAnswer<'_>> {
    let (_, [embedding, tokens]) = Node::sound(body, ["embedding", "inputTextTokenCount"])?;
    EmbeddingAnswer::of(vec![embedding?], tokens.and_then(Node::unsigned))
}

fn write_cohere(request: &EmbeddingRequest<'_>, _model: &str) -> Result<Vec<u8>, Untranslatable> {
    let mut out = Vec::new();
    let mut written = Ok(());
    write::object(&mut out, |object| {
        written = cohere::write_members(request, object);
    });
    written.map(|()| out)
}
