//! What follows from whole records.

use wattsmith_domain::{
    Decision, NoiseOrigin, SessionNoise, SessionRecord, SpreadPrior, Threshold, TrialId,
    TrialState, Value, Verdict,
};
use wattsmith_stats::Analysis;
use wattsmith_testkit::fixtures::{self, Fixture, Shown};

const DEFAULT: [Shown; 3] = [
    Shown(400.0, 120.0),
    Shown(404.0, 120.0),
    Shown(398.0, 120.0),
];

fn id(number: u32) -> TrialId {
    TrialId(format!("trial-{number}"))
}

fn parallel(slots: i64) -> (&'static str, Value) {
    ("parallel", Value::Int(slots))
}

fn verdicts(analysis: &Analysis) -> Vec<Option<Verdict>> {
    analysis
        .trials
        .iter()
        .map(|trial| trial.comparison.map(|comparison| comparison.verdict))
        .collect()
}

#[test]
fn an_empty_session_says_nothing() {
    let analysis = Analysis::of(&fixtures::empty());
    assert_eq!((analysis.pooled, analysis.default), (None, None));
    assert_eq!(
        (analysis.best, analysis.crossing, analysis.confirmed),
        (None, None, None)
    );
    assert_eq!(
        (analysis.energy_spent.0, analysis.pays_back_after_units),
        (0.0, None)
    );
    assert!(analysis.importance.iter().all(|knob| knob.share.is_none()));
    assert_eq!(
        analysis.importance.len(),
        fixtures::space().parameters.len()
    );
}

#[test]
fn trials_are_judged_against_the_default_with_the_noise_of_all() {
    let record = fixtures::measured();
    let analysis = Analysis::of(&record);
    assert_eq!(analysis.pooled.unwrap().df, 8.0);
    let verdicts = verdicts(&analysis);
    assert_eq!(verdicts[0], Some(Verdict::Reference));
    assert_eq!(verdicts[1], Some(Verdict::Worse));
    assert_eq!(verdicts[2], Some(Verdict::Better));
    assert!(matches!(verdicts[3], Some(Verdict::NotDecided { .. })));
    assert_eq!(analysis.best, Some(id(3)));
    assert_eq!(analysis.crossing, Some(id(3)));
    assert_eq!(analysis.confirmed, None);
    assert!(!analysis.best_depends_on_estimate);
    let third = analysis.trial(&id(3)).unwrap();
    assert_eq!(third.predicted, Some(0.24));
    assert!(third.net.unwrap().high < third.joules_per_unit.unwrap().low);
    let speed = third.performance.as_ref().unwrap().tokens_per_second;
    assert!((speed - (538.0 + 541.5 + 535.0) / 3.0).abs() < 1e-9);
    // Outside the noise, but not confirmed: nothing is said of paying back.
    assert_eq!(analysis.pays_back_after_units, None);
}

#[test]
fn a_first_repeat_has_a_figure_but_no_interval_and_no_verdict() {
    let record = Fixture::on_gpu()
        .unfinished(&[], TrialState::Running, &DEFAULT[..1])
        .build();
    let analysis = Analysis::of(&record);
    assert!((analysis.trials[0].mean.unwrap() - 0.3).abs() < 1e-9);
    assert_eq!(analysis.trials[0].joules_per_unit, None);
    assert_eq!((analysis.best, analysis.default), (None, None));
}

#[test]
fn one_repeat_is_enough_once_the_session_knows_its_noise() {
    let record = Fixture::on_gpu()
        .trial(&[], &DEFAULT)
        .trial(&[parallel(8)], &[Shown(600.0, 120.0)])
        .build();
    let analysis = Analysis::of(&record);
    assert_eq!(verdicts(&analysis)[1], Some(Verdict::Better));
    assert_eq!(analysis.trials[1].joules_per_unit.unwrap().n, 1);
}

#[test]
fn a_judged_crossing_is_not_offered_again_but_an_open_one_is() {
    let mut record = fixtures::measured();
    let pair = |count: usize| vec![DEFAULT[0]; count];
    let with = |record: SessionRecord, decision: Option<Decision>| {
        let mut fixture = Fixture::on_gpu();
        *fixture.record_mut() = record;
        let mut record = fixture.confirmation(3, &pair(5), &pair(5), None).build();
        record.confirmations[0].decision = decision;
        Analysis::of(&record)
    };
    assert_eq!(with(record.clone(), None).crossing, Some(id(3)));
    assert_eq!(
        with(record.clone(), Some(Decision::NotDecided)).crossing,
        None
    );
    record.session.objective.threshold = Threshold::PercentBelowDefault { percent: 60.0 };
    assert_eq!(Analysis::of(&record).crossing, None);
    record.session.objective.threshold = Threshold::Joules { joules: 0.3 };
    assert_eq!(Analysis::of(&record).crossing, Some(id(3)));
}

