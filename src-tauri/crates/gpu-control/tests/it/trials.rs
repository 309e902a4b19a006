//! Trials that set the boards: under which limit they are measured, and that everything is put back
//! however they end.

use crate::bench::{Bench, asked, pkexec, refusal, settings, tiny};
use crate::stand::{BOARD, OTHER, Stand, program, until};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use wattsmith_domain::{Kind, SessionId, TrialState, Value, WarningKind};
use wattsmith_tuner::{GpuPermission, Next, SessionPlan, Step, TunerError, stats::Analysis};

const TWO_BOARDS: &str = "devices 2\nname 1 Small\nlimits 1 60 120 116.5\n";
const PASSED_ON: &str = "exec \"$@\"";

/// Begins to measure the default and waits until the board has this limit.
async fn until_set(bench: &Bench, stand: &Stand, session: &SessionId, watts: f64) -> Running {
    let (tuner, own) = (Arc::clone(&bench.tuner), session.clone());
    let running = tokio::spawn(async move { tuner.perform(&own, Step::MeasureDefault).await });
    for _ in 0..1500 {
        if stand.limit(BOARD) == Some(watts) {
            return running;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the board was never set");
}

type Running = tokio::task::JoinHandle<Result<(), TunerError>>;

#[tokio::test]
async fn a_trial_is_measured_under_its_limit_and_every_board_is_put_back() {
    let stand = Stand::new(TWO_BOARDS);
    let bench = Bench::new(&stand, pkexec(&stand, PASSED_ON)).await;
    let plan = tiny(&[("gpu-power-limit", 300), ("gpu-clock-lock", 900)]);
    let session = bench.session(plan).await;
    bench
        .tuner
        .perform(&session, Step::MeasureDefault)
        .await
        .unwrap();

    let trial = bench.last_trial(&session).await;
    assert_eq!(trial.state, TrialState::Complete, "{trial:?}");
    assert_eq!(trial.configuration.int("gpu-power-limit"), Some(300));
    let seen: Vec<_> = trial.repeats[0]
        .conditions
        .iter()
        .filter(|one| one.power_limit.is_some())
        .map(|one| (one.power_limit.unwrap().0, one.clock_mhz))
        .collect();
    assert_eq!(seen, [(300.0, Some(900.0)), (120.0, Some(900.0))]);
    // The small board cannot take 300 W; that is said.
    let launch = trial.launch.as_ref().unwrap();
    let told: Vec<_> = launch
        .differences
        .iter()
        .filter(|one| one.name.starts_with("gpu-"))
        .map(|one| (one.name.as_str(), one.asked.as_str(), one.used.as_str()))
        .collect();
    assert_eq!(told, [("gpu-power-limit", "300 W", "120 W (Small)")]);
    assert!(
        !launch
            .argv
            .iter()
            .any(|word| word.contains("gpu-power") || word == "900")
    );
    let warnings = &trial.repeats[0].warnings;
    assert!(
        warnings
            .iter()
            .any(|one| one.kind == WarningKind::SettingIgnored
                && one.text == "The GPU uses gpu-power-limit = 120 W (Small) instead of 300 W."),
        "{warnings:?}"
    );
    assert_eq!((stand.limit(BOARD), stand.clock(0)), (Some(350.0), 1500));
    assert_eq!((stand.limit(OTHER), stand.clock(1)), (Some(116.5), 1500));
    assert!(!stand.is_kept(BOARD) && !stand.is_kept(OTHER));

    // Another trial later asks nobody again.
    let again = bench
        .session_without_engine(tiny(&[("gpu-power-limit", 200)]))
        .await;
    let running = until_set(&bench, &stand, &again, 200.0).await;
    assert!(bench.tuner.cancel(&again));
    assert!(running.await.unwrap().is_err());
    assert_eq!(asked(&stand), 1);
    bench.tuner.shut_down().await.unwrap();
    assert_eq!(
        (stand.limit(BOARD), stand.limit(OTHER)),
        (Some(350.0), Some(116.5))
    );
}

#[tokio::test]
async fn a_cancelled_trial_puts_the_board_back_before_it_returns() {
    let stand = Stand::new("");
    let bench = Bench::new(&stand, GpuPermission::Given).await;
    let session = bench
        .session_without_engine(tiny(&[("gpu-power-limit", 300)]))
        .await;
    let running = until_set(&bench, &stand, &session, 300.0).await;
    assert!(stand.is_kept(BOARD));
    assert!(bench.tuner.cancel(&session));
    assert!(matches!(running.await.unwrap(), Err(TunerError::Cancelled)));
    assert_eq!(stand.limit(BOARD), Some(350.0));
    assert!(!stand.is_kept(BOARD));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_cancelled_while_permission_is_asked_for_ends_at_once() {
    let stand = Stand::new("");
    // Somebody who answers the dialog after everybody has gone home.
    let late = "while [ ! -e \"$0.answer\" ]; do sleep 0.05; done\nexec \"$@\"";
    let bench = Bench::new(&stand, pkexec(&stand, late)).await;
    let session = bench
        .session_without_engine(tiny(&[("gpu-power-limit", 300)]))
        .await;
    let (tuner, own) = (Arc::clone(&bench.tuner), session.clone());
    let running = tokio::spawn(async move { tuner.perform(&own, Step::MeasureDefault).await });
    until("permission is asked for", || asked(&stand) == 1);
    assert!(bench.tuner.cancel(&session));
    assert!(matches!(running.await.unwrap(), Err(TunerError::Cancelled)));
    std::fs::write(stand.folder().join("pkexec.answer"), "").unwrap();
    // The program sets the board, finds its input ended, and puts it back.
    until("it was put back", || {
        stand.state().exists() && !stand.is_kept(BOARD)
    });
    assert_eq!(stand.limit(BOARD), Some(350.0));
}

const LIBRARY: &str = "WATTSMITH_TEST_LIBRARY";
const FOLDER: &str = "WATTSMITH_TEST_FOLDER";

#[tokio::test]
#[ignore = "is run in a process of its own by a_wattsmith_that_is_killed_leaves_the_board_as_it_was"]
async fn measure_without_end_as_a_child() {
    let given = |name| {
        std::env::var_os(name)
            .expect("started by another test")
            .into()
    };
    let stand = Stand::of_another(given(LIBRARY), given(FOLDER));
    let bench = Bench::new(&stand, GpuPermission::Given).await;
    let session = bench
        .session_without_engine(tiny(&[("gpu-power-limit", 300)]))
        .await;
    let _running = until_set(&bench, &stand, &session, 300.0).await;
    println!("\nset");
    std::thread::sleep(Duration::from_secs(300));
}

#[test]
fn a_wattsmith_that_is_killed_leaves_the_board_as_it_was() {
    let stand = Stand::new("");
    let mut wattsmith = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "trials::measure_without_end_as_a_child"])
        .args(["--ignored", "--nocapture"])
        .env(LIBRARY, stand.library())
        .env(FOLDER, stand.folder())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(wattsmith.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "set"));
    assert_eq!(stand.limit(BOARD), Some(300.0));
    // SIGKILL: nothing of its own runs any more.
    wattsmith.kill().unwrap();
    wattsmith.wait().unwrap();
    until("it was put back", || stand.limit(BOARD) == Some(350.0));
    until("it was forgotten", || !stand.is_kept(BOARD));
}

