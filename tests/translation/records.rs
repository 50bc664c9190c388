//! The record of a translated call has the provider's figures, in the words of all records.

use provider_simulator::{Answer as Told, Finish};

use super::{Vendors, call, foreign};
use crate::harness::{CHAT, MESSAGES, TOKEN};

#[tokio::test]
async fn the_record_counts_what_the_provider_counted() {
    let vendors = Vendors::start().await;
    let mut n = 0;
    for path in [CHAT, MESSAGES] {
        let provider = vendors.other(path);
        provider.behave(Told {
            cached_tokens: 11,
            cache_write_tokens: 7,
            cache_write_1h_tokens: 3,
            ..Told::default()
        });
        for stream in [false, true] {
            provider.clear();
            let text = "say: one two three ".to_owned() + &"x ".repeat(90);
            let body = call(foreign(path), &text, stream).to_string();
            vendors.broker.post(path, TOKEN, body).await.expect_status(200);
            n += 1;
            let record = vendors.record(n).await;
            let usage = provider.received()[0].usage.expect("usage");
            assert_eq!(record.count("llm.tokens.input"), usage.input, "{path} {stream}");
            assert_eq!(record.count("llm.tokens.output"), usage.output, "{path} {stream}");
            assert_eq!(record.count("llm.tokens.cached"), 11, "{path} {stream}");
            assert_eq!(record.count("llm.tokens.cache_write"), 7, "{path} {stream}");
            assert_eq!(record.text("llm.finish_reason"), "stop");
        }
    }
}

#[tokio::test]
async fn each_end_has_one_name_in_the_record() {
    let vendors = Vendors::start().await;
    let mut n = 0;
    for path in [CHAT, MESSAGES] {
        for (finish, recorded, chat, messages) in [
            (Finish::Stop, "stop", "stop", "end_turn"),
            (Finish::Length, "length", "length", "max_tokens"),
            (Finish::Filtered, "content_filter", "content_filter", "refusal"),
        ] {
            vendors.other(path).behave(Told {
                finish,
                ..Told::default()
            });
            let body = call(foreign(path), "hi", false).to_string();
            let answer = vendors.broker.post(path, TOKEN, body).await.json();
            n += 1;
            assert_eq!(vendors.record(n).await.text("llm.finish_reason"), recorded);
            if path == CHAT {
                assert_eq!(answer["choices"][0]["finish_reason"], chat);
            } else {
                assert_eq!(answer["stop_reason"], messages);
            }
        }
    }
}
