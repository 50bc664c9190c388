//! What is read of the bodies of other calls than conversations.

use super::{Operation, images};
use crate::provider::{Capabilities, Capability};
use crate::request::content::Content;
use crate::request::{self, Beginning, Given, Metadata, Request, RequestError, StreamUsage};
use crate::stored::{self, Keeping, Named};
use crate::units::Tokens;
use crate::wire::Format;
use json::Span;
use json::scan::{Kind, Value};
use json::splice::{Edit, splice};

/// A call of which nothing is known but the model that it goes to.
pub fn of_model(model: &str) -> Request {
    Request {
        model: model.to_owned(),
        model_span: Span::default(),
        stream: false,
        stream_usage: StreamUsage::Wanted,
        given: Given::default(),
        needs: Capabilities::NONE,
        metadata: Metadata::default(),
        content: Content::default(),
        max_output: Some(Tokens(0)),
        answers: 1,
        beginning: Beginning::default(),
        members_at: 0,
        left_out: Vec::new(),
        keeping: Keeping::default(),
    }
}

/// A call about a response that its provider keeps, which names no model.
pub fn of_response(path: &str) -> Request {
    let id = stored::id_in(path).unwrap_or_default().to_owned();
    let span = Span::default();
    Request {
        keeping: Keeping {
            named: Some(Named { id, span }),
            is_wanted: false,
        },
        ..of_model("")
    }
}

/// A request for embeddings.
pub fn embeddings(body: &[u8]) -> Result<Request, RequestError> {
    let top = request::read_top::<3, 1>(body, ["model", "stream", "input"])?;
    match top.own {
        [None | Some(Value { kind: Kind::Null, .. })] => return Err(RequestError::NoInput),
        [
            Some(Value {
                kind: Kind::String | Kind::Array,
                ..
            }),
        ] => {}
        [Some(_)] => return Err(RequestError::BadInput),
    }
    Ok(Request {
        model_span: top.model_span,
        needs: Capabilities::NONE.with(Capability::Embeddings),
        metadata: top.metadata,
        content: top.content,
        members_at: request::members_at(body),
        ..of_model(&top.model)
    })
}

/// A request to count the tokens of a conversation: it takes no output, and is never a stream.
pub fn count(body: &[u8]) -> Result<Request, RequestError> {
    let request = Format::AnthropicMessages.read_request(body)?;
    Ok(Request {
        stream: false,
        max_output: Some(Tokens(0)),
        beginning: Beginning::default(),
        left_out: Vec::new(),
        ..request
    })
}

/// A request in JSON that passes through. `named`: the model where the body names none.
pub fn json(operation: Operation, named: Option<&str>, body: &[u8]) -> Result<Request, RequestError> {
    let is_completion = operation == Operation::Completions;
    let request = match (Format::OpenAiChat.read_request(body), named) {
        // Some of these calls may leave the model to the provider.
        (Err(RequestError::NoModel), Some(named)) if !is_completion && has_members(body) => {
            named_elsewhere(named, body)?
        }
        (request, _) => request?,
    };
    Ok(if is_completion {
        request
    } else {
        Request {
            stream_usage: StreamUsage::Wanted,
            // What the others take of output is not known, or not counted in tokens.
            max_output: Some(match operation {
                Operation::ImageGenerations => images::most_in_json(body),
                _ => Tokens(0),
            }),
            answers: 1,
            ..request
        }
    })
}

/// A request without a model, as one that names it: whatever else it says counts all the same.
fn named_elsewhere(named: &str, body: &[u8]) -> Result<Request, RequestError> {
    let members_at = request::members_at(body);
    let member = format!("\"model\":{},", serde_json::Value::from(named));
    let whole = splice(body, &mut [Edit::insert(members_at, member)]).concat();
    let request = Format::OpenAiChat.read_request(&whole)?;
    // Places in the body as it is; what has none here is not looked at again.
    Ok(Request {
        model_span: Span::default(),
        beginning: Beginning::default(),
        members_at,
        left_out: Vec::new(),
        ..request
    })
}