#[tokio::test]
async fn what_a_power_cut_left_is_put_back_at_the_next_start_or_told_with_the_command() {
    let stand = Stand::new("");
    // Set by a program that is gone: its pipe, its Wattsmith and itself.
    stand.run(&["set-power-limit", BOARD, "300"]);
    stand.run(&["lock-clocks", BOARD, "900"]);
    let bench = Bench::new(&stand, pkexec(&stand, PASSED_ON)).await;
    let changed = bench.tuner.gpus_still_changed().await;
    assert_eq!(changed.len(), 1);
    let words = changed[0].to_string();
    assert!(words.contains("350 W before, its clock free"), "{words}");
    let command = format!("pkexec {} reset {BOARD}", program().display());
    assert_eq!(changed[0].command, command);
    assert_eq!(asked(&stand), 0, "a start asks for no password");
    assert_eq!(stand.limit(BOARD), Some(300.0));
    drop(bench);

    let bench = Bench::new(&stand, GpuPermission::Given).await;
    assert_eq!(bench.tuner.gpus_still_changed().await, []);
    assert_eq!((stand.limit(BOARD), stand.clock(0)), (Some(350.0), 1500));
    assert!(!stand.is_kept(BOARD));
}

#[tokio::test]
async fn every_refusal_fails_the_trial_before_it_starts_and_says_what_to_do() {
    let denied = "fault 0 nvmlDeviceSetPowerManagementLimit 4\n";
    let absent = || GpuPermission::AskBy("/no/such/pkexec".into());
    type Give = fn(&Stand) -> GpuPermission;
    let cases: [(&str, Give, &str); 5] = [
        (
            "",
            |stand| pkexec(stand, "exit 126"),
            "the dialog was closed",
        ),
        (
            "",
            |stand| pkexec(stand, "exit 127"),
            "the system's policy denies it",
        ),
        (
            "",
            |_| GpuPermission::AskBy("/no/such/pkexec".into()),
            "apt install pkexec",
        ),
        (denied, |_| GpuPermission::Given, "an administrator only"),
        (
            denied,
            |stand| pkexec(stand, PASSED_ON),
            "in a container, to the host only",
        ),
    ];
    for (boards, permission, words) in cases {
        let stand = Stand::new(boards);
        let bench = Bench::new(&stand, permission(&stand)).await;
        let session = bench.session(tiny(&[("gpu-power-limit", 300)])).await;
        bench
            .tuner
            .perform(&session, Step::MeasureDefault)
            .await
            .unwrap();
        let trial = bench.last_trial(&session).await;
        assert!(refusal(&trial).contains(words), "{trial:?}");
        assert!(trial.launch.is_none(), "no engine was started");
        assert_eq!(stand.limit(BOARD), Some(350.0));
        assert!(!stand.is_kept(BOARD));
    }
    let stand = Stand::new("");
    let missing = stand.folder().join("not-installed");
    for permission in [GpuPermission::Given, absent()] {
        let bench = Bench::with(&stand, permission, missing.clone()).await;
        let session = bench.session(tiny(&[("gpu-power-limit", 300)])).await;
        bench
            .tuner
            .perform(&session, Step::MeasureDefault)
            .await
            .unwrap();
        refusal(&bench.last_trial(&session).await);
    }
}