#[test]
fn only_a_confirmation_confirms_and_its_ratio_gives_the_saving() {
    let record = fixtures::confirmed();
    let analysis = Analysis::of(&record);
    let (trial, ratio) = analysis.confirmed.clone().unwrap();
    assert_eq!((trial, ratio.mean), (id(3), 0.798));
    assert_eq!(analysis.pooled.unwrap().df, 8.0 + 5.0 + 5.0);
    let saving = analysis.default.unwrap().mean * (1.0 - 0.798);
    let units = analysis.pays_back_after_units.unwrap() as f64;
    assert!((units - record.energy_spent().0 / saving).abs() <= 1.0);
    assert_eq!(analysis.energy_spent, record.energy_spent());
}

#[test]
fn a_trial_that_breaks_a_constraint_is_neither_best_nor_crossing() {
    let mut record = Fixture::on_gpu()
        .trial(&[], &DEFAULT)
        .trial(&[parallel(16)], &[Shown(300.0, 60.0); 3])
        .trial(
            &[("cache-type-k", Value::Choice("q4_0".to_owned()))],
            &[Shown(600.0, 120.0); 3],
        )
        .trial(&[parallel(8)], &[Shown(500.0, 120.0); 3])
        .build();
    let constraints = &mut record.session.objective.constraints;
    constraints.min_tokens_per_second = Some(350.0);
    constraints.max_time_to_first_token_s = Some(0.12);
    constraints.quality_lock = true;
    let analysis = Analysis::of(&record);
    let violations: Vec<&[String]> = analysis
        .trials
        .iter()
        .map(|trial| trial.violations.as_slice())
        .collect();
    assert_eq!(violations[0], [] as [&str; 0]);
    assert_eq!(
        violations[1],
        [
            "300.0 tokens/s, at least 350 asked for",
            "time to first token 0.15 s (95th percentile), at most 0.12 s asked for",
        ]
    );
    assert_eq!(
        violations[2],
        ["cache-type-k f16 → q4_0 can change the answers, which are locked"]
    );
    assert_eq!(
        (analysis.best, analysis.crossing),
        (Some(id(4)), Some(id(4)))
    );
}

#[test]
fn failed_and_discarded_trials_are_shown_and_not_used() {
    let analysis = Analysis::of(&fixtures::with_failure());
    assert_eq!(analysis.best, Some(id(1)));
    assert_eq!(analysis.trials[1].mean, None);
    assert!(analysis.trials[2].mean.is_some());
}

#[test]
fn estimates_are_held_to_both_ends() {
    let analysis = Analysis::of(&fixtures::estimated());
    let verdicts = verdicts(&analysis);
    assert_eq!(verdicts[1], Some(Verdict::Better));
    assert_eq!(verdicts[2], Some(Verdict::DependsOnEstimate));
    let (low, high) = analysis.trials[2].ends.unwrap();
    let (default_low, default_high) = analysis.trials[0].ends.unwrap();
    assert!((low < default_low) != (high < default_high));
    assert_eq!(analysis.trials[0].net, None);
}

#[test]
fn a_best_that_changes_with_the_coefficients_is_marked() {
    let record = Fixture::without_sensors()
        .trial(&[], &[Shown(40.0, 26.0); 3])
        .trial(&[parallel(8)], &[Shown(80.0, 26.0); 3])
        .trial(&[("threads", Value::Int(1))], &[Shown(57.0, 18.0); 3])
        .build();
    let analysis = Analysis::of(&record);
    assert!(
        analysis.best.is_some() && analysis.best_depends_on_estimate,
        "{analysis:#?}"
    );
}

#[test]
fn repeats_of_another_scope_are_left_out_of_everything() {
    let mut record = fixtures::measured();
    let alien = Fixture::without_sensors()
        .trial(&[], &[Shown(800.0, 26.0); 3])
        .build();
    record.trials[3].repeats = alien.trials[0].repeats.clone();
    let analysis = Analysis::of(&record);
    assert_eq!(analysis.trials[3].comparison, None);
    assert_eq!(analysis.best, Some(id(3)));
    assert_eq!(analysis.pooled.unwrap().df, 6.0);
}

