//! Every fail point of the table, one after the other: each is passed, and comes to what the table says.
//!
//! Points are set for a whole process, so that each test below runs its body alone in a child.

use crate::bench::{Bench, chatting, configuration, machine, runs, tiny};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use wattsmith_domain::{
    Busy, ExchangeOutcome, ProposalId, ProposalStatus, SessionId, SessionRecord, Trial, TrialState,
};
use wattsmith_fail_points::{
    FailPoint, Happening, KILLS, Outcome, POINTS, Phase, clear, hits, set,
};
use wattsmith_testkit::scripted_chat::{Script, ScriptedChat};
use wattsmith_tuner::{LoadLook, SessionPlan, Step, TunerError, cause_label};

/// What all processes of a child are known by, whatever became of their parents.
const TAG: &str = "WATTSMITH_TEST_TAG";

/// Runs a test of this file that is ignored otherwise in a process of its own.
fn alone(test: &str) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("failing::{test}"), "--ignored"])
        .arg("--nocapture")
        .env(TAG, format!("{test}-{}", std::process::id()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}");
    assert!(said.contains("1 passed"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_fails_at_any_point_comes_to_what_the_table_says() {
    let _machine = machine().await;
    alone("windows_as_a_child");
}

#[test]
fn a_turn_that_fails_at_any_point_comes_to_what_the_table_says() {
    alone("turns_as_a_child");
}

#[test]
fn a_file_that_fails_at_any_point_is_as_it_was() {
    alone("files_as_a_child");
}

#[test]
fn the_table_and_the_sources_name_the_same_points() {
    let rooms = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut marked = Vec::new();
    for room in std::fs::read_dir(rooms).unwrap().flatten() {
        if room.file_name() != "fail-points" {
            names(&room.path().join("src"), &mut marked);
        }
    }
    let named: BTreeSet<String> = POINTS.iter().map(|one| one.name.to_owned()).collect();
    assert_eq!(
        named.len(),
        POINTS.len(),
        "a name stands twice in the table"
    );
    let found: BTreeSet<String> = marked.iter().cloned().collect();
    assert_eq!(
        found.len(),
        marked.len(),
        "a name is marked twice: {marked:?}"
    );
    assert_eq!(named, found);
    assert!(named.len() >= 40, "{} points", named.len());
    for kill in KILLS {
        assert!(named.contains(kill.name), "{}", kill.name);
    }
}

/// The names of the points that the sources in `folder` mark.
fn names(folder: &Path, found: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            names(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let marks = text.split("fail_point!(").skip(1);
            found.extend(marks.map(|mark| mark.split('"').nth(1).unwrap().to_owned()));
        }
    }
}

fn of_phases(wanted: impl Fn(Phase) -> bool) -> impl Iterator<Item = &'static FailPoint> {
    POINTS.iter().filter(move |point| wanted(point.phase))
}

/// Points that lie on the way of a proposal's trial.
fn is_of_a_run(phase: Phase) -> bool {
    use Phase::{
        Begin, Drive, EngineEnded, Event, Feedback, Joules, Launch, Lock, ReadBack, Ready, Store,
        WarmUp, WindowClosed, WindowOpened,
    };
    matches!(
        phase,
        Lock | Begin
            | Launch
            | Ready
            | ReadBack
            | WarmUp
            | WindowOpened
            | Drive
            | WindowClosed
            | EngineEnded
            | Joules
            | Store
            | Event
            | Feedback
    )
}

/// Engines that this process started and that still run, by what they inherited.
fn engines() -> Vec<u32> {
    let wanted = format!("{TAG}={}", std::env::var(TAG).unwrap());
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let environment = std::fs::read(entry.path().join("environ")).ok()?;
        let mut words = environment.split(|byte| *byte == 0);
        words.any(|one| one == wanted.as_bytes()).then_some(pid)
    });
    pids.filter(|pid| *pid != std::process::id() && runs(*pid))
        .collect()
}

