//! The messages of Envoy's rate limit protocol, as far as the broker says and hears something in them.
//! <https://github.com/envoyproxy/envoy/blob/main/api/envoy/service/ratelimit/v3/rls.proto>,
//! <https://github.com/envoyproxy/envoy/blob/main/api/envoy/extensions/common/ratelimit/v3/ratelimit.proto>

use super::account::{ACCOUNT, LIMIT, Owner, Side};
use super::book::Sent;
use super::protobuf::{Fields, Malformed, Writer};
use super::service::Service;

/// The service's name in gRPC.
pub const SERVICE: &str = "envoy.service.ratelimit.v3.RateLimitService";

/// Its only method.
pub const METHOD: &str = "ShouldRateLimit";

/// One counter and what is to be added to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor<'a> {
    /// To what it belongs.
    pub owner: &'a Owner,
    /// Which of its counters.
    pub account: &'a str,
    /// How much; nothing only asks.
    pub hits: u64,
}

/// What a service says of one counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Its limit; zero if it has none.
    pub limit: u64,
    /// The number of the limit's unit.
    pub unit: u64,
    /// What is left of the limit.
    pub left: u64,
}

impl Counted {
    /// What the counter is at; `None` if the service does not know it as it is rendered.
    #[must_use]
    pub fn count(self) -> Option<u64> {
        (self.limit == LIMIT).then(|| LIMIT.saturating_sub(self.left))
    }
}

/// The counters of each account that a message is about: what the fleet returned and took, what this worker did. First what
/// the fleet returned: between the two others can only take.
pub const COUNTERS: usize = 4;

/// A request that adds what is to be sent.
#[must_use]
pub fn request_of(service: &Service, sent: &[Sent]) -> Vec<u8> {
    let counters: Vec<_> = sent
        .iter()
        .flat_map(|sent| {
            let book = Some(sent.book.as_str());
            let counter = |side, book| {
                let hits = match side {
                    Side::Taken => sent.taken(),
                    Side::Returned => sent.returned,
                };
                (&sent.account.owner, sent.account.counter(side, book), hits)
            };
            [
                counter(Side::Returned, None),
                counter(Side::Taken, None),
                counter(Side::Returned, book),
                counter(Side::Taken, book),
            ]
        })
        .collect();
    let descriptors = counters.iter().map(|(owner, account, hits)| Descriptor {
        owner,
        account,
        hits: *hits,
    });
    request(&service.domain, descriptors)
}

/// A `RateLimitRequest`.
#[must_use]
pub fn request<'a>(domain: &str, descriptors: impl IntoIterator<Item = Descriptor<'a>>) -> Vec<u8> {
    let mut request = Writer::default();
    request.bytes(1, domain.as_bytes());
    for descriptor in descriptors {
        let owner = descriptor.owner;
        request.message(2, |message| {
            for (key, value) in [(owner.key(), owner.name()), (ACCOUNT, descriptor.account)] {
                message.message(1, |entry| {
                    entry.bytes(1, key.as_bytes());
                    entry.bytes(2, value.as_bytes());
                });
            }
            // A `UInt64Value`. Without it the service would count one.
            message.message(3, |wrapper| wrapper.number(1, descriptor.hits));
        });
    }
    request.finish()
}

/// What a `RateLimitResponse` says of each descriptor, in their order.
pub fn read_response(message: &[u8]) -> Result<Vec<Counted>, Malformed> {
    let mut statuses = Vec::new();
    for field in Fields::of(message) {
        if let (2, value) = field? {
            statuses.push(read_status(value.bytes().ok_or(Malformed)?)?);
        }
    }
    Ok(statuses)
}

