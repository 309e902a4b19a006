//! Charts as files of their own.

use wattsmith_report::{ReportOptions, charts_with};
use wattsmith_testkit::fixtures;

#[test]
fn every_chart_stands_alone_and_runs_nothing() {
    for record in [
        fixtures::confirmed(),
        fixtures::everything(),
        fixtures::estimated(),
        fixtures::hostile(),
    ] {
        for chart in charts_with(&record, &ReportOptions::default()).unwrap() {
            let svg = &chart.svg;
            assert!(svg.starts_with("<svg xmlns="), "{svg}");
            assert!(svg.ends_with("</svg>"), "{svg}");
            // Programs that draw pictures know no variables.
            for not in [
                "var(", "<script", "href", "url(", "@import", "onerror=", "<img",
            ] {
                let escaped = svg.matches("&lt;img src=x onerror=").count();
                let found = svg.matches(not).count();
                assert!(
                    found == 0 || (not == "onerror=" && found == escaped),
                    "{not}: {svg}"
                );
            }
        }
    }
}

#[test]
fn the_charts_of_the_page_are_the_files() {
    let charts = charts_with(&fixtures::everything(), &ReportOptions::default()).unwrap();
    let names: Vec<_> = charts.iter().map(|one| one.name).collect();
    assert_eq!(&names[..2], ["energy-by-trial", "energy-and-throughput"]);
    assert!(
        charts_with(&fixtures::empty(), &ReportOptions::default())
            .unwrap()
            .is_empty()
    );
    let charts = charts_with(&fixtures::estimated(), &ReportOptions::default()).unwrap();
    assert!(charts.iter().all(|one| one.svg.contains("ESTIMATED")));
    for chart in charts_with(&fixtures::confirmed(), &ReportOptions::default()).unwrap() {
        insta::assert_snapshot!(chart.name, chart.svg);
    }
}
