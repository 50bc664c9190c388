//! What expressions evaluate to.

use super::program::EntityType;

/// A value; it borrows its texts from the policies and the call.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Bool(bool),
    Long(i64),
    Text(&'a str),
    /// Milliseconds since 1970.
    Datetime(i64),
    /// Milliseconds.
    Duration(i64),
    /// An entity; a target has no name, and there is one per call.
    Entity(EntityType, &'a str),
    Set(Vec<Value<'a>>),
    /// By name.
    Record(Vec<(&'a str, Value<'a>)>),
}

impl Value<'_> {
    /// A number that does not fit is the largest there is.
    pub(super) fn long(number: u64) -> Self {
        Self::Long(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

/// Equality as Cedar has it: values of different types are different, and sets have no order.
impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bool(one), Self::Bool(other)) => one == other,
            (Self::Long(one), Self::Long(other))
            | (Self::Datetime(one), Self::Datetime(other))
            | (Self::Duration(one), Self::Duration(other)) => one == other,
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Entity(one_type, one), Self::Entity(other_type, other)) => {
                one_type == other_type && one == other
            }
            (Self::Set(one), Self::Set(other)) => is_within(one, other) && is_within(other, one),
            (Self::Record(one), Self::Record(other)) => one == other,
            _ => false,
        }
    }
}

/// Whether all elements of one set are in the other.
pub(super) fn is_within(one: &[Value<'_>], other: &[Value<'_>]) -> bool {
    one.iter().all(|value| other.contains(value))
}
