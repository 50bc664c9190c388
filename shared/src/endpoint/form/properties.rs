use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use json::splice::splice;

fn headers() -> Headers {
    Headers::new(vec![(
        "content-type".to_owned(),
        b"multipart/form-data; boundary=b0".to_vec(),
    )])
}

fn read_form(named: Option<&str>, body: &[u8]) -> Result<Request, RequestError> {
    read(Operation::Transcriptions, &headers(), named, body)
}

/// A field's name, and a value that may hold anything but the boundary.
fn field() -> impl Strategy<Value = (String, Vec<u8>)> {
    let value = vec(
        prop_oneof![any::<u8>(), Just(b'\r'), Just(b'\n'), Just(b'-'), Just(b'b')],
        0..40,
    );
    let value = value.prop_filter("no boundary", |value| memmem::find(value, b"--b0").is_none());
    ("[a-l]{1,6}(\\[\\])?", value)
}

fn write(fields: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--b0\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n").bytes());
        body.extend(value);
        body.extend(b"\r\n");
    }
    body.extend(b"--b0--\r\n");
    body
}

proptest! {
    /// Wherever the model stands and whatever stands around it, it alone is replaced.
    #[test]
    fn the_model_is_found_and_replaced(
        mut fields in vec(field(), 0..8),
        at in any::<prop::sample::Index>(),
        model in "[ -~]{1,30}",
        theirs in "[a-z0-9-]{1,30}",
    ) {
        let at = at.index(fields.len() + 1);
        fields.insert(at, ("model".to_owned(), model.clone().into_bytes()));
        prop_assume!(!model.contains("--b0"));
        let body = write(&fields);
        let request = read_form(None, &body).unwrap();
        prop_assert_eq!(&request.model, &model);
        let mut edits: Vec<_> = name_model(&headers(), &request, &body, &theirs).into_iter().collect();
        let sent = splice(&body, &mut edits).concat();
        fields[at].1 = theirs.into_bytes();
        prop_assert_eq!(sent, write(&fields));
    }

    /// A form without a model gets one, and is the same otherwise.
    #[test]
    fn a_missing_model_is_added(fields in vec(field(), 1..8), theirs in "[a-z0-9-]{1,30}") {
        let body = write(&fields);
        prop_assert_eq!(read_form(None, &body), Err(RequestError::NoModel));
        let request = read_form(Some("named"), &body).unwrap();
        let mut edits: Vec<_> = name_model(&headers(), &request, &body, &theirs).into_iter().collect();
        let sent = splice(&body, &mut edits).concat();
        let model = ("model".to_owned(), theirs.into_bytes());
        let all: Vec<_> = std::iter::once(model).chain(fields).collect();
        prop_assert_eq!(sent, write(&all));
    }

    /// Any bytes are read or refused; what is cut anywhere is refused.
    #[test]
    fn nothing_panics_and_what_breaks_off_is_refused(
        noise in vec(any::<u8>(), 0..200),
        fields in vec(field(), 0..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let begun = [b"--b0\r\n".as_slice(), &noise].concat();
        let _read = (read_form(None, &noise), read_form(None, &begun));
        let mut fields = fields;
        fields.push(("model".to_owned(), b"m".to_vec()));
        let body = write(&fields);
        // Without the line's end it is still whole.
        let cut = cut.index(body.len() - 2);
        let is_cut = read_form(None, body.get(..cut).unwrap()).is_err();
        prop_assert!(is_cut);
    }
}
