//! What holds for every stream.

use proptest::collection::vec;
use proptest::prelude::*;

use super::write::event;
use super::*;

type Read = Vec<(String, Vec<u8>)>;

fn read<'c>(chunks: impl IntoIterator<Item = &'c [u8]>) -> (Read, bool, Decoder) {
    let mut decoder = Decoder::default();
    let mut messages = Vec::new();
    let mut is_damaged = false;
    for chunk in chunks {
        is_damaged |= decoder
            .push(chunk, |message| {
                let name = format!("{:?}", message.kind);
                messages.push((name, message.payload.to_vec()));
            })
            .is_err();
    }
    (messages, is_damaged, decoder)
}

fn events() -> impl Strategy<Value = Vec<(String, String)>> {
    vec(("[a-zA-Z]{0,20}", "\\PC{0,200}"), 0..6)
}

fn written(events: &[(String, String)]) -> Vec<u8> {
    events
        .iter()
        .flat_map(|(name, payload)| event(name, payload))
        .collect()
}

proptest! {
    #[test]
    fn what_was_written_is_read_under_any_cutting(events in events(), cuts in vec(any::<prop::sample::Index>(), 0..8)) {
        let stream = written(&events);
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        places.extend([0, stream.len()]);
        places.sort_unstable();
        let (messages, is_damaged, decoder) = read(places.windows(2).map(|pair| &stream[pair[0]..pair[1]]));
        let expected: Read = events
            .iter()
            .map(|(name, payload)| (format!("{:?}", Kind::Event(name)), payload.clone().into_bytes()))
            .collect();
        prop_assert_eq!(messages, expected);
        prop_assert!(!is_damaged && !decoder.is_cut());
    }

    /// A changed byte never becomes another message: it is found out, or the stream is left waiting for more.
    #[test]
    fn a_changed_byte_is_noticed(events in events(), at in any::<prop::sample::Index>(), change in 1_u8..) {
        prop_assume!(!events.is_empty());
        let mut stream = written(&events);
        let whole = read([stream.as_slice()]).0;
        let at = at.index(stream.len());
        stream[at] ^= change;
        let (messages, is_damaged, decoder) = read([stream.as_slice()]);
        prop_assert!(is_damaged || decoder.is_cut());
        prop_assert!(messages.len() < whole.len() && whole.starts_with(&messages));
    }

    #[test]
    fn anything_at_all_is_survived(chunks in vec(vec(any::<u8>(), 0..64), 0..8)) {
        read(chunks.iter().map(Vec::as_slice));
    }
}
