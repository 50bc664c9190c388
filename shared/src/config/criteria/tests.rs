use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn comparisons_are_read_with_their_unit() {
    for (text, operator, bound) in [
        (">100k", Operator::More, 100_000),
        (">= 1.5m", Operator::AtLeast, 1_500_000),
        ("<2000", Operator::Less, 2_000),
        (" <= 0.25K ", Operator::AtMost, 250),
    ] {
        assert_eq!(
            Comparison::parse(text),
            Some(Comparison { operator, bound }),
            "{text}"
        );
    }
    for text in [
        "100k",
        ">",
        ">k",
        ">1.k2",
        ">-5",
        "> 1 2",
        "=>3",
        ">99999999999999999999",
        ">1..2",
    ] {
        assert_eq!(Comparison::parse(text), None, "{text}");
    }
}

#[test]
fn the_bound_itself_is_in_or_out_as_written() {
    let holds = |text, number| Comparison::parse(text).unwrap().holds(number);
    assert!(!holds(">100k", 100_000) && holds(">100k", 100_001));
    assert!(holds(">=100k", 100_000) && holds("<=100k", 100_000) && !holds("<100k", 100_000));
}