/// A `DescriptorStatus`. Its code only says whether the limit is reached, which leaves nothing of it.
fn read_status(message: &[u8]) -> Result<Counted, Malformed> {
    let mut counted = Counted::default();
    for field in Fields::of(message) {
        match field? {
            (2, value) => {
                for field in Fields::of(value.bytes().ok_or(Malformed)?) {
                    match field? {
                        (1, value) => counted.limit = value.number().ok_or(Malformed)?,
                        (2, value) => counted.unit = value.number().ok_or(Malformed)?,
                        _ => {}
                    }
                }
            }
            (3, value) => counted.left = value.number().ok_or(Malformed)?,
            _ => {}
        }
    }
    Ok(counted)
}

/// Envoy's `GrpcService` that means a cluster. The name alone would do but for names that happen to be such a message.
#[must_use]
pub fn envoy_cluster(name: &str) -> Vec<u8> {
    let mut service = Writer::default();
    service.message(1, |envoy| envoy.bytes(1, name.as_bytes()));
    service.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_request_names_the_domain_and_each_counter_with_its_addend() {
        let [owner, limits] = [Owner::Budget("b".into()), Owner::Limits("a".into())];
        let descriptors = [
            Descriptor {
                owner: &owner,
                account: "x",
                hits: 300,
            },
            Descriptor {
                owner: &limits,
                account: "y",
                hits: 0,
            },
        ];
        assert_eq!(
            request("d", descriptors),
            [
                b"\x0a\x01d".as_slice(),
                b"\x12\x20\x0a\x0b\x0a\x06budget\x12\x01b\x0a\x0c\x0a\x07account\x12\x01x\x1a\x03\x08\xac\x02",
                b"\x12\x1f\x0a\x0b\x0a\x06limits\x12\x01a\x0a\x0c\x0a\x07account\x12\x01y\x1a\x02\x08\x00",
            ]
            .concat()
        );
    }

    /// As the reference service writes it.
    #[test]
    fn an_answer_tells_of_each_counter_its_limit_and_what_is_left() {
        let first = b"\x08\x01\x12\x08\x08\xff\xff\xff\xff\x0f\x10\x06\x18\xf5\xff\xff\xff\x0f\x22\x04\x08\x92\x8d\x8a";
        let mut answer = Writer::default();
        answer.number(1, 1);
        answer.bytes(2, first);
        answer.bytes(2, b"\x08\x01");
        assert_eq!(
            read_response(&answer.finish()).unwrap(),
            [
                Counted {
                    limit: 4_294_967_295,
                    unit: 6,
                    left: 4_294_967_285
                },
                Counted::default(),
            ]
        );
        assert_eq!(read_response(b"").unwrap(), []);
        for broken in [b"\x10\x01".as_slice(), b"\x12\x02\x12\x05", b"\x12\x02\x10\x01"] {
            assert_eq!(read_response(broken), Err(Malformed), "{broken:?}");
        }
    }

    #[test]
    fn a_cluster_is_named_in_envoys_own_message() {
        assert_eq!(envoy_cluster("ratelimit"), b"\x0a\x0b\x0a\x09ratelimit");
    }

    #[cfg(not(target_arch = "wasm32"))]
    mod properties {
        use proptest::prelude::*;

        use super::super::*;

        proptest! {
            #[test]
            fn no_answer_is_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
                if let Ok(counted) = read_response(&bytes) {
                    prop_assert!(counted.len() <= bytes.len());
                }
            }

            #[test]
            fn an_answer_is_read_as_it_is_written(
                counters in proptest::collection::vec((any::<u32>(), 0..8_u64, any::<u32>()), 0..20),
            ) {
                let mut answer = Writer::default();
                for (limit, unit, left) in &counters {
                    answer.message(2, |status| {
                        status.number(1, 1);
                        status.message(2, |current| {
                            current.number(1, u64::from(*limit));
                            current.number(2, *unit);
                        });
                        status.number(3, u64::from(*left));
                    });
                }
                let read = read_response(&answer.finish()).unwrap();
                let expected: Vec<_> = counters
                    .iter()
                    .map(|(limit, unit, left)| Counted { limit: u64::from(*limit), unit: *unit, left: u64::from(*left) })
                    .collect();
                prop_assert_eq!(read, expected);
            }
        }
    }
}