/// What still runs a moment later.
async fn left_running() -> Vec<u32> {
    let begun = Instant::now();
    loop {
        let left = engines();
        if left.is_empty() || begun.elapsed() > Duration::from_secs(10) {
            return left;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// One window for a trial, and as many trials as are wanted.
fn plan() -> SessionPlan {
    SessionPlan {
        repeats: 1,
        budget: 100,
        ..tiny()
    }
}

/// What the trial of a proposal is now.
fn trial_of<'a>(record: &'a SessionRecord, proposal: &ProposalId) -> Option<&'a Trial> {
    let mut trials = record.trials.iter();
    trials.find(|one| one.proposal.as_ref() == Some(proposal))
}

fn status(record: &SessionRecord, proposal: &ProposalId) -> ProposalStatus {
    let mut proposals = record.proposals.iter();
    let found = proposals.find(|one| one.id == *proposal);
    found.unwrap().status
}

/// The body of a test above.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs as a child process of another test"]
async fn windows_as_a_child() {
    let mut bench = Bench::looking(LoadLook::scripted(&[])).await;
    stored_or_looked(&bench).await;
    let session = bench.begun(plan()).await;
    for (number, point) in (1_i64..).zip(of_phases(is_of_a_run)) {
        let begun = Instant::now();
        let settings = configuration(&[
            ("parallel", 2),
            ("batch", 512),
            ("ubatch", 512 - 8 * number),
        ]);
        let name = point.name;
        let proposed = bench.tuner.propose_by_hand(&session, &settings).await;
        let proposal = proposed.unwrap_or_else(|error| panic!("{name}: {error}"));
        clear();
        set(name, Happening::Error, point.passes);
        let came = bench
            .tuner
            .perform(&session, Step::Run(proposal.clone()))
            .await;
        assert!(hits(name) > point.passes, "{name} was not passed");
        clear();
        assert_eq!(left_running().await, Vec::<u32>::new(), "{name}");
        if point.outcome == Outcome::PutRightAtNextStart {
            assert!(came.is_err(), "{name}");
            let record = bench.record(&session).await;
            let trial = trial_of(&record, &proposal).unwrap();
            assert_eq!(trial.state, TrialState::Running, "{name}");
            bench = bench.reopened().await;
        }
        let record = bench.record(&session).await;
        compare(point, came, &record, &proposal);
        if status(&record, &proposal) == ProposalStatus::Offered {
            let dismissed = bench.tuner.dismiss_proposal(&session, &proposal).await;
            dismissed.unwrap();
        }
        println!("{name}: {:.1} s", begun.elapsed().as_secs_f64());
    }
    // After all of that it goes on.
    let settings = configuration(&[("parallel", 4), ("batch", 512), ("ubatch", 64)]);
    let last = bench.tuner.propose_by_hand(&session, &settings).await;
    let last = last.unwrap();
    let done = bench.tuner.perform(&session, Step::Run(last.clone())).await;
    done.unwrap();
    let record = bench.record(&session).await;
    assert!(trial_of(&record, &last).unwrap().is_complete());
}

/// The points before there is a trial.
async fn stored_or_looked(bench: &Bench) {
    set("store::session::before_commit", Happening::Error, 0);
    let refused = bench.tuner.create_session(plan()).await;
    assert!(hits("store::session::before_commit") > 0);
    assert!(matches!(refused, Err(TunerError::Store(_))), "{refused:?}");
    assert!(bench.tuner.session_ids().await.unwrap().is_empty());

    clear();
    let busy = Busy::Fail;
    let session = bench.session(SessionPlan { busy, ..plan() }).await;
    set("tuner::quiet::looked", Happening::Error, 0);
    let told = bench.tuner.perform(&session, Step::MeasureDefault).await;
    assert!(hits("tuner::quiet::looked") > 0);
    assert!(told.is_err());
    assert!(bench.record(&session).await.trials.is_empty());
    clear();
}

/// Whether what came is what the table says.
fn compare(
    point: &FailPoint,
    came: Result<(), TunerError>,
    record: &SessionRecord,
    proposal: &ProposalId,
) {
    let name = point.name;
    let trial = trial_of(record, proposal);
    let status = status(record, proposal);
    match point.outcome {
        Outcome::GoesOn | Outcome::StartedAgain => {
            came.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(trial.unwrap().is_complete(), "{name}: {trial:?}");
        }
        Outcome::TrialFailed(cause) => {
            came.unwrap_or_else(|error| panic!("{name}: {error}"));
            let TrialState::Failed { cause: own, .. } = &trial.unwrap().state else {
                panic!("{name}: {trial:?}");
            };
            assert_eq!(cause_label(*own), cause, "{name}");
            assert_eq!(status, ProposalStatus::Taken, "{name}");
        }
        Outcome::TakenBack(_) | Outcome::PutRightAtNextStart => {
            assert!(came.is_err(), "{name}");
            let trial = trial.unwrap();
            let TrialState::Discarded { cause: own } = &trial.state else {
                panic!("{name}: {trial:?}");
            };
            if let Outcome::TakenBack(cause) = point.outcome {
                assert_eq!(own, cause, "{name}");
            }
            assert_eq!(status, ProposalStatus::Offered, "{name}");
            // What was finished before is there, and nothing else.
            let finished = ["tuner::trial::repeat_stored", "tuner::trial::ended"];
            let windows = usize::from(finished.contains(&name));
            assert_eq!(trial.repeats.len(), windows, "{name}");
        }
        Outcome::NothingStored => {
            assert!(came.is_err(), "{name}");
            assert!(trial.is_none(), "{name}: {trial:?}");
            assert_eq!(status, ProposalStatus::Offered, "{name}");
        }
        Outcome::KeptAndTold => {
            assert!(came.is_err(), "{name}");
            assert!(trial.unwrap().is_complete(), "{name}: {trial:?}");
        }
        other => panic!("{name}: no trial comes to {other:?}"),
    }
}

fn is_of_a_turn(phase: Phase) -> bool {
    use Phase::{Ask, Claims, Connect, Decide, Hear, Offer, Parse, Prompt, Spending};
    matches!(
        phase,
        Prompt | Spending | Connect | Ask | Hear | Parse | Offer | Claims | Decide
    )
}

fn good() -> Script {
    Script::Json("{\"reason\": \"slots\", \"parallel\": 8}".to_owned())
}

/// The body of a test above.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs as a child process of another test"]
async fn turns_as_a_child() {
    let chat = ScriptedChat::start(Vec::new()).await.unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(chatting(chat.base_url())).await;
    for point in of_phases(is_of_a_turn) {
        let name = point.name;
        let before = (bench.record(&session).await, chat.requests().len());
        match name {
            "store::proposal::before_commit"
            | "tuner::decide::by_numbers"
            | "tuner::decide::dismissed" => decide(&bench, &session, point).await,
            _ => ask(&bench, &session, point, &chat, before).await,
        }
        let record = bench.record(&session).await;
        let offered = record.proposals.iter();
        for proposal in offered.filter(|one| one.status == ProposalStatus::Offered) {
            let dismissed = bench.tuner.dismiss_proposal(&session, &proposal.id).await;
            dismissed.unwrap();
        }
    }
    // After all of that it goes on.
    chat.push(good());
    bench.tuner.perform(&session, Step::Ask).await.unwrap();
    let record = bench.record(&session).await;
    let last = record.exchanges.last().unwrap();
    assert_eq!(last.outcome, ExchangeOutcome::Accepted);
}

/// The points of what a person or a number decides.
async fn decide(bench: &Bench, session: &SessionId, point: &FailPoint) {
    let (name, tuner) = (point.name, &bench.tuner);
    assert_eq!(point.outcome, Outcome::NothingStored, "{name}");
    let settings = configuration(&[("parallel", 16)]);
    let proposal = match name {
        "tuner::decide::dismissed" => {
            Some(tuner.propose_by_hand(session, &settings).await.unwrap())
        }
        _ => None,
    };
    let before = bench.record(session).await.proposals;
    clear();
    set(name, Happening::Error, 0);
    let came = match &proposal {
        Some(proposal) => tuner.dismiss_proposal(session, proposal).await,
        None if name == "tuner::decide::by_numbers" => tuner.perform(session, Step::Numeric).await,
        None => {
            let proposed = tuner.propose_by_hand(session, &settings).await;
            proposed.map(|_| ())
        }
    };
    assert!(hits(name) > 0, "{name} was not passed");
    clear();
    assert!(came.is_err(), "{name}");
    assert_eq!(bench.record(session).await.proposals, before, "{name}");
}

/// The points of a prompt and its reply.
async fn ask(
    bench: &Bench,
    session: &SessionId,
    point: &FailPoint,
    chat: &ScriptedChat,
    (before, asked): (SessionRecord, usize),
) {
    use Outcome::{AskedAgain, GoesOn, NotKept, NotSent, NothingStored, Unanswered};
    let name = point.name;
    // So many requests does the server get.
    let sent = match point.outcome {
        NotSent | NothingStored => 0,
        AskedAgain => 2,
        _ => 1,
    };
    for _ in 0..sent {
        chat.push(match name {
            "store::exchange::before_commit" => Script::Prose("no idea at all".to_owned()),
            _ => good(),
        });
    }
    clear();
    set(name, Happening::Error, 0);
    let came = bench.tuner.perform(session, Step::Ask).await;
    assert!(hits(name) > 0, "{name} was not passed");
    clear();
    assert_eq!(chat.requests().len() - asked, sent, "{name}");
    let record = bench.record(session).await;
    let exchanges = &record.exchanges[before.exchanges.len()..];
    let proposals = record.proposals.len() - before.proposals.len();
    let outcomes: Vec<&ExchangeOutcome> = exchanges.iter().map(|one| &one.outcome).collect();
    match point.outcome {
        NothingStored | NotKept => {
            assert!(came.is_err(), "{name}");
            assert!(exchanges.is_empty() && proposals == 0, "{name}");
        }
        NotSent | Unanswered => {
            came.unwrap_or_else(|error| panic!("{name}: {error}"));
            let failed = matches!(outcomes[..], [ExchangeOutcome::Failed { .. }]);
            assert!(failed && proposals == 0, "{name}: {outcomes:?}");
        }
        AskedAgain => {
            came.unwrap_or_else(|error| panic!("{name}: {error}"));
            let again = matches!(
                outcomes[..],
                [ExchangeOutcome::Refused { .. }, ExchangeOutcome::Accepted]
            );
            assert!(again && proposals == 1, "{name}: {outcomes:?}");
        }
        GoesOn => {
            came.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(outcomes, [&ExchangeOutcome::Accepted], "{name}");
            assert_eq!(proposals, 1, "{name}");
        }
        other => panic!("{name}: no turn comes to {other:?}"),
    }
}

/// The body of a test above.
#[test]
#[ignore = "runs as a child process of another test"]
fn files_as_a_child() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("kept");
    std::fs::write(&path, "as it was").unwrap();
    for point in of_phases(|phase| phase == Phase::File) {
        let name = point.name;
        assert_eq!(point.outcome, Outcome::FileAsItWas, "{name}");
        clear();
        set(name, Happening::Error, 0);
        assert!(wattsmith_files::keep(&path, b"anew").is_err(), "{name}");
        assert!(hits(name) > 0, "{name} was not passed");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "as it was");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        clear();
        let fresh = folder.path().join("fresh");
        set(name, Happening::Error, 0);
        assert!(wattsmith_files::keep(&fresh, b"anew").is_err(), "{name}");
        assert!(!fresh.exists(), "{name}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
    clear();
    wattsmith_files::keep(&path, b"anew").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "anew");
}
