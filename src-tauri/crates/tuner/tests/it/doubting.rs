//! Trials by sensors that show in a window that they are wrong, and by one that only looks so.

use crate::bench::{Bench, machine, tiny};
use crate::plug::Plug;
use wattsmith_domain::{FailureCause, Reader, SensorFault, SessionId, Source, Trial, TrialState};
use wattsmith_tuner::{SessionPlan, Step, TunerError};

/// A session with quick windows on a machine behind this plug, its default measured.
async fn behind(bench: &Bench, plug: &Plug) -> (SessionId, Trial) {
    let tuner = &bench.tuner;
    tuner.put_outside_meter(plug.meter(), None).await.unwrap();
    tuner.reprobe().await.unwrap();
    let plan = SessionPlan {
        quick: true,
        repeats: 1,
        ..tiny()
    };
    let (session, record) = bench.measured(plan).await;
    let trial = record.default_trial().unwrap().clone();
    (session, trial)
}

fn faults(trial: &Trial) -> Vec<SensorFault> {
    let repeats = trial.repeats.iter();
    let warnings = repeats.flat_map(|repeat| &repeat.warnings);
    warnings.filter_map(|one| one.fault).collect()
}

/// Made after plugs whose firmware stops measuring and goes on answering with its last values.
#[tokio::test]
async fn a_plug_that_repeats_one_answer_for_ever_gives_no_figure() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let plug = Plug::new(|_| 64.3, |_| 1000.0);
    let (_, trial) = behind(&bench, &plug).await;
    let TrialState::Failed {
        cause,
        message,
        fault,
    } = &trial.state
    else {
        panic!("{:?}", trial.state);
    };
    assert_eq!(*cause, FailureCause::SensorLost);
    assert_eq!(*fault, Some(SensorFault::Frozen));
    assert!(
        message.contains("its energy total stood at 1000 Wh"),
        "{message}"
    );
    assert!(message.contains("Restart it"), "{message}");
    assert!(trial.repeats.is_empty());
}

#[tokio::test]
async fn the_same_even_power_with_a_total_that_rises_by_it_is_fine() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let plug = Plug::new(|_| 64.3, |age| 1000.0 + 64.3 * age / 3600.0);
    let (_, trial) = behind(&bench, &plug).await;
    assert!(trial.is_complete(), "{:?}", trial.state);
    assert_eq!(faults(&trial), []);
    let repeat = &trial.repeats[0];
    assert_eq!(repeat.energy.source(), Source::WallPlug.label());
    let watts = repeat.energy.gross.0 / repeat.window.0;
    assert!((watts - 64.3).abs() < 0.1, "{watts} W");
}

#[tokio::test]
async fn readers_that_contradict_each_other_stop_a_session_until_the_person_decides() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    // Four times as much: in a quick window, whose ends are a second or so uncertain, a total that
    // rises less than twice as fast as the power is certainly another, but not certainly wrong.
    let plug = Plug::new(
        |age| 64.0 + 0.1 * (age * 7.0).floor().rem_euclid(7.0),
        |age| 1000.0 + 260.0 * age / 3600.0,
    );
    let (session, trial) = behind(&bench, &plug).await;
    assert!(trial.is_complete(), "{:?}", trial.state);
    assert_eq!(faults(&trial), [SensorFault::ReadersContradict]);
    assert_eq!(trial.repeats[0].energy.undecided, ["plug"]);
    let proposal = bench.proposal(&session).await;
    let refused = bench.tuner.perform(&session, Step::Run(proposal.clone()));
    let Err(TunerError::Invalid(words)) = refused.await else {
        panic!("figures that are not certain were compared");
    };
    assert!(words.contains("meters reader \"plug\" counter"), "{words}");

    // Decided for what the figures do not rest on, they cannot go on.
    let choose = |reader| bench.tuner.choose_reader("plug", Some(reader));
    choose(Reader::Counter).await.unwrap();
    bench.tuner.reprobe().await.unwrap();
    let refused = bench.tuner.perform(&session, Step::Run(proposal.clone()));
    let words = refused.await.unwrap_err().to_string();
    assert!(words.contains("start a new session"), "{words}");

    choose(Reader::Power).await.unwrap();
    bench.tuner.reprobe().await.unwrap();
    let ran = bench.tuner.perform(&session, Step::Run(proposal)).await;
    ran.unwrap();
    let record = bench.record(&session).await;
    let last = record.trials.last().unwrap();
    assert!(last.is_complete(), "{:?}", last.state);
    assert_eq!(faults(last), [SensorFault::ReadersContradict]);
    assert!(last.repeats[0].energy.undecided.is_empty());
    // From then on the default's figure is certain, too, and the two can be compared.
    let all = || record.trials.iter().flat_map(|trial| &trial.repeats);
    assert_eq!(all().next().unwrap().energy.undecided, ["plug"]);
    assert_eq!(record.undecided(all()), None);
    assert_eq!(record.session.readers["plug"], Reader::Power);
}
