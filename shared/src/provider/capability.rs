//! What a model may or may not support.

use serde::{Serialize, Serializer};

/// Something that a model may or may not support.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// Answers as streams.
    Streaming,
    /// Calls of tools.
    Tools,
    /// Images in the input.
    Vision,
    /// Structured output.
    Json,
    /// Embeddings of texts.
    Embeddings,
}

impl Capability {
    /// All capabilities.
    pub const ALL: [Self; 5] = [
        Self::Streaming,
        Self::Tools,
        Self::Vision,
        Self::Json,
        Self::Embeddings,
    ];

    /// The capability as the document spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Streaming => "streaming",
            Self::Tools => "tools",
            Self::Vision => "vision",
            Self::Json => "json",
            Self::Embeddings => "embeddings",
        }
    }

    /// The capability of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|capability| capability.as_str() == name)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of capabilities: what a model has, or what a call needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Capabilities(u8);

impl Capabilities {
    /// None.
    pub const NONE: Self = Self(0);
    /// All there are.
    pub const ALL: Self = Self::NONE
        .with(Capability::Streaming)
        .with(Capability::Tools)
        .with(Capability::Vision)
        .with(Capability::Json)
        .with(Capability::Embeddings);

    /// The set and this one.
    #[must_use]
    pub const fn with(self, capability: Capability) -> Self {
        Self(self.0 | capability.bit())
    }

    /// The set without this one.
    #[must_use]
    pub const fn without(self, capability: Capability) -> Self {
        Self(self.0 & !capability.bit())
    }

    /// Whether this one is in the set.
    #[must_use]
    pub const fn has(self, capability: Capability) -> bool {
        self.0 & capability.bit() != 0
    }

    /// The first of those that are needed which is not in the set.
    #[must_use]
    pub fn first_missing(self, needed: Self) -> Option<Capability> {
        Capability::ALL
            .into_iter()
            .find(|capability| needed.has(*capability) && !self.has(*capability))
    }

    /// Those in the set.
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::ALL
            .into_iter()
            .filter(move |capability| self.has(*capability))
    }
}

impl Serialize for Capability {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Capabilities {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<I: IntoIterator<Item = Capability>>(capabilities: I) -> Self {
        capabilities.into_iter().fold(Self::NONE, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn what_is_missing_is_found() {
        let text_only = Capabilities::ALL.without(Capability::Vision);
        let needed = Capabilities::NONE
            .with(Capability::Tools)
            .with(Capability::Vision);
        assert_eq!(text_only.first_missing(needed), Some(Capability::Vision));
        assert_eq!(Capabilities::ALL.first_missing(needed), None);
        assert_eq!(Capabilities::NONE.first_missing(Capabilities::NONE), None);
        assert_eq!(
            Capability::ALL.into_iter().collect::<Capabilities>(),
            Capabilities::ALL
        );
        assert_eq!(text_only.iter().count(), 4);
    }
}