#[test]
fn the_knob_that_matters_stands_out_and_the_idle_ones_do_not() {
    let mut fixture = Fixture::on_gpu().trial(&[], &DEFAULT);
    for (slots, batch, rate) in [
        (1, 256, 200.0),
        (1, 1024, 203.0),
        (4, 512, 398.0),
        (4, 256, 405.0),
        (16, 512, 610.0),
        (16, 1024, 600.0),
        (16, 256, 606.0),
    ] {
        let changes = [parallel(slots), ("batch", Value::Int(batch))];
        fixture = fixture.trial(&changes, &[Shown(rate, 120.0), Shown(rate * 1.01, 120.0)]);
    }
    let analysis = Analysis::of(&fixture.build());
    let share = |name: &str| {
        let knob = analysis.importance.iter().find(|knob| knob.name == name);
        knob.unwrap().share
    };
    assert!(
        share("parallel").unwrap() > 0.95,
        "{:?}",
        analysis.importance
    );
    assert_eq!(share("batch"), None);
    assert_eq!(share("threads"), None);
}

#[test]
fn chance_alone_makes_no_knob_important() {
    let mut noise = crate::figures::Noise(99);
    let mut alarms = 0;
    for _ in 0..100 {
        let mut fixture = Fixture::on_gpu().trial(&[], &DEFAULT);
        for (slots, threads) in [(1, 1), (2, 1), (8, 2), (16, 2), (1, 2), (8, 1)] {
            let changes = [parallel(slots), ("threads", Value::Int(threads))];
            let shown = [(); 2].map(|()| Shown(400.0 * (0.06 * noise.normal()).exp(), 120.0));
            fixture = fixture.trial(&changes, &shown);
        }
        let analysis = Analysis::of(&fixture.build());
        alarms += usize::from(analysis.importance.iter().any(|knob| knob.share.is_some()));
    }
    assert!(alarms <= 10, "{alarms} of 100 sessions");
}

fn knowing(log_sd: f64, windows: f64) -> SessionNoise {
    SessionNoise {
        prior: SpreadPrior {
            log_sd,
            windows,
            origin: NoiseOrigin::Sessions,
        },
        pairs: None,
        window: None,
    }
}

#[test]
fn a_first_window_has_an_interval_where_something_is_known_of_the_machine() {
    let mut record = Fixture::on_gpu().trial(&[], &[Shown(400.0, 120.0)]).build();
    assert_eq!(Analysis::of(&record).default, None);
    record.session.noise = Some(knowing(0.06, 8.0));
    let default = Analysis::of(&record).default.unwrap();
    // t(8) = 2.306.
    assert!((default.high / default.mean - (2.306_f64 * 0.06).exp()).abs() < 1e-3);
}

#[test]
fn a_trial_that_others_disturbed_has_its_mean_and_no_interval_and_no_verdict() {
    let quiet = [Shown(400.0, 120.0), Shown(404.0, 120.0)];
    let mut record = Fixture::on_gpu()
        .trial(&[], &quiet)
        .trial(&[parallel(2)], &quiet)
        .build();
    record.trials[1].repeats[1].disturbed = true;
    let analysis = Analysis::of(&record);
    let own = &analysis.trials[1];
    assert!(own.too_busy && own.mean.is_some());
    assert_eq!((own.joules_per_unit, own.comparison), (None, None));
    assert!(!analysis.trials[0].too_busy && analysis.default.is_some());
    // What is left of it tells nothing of the spread either.
    assert_eq!(analysis.pooled.unwrap().df, 1.0);
    record.trials[0].repeats[0].disturbed = true;
    let analysis = Analysis::of(&record);
    assert_eq!((analysis.default, analysis.pooled), (None, None));
}

#[test]
fn an_interval_is_told_as_wide_as_it_is() {
    let record = Fixture::on_gpu()
        .trial(&[], &[Shown(400.0, 120.0), Shown(100.0, 120.0)])
        .build();
    let analysis = Analysis::of(&record);
    let (default, pooled) = (analysis.default.unwrap(), analysis.pooled.unwrap());
    // t(1) = 12.706, over √2.
    let half = 12.706 * pooled.sd / 2.0_f64.sqrt();
    assert!(default.high / default.low > 1e6, "{default:?}");
    assert!(((default.high / default.mean).ln() / half - 1.0).abs() < 1e-3);
    assert!(((default.mean / default.low).ln() / half - 1.0).abs() < 1e-3);
}

#[test]
fn a_prior_that_the_session_contradicts_leaves_its_own_windows_alone() {
    let mut record = Fixture::on_gpu()
        .trial(
            &[],
            &[400.0, 320.0, 480.0, 300.0, 500.0].map(|rate| Shown(rate, 120.0)),
        )
        .build();
    let alone = Analysis::of(&record).pooled;
    record.session.noise = Some(knowing(0.01, 8.0));
    let analysis = Analysis::of(&record);
    assert!(analysis.repeatability.dropped);
    assert_eq!(analysis.pooled, alone);
}
