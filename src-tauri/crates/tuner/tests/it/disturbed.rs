//! What disturbs a run: the person, a signal, another Wattsmith.

use crate::bench::{Bench, DEFAULT, long, machine, runs, tiny};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use wattsmith_domain::{FailureCause, ProposalStatus, TrialState, WarningKind};
use wattsmith_stats::Analysis;
use wattsmith_store::Owner;
use wattsmith_tuner::{BusyLimit, MachineLock, Next, SessionPlan, Step, TunerError};

#[tokio::test]
async fn cancelling_in_mid_generation_leaves_no_engine_and_offers_the_proposal_again() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let session = bench.begun(long()).await;
    let proposal = bench.proposal(&session).await;
    let (engine, running) = bench
        .in_mid_run(&session, Step::Run(proposal.clone()))
        .await;
    assert!(runs(engine));
    let busy = bench.tuner.perform(&session, Step::Ask).await.unwrap_err();
    assert!(matches!(busy, TunerError::Busy(_)), "{busy}");
    assert!(bench.tuner.cancel(&session));
    let ended = running.await.unwrap();
    assert!(matches!(ended, Err(TunerError::Cancelled)), "{ended:?}");
    assert!(!runs(engine), "the engine runs on");
    assert_eq!(bench.engines(), Vec::<u32>::new());

    let record = bench.record(&session).await;
    let trial = record.trials.last().unwrap();
    assert_eq!(
        trial.state,
        TrialState::Discarded {
            cause: "cancelled".to_owned()
        }
    );
    assert_eq!(record.proposals[0].status, ProposalStatus::Offered);
    let next = Next::of(&record, &Analysis::of(&record));
    assert_eq!(next, Next::Decide(proposal.clone()));
    assert_eq!(wattsmith_tuner::trials_used(&record), 0);
    // The session goes on: the same settings may be run again.
    let (_, running) = bench.in_mid_run(&session, Step::Run(proposal)).await;
    bench.tuner.shut_down().await.unwrap();
    assert!(matches!(running.await.unwrap(), Err(TunerError::Cancelled)));
    assert_eq!(bench.engines(), Vec::<u32>::new());
    // It is the same trial that went on.
    let bench = bench.reopened().await;
    assert_eq!(bench.record(&session).await.trials.len(), 2);
}

#[tokio::test]
async fn an_engine_killed_in_mid_run_fails_its_trial_and_the_session_continues() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let session = bench.begun(long()).await;
    let proposal = bench.proposal(&session).await;
    let (engine, running) = bench.in_mid_run(&session, Step::Run(proposal)).await;
    kill(Pid::from_raw(engine as i32), Signal::SIGKILL).unwrap();
    running.await.unwrap().unwrap();

    let record = bench.record(&session).await;
    let TrialState::Failed { cause, message, .. } = &record.trials.last().unwrap().state else {
        panic!("{:?}", record.trials.last());
    };
    assert_eq!(*cause, FailureCause::Crash);
    assert!(message.contains("signal 9"), "{message}");
    let feedback = record.feedback.last().unwrap();
    assert!(feedback.draft.contains("failed"), "{}", feedback.draft);
    assert_eq!(wattsmith_tuner::trials_used(&record), 1);
    assert_eq!(bench.engines(), Vec::<u32>::new());
    // What crashed is not proposed again.
    bench.proposal(&session).await;
    let record = bench.record(&session).await;
    let crashed = &record.trials.last().unwrap().configuration;
    assert_ne!(record.proposals.last().unwrap().configuration, *crashed);
}

#[tokio::test]
async fn two_never_measure_at_once_and_the_second_learns_who_does() {
    let bench = Bench::new().await;
    let session = bench.session(tiny()).await;
    let lock = MachineLock::acquire(bench.lock_file()).unwrap();
    let busy = bench
        .tuner
        .perform(&session, Step::MeasureDefault)
        .await
        .unwrap_err();
    assert!(matches!(busy, TunerError::Busy(_)));
    let words = busy.to_string();
    assert!(words.contains("Another Wattsmith"), "{words}");
    assert!(words.contains(&std::process::id().to_string()), "{words}");
    assert!(bench.record(&session).await.trials.is_empty());

    drop(lock);
    let lock = MachineLock::acquire(bench.lock_file());
    assert!(lock.is_ok(), "it is free again");
}

