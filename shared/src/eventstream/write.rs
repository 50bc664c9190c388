//! Frames for tests, written by other means than they are read.

/// A CRC-32 bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                crc >> 1 ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        })
    })
}

/// A header of text.
pub fn header(name: &str, value: &str) -> Vec<u8> {
    let mut out = vec![u8::try_from(name.len()).unwrap()];
    out.extend(name.bytes());
    out.push(7);
    out.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
    out.extend(value.bytes());
    out
}

/// A frame with these headers as they are.
pub fn frame(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let total = u32::try_from(headers.len() + payload.len() + 16).unwrap();
    let mut out = total.to_be_bytes().to_vec();
    out.extend(u32::try_from(headers.len()).unwrap().to_be_bytes());
    out.extend(crc32(&out).to_be_bytes());
    out.extend(headers);
    out.extend(payload);
    out.extend(crc32(&out).to_be_bytes());
    out
}

/// An event.
pub fn event(name: &str, payload: &str) -> Vec<u8> {
    let headers = [
        header(":event-type", name),
        header(":content-type", "application/json"),
        header(":message-type", "event"),
    ];
    frame(&headers.concat(), payload.as_bytes())
}

/// An exception that the service's model knows.
pub fn exception(name: &str, payload: &str) -> Vec<u8> {
    let headers = [
        header(":exception-type", name),
        header(":message-type", "exception"),
    ];
    frame(&headers.concat(), payload.as_bytes())
}

/// An error that it does not know.
pub fn error(code: &str, message: &str) -> Vec<u8> {
    let headers = [
        header(":message-type", "error"),
        header(":error-code", code),
        header(":error-message", message),
    ];
    frame(&headers.concat(), b"")
}
