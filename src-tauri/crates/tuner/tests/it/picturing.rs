//! A session of pictures, against what the real tiny pipeline gave when it was recorded: a fake Python in
//! place of torch and diffusers plays it back behind the real small server.

use crate::bench::{Bench, machine};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use wattsmith_domain::{
    Advisor, Configuration, Constraints, FailureCause, Likeness, PicturePhase, Purpose,
    SessionRecord, TrialState, Value, WorkUnit,
};
use wattsmith_stats::Analysis;
use wattsmith_tuner::{Format, PictureChoice, SessionPlan, Step};

/// Puts the fake Python where diffusers' Python is looked for.
fn fake_python(bench: &Bench) {
    let fakes = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fakes");
    let folder = bench.tuner.paths().data.join("engines/diffusers/bin");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, place) in [
        ("recorded-python", "python"),
        ("recorded-pictures.json", "recorded-pictures.json"),
    ] {
        std::fs::copy(fakes.join(name), folder.join(place)).unwrap();
    }
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.join("python"), mode).unwrap();
}

fn set(values: &[(&str, Value)]) -> Configuration {
    values
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

/// The work that was recorded: two prompts, two seeds, 32 × 32, four steps.
fn plan(quality_lock: bool, tuned: &[&str]) -> SessionPlan {
    SessionPlan {
        engine: "diffusers".to_owned(),
        model: Some("tiny".into()),
        workload: "pictures-small".to_owned(),
        pictures: PictureChoice {
            prompts: vec![
                "A red fox in deep snow.".to_owned(),
                "A lighthouse at dusk, oil on canvas.".to_owned(),
            ],
            seeds: vec![20_260, 20_261],
            size: Some((32, 32)),
            sampler: None,
        },
        start: set(&[("steps", Value::Int(4))]),
        tuned: tuned.iter().map(|name| (*name).to_owned()).collect(),
        constraints: Constraints {
            quality_lock,
            ..Constraints::default()
        },
        advisor: Advisor::Sobol,
        budget: 3,
        repeats: 2,
        adaptive: false,
        memory: false,
        ..SessionPlan::default()
    }
}

/// Measures a configuration that a person asks for.
async fn by_hand(
    bench: &Bench,
    session: &wattsmith_domain::SessionId,
    values: &[(&str, Value)],
) -> SessionRecord {
    let tuner = &bench.tuner;
    let proposal = tuner.propose_by_hand(session, &set(values)).await.unwrap();
    tuner.perform(session, Step::Run(proposal)).await.unwrap();
    bench.record(session).await
}

#[tokio::test]
async fn a_session_of_pictures_counts_images_and_steps_and_keeps_what_it_saw() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    fake_python(&bench);
    let session = bench.session(plan(true, &[])).await;
    let tuner = &bench.tuner;
    tuner.perform(&session, Step::MeasureDefault).await.unwrap();
    let record = bench.record(&session).await;
    assert_eq!(record.session.workload.unit, WorkUnit::Image);
    assert!(record.session.model.random_weights);
    assert_eq!(
        record.session.objective.constraints.min_picture_likeness_db,
        Some(29.0)
    );
    for locked in ["steps", "guidance", "step-cache", "dtype"] {
        let knob = record.session.space.get(locked);
        assert!(
            knob.is_none_or(|knob| knob.kind.levels().len() == 1),
            "{locked}"
        );
    }

    let default = record.default_trial().unwrap();
    assert_eq!(default.state, TrialState::Complete);
    assert_eq!(default.launch.as_ref().unwrap().differences, []);
    for repeat in &default.repeats {
        let work = repeat.pictures.as_ref().unwrap();
        assert_eq!(
            repeat.units.0, 4,
            "two prompts with two seeds; the one before is discarded"
        );
        assert_eq!((work.steps, work.network_calls), (16, Some(16)));
        assert!(
            (repeat.joules_per_step().unwrap() * 4.0 / repeat.joules_per_unit() - 1.0).abs() < 1e-9
        );
        let phases: Vec<PicturePhase> = work.phases.iter().map(|one| one.phase).collect();
        assert_eq!(
            phases,
            [
                PicturePhase::Load,
                PicturePhase::TextEncoding,
                PicturePhase::Denoising,
                PicturePhase::Decoding
            ]
        );
        let seconds: f64 = work.phases[1..].iter().map(|one| one.seconds.0).sum();
        assert!(seconds > 0.0 && seconds <= repeat.window.0, "{seconds}");
        assert!(repeat.performance.tokens_per_second > 0.0 && repeat.steady.is_none());
        assert_eq!(work.likeness, None);
    }
    let first = default.repeats[0].pictures.as_ref().unwrap();
    assert_eq!(first.kept.len(), 4);
    for kept in &first.kept {
        assert!(
            tuner.paths().pictures().join(&kept.file).is_file(),
            "{}",
            kept.file
        );
    }
    assert_eq!(default.repeats[1].pictures.as_ref().unwrap().kept, []);

    // Two at once: the same seeds give the same pictures but for rounding.
    let record = by_hand(&bench, &session, &[("batch-size", Value::Int(2))]).await;
    let own = record.trials.last().unwrap();
    assert_eq!(own.state, TrialState::Complete);
    let work = own.repeats[0].pictures.as_ref().unwrap();
    let likeness = work.likeness.as_ref().unwrap();
    assert_eq!(likeness.pairs.len(), 4);
    assert!(likeness.worst().unwrap().psnr_db > Likeness::USUAL_LEAST_DB);

    let draft = &record.feedback.last().unwrap().draft;
    for word in [
        "J/image",
        "images/s",
        "Each step of an image took",
        "denoising",
    ] {
        assert!(draft.contains(word), "{word}: {draft}");
    }
    assert!(!draft.contains("token"), "{draft}");
    let pairs = tuner.picture_pairs(&session, &own.id).await.unwrap();
    assert!(
        pairs
            .iter()
            .all(|one| one.default.is_some() && one.own.is_some())
    );
    let page = tuner.report(&session, Format::Html, None).await.unwrap();
    let page = std::fs::read_to_string(page).unwrap();
    for word in [
        "J&#x2f;image",
        "random weights",
        "data:image&#x2f;png;base64,",
        "ESTIMATED",
    ] {
        assert!(page.contains(word), "{word}");
    }
    assert_eq!(bench.engines(), Vec::<u32>::new());
}

