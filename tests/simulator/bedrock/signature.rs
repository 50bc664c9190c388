//! AWS's signature of requests, version 4, made anew to compare:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::fmt::Write as _;

use hyper::http::request::Parts;
use sha2::{Digest as _, Sha256};

/// The keys of an account, and for what they are good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKeys {
    /// The access key's id.
    pub id: String,
    /// The secret access key.
    pub secret: String,
    /// The region.
    pub region: String,
    /// The service.
    pub service: String,
}

/// Checks the signature of a request.
///
/// # Errors
/// Says what is wrong.
pub(crate) fn check(keys: &SigningKeys, parts: &Parts, body: &[u8]) -> Result<(), String> {
    let header = |name: &str| {
        let mut values = parts.headers.get_all(name).iter();
        let first = values.next().and_then(|value| value.to_str().ok());
        first.filter(|_| values.next().is_none())
    };
    let given = header("authorization").ok_or("Missing Authentication Token")?;
    let given = given
        .strip_prefix("AWS4-HMAC-SHA256 ")
        .ok_or("no signature of version 4")?;
    let part = |name: &str| {
        let mut parts = given.split(',').map(str::trim);
        parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
    };
    let (credential, signed, signature) = (part("Credential"), part("SignedHeaders"), part("Signature"));
    let (Some(credential), Some(signed), Some(signature)) = (credential, signed, signature) else {
        return Err(format!("an incomplete signature: {given}"));
    };
    let time = header("x-amz-date").ok_or("no x-amz-date")?;
    let date = time.get(..8).ok_or("a short x-amz-date")?;
    let scope = [date, &keys.region, &keys.service, "aws4_request"].join("/");
    if credential != format!("{}/{scope}", keys.id) {
        return Err(format!("the credential is {credential}"));
    }
    let names: Vec<&str> = signed.split(';').collect();
    if !names.contains(&"host") || !names.contains(&"x-amz-date") || !names.is_sorted() {
        return Err(format!("these headers are signed: {signed}"));
    }
    let payload = hex(&Sha256::digest(body));
    if header("x-amz-content-sha256").is_some_and(|told| told != payload) {
        return Err("the body is not the one that was signed".to_owned());
    }
    let mut request = format!(
        "{}\n{}\n{}\n",
        parts.method,
        canonical(parts.uri.path()),
        parts.uri.query().unwrap_or_default()
    );
    for name in &names {
        let value = header(name).ok_or_else(|| format!("the signed header {name} is missing"))?;
        let value: Vec<&str> = value.split_whitespace().collect();
        // Writing to a `String` cannot fail.
        let _written = writeln!(request, "{name}:{}", value.join(" "));
    }
    let _written = write!(request, "\n{signed}\n{payload}");
    let string = format!(
        "AWS4-HMAC-SHA256\n{time}\n{scope}\n{}",
        hex(&Sha256::digest(&request))
    );
    let mut key = format!("AWS4{}", keys.secret).into_bytes();
    for part in scope.split('/') {
        key = hmac(&key, part.as_bytes());
    }
    let wanted = hex(&hmac(&key, string.as_bytes()));
    if wanted == signature {
        Ok(())
    } else {
        Err(format!(
            "the signature does not match; the canonical request is {request}"
        ))
    }
}

/// A path as it is signed: each segment, as it is sent, encoded once more.
fn canonical(path: &str) -> String {
    let mut canonical = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            canonical.push(char::from(byte));
        } else {
            let _written = write!(canonical, "%{byte:02X}");
        }
    }
    canonical
}

/// HMAC with SHA-256, RFC 2104.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 64;
    let mut block = if key.len() > BLOCK {
        Sha256::digest(key).to_vec()
    } else {
        key.to_vec()
    };
    block.resize(BLOCK, 0);
    let padded = |pad: u8| block.iter().map(|byte| byte ^ pad).collect::<Vec<u8>>();
    let inner = Sha256::digest([&padded(0x36), message].concat());
    Sha256::digest([padded(0x5c), inner.to_vec()].concat()).to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _written = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of AWS's documentation: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-examples.html>
    #[test]
    fn the_documented_key_is_derived() {
        let mut key = b"AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_vec();
        for part in ["20150830", "us-east-1", "iam", "aws4_request"] {
            key = hmac(&key, part.as_bytes());
        }
        assert_eq!(
            hex(&key),
            "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
        );
    }

    #[test]
    fn a_path_is_encoded_once_more() {
        assert_eq!(
            canonical("/model/a.b-v1%3A0/converse"),
            "/model/a.b-v1%253A0/converse"
        );
    }
}
