//! Reading metrics in the text form of Prometheus.

/// The sum of all samples of a metric that have these labels.
pub fn sum(page: &str, name: &str, labels: &[(&str, &str)]) -> f64 {
    let samples = page.lines().filter_map(|line| {
        let (series, value) = line.rsplit_once(' ')?;
        let own = series.strip_prefix(name)?;
        let own = own
            .strip_prefix('{')
            .and_then(|own| own.strip_suffix('}'))
            .or_else(|| own.is_empty().then_some(""))?;
        let matches = labels
            .iter()
            .all(|(label, value)| own.split(',').any(|pair| pair == format!("{label}=\"{value}\"")));
        matches.then(|| value.parse::<f64>().ok()).flatten()
    });
    samples.sum()
}

#[test]
fn samples_are_summed_by_their_labels() {
    let page = "# TYPE calls counter\ncalls{agent=\"a\",pool=\"p\"} 2\ncalls{agent=\"a\",pool=\"q\"} 3\ncalls_total{agent=\"a\"} 9\nup 1\n";
    assert!((sum(page, "calls", &[("agent", "a")]) - 5.0).abs() < f64::EPSILON);
    assert!((sum(page, "calls", &[("agent", "a"), ("pool", "q")]) - 3.0).abs() < f64::EPSILON);
    assert!((sum(page, "up", &[]) - 1.0).abs() < f64::EPSILON);
    assert!(sum(page, "calls", &[("agent", "b")]).abs() < f64::EPSILON);
}
