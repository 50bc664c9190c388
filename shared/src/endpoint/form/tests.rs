use super::*;
use json::splice::splice;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn headers(content_type: &str) -> Headers {
    Headers::new(vec![(
        "content-type".to_owned(),
        content_type.as_bytes().to_vec(),
    )])
}

fn form() -> Headers {
    headers("multipart/form-data; boundary=b0")
}

/// A form of fields, each with its disposition after `form-data` and its value.
fn body(fields: &[(&str, &str)]) -> Vec<u8> {
    let field = |(disposition, value): &(&str, &str)| {
        format!("--b0\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{value}\r\n")
    };
    let fields: String = fields.iter().map(field).collect();
    format!("{fields}--b0--\r\n").into_bytes()
}

fn read_form(named: Option<&str>, body: &[u8]) -> Result<Request, RequestError> {
    read(Operation::Transcriptions, &form(), named, body)
}

fn renamed(body: &[u8], named: Option<&str>, model: &str) -> String {
    let request = read_form(named, body).unwrap();
    let mut edits: Vec<_> = name_model(&form(), &request, body, model).into_iter().collect();
    String::from_utf8(splice(body, &mut edits).concat()).unwrap()
}

#[test]
fn only_the_model_changes() {
    let sound = (
        "name=\"file\"; filename=\"a \\\"model\\\"; name=model.wav\"",
        "RIFF\r\n\r\n--b\r\nmodel",
    );
    let given = body(&[sound, ("name=\"model\"", "whisper"), ("name=\"language\"", "de")]);
    let expected = body(&[sound, ("name=\"model\"", "up-1"), ("name=\"language\"", "de")]);
    assert_eq!(read_form(Some("other"), &given).unwrap().model, "whisper");
    assert_eq!(renamed(&given, None, "up-1").into_bytes(), expected);
    assert_eq!(renamed(&given, None, "whisper").into_bytes(), given);
}

#[test]
fn a_model_that_the_form_does_not_name_is_put_first() {
    let given = body(&[("name=\"image\"; filename=a.png", "PNG")]);
    let text = renamed(&given, Some("pictures"), "up-1");
    let begins = "--b0\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nup-1\r\n--b0\r\n";
    assert!(text.starts_with(begins), "{text}");
    let again = read_form(None, text.as_bytes()).unwrap();
    assert_eq!(again.model, "up-1");
    assert_eq!(read_form(None, &given), Err(RequestError::NoModel));
}

#[test]
fn the_boundary_may_be_quoted() {
    for content_type in [
        "multipart/form-data; boundary=\"b0\"",
        "Multipart/Form-Data; charset=utf-8; Boundary=b0",
    ] {
        let given = body(&[("name=model", "m")]);
        assert_eq!(
            read(Operation::Transcriptions, &headers(content_type), None, &given)
                .unwrap()
                .model,
            "m"
        );
    }
    for content_type in [
        "",
        "application/json",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=b0; boundary=b1",
        "multipart/mixed; boundary=b0",
        "multipart/form-data; boundary=\"b\r0\"",
    ] {
        let refused = read(
            Operation::Transcriptions,
            &headers(content_type),
            None,
            &body(&[("name=model", "m")]),
        );
        assert!(matches!(refused, Err(RequestError::BadForm(_))), "{content_type}");
    }
}

#[test]
fn what_two_readers_could_read_differently_is_refused() {
    for given in [
        "",
        "{}",
        "--b0",
        "--b0--",
        "--b0\r\n",
        "preamble\r\n--b0\r\n",
        "--b0\r\nContent-Disposition: form-data; name=model\r\n\r\nm",
        "--b0\r\nContent-Disposition: form-data; name=model\r\n\r\nm\r\n--b0",
        "--b0\r\nContent-Disposition: form-data; name=model\r\n\r\nm\r\n--b0x\r\n--b0--",
        "--b0\r\nContent-Disposition: form-data; name=model\r\n\r\nm\r\n--b0--\r\nmore",
        "--b0\r\nContent-Disposition: form-data; name*=model\r\n\r\nm\r\n--b0--",
        "--b0\r\nContent-Disposition: form-data; name=model; name=x\r\n\r\nm\r\n--b0--",
        "--b0\r\nContent-Disposition: form-data; name=\"mo\\del\"\r\n\r\nm\r\n--b0--",
        "--b0\r\nContent-Disposition: form-data; name=\"model\r\n\r\nm\r\n--b0--",
        "--b0\r\nContent-Disposition: form-data; name=\"model\" x\r\n\r\nm\r\n--b0--",
        "--b0\r\nContent-Disposition: form-data;\r\n name=model\r\n\r\nm\r\n--b0--",
        "--b0\r\nContent-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=model\r\n\r\nm\r\n--b0--",
        "--b0\r\nContent-Disposition: form-data; name=model\r\nContent-Transfer-Encoding: base64\r\n\r\nm\r\n--b0--",
        "--b0\r\nContent-Disposition: form-data; name=a\nContent-Disposition: form-data; name=model\r\n\r\nm\r\n--b0--",
        "--b0\r\nContent-Type: text/plain\r\n\r\nm\r\n--b0--",
        "--b0\r\nContent-Disposition: attachment; name=model\r\n\r\nm\r\n--b0--",
    ] {
        let refused = read_form(None, given.as_bytes());
        let is_refused = matches!(refused, Err(RequestError::BadForm(_) | RequestError::NoModel));
        assert!(is_refused, "{given}: {refused:?}");
    }
    let twice = body(&[("name=model", "a"), ("name=\"model\"", "b")]);
    assert_eq!(read_form(None, &twice), Err(RequestError::Repeated("model")));
    for model in ["", &"m".repeat(MAX_MODEL_NAME + 1)] {
        let given = body(&[("name=model", model)]);
        assert_eq!(read_form(None, &given), Err(RequestError::BadModel));
    }
    let many = vec![("name=a", ""); MAX_FORM_FIELDS + 2];
    let many = read_form(None, &body(&many));
    assert_eq!(many, Err(RequestError::BadForm("it has too many fields")));
}

