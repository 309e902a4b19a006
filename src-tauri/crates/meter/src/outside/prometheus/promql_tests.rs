//! Queries as people write them, taken apart.

use super::*;
use proptest::prelude::*;

fn selectors(query: &str) -> Vec<String> {
    Query::parse(query).unwrap().selectors
}

#[test]
fn the_series_inside_any_expression_are_found() {
    for (query, wanted) in [
        ("power", &["power"][..]),
        // dcgm-exporter, and the same with a filter that has a bracket in it.
        (
            "sum(max by (UUID) (DCGM_FI_DEV_POWER_USAGE))",
            &["DCGM_FI_DEV_POWER_USAGE"],
        ),
        (
            "max(power{pod=~\"a(b|c)}\", x='y'} offset 5m)",
            &["power{pod=~\"a(b|c)}\",x=\"y\"} offset 5m"],
        ),
        (
            "sum by (gpu) (a) / 1e3 + on (gpu) group_left (pod) b > bool 3",
            &["a", "b"],
        ),
        (
            "{__name__=\"power\", gpu!=\"1\"}",
            &["{__name__=\"power\",gpu!=\"1\"}"],
        ),
        ("{\"board.power\"}", &["{__name__=\"board.power\"}"]),
        ("power @ 1700000000", &["power @ 1700000000.000"]),
        ("rate(joules_total[1m])", &["joules_total"]),
        (
            "max_over_time(rate(a[1m])[10m:]) and b unless a",
            &["a", "b"],
        ),
        ("rate + sum{by=\"x\"}", &["rate", "sum{by=\"x\"}"]),
        ("node:power:sum # power2", &["node:power:sum"]),
        (
            "label_replace(a, \"x\", \"$1\", \"y\", \"(.*)\") or vector(0)",
            &["a"],
        ),
        ("time() * 2", &[]),
    ] {
        assert_eq!(selectors(query), wanted, "{query}");
    }
}

#[test]
fn whatever_looks_back_is_found_with_its_stretch() {
    for (query, seconds) in [
        ("power", &[][..]),
        ("last_over_time(power[30s])", &[]),
        ("rate(joules_total[1m])", &[60]),
        ("sum(irate(joules_total{a=\"[5m]\"}[2m])) * 1", &[120]),
        ("avg_over_time(power[1h30m])", &[5400]),
        ("deriv(joules_total[10m:30s])", &[600]),
        ("max_over_time(rate(a[1m])[10m:])", &[600, 60]),
        ("increase(joules_total[30s]) / 30", &[30]),
        // Names that recording rules have by Prometheus' own advice.
        ("instance:power_watts:rate5m", &[300]),
        ("job:node_power:avg_over_time10m", &[600]),
        ("cluster:joules:sum_rate2m", &[120]),
        ("node:power:sum", &[]),
        ("instance:power:p99", &[]),
        ("power_rate5m", &[]),
    ] {
        let query_read = Query::parse(query).unwrap();
        let stretches = query_read.looks_back.iter();
        let found: Vec<u64> = stretches.map(|back| back.stretch.as_secs()).collect();
        assert_eq!(found, seconds, "{query}");
    }
}

#[test]
fn a_rate_offers_the_counter_and_an_average_the_series() {
    let back = |query: &str| Query::parse(query).unwrap().looks_back.remove(0);
    let rate = back("sum(rate(kepler_joules_total{zone=\"package\"}[1m]))");
    assert_eq!(rate.what, "rate(kepler_joules_total{zone=\"package\"}[1m])");
    assert_eq!(rate.series, "kepler_joules_total{zone=\"package\"}");
    assert!(rate.counts);
    assert!(!back("avg_over_time(power[1m])").counts);
}

#[test]
fn a_sum_tells_what_it_adds() {
    let query = Query::parse("sum(max by (UUID) (a)) + sum without (pod) (b)").unwrap();
    let of: Vec<&str> = query.sums.iter().map(|sum| sum.of.as_str()).collect();
    assert_eq!(of, ["max by (UUID) (a)", "b"]);
    assert_eq!(query.sums[0].selectors, ["a"]);
}

#[test]
fn what_is_no_query_is_refused() {
    for text in ["sum(", "a[1m", "a{b}", "\"", "a b", ""] {
        assert!(Query::parse(text).is_err(), "{text}");
    }
}

/// Queries made of parts, with the series that they read.
fn made() -> impl Strategy<Value = (String, Vec<String>)> {
    let leaf = (
        "[a-z]{3,6}_watts",
        proptest::option::of("[a-z \\[\\](){}]{0,8}"),
    )
        .prop_map(|(name, label)| {
            let text = match label {
                Some(label) => format!("{name}{{x=\"{label}\"}}"),
                None => name,
            };
            (text.clone(), vec![text])
        });
    leaf.prop_recursive(4, 16, 2, |inner| {
        prop_oneof![
            inner
                .clone()
                .prop_map(|(text, all)| (format!("sum by (x) ({text})"), all)),
            inner
                .clone()
                .prop_map(|(text, all)| (format!("abs(({text})) * 2"), all)),
            (inner.clone(), inner).prop_map(|((one, mut all), (other, more))| {
                all.extend(more);
                (format!("({one}) + on (x) group_left () ({other})"), all)
            }),
        ]
    })
}

proptest! {
    #[test]
    fn every_series_of_a_made_query_is_found((text, mut wanted) in made()) {
        wanted.sort();
        wanted.dedup();
        prop_assert_eq!(selectors(&text), wanted);
    }

    #[test]
    fn a_selector_that_was_found_is_a_query_that_reads_itself((text, _) in made()) {
        for selector in selectors(&text) {
            prop_assert_eq!(selectors(&selector), vec![selector]);
        }
    }

    #[test]
    fn any_text_is_a_query_or_refused(text in "[a-z0-9_:{}()\\[\\]\"'`#@,+ \\\\-]{0,40}") {
        let _ = Query::parse(&text);
    }
}
