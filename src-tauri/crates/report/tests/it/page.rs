//! The page, read as text and as markup.

use wattsmith_domain::{Decision, Interval, SessionRecord, Value};
use wattsmith_report::html;
use wattsmith_testkit::fixtures::{self, Fixture, Shown};

/// Set this to a folder to get every case as a page to look at.
const FOLDER: &str = "WATTSMITH_REPORT_PAGES";

fn cases() -> [(&'static str, SessionRecord); 7] {
    [
        ("empty", fixtures::empty()),
        ("measured", fixtures::measured()),
        ("confirmed", fixtures::confirmed()),
        ("estimated", fixtures::estimated()),
        ("with_failure", fixtures::with_failure()),
        ("everything", fixtures::everything()),
        ("hostile", fixtures::hostile()),
    ]
}

/// The page without its styles, which say nothing.
fn body(page: &str) -> String {
    let (head, rest) = page.split_once("<style>").expect("styles");
    let (_, rest) = rest.split_once("</style>").expect("an end of styles");
    format!("{head}{rest}")
}

/// Words that a reader sees, tags taken out.
fn words(page: &str) -> String {
    let mut text = String::new();
    for piece in body(page).split('<').skip(1) {
        let (_, words) = piece.split_once('>').expect("a whole tag");
        text.push_str(words);
        text.push(' ');
    }
    // No-break spaces become plain ones here too.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.replace("&#x2f;", "/").replace("&#x27;", "'")
}

#[test]
fn pages_are_as_they_were() {
    for (name, record) in cases() {
        let page = html(&record).unwrap();
        if let Some(folder) = std::env::var_os(FOLDER) {
            let file = std::path::Path::new(&folder).join(format!("{name}.html"));
            std::fs::write(file, &page).unwrap();
        }
        insta::assert_snapshot!(name, body(&page));
    }
}

#[test]
fn nothing_runs_and_nothing_is_fetched() {
    for (name, record) in cases() {
        let page = html(&record).unwrap();
        for forbidden in [
            "<script",
            "<img",
            "<link",
            "<iframe",
            "<a ",
            " src=",
            " href=",
            "@import",
            "url(",
            "onerror=alert(1)>",
        ] {
            // The hostile case has these as escaped text only, where `<` and `>` are entities.
            let found = page.matches(forbidden).count();
            let harmless = match (name, forbidden) {
                ("hostile", " src=") => page.matches("&lt;img src=x").count(),
                _ => 0,
            };
            assert_eq!(found, harmless, "{forbidden} in {name}");
        }
        assert!(page.contains("default-src 'none'"), "{name}");
    }
}

#[test]
fn hostile_words_stay_words_and_templates_are_not_run_on_them() {
    let page = html(&fixtures::hostile()).unwrap();
    assert!(page.contains("&lt;script&gt;alert"));
    assert!(page.contains("{{ 7*7 }}"));
    assert!(!page.contains("&amp;49") && !page.contains("&49"));
}

#[test]
fn every_tag_is_closed_in_order() {
    const VOID: [&str; 4] = ["meta", "!doctype", "br", "circle"];
    for (case, record) in cases() {
        let page = body(&html(&record).unwrap());
        let mut open: Vec<&str> = Vec::new();
        for piece in page.split('<').skip(1) {
            let (tag, _) = piece.split_once('>').expect("a whole tag");
            let name = tag.split([' ', '\n']).next().unwrap();
            if let Some(name) = name.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name), "{case}");
            } else if !tag.ends_with('/') && !VOID.contains(&name) {
                open.push(name);
            }
        }
        assert!(open.is_empty(), "{case}: {open:?}");
    }
}

#[test]
fn no_figure_is_no_number() {
    let mut record = fixtures::measured();
    for trial in &mut record.trials {
        for repeat in &mut trial.repeats {
            repeat.energy.gross = wattsmith_domain::Joules(f64::NAN);
            repeat.performance.tokens_per_second = f64::INFINITY;
            repeat.performance.time_to_first_token_s.p95 = f64::NAN;
        }
    }
    for text in [
        html(&record).unwrap(),
        wattsmith_report::markdown(&record),
        wattsmith_report::csv(&record),
    ] {
        let text = text.to_lowercase();
        assert!(!text.contains("nan ") && !text.contains("nan,") && !text.contains(">nan"));
        assert!(!text.contains(">inf<") && !text.contains(",inf,"));
    }
}

