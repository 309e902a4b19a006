//! Before the first window: a busy machine is waited for, measured or given up, as was chosen.

use crate::bench::{Bench, machine, tiny};
use wattsmith_domain::{Busy, SessionRecord};
use wattsmith_stats::Analysis;
use wattsmith_tuner::{LoadLook, Next, QUIET, SessionPlan, Step, TunerError};

fn plan(busy: Busy) -> SessionPlan {
    SessionPlan {
        busy,
        repeats: 1,
        ..tiny()
    }
}

fn next(record: &SessionRecord) -> Next {
    Next::of(record, &Analysis::of(record))
}

fn windows(record: &SessionRecord) -> usize {
    record.trials.iter().map(|trial| trial.repeats.len()).sum()
}

#[tokio::test]
async fn a_person_is_asked_and_nothing_is_measured_until_the_answer() {
    let bench = Bench::looking(LoadLook::scripted(&[0.43])).await;
    let session = bench.session(plan(Busy::Ask)).await;
    bench
        .tuner
        .perform(&session, Step::MeasureDefault)
        .await
        .unwrap();
    let record = bench.record(&session).await;
    assert_eq!(windows(&record), 0);
    let question = Next::Busy("other programs used 43 % of the CPU".to_owned());
    assert_eq!(next(&record), question);
    // The same after a restart, and however often it is pressed.
    let bench = bench.reopened().await;
    bench
        .tuner
        .perform(&session, Step::Autopilot)
        .await
        .unwrap();
    assert_eq!(next(&bench.record(&session).await), question);
    bench
        .tuner
        .answer_busy(&session, Busy::Measure)
        .await
        .unwrap();
    let record = bench.record(&session).await;
    assert_eq!(next(&record), Next::MeasureDefault);
    let words = record.session.load.unwrap().words();
    assert!(
        words.ends_with("by choice: the default may be too high."),
        "{words}"
    );
    assert!(
        bench
            .tuner
            .answer_busy(&session, Busy::Measure)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn who_would_rather_fail_than_measure_beside_load_gets_a_reason() {
    let bench = Bench::looking(LoadLook::scripted(&[0.31])).await;
    let session = bench.session(plan(Busy::Fail)).await;
    let failed = bench.tuner.perform(&session, Step::MeasureDefault).await;
    let Err(TunerError::Busy(text)) = failed else {
        panic!("{failed:?}");
    };
    assert!(
        text.contains("other programs used 31 % of the CPU"),
        "{text}"
    );
    assert_eq!(windows(&bench.record(&session).await), 0);
}

#[tokio::test]
async fn a_wait_ends_when_it_is_quiet_or_its_time_is_up_and_then_it_is_measured() {
    let _machine = machine().await;
    let wait = |at_most_s| plan(Busy::Wait { at_most_s });
    // Each look stands for two seconds: quiet at the third.
    let bench = Bench::looking(LoadLook::scripted(&[0.5, 0.4, 0.3, 0.04])).await;
    let session = bench.session(wait(60)).await;
    bench
        .tuner
        .perform(&session, Step::MeasureDefault)
        .await
        .unwrap();
    let record = bench.record(&session).await;
    assert_eq!(windows(&record), 1);
    let load = record.session.load.unwrap();
    assert!(load.quiet_at_last, "{load:?}");
    assert_eq!((load.share, load.waited_s), (0.5, 6.0));

    let bench = Bench::looking(LoadLook::scripted(&[0.5; 99])).await;
    let session = bench.session(wait(4)).await;
    bench
        .tuner
        .perform(&session, Step::MeasureDefault)
        .await
        .unwrap();
    let record = bench.record(&session).await;
    assert_eq!(windows(&record), 1, "it never hangs");
    let load = record.session.load.unwrap();
    assert_eq!((load.quiet_at_last, load.waited_s), (false, 4.0));

    // A quiet machine is not spoken of.
    let bench = Bench::looking(LoadLook::scripted(&[0.049])).await;
    let session = bench.session(plan(Busy::Ask)).await;
    bench
        .tuner
        .perform(&session, Step::MeasureDefault)
        .await
        .unwrap();
    let record = bench.record(&session).await;
    assert_eq!((windows(&record), record.session.load), (1, None));
}

#[tokio::test]
async fn a_wait_that_is_cancelled_asks_again_where_a_person_was_asked() {
    let bench = Bench::looking(LoadLook::scripted(&[0.6; 99])).await;
    let session = bench.session(plan(Busy::Ask)).await;
    bench
        .tuner
        .perform(&session, Step::MeasureDefault)
        .await
        .unwrap();
    let wait = Busy::Wait { at_most_s: 600 };
    bench.tuner.answer_busy(&session, wait).await.unwrap();
    let (tuner, own) = (bench.tuner.clone(), session.clone());
    let waiting = tokio::spawn(async move { tuner.perform(&own, Step::MeasureDefault).await });
    while !bench.tuner.cancel(&session) {
        tokio::task::yield_now().await;
    }
    assert!(matches!(waiting.await.unwrap(), Err(TunerError::Cancelled)));
    assert!(matches!(next(&bench.record(&session).await), Next::Busy(_)));
}

#[tokio::test]
async fn the_machines_own_load_is_looked_at_where_nothing_is_scripted() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let session = bench.session(plan(Busy::Fail)).await;
    let done = bench.tuner.perform(&session, Step::MeasureDefault).await;
    let record = bench.record(&session).await;
    // Whatever this machine does at the moment: figure and deed agree.
    match record.session.load {
        Some(load) => {
            assert!((QUIET..=1.0).contains(&load.share), "{load:?}");
            assert!(matches!(done, Err(TunerError::Busy(_))), "{done:?}");
        }
        None => assert_eq!(windows(&record), 1, "{done:?}"),
    }
}
