use super::write::{error, event, exception, frame, header};
use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// What is read of a stream, a line for each message, and how that ended.
fn read_in(chunks: &[&[u8]]) -> (Vec<String>, Result<bool, Damage>) {
    let mut decoder = Decoder::default();
    let mut read = Vec::new();
    for chunk in chunks {
        let pushed = decoder.push(chunk, |message| {
            let payload = String::from_utf8_lossy(message.payload).into_owned();
            read.push(match message.kind {
                Kind::Event(name) => format!("{name} {payload}"),
                Kind::Exception(name) => format!("exception {name} {payload}"),
                Kind::Error { code, message } => format!("error {code} {message}"),
                Kind::Other => "other".to_owned(),
            });
        });
        if let Err(damage) = pushed {
            return (read, Err(damage));
        }
    }
    (read, Ok(decoder.is_cut()))
}

fn damage(bytes: &[u8]) -> Damage {
    read_in(&[bytes]).1.unwrap_err()
}

#[test]
fn every_kind_of_message_is_read_wherever_it_is_cut() {
    let mixed = [
        vec![1, b'a', 0, 1, b'b', 1, 1, b'c', 2, 9, 1, b'd', 3, 9, 9],
        vec![1, b'e', 4, 9, 9, 9, 9, 1, b'f', 6, 0, 1, 9],
        [vec![1, b'g', 8], vec![9; 8], vec![1, b'h', 9], vec![9; 16]].concat(),
        header(":message-type", "event"),
        header(":event-type", "odd"),
    ];
    let stream = [
        event("messageStart", r#"{"role":"assistant"}"#),
        frame(&mixed.concat(), b"{}"),
        frame(b"", b""),
        exception("throttlingException", r#"{"message":"slow"}"#),
        error("InternalFailure", "broken"),
    ]
    .concat();
    let expected = [
        r#"messageStart {"role":"assistant"}"#,
        "odd {}",
        "other",
        r#"exception throttlingException {"message":"slow"}"#,
        "error InternalFailure broken",
    ];
    for cut in 0..=stream.len() {
        let (head, tail) = stream.split_at(cut);
        let (read, end) = read_in(&[head, tail]);
        assert_eq!(read, expected, "cut at {cut}");
        assert_eq!(end, Ok(false));
    }
    let single: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(read_in(&single).0, expected);
}

#[test]
fn a_stream_that_ends_within_a_message_is_cut() {
    let stream = event("a", "{}");
    assert_eq!(read_in(&[&stream]).1, Ok(false));
    assert_eq!(read_in(&[b""]).1, Ok(false));
    for length in 1..stream.len() {
        assert_eq!(read_in(&[&stream[..length]]), (vec![], Ok(true)));
    }
}

#[test]
fn lengths_are_not_believed_before_they_are_checked_and_sane() {
    assert_eq!(damage(b"HTTP/1.1 502 Bad Gateway"), Damage::Checksum);
    let prelude = |total: u32, headers: u32| {
        let mut out = [total.to_be_bytes(), headers.to_be_bytes()].concat();
        out.extend(crc32(&out).to_be_bytes());
        out
    };
    assert_eq!(damage(&prelude(u32::MAX, 0)), Damage::TooLong);
    assert_eq!(damage(&prelude(1_000, u32::MAX)), Damage::TooLong);
    assert_eq!(damage(&prelude(1_000, 985)), Damage::Malformed);
    assert_eq!(damage(&prelude(15, 0)), Damage::Malformed);
    assert_eq!(damage(&prelude(0, 0)), Damage::Malformed);
    assert_eq!(read_in(&[&prelude(1_000, 984)]).1, Ok(true));
}

#[test]
fn headers_must_fill_their_length() {
    let whole = header(":message-type", "event");
    for headers in [
        &whole[..whole.len() - 1],
        &[200, 1],
        &[1, b'a', 10, 0],
        &[0],
        &[1, b'a', 7, 255, 255],
    ] {
        assert_eq!(damage(&frame(headers, b"{}")), Damage::Malformed, "{headers:?}");
    }
}

#[test]
fn what_comes_before_the_damage_counts_and_nothing_after_it() {
    let mut bad = event("b", "{}");
    let at = bad.len() - 6;
    bad[at] ^= 1;
    let mut decoder = Decoder::default();
    let mut names = Vec::new();
    let stream = [event("a", "{}"), bad, event("c", "{}")].concat();
    let read = decoder.push(&stream, |message| names.push(message.payload.len()));
    assert_eq!((read, names.len()), (Err(Damage::Checksum), 1));
    let read = decoder.push(&event("d", "{}"), |_| panic!("nothing is read after damage"));
    assert_eq!((read, decoder.is_cut()), (Ok(()), false));
}
