use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn labelled(shape: Shape, chunks: &[&[u8]]) -> Vec<u8> {
    let mut labeller = Labeller::new(shape, "OWN_".to_owned(), "BEFORE_".to_owned());
    let mut passed = Vec::new();
    for chunk in chunks {
        passed.extend(labeller.push(chunk).unwrap_or_else(|| chunk.to_vec()));
    }
    passed
}

/// What passes of a text, however it is cut in two, and byte by byte.
fn passed(shape: Shape, text: &str) -> String {
    let bytes = text.as_bytes();
    let whole = labelled(shape, &[bytes]);
    for cut in 0..=bytes.len() {
        let (head, tail) = bytes.split_at(cut);
        assert_eq!(labelled(shape, &[head, tail]), whole, "cut at {cut} of {text}");
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(labelled(shape, &single), whole, "byte by byte: {text}");
    String::from_utf8(whole).unwrap()
}

#[test]
fn ids_of_an_answer_get_their_tags_and_nothing_else_changes() {
    let answer = r#" {"id" : "resp_1","metadata":{"id":"resp_2","previous_response_id":"resp_3"},
        "output":[{"id":"msg_1","content":[{"text":"\"id\":\"resp_4\"","id":"resp_5"}]},{"id":"resp_6"}],
        "x":[],"previous_response_id":"resp_0","response":{"id":"resp_7"},"note":"id","n":"resp_8"}"#;
    let expected = answer
        .replace("resp_1\"", "resp_OWN_1\"")
        .replace("resp_0\"", "resp_BEFORE_0\"");
    assert_eq!(passed(Shape::Whole, answer), expected);
    let deleted = r#"{"id":"resp_1","object":"response","deleted":true}"#;
    assert!(passed(Shape::Whole, deleted).contains("resp_OWN_1"));
}

#[test]
fn what_holds_no_id_of_a_response_stays_as_it_is() {
    for answer in [
        "",
        "null",
        r#"{"id":"msg_1","previous_response_id":null}"#,
        r#"{"id":7,"a":"resp_1"}"#,
        r#"{"id":null,"object":"list","data":[{"id":"resp_1"}]}"#,
        r#"{"id":["resp_1"],"a":{"id":"resp_1"}}"#,
        r#"[{"id":"resp_1"},"id","resp_1"]"#,
        r#"{"\u0069d":"resp_1","idx":"resp_1","i":"resp_1","previous_response_id_":"resp_1"}"#,
        r#"{"id":"res","x":"p_1"}"#,
        r#"{"id":"\u0072esp_1"}"#,
        "not JSON: \"id\":\"resp_1\"",
        r#"{"id":"re\"sp_1","id\"":"resp_1"}"#,
    ] {
        assert_eq!(passed(Shape::Whole, answer), answer);
    }
}

#[test]
fn events_get_tags_where_they_hold_the_response() {
    let stream = concat!(
        "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,",
        "\"response\":{\"id\":\"resp_1\",\"previous_response_id\":\"resp_0\",\"tools\":[{\"id\":\"resp_9\"}]}}\n\n",
        ": ping \"response\":{\"id\":\"resp_9\"}\n\n",
        "event: response.output_text.delta\ndata: {\"delta\":\"\\\"response\\\":{\\\"id\\\":\\\"resp_9\\\"}\",\"id\":\"resp_9\"}\n\n",
        "data:{\"item\":{\"id\":\"resp_9\",\"response\":{\"id\":\"resp_9\"}},\"response\":[{\"id\":\"resp_9\"}]}\n\n",
        "data: {\"response\":{\"output\":[{\"response\":{\"id\":\"resp_9\"}}],\"id\":\"resp_1\"},\"id\":\"resp_9\"}\n\n",
        "data: {\"response\": {\"id\": \"resp_1",
    );
    let expected = stream
        .replace("resp_1", "resp_OWN_1")
        .replace("resp_0", "resp_BEFORE_0");
    assert_eq!(passed(Shape::Stream, stream), expected);
    for ending in ["\r\n", "\r"] {
        assert_eq!(
            passed(Shape::Stream, &stream.replace('\n', ending)),
            expected.replace('\n', ending)
        );
    }
}

#[test]
fn an_event_that_is_torn_does_not_take_the_next_one_with_it() {
    let torn = "data: {\"response\":{\"id\":\"res\ndata: {\"response\":{\"id\":\"resp_1\"}}\n\n";
    assert_eq!(passed(Shape::Stream, torn), torn.replace("resp_1", "resp_OWN_1"));
}

#[test]
fn going_back_undoes_a_chunk() {
    let mut labeller = Labeller::new(Shape::Whole, "OWN_".to_owned(), String::new());
    assert_eq!(labeller.push(b"{\"id\":\"re"), None);
    let place = labeller.place();
    assert!(labeller.push(b"sp_1\"}").is_some());
    labeller.go_back(place);
    assert_eq!(labeller.push(b"sp_2").as_deref(), Some(&b"sp_OWN_2"[..]));
}