#[tokio::test]
async fn pictures_that_differ_too_much_end_their_trial_and_are_never_the_best() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    fake_python(&bench);
    let session = bench.session(plan(false, &["steps", "step-cache"])).await;
    let tuner = &bench.tuner;
    tuner.perform(&session, Step::MeasureDefault).await.unwrap();
    for (name, value) in [("steps", Value::Int(2))] {
        let record = by_hand(&bench, &session, &[(name, value)]).await;
        let own = record.trials.last().unwrap();
        assert_eq!(own.purpose, Purpose::Proposal);
        let TrialState::Failed { cause, message, .. } = &own.state else {
            panic!("{name}: {:?}", own.state);
        };
        assert_eq!(*cause, FailureCause::PicturesDiffer);
        assert!(message.contains("at least 29 dB"), "{message}");
        assert_eq!(own.repeats.len(), 1, "no more is spent on it");
        let work = own.repeats[0].pictures.as_ref().unwrap();
        assert!(work.likeness.as_ref().unwrap().worst().unwrap().psnr_db < 29.0);
        assert!(tuner.paths().pictures().join(&work.kept[0].file).is_file());
        let analysis = Analysis::of(&record);
        let default = record.default_trial().map(|one| one.id.clone());
        assert_eq!(analysis.best, default);
    }
    // Fewer calls of the network than steps: the cache is seen, not believed.
    let cache = Value::Choice("reuse-2".to_owned());
    let record = by_hand(&bench, &session, &[("step-cache", cache)]).await;
    let cached = record.trials.last().unwrap().repeats[0]
        .pictures
        .as_ref()
        .unwrap();
    assert_eq!((cached.steps, cached.network_calls), (16, Some(12)));
}

#[tokio::test]
async fn what_was_not_recorded_is_refused_and_leaves_nothing_running() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    fake_python(&bench);
    let session = bench.session(plan(true, &[])).await;
    let tuner = &bench.tuner;
    tuner.perform(&session, Step::MeasureDefault).await.unwrap();
    let sliced = Value::Choice("sliced".to_owned());
    let record = by_hand(&bench, &session, &[("attention", sliced)]).await;
    let own = record.trials.last().unwrap();
    assert!(
        matches!(
            &own.state,
            TrialState::Failed {
                cause: FailureCause::UnknownFlag | FailureCause::Crash,
                ..
            }
        ),
        "{:?}",
        own.state
    );
    assert_eq!(bench.engines(), Vec::<u32>::new());
}

#[tokio::test]
async fn a_plan_of_pictures_that_means_nothing_says_why() {
    let bench = Bench::new().await;
    fake_python(&bench);
    let refused = async |change: &dyn Fn(&mut SessionPlan)| {
        let mut plan = plan(true, &[]);
        change(&mut plan);
        bench
            .tuner
            .create_session(plan)
            .await
            .unwrap_err()
            .to_string()
    };
    for (told, word) in [
        (refused(&|plan| plan.model = None).await, "Choose a model"),
        (
            refused(&|plan| plan.pictures.size = Some((30, 32))).await,
            "multiple of 8",
        ),
        (
            refused(&|plan| plan.pictures.seeds = vec![1, 1]).await,
            "Each seed may be named once",
        ),
        (
            refused(&|plan| plan.workload = "single".to_owned()).await,
            "choose one of pictures",
        ),
        (
            refused(&|plan| plan.model = Some("no/such".into())).await,
            "no pipeline of diffusers",
        ),
        (
            refused(&|plan| plan.engine = "bogus".to_owned()).await,
            "There is no server called bogus",
        ),
        (
            refused(&|plan| (plan.engine, plan.model) = (String::new(), None)).await,
            "makes no pictures",
        ),
    ] {
        assert!(told.contains(word), "{word}: {told}");
    }
}
