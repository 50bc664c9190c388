//! A host that has verified what a test says.

use std::cell::Cell;
use std::collections::HashMap;

use super::Verified;

/// What a host knows of a call.
#[derive(Debug, Default)]
pub struct Facts {
    /// Values of the metadata, by their path with slashes between, the namespace first.
    pub metadata: HashMap<String, Vec<u8>>,
    /// The URI of the client's certificate.
    pub certificate: Option<String>,
    /// How often anything was asked.
    pub questions: Cell<u32>,
}

impl Facts {
    /// A verified JWT with these claims, in the default place.
    pub fn jwt(claims: &[(&str, &str)]) -> Self {
        let place = "envoy.filters.http.jwt_authn/payload";
        let mut metadata: HashMap<_, _> = claims
            .iter()
            .map(|(claim, value)| (format!("{place}/{claim}"), value.as_bytes().to_vec()))
            .collect();
        metadata.insert(place.to_owned(), b"a map".to_vec());
        Self {
            metadata,
            ..Self::default()
        }
    }

    /// A verified certificate with this id.
    pub fn certificate(id: &str) -> Self {
        Self {
            certificate: Some(id.to_owned()),
            ..Self::default()
        }
    }
}

impl Verified for Facts {
    fn metadata(&self, namespace: &str, path: &[String]) -> Option<Vec<u8>> {
        self.questions.set(self.questions.get() + 1);
        self.metadata
            .get(&format!("{namespace}/{}", path.join("/")))
            .cloned()
    }

    fn certificate_uri(&self) -> Option<Vec<u8>> {
        self.questions.set(self.questions.get() + 1);
        self.certificate.clone().map(String::into_bytes)
    }
}