#[test]
fn a_file_is_no_model() {
    for disposition in [
        "name=model; filename=a.txt",
        "filename=\"a.txt\"; name=\"model\"",
        "name=model; FileName=",
        "name=model; filename*=utf-8''a",
    ] {
        for others in [&[][..], &[("name=model", "m")]] {
            let given = body(&[others, &[(disposition, "m")]].concat());
            let refused = Err(RequestError::BadForm(
                "`model`, `n`, `quality` and `partial_images` must be text and no files",
            ));
            assert_eq!(read_form(Some("m"), &given), refused, "{disposition}");
        }
    }
}

/// Go and Python put what is said in the extended way in the place of what is said plainly.
#[test]
fn a_boundary_that_is_said_in_the_extended_way_is_refused() {
    let given = body(&[("name=\"model\"", "m")]);
    for content_type in [
        "multipart/form-data; boundary=b0; boundary*=utf-8''b1",
        "multipart/form-data; boundary*=utf-8''b1; boundary=b0",
        "multipart/form-data; boundary*=b0",
        "multipart/form-data; boundary=b0; Boundary*0=b1",
        "multipart/form-data; boundary=b0; boundary *=b1",
    ] {
        let read = read(Operation::Transcriptions, &headers(content_type), None, &given);
        assert!(matches!(read, Err(RequestError::BadForm(_))), "{content_type}");
    }
}

/// A reader that is content with half a line break would see a second field.
#[test]
fn a_boundary_after_half_a_line_break_is_refused() {
    for half in ["\n", "\r"] {
        let hidden = [
            "x",
            half,
            "--b0",
            half,
            "Content-Disposition: form-data; name=\"model\"",
            half,
            half,
            "y",
        ];
        let given = body(&[("name=\"model\"", "m"), ("name=\"prompt\"", &hidden.concat())]);
        let read = read_form(None, &given);
        assert!(matches!(read, Err(RequestError::BadForm(_))), "{half:?}");
    }
    let harmless = body(&[("name=\"model\"", "m"), ("name=\"prompt\"", "x --b0 y")]);
    assert_eq!(read_form(None, &harmless).unwrap().model, "m");
}

#[test]
fn edits_of_pictures_take_what_the_form_says_of_them() {
    let file = ("name=\"image\"; filename=a.png", "PNG");
    let model = ("name=\"model\"", "gpt-image-1");
    for (operation, fields, most) in [
        (Operation::ImageEdits, vec![], 6_240),
        (
            Operation::ImageEdits,
            vec![("name=n", "3"), ("name=quality", "low")],
            1_224,
        ),
        (
            Operation::ImageEdits,
            vec![("name=\"quality\"", "medium"), ("name=\"partial_images\"", "2")],
            1_784,
        ),
        (Operation::ImageEdits, vec![("name=n", "many")], 6_240),
        (Operation::Transcriptions, vec![("name=n", "3")], 0),
    ] {
        for first in [vec![file, model], vec![file]] {
            let body = body(&[first, fields.clone()].concat());
            let request = read(operation, &form(), Some("pictures"), &body).unwrap();
            assert_eq!(request.max_output, Some(Tokens(most)), "{operation:?} {fields:?}");
        }
    }
    let twice = body(&[model, ("name=n", "1"), ("name=n", "9")]);
    assert_eq!(
        read(Operation::ImageEdits, &form(), None, &twice),
        Err(RequestError::Repeated("n"))
    );
}