#[tokio::test]
async fn a_proposal_is_not_used_up_while_another_measures() {
    let bench = Bench::new().await;
    let session = bench.begun(tiny()).await;
    let proposal = bench.proposal(&session).await;
    let _lock = MachineLock::acquire(bench.lock_file()).unwrap();
    let busy = bench
        .tuner
        .perform(&session, Step::Run(proposal.clone()))
        .await;
    assert!(matches!(busy, Err(TunerError::Busy(_))), "{busy:?}");
    let record = bench.record(&session).await;
    assert_eq!(record.proposals[0].status, ProposalStatus::Offered);
    assert_eq!(record.trials.len(), 1);
}

#[tokio::test]
async fn a_lock_file_that_may_only_be_read_is_a_lock_all_the_same() {
    let bench = Bench::new().await;
    let path = bench.folder().join("read-only");
    std::fs::write(&path, "").unwrap();
    let mut rights = std::fs::metadata(&path).unwrap().permissions();
    rights.set_readonly(true);
    std::fs::set_permissions(&path, rights).unwrap();
    let held = MachineLock::acquire(&path).unwrap();
    let second = MachineLock::acquire(&path);
    assert!(matches!(second, Err(TunerError::Busy(_))), "{second:?}");
    drop(held);
    assert!(MachineLock::acquire(&path).is_ok());
}

#[tokio::test]
async fn a_trial_that_a_killed_wattsmith_was_running_is_discarded_at_the_next_start() {
    let bench = Bench::new().await;
    let session = bench.begun(tiny()).await;
    let mut trial = bench.seed(&session, &[("parallel", 4)], &[]).await;
    trial.state = TrialState::Running;
    bench.store().put_trial(&trial).await.unwrap();
    // While somebody measures, it may be theirs.
    let lock = MachineLock::acquire(bench.lock_file()).unwrap();
    let bench = bench.reopened().await;
    let states = |record: &wattsmith_domain::SessionRecord| record.trials[1].state.clone();
    assert_eq!(states(&bench.record(&session).await), TrialState::Running);
    drop(lock);
    let bench = bench.reopened().await;
    let state = states(&bench.record(&session).await);
    assert!(matches!(state, TrialState::Discarded { .. }), "{state:?}");
}

/// Other programs that keep half the machine busy, until they are dropped. A shell starts each and
/// ends at once: what we started ourselves would count as ours.
struct Busy(Vec<Pid>);

impl Busy {
    fn begin() -> Self {
        let cores = std::thread::available_parallelism().unwrap().get();
        let burn = || {
            let shell = std::process::Command::new("sh")
                .args([
                    "-c",
                    "sh -c 'while :; do :; done' >/dev/null 2>&1 & echo $!",
                ])
                .output()
                .unwrap();
            let pid = String::from_utf8(shell.stdout).unwrap();
            Pid::from_raw(pid.trim().parse().unwrap())
        };
        Self((0..cores.div_ceil(2)).map(|_| burn()).collect())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        for pid in &self.0 {
            let _ = kill(*pid, Signal::SIGKILL);
        }
    }
}

#[tokio::test]
async fn a_disturbed_window_is_measured_again_twice_and_then_kept_with_a_warning() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let plan = SessionPlan {
        rerun: true,
        repeats: 1,
        ..tiny()
    };
    let session = bench.session(plan).await;
    let busy = Busy::begin();
    bench
        .tuner
        .perform(&session, Step::MeasureDefault)
        .await
        .unwrap();
    drop(busy);
    let record = bench.record(&session).await;
    let trial = record.default_trial().unwrap();
    assert!(trial.is_complete());
    assert_eq!((trial.repeats.len(), trial.discarded.len()), (1, 2));
    for one in &trial.discarded {
        assert_eq!(one.cause.kind, WarningKind::OtherLoad);
        assert_eq!(one.repeat.index, 1);
    }
    let said = &trial.repeats[0].warnings[0];
    assert!(
        said.text.starts_with("Kept although other programs used")
            && said.text.contains("2 reruns"),
        "{said:?}"
    );
    // What was measured in vain was still paid for.
    assert!(trial.energy_spent().0 > 1.5 * trial.repeats[0].energy.gross.0);
    let owner = Owner::Trial(trial.id.clone());
    let samples = bench.store().discarded_samples(&owner, 1, 100).await;
    assert!(samples.is_ok(), "{samples:?}");
}

/// A limit that every window exceeds.
fn always_too_busy() -> BusyLimit {
    BusyLimit::cores(-1.0)
}