#[test]
fn only_a_confirmation_states_a_saving() {
    let found = words(&html(&fixtures::measured()).unwrap());
    assert!(found.contains("Not confirmed."), "{found}");
    assert!(!found.contains("energy per token, confirmed."), "{found}");
    assert!(found.contains("no saving is decided"), "{found}");
    let found = words(&html(&fixtures::confirmed()).unwrap());
    assert!(found.contains("20.2 % less energy per token, confirmed."));
    assert!(found.contains("has paid for itself after about"));
}

#[test]
fn an_undecided_confirmation_states_no_saving() {
    let mut record = fixtures::confirmed();
    let confirmation = &mut record.confirmations[0];
    confirmation.decision = Some(Decision::NotDecided);
    let less = record.clone();
    let confirmation = &mut record.confirmations[0];
    confirmation.best = confirmation.default.clone();
    let found = words(&html(&record).unwrap());
    assert!(found.contains("Not decided."), "{found}");
    assert!(found.contains("did not confirm the goal"), "{found}");
    assert!(found.contains("no saving is decided"), "{found}");

    // The goal is one question, and whether less is needed another.
    let found = words(&html(&less).unwrap());
    for said in [
        "certain; goal not decided.",
        "need less energy per token than the default",
        "Trial 3 against the goal: not decided by 5 fresh pairs",
        "has paid for itself",
    ] {
        assert!(found.contains(said), "{said}: {found}");
    }
}

#[test]
fn a_goal_in_joules_can_be_reached_without_a_saving() {
    let mut record = fixtures::confirmed();
    record.session.objective.threshold = wattsmith_domain::Threshold::Joules { joules: 0.5 };
    let confirmation = &mut record.confirmations[0];
    confirmation.best = confirmation.default.clone();
    let found = words(&html(&record).unwrap());
    assert!(
        found.contains("Goal reached, saving not decided."),
        "{found}"
    );
    assert!(!found.contains("has paid for itself"), "{found}");
}

#[test]
fn estimates_are_called_estimates_beside_every_joule() {
    let page = html(&fixtures::estimated()).unwrap();
    let found = words(&page);
    assert!(found.contains("ESTIMATED estimate · whole machine, estimated from CPU time"));
    for figure in [
        "Trial 2, estimated 0.228 J/token",
        "J/token ESTIMATED at both ends of the estimate",
        "J/token, estimated, with 95 % intervals",
        "What the search cost ESTIMATED",
        "25 % estimate",
    ] {
        assert!(found.contains(figure), "{figure} in {found}");
    }
    let measured = words(&html(&fixtures::measured()).unwrap());
    assert!(!measured.to_lowercase().contains("estimated"), "{measured}");
}

#[test]
fn a_confirmed_estimate_is_called_an_estimate_in_the_headline() {
    let default = [26.0, 25.9, 26.1, 26.0, 25.8].map(|watts| Shown(80.0, watts));
    let best = [25.8, 25.9, 25.7, 25.9, 25.8].map(|watts| Shown(113.0, watts));
    let ratio = Interval {
        mean: 0.7,
        low: 0.69,
        high: 0.71,
        n: 5,
    };
    let record = Fixture::without_sensors()
        .trial(&[], &default[..3])
        .trial(&[("parallel", Value::Int(8))], &best[..3])
        .confirmation(2, &best, &default, Some((ratio, Decision::Below)))
        .build();
    let found = words(&html(&record).unwrap());
    assert!(found.contains("Estimated 30.0 % less energy per token, confirmed."));
    assert!(
        found.contains("its size does not follow from this"),
        "{found}"
    );
    assert!(
        found.contains("Both sides of this sum are estimates."),
        "{found}"
    );
}

#[test]
fn where_the_estimate_decides_the_page_says_so() {
    let mut record = fixtures::estimated();
    record.trials.remove(1);
    let found = words(&html(&record).unwrap());
    assert!(found.contains("Depends on the estimate."), "{found}");
}
