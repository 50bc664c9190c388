//! Names of the configuration within a serialised program.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub fn serialize<N: Serialize, S: Serializer>(name: &N, serializer: S) -> Result<S::Ok, S::Error> {
    name.serialize(serializer)
}

pub fn deserialize<'de, N: for<'a> From<&'a str>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<N, D::Error> {
    String::deserialize(deserializer).map(|name| N::from(name.as_str()))
}