#[tokio::test]
async fn after_a_refusal_the_session_goes_on_with_the_other_knobs() {
    let stand = Stand::new("");
    let bench = Bench::new(&stand, pkexec(&stand, "exit 126")).await;
    let session = bench.session(tiny(&[])).await;
    // At the default nothing has to be set, so nobody is asked.
    bench
        .tuner
        .perform(&session, Step::MeasureDefault)
        .await
        .unwrap();
    assert_eq!(asked(&stand), 0);
    let change = settings(&[("gpu-power-limit", 300)]);
    bench
        .tuner
        .propose_by_hand(&session, &change)
        .await
        .unwrap();
    let proposal = bench.record(&session).await.proposals[0].id.clone();
    bench
        .tuner
        .perform(&session, Step::Run(proposal))
        .await
        .unwrap();
    refusal(&bench.last_trial(&session).await);

    let record = bench.record(&session).await;
    let knob = |name: &str| record.session.space.get(name).unwrap().kind.clone();
    assert_eq!(knob("gpu-power-limit"), Kind::only(Value::Int(350)));
    assert_eq!(knob("gpu-clock-lock"), Kind::only(Value::Int(1980)));
    assert!(knob("parallel").levels().len() > 1);
    assert_eq!(record.session.ending, None);
    assert!(matches!(
        Next::of(&record, &Analysis::of(&record)),
        Next::Ask
    ));
}

#[tokio::test]
async fn the_boards_are_touched_only_in_sessions_that_allow_it() {
    let stand = Stand::new("");
    let bench = Bench::new(&stand, GpuPermission::Given).await;
    let plan = SessionPlan {
        tune_gpu: false,
        ..tiny(&[])
    };
    let session = bench.session(plan.clone()).await;
    let space = bench.record(&session).await.session.space;
    assert!(space.get("gpu-power-limit").is_none() && space.get("gpu-clock-lock").is_none());
    for plan in [
        SessionPlan {
            tune_gpu: false,
            ..tiny(&[("gpu-power-limit", 300)])
        },
        SessionPlan {
            tuned: vec!["gpu-clock-lock".to_owned()],
            ..plan
        },
    ] {
        let error = bench.tuner.create_session(plan).await.unwrap_err();
        assert!(error.to_string().contains("--allow-gpu-control"), "{error}");
    }
    let beyond = bench
        .tuner
        .create_session(tiny(&[("gpu-power-limit", 500)]))
        .await;
    assert!(beyond.unwrap_err().to_string().contains("100 to 400"));

    let stand = Stand::new("init 9\n");
    let bench = Bench::new(&stand, GpuPermission::Given).await;
    let error = bench.tuner.create_session(tiny(&[])).await.unwrap_err();
    assert!(error.to_string().contains("No NVIDIA GPU here"), "{error}");
}
