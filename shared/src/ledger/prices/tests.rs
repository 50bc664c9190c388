use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn input(model: &str) -> Option<u64> {
    shipped(model).map(|price| price.rates.input.per_million().0)
}

#[test]
fn a_model_has_its_price_under_the_names_that_providers_and_clouds_have_for_it() {
    for name in [
        "claude-haiku-4-5",
        "claude-haiku-4-5-20251001",
        "claude-haiku-4-5@20251001",
        "eu.anthropic.claude-haiku-4-5-20251001-v1:0",
        "anthropic/claude-haiku-4-5",
    ] {
        assert_eq!(input(name), Some(1_000_000), "{name}");
    }
    assert_eq!(input("gpt-4o-2024-11-20"), Some(2_500_000));
    assert_eq!(input("gpt-4o-2024-05-13"), Some(5_000_000));
    assert_eq!(input("google/gemini-2.5-pro-001"), Some(1_250_000));
    assert_eq!(input("command-r7b-12-2024"), Some(37_500));
    assert_eq!(input("eu.amazon.nova-lite-v1:0"), Some(60_000));
    assert_eq!(input("amazon.nova-2-lite-v1:0"), Some(300_000));
}

#[test]
fn what_is_not_in_the_table_has_no_price() {
    for name in [
        "",
        "gpt-5.9",
        "gpt-5-thinking",
        "o3-pro",
        "claude-haiku-4-9",
        "gemini-2.5-flash-image",
        "deepseek-flash",
        "llama-3.3-70b",
        "mistral-large-latest",
    ] {
        assert_eq!(input(name), None, "{name}");
    }
}

#[test]
fn images_and_sound_that_a_model_is_given_have_a_price_of_their_own_where_providers_have_one() {
    let rates = |model: &str| {
        let rates = shipped(model).unwrap().rates;
        [rates.input, rates.media, rates.output, rates.reasoning].map(|rate| rate.per_million().0 / 10_000)
    };
    assert_eq!(rates("gpt-image-2-2026-04-21"), [500, 800, 3_000, 1_000]);
    assert_eq!(rates("gpt-image-1.5"), [500, 800, 3_200, 1_000]);
    assert_eq!(rates("gpt-image-1"), [500, 1_000, 4_000, 4_000]);
    assert_eq!(rates("gpt-image-1-mini"), [200, 250, 800, 800]);
    assert_eq!(rates("gpt-4o-mini-transcribe-2025-03-20"), [125, 300, 500, 500]);
    // Models of chat bill what they are shown as any input.
    assert_eq!(rates("gpt-4o"), [250, 250, 1_000, 1_000]);
    for billed_otherwise in ["whisper-1", "dall-e-3", "tts-1"] {
        assert!(shipped(billed_otherwise).is_none(), "{billed_otherwise}");
    }
}

#[test]
fn models_that_embed_cost_their_input_under_each_name() {
    for (name, expected) in [
        ("text-embedding-3-small", 20_000),
        ("text-embedding-ada-002", 100_000),
        ("amazon.titan-embed-text-v2:0", 20_000),
        ("cohere.embed-english-v3", 100_000),
        ("us.cohere.embed-v4:0", 120_000),
        ("gemini-embedding-001", 150_000),
    ] {
        assert_eq!(input(name), Some(expected), "{name}");
        assert_eq!(shipped(name).unwrap().rates.output.per_million().0, 0, "{name}");
    }
}

#[test]
fn claudes_caches_cost_what_the_rule_says() {
    let rates = shipped("claude-opus-4-8").unwrap().rates;
    let dollars = [
        rates.cache_write,
        rates.cache_write_hour,
        rates.cache_read,
        rates.output,
    ];
    assert_eq!(
        dollars.map(|rate| rate.per_million().0),
        [6_250_000, 10_000_000, 500_000, 25_000_000]
    );
}

#[test]
fn long_inputs_cost_what_the_lists_say() {
    let long = |model| shipped(model).unwrap().long_context.unwrap();
    let haiku = long("claude-haiku-5-5");
    assert_eq!(haiku.above, Tokens(100_000));
    let dollars = [
        haiku.rates.input,
        haiku.rates.output,
        haiku.rates.cache_read,
        haiku.rates.cache_write,
        haiku.rates.cache_write_hour,
    ];
    assert_eq!(
        dollars.map(|rate| rate.per_million().0),
        [500_000, 2_500_000, 50_000, 625_000, 1_000_000]
    );
    let sol = long("gpt-6.1-sol");
    assert_eq!(
        (sol.above, sol.rates.output.per_million().0),
        (Tokens(272_000), 15_000_000)
    );
    assert_eq!(long("gemini-2.5-pro").rates.output.per_million().0, 15_000_000);
}

#[test]
fn the_configuration_goes_before_the_table_for_revisions_too() {
    let free = Price::of(Rates::flat(usd(0), usd(0)));
    let prices = Prices::new([("claude-haiku-4-5".to_owned(), free), ("Own".to_owned(), free)]);
    let found = |model| prices.find(model).map(|(_, source)| source);
    assert_eq!(found("claude-haiku-4-5"), Some(Source::Configuration));
    assert_eq!(found("claude-haiku-4-5-20251001"), Some(Source::Configuration));
    assert_eq!(found("Own"), Some(Source::Configuration));
    assert_eq!(found("claude-opus-4-8"), Some(Source::Shipped));
    assert_eq!(found("other"), None);
}

#[test]
fn no_model_is_listed_twice() {
    let mut names: Vec<_> = shipped_rows().map(|(model, _)| model).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), shipped_rows().count());
}