/// Whether there is something in an object.
fn has_members(body: &[u8]) -> bool {
    let rest = body.get(request::members_at(body)..).unwrap_or_default();
    rest.trim_ascii_start().first().is_some_and(|byte| *byte != b'}')
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn embeddings_need_a_model_that_embeds_and_take_no_output() {
        let request = embeddings(br#"{"input":["a",[1,2]],"model":"e","user":"u-1"}"#).unwrap();
        assert_eq!(request.model, "e");
        assert_eq!(request.needs.iter().collect::<Vec<_>>(), [Capability::Embeddings]);
        assert_eq!(request.max_output, Some(Tokens(0)));
        assert_eq!(request.metadata.user.as_deref(), Some("u-1"));
    }

    #[test]
    fn a_request_for_embeddings_without_input_says_so() {
        for (body, error) in [
            (&br#"{"model":"e"}"#[..], RequestError::NoInput),
            (br#"{"model":"e","input":null}"#, RequestError::NoInput),
            (br#"{"model":"e","input":7}"#, RequestError::BadInput),
            (br#"{"model":"e","input":{"text":"a"}}"#, RequestError::BadInput),
            (br#"{"input":"a"}"#, RequestError::NoModel),
            (
                br#"{"model":"e","input":"a","input":"b"}"#,
                RequestError::Repeated("input"),
            ),
        ] {
            assert_eq!(embeddings(body), Err(error));
        }
    }

    #[test]
    fn a_call_that_may_leave_the_model_out_is_routed_by_the_header() {
        let body = br#" { "input":"a"}"#;
        let request = json(Operation::Moderations, Some("guard"), body).unwrap();
        assert_eq!(
            (request.model.as_str(), request.members_at, request.model_span.end),
            ("guard", 2, 0)
        );
        assert_eq!(
            json(Operation::Moderations, None, body),
            Err(RequestError::NoModel)
        );
        assert_eq!(
            json(Operation::Moderations, Some("guard"), b"{ }"),
            Err(RequestError::NoModel)
        );
        assert_eq!(
            json(Operation::Completions, Some("guard"), body),
            Err(RequestError::NoModel)
        );
        let own = json(Operation::Moderations, Some("guard"), br#"{"model":"m"}"#).unwrap();
        assert_eq!(own.model, "m");
    }

    #[test]
    fn what_a_call_says_counts_whoever_names_its_model() {
        let rest = br#""input":"How much of that?","user":"u-1","stream":true,"metadata":{"step":"s"}}"#;
        let unnamed = [b"{", rest.as_slice()].concat();
        let named = [br#"{"model":"gu\"ard","#, rest.as_slice()].concat();
        let read = |body: &[u8]| json(Operation::ImageGenerations, Some("gu\"ard"), body).unwrap();
        let (unnamed, named) = (read(&unnamed), read(&named));
        assert_eq!((unnamed.model_span.end, unnamed.members_at), (0, 1));
        assert_eq!(unnamed.metadata.user.as_deref(), Some("u-1"));
        assert!(unnamed.stream && unnamed.content != Content::default());
        let same = Request {
            model_span: unnamed.model_span,
            content: unnamed.content,
            ..named
        };
        assert_eq!(unnamed, same);
    }

    #[test]
    fn a_completion_takes_all_the_answers_that_are_made_for_it() {
        let body = br#"{"model":"m","prompt":"a","n":2,"best_of":4}"#;
        assert_eq!(json(Operation::Completions, None, body).unwrap().answers, 4);
        // Of pictures each is counted by itself.
        assert_eq!(json(Operation::ImageGenerations, None, body).unwrap().answers, 1);
    }

    #[test]
    fn counting_takes_nothing_and_does_not_stream() {
        let request = count(br#"{"model":"c","messages":[],"stream":true}"#).unwrap();
        assert!(!request.stream);
        assert_eq!(request.max_output, Some(Tokens(0)));
    }
}