#[tokio::test]
async fn an_estimate_that_is_too_busy_has_no_figure_and_the_default_is_measured_later() {
    let _machine = machine().await;
    let bench = Bench::new().await.with_busy_limit(always_too_busy()).await;
    let plan = SessionPlan {
        rerun: true,
        repeats: 1,
        ..tiny()
    };
    let session = bench.session(plan).await;
    let busy = bench.tuner.perform(&session, Step::MeasureDefault).await;
    let words = busy.unwrap_err().to_string();
    assert!(words.starts_with("Too busy to estimate: "), "{words}");
    assert!(
        words.contains("3 windows") && words.contains("close other programs"),
        "{words}"
    );
    let record = bench.record(&session).await;
    let trial = record.default_trial().unwrap();
    assert!(
        matches!(&trial.state, TrialState::Discarded { cause } if cause.starts_with("Too busy"))
    );
    assert_eq!((trial.repeats.len(), trial.discarded.len()), (0, 3));
    for one in &trial.discarded {
        assert_eq!(one.cause.kind, WarningKind::TooBusy);
    }
    assert_eq!(Analysis::of(&record).default, None);
    let next = Next::of(&record, &Analysis::of(&record));
    assert_eq!(next, Next::MeasureDefault);

    // The machine is quiet now: the same trial goes on, with its reruns.
    let bench = bench.with_busy_limit(BusyLimit::NEVER).await;
    bench
        .tuner
        .perform(&session, Step::MeasureDefault)
        .await
        .unwrap();
    let record = bench.record(&session).await;
    let trial = record.default_trial().unwrap();
    assert!(trial.is_complete(), "{:?}", trial.state);
    assert_eq!(record.trials.len(), 1);
    assert!(trial.discarded.len() >= 3);
}

#[tokio::test]
async fn a_proposal_that_was_too_busy_to_estimate_is_not_tried_and_spends_no_budget() {
    let _machine = machine().await;
    let bench = Bench::new().await.with_busy_limit(always_too_busy()).await;
    let session = bench
        .begun(SessionPlan {
            rerun: true,
            repeats: 1,
            ..tiny()
        })
        .await;
    let proposal = bench.proposal(&session).await;
    let busy = bench
        .tuner
        .perform(&session, Step::Run(proposal.clone()))
        .await;
    assert!(matches!(busy, Err(TunerError::TooBusy { .. })), "{busy:?}");
    assert_eq!(bench.engines(), Vec::<u32>::new());
    let record = bench.record(&session).await;
    assert_eq!(record.proposals[0].status, ProposalStatus::Offered);
    assert_eq!(wattsmith_tuner::trials_used(&record), 0);
    let tried = record.tried();
    assert!(!tried.contains(&record.proposals[0].configuration.key()));
    assert!(record.feedback.is_empty(), "{:?}", record.feedback);
    let next = Next::of(&record, &Analysis::of(&record));
    assert_eq!(next, Next::Decide(proposal));
}

#[tokio::test]
async fn a_person_who_keeps_disturbed_windows_keeps_this_one_with_its_warning() {
    let _machine = machine().await;
    let bench = Bench::new().await.with_busy_limit(always_too_busy()).await;
    let session = bench
        .session(SessionPlan {
            repeats: 1,
            ..tiny()
        })
        .await;
    bench
        .tuner
        .perform(&session, Step::MeasureDefault)
        .await
        .unwrap();
    let record = bench.record(&session).await;
    let trial = record.default_trial().unwrap();
    assert!(trial.is_complete() && trial.discarded.is_empty());
    let first = &trial.repeats[0].warnings[0];
    assert_eq!(first.kind, WarningKind::TooBusy);
}

#[tokio::test]
async fn a_drift_window_that_fails_is_a_warning_and_its_trial_counts() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let session = bench.session(tiny()).await;
    // A default that can no longer be run: the engine has no so many slots.
    bench
        .seed(&session, &[("parallel", 100_000)], &DEFAULT)
        .await;
    bench.seed(&session, &[("parallel", 1)], &DEFAULT).await;
    bench.seed(&session, &[("parallel", 4)], &DEFAULT).await;
    let proposal = bench.proposal(&session).await;
    bench
        .tuner
        .perform(&session, Step::Run(proposal))
        .await
        .unwrap();
    let record = bench.record(&session).await;
    let last = record.trials.last().unwrap();
    assert_eq!(last.number, 4);
    assert!(last.is_complete(), "{:?}", last.state);
    assert_eq!(record.trials[0].repeats.len(), DEFAULT.len());
    let [warning] = &record.session.warnings[..] else {
        panic!("{:?}", record.session.warnings);
    };
    assert_eq!(warning.kind, WarningKind::Drift);
    assert!(warning.text.contains("after trial 4"), "{}", warning.text);
}
