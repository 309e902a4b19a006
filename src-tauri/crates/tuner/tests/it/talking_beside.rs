//! The person asks while something is measured: a model elsewhere answers beside it, one on this machine once
//! the step is done.

use crate::bench::{Bench, chatting, long, machine, tiny};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use wattsmith_domain::{
    Advisor, Connection, Exchange, ExchangeId, ExchangeOutcome, ProposalStatus, SessionId,
};
use wattsmith_testkit::scripted_chat::{Script, ScriptedChat};
use wattsmith_tuner::{
    Event, EventKind, MachineLock, PhaseKind, Question, SessionPlan, Step, TunerError,
};

const LONGEST: Duration = Duration::from_secs(120);

/// Looks until there is something, or fails.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let found = tokio::time::timeout(LONGEST, looking).await;
    found.unwrap_or_else(|_| panic!("{what} did not come"))
}

async fn answered(bench: &Bench, session: &SessionId, id: &ExchangeId) -> Exchange {
    until("the answer", async || {
        let record = bench.record(session).await;
        let mut exchanges = record.exchanges.into_iter();
        exchanges.find(|one| one.id == *id && one.outcome != ExchangeOutcome::Waiting)
    })
    .await
}

async fn idle(bench: &Bench, session: &SessionId) {
    until("the end of the job", async || {
        let job = bench.tuner.job(session);
        (!job.running && job.questions.is_empty()).then_some(())
    })
    .await;
}

/// A session of long work whose default is being measured.
async fn measuring(bench: &Bench, session: &SessionId) {
    bench.tuner.start(session, Step::MeasureDefault).unwrap();
    until("a window", async || {
        let phase = bench.tuner.job(session).phase;
        let open =
            phase.kind == PhaseKind::Measuring && phase.progress.is_some_and(|one| one > 0.0);
        open.then_some(())
    })
    .await;
}

fn prose(text: &str) -> Vec<Script> {
    vec![Script::Prose(text.to_owned())]
}

/// Makes of the scripted server one that lies elsewhere, as far as its address tells: what reads addresses
/// knows no short form of a loopback one.
async fn elsewhere(bench: &Bench, session: &SessionId, chat: &ScriptedChat) {
    let mut own = bench.record(session).await.session;
    own.connection = Some(Connection::OpenAi {
        base_url: chat.base_url().replace("127.0.0.1", "127.1"),
        model: "scripted".to_owned(),
    });
    let store = bench.store();
    store.put_session(&own).await.unwrap();
    store.close().await.unwrap();
}

fn told(events: &mut Receiver<Event>) -> Vec<(ExchangeId, String)> {
    let mut all = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let EventKind::Answer { question, text } = event.kind {
            all.push((question, text));
        }
    }
    all
}

fn long_chat(chat: &ScriptedChat) -> SessionPlan {
    SessionPlan {
        advisor: Advisor::Enhanced,
        connection: chatting(chat.base_url()).connection,
        ..long()
    }
}

#[tokio::test]
async fn a_model_elsewhere_answers_while_a_window_is_open() {
    let _machine = machine().await;
    let answer =
        "More slots share each pass.\n\n```json\n{\"configuration\": {\"parallel\": 8}}\n```";
    let chat = ScriptedChat::start(prose(answer)).await.unwrap();
    let bench = Bench::new().await;
    let session = bench.session(long_chat(&chat)).await;
    elsewhere(&bench, &session, &chat).await;
    let unasked = bench.tuner.talk(&session, "Why?").await.unwrap_err();
    assert!(matches!(unasked, TunerError::ConsentNeeded { .. }));
    bench.tuner.agree(&session).await.unwrap();
    measuring(&bench, &session).await;
    let mut events = bench.tuner.watch();
    let id = bench
        .tuner
        .talk(&session, " What would you try? ")
        .await
        .unwrap();
    let exchange = answered(&bench, &session, &id).await;
    let job = bench.tuner.job(&session);
    assert!(job.running, "the window goes on");
    assert_eq!(job.phase.kind, PhaseKind::Measuring, "and is what is shown");
    assert_eq!(exchange.question, "What would you try?");
    assert_eq!(exchange.outcome, ExchangeOutcome::Accepted);
    let told = told(&mut events);
    assert!(told.iter().all(|(question, _)| *question == id));
    let text: String = told.into_iter().map(|(_, text)| text).collect();
    assert_eq!(text, answer, "streamed, whole");
    // Its proposal is a card, and nobody runs it.
    let record = bench.record(&session).await;
    assert_eq!(record.proposals[0].exchange.as_ref(), Some(&id));
    assert_eq!(record.proposals[0].status, ProposalStatus::Offered);
    assert_eq!(record.trials.len(), 1);
    assert!(bench.tuner.cancel(&session));
    idle(&bench, &session).await;
}

#[tokio::test]
async fn a_question_to_a_model_on_this_machine_waits_for_the_step_and_says_why() {
    let _machine = machine().await;
    let chat = ScriptedChat::start(prose("Because.")).await.unwrap();
    let bench = Bench::new().await;
    let session = bench.session(long_chat(&chat)).await;
    measuring(&bench, &session).await;
    let id = bench.tuner.talk(&session, "Why?").await.unwrap();
    let unwanted = bench.tuner.talk(&session, "And this?").await.unwrap();
    let [first, second] = &bench.tuner.job(&session).questions[..] else {
        panic!("two questions wait");
    };
    assert_eq!((&first.id, &second.id), (&id, &unwanted));
    assert!(first.waits.contains("would be part of what is measured"));
    assert!(bench.tuner.take_back(&session, &unwanted));
    assert!(!bench.tuner.take_back(&session, &unwanted), "once");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(chat.requests().is_empty(), "nothing runs beside the window");
    // Whatever ends the step lets the question through.
    assert!(bench.tuner.cancel(&session));
    let exchange = answered(&bench, &session, &id).await;
    assert_eq!(exchange.reply, "Because.");
    idle(&bench, &session).await;
    assert_eq!(bench.record(&session).await.exchanges.len(), 1);
}

#[tokio::test]
async fn autopilot_lets_a_question_through_between_two_steps() {
    let _machine = machine().await;
    let proposal = r#"{"reason": "shared", "configuration": {"parallel": 8}}"#;
    let script = vec![
        Script::Prose("Because.".to_owned()),
        Script::Json(proposal.to_owned()),
    ];
    let chat = ScriptedChat::start(script).await.unwrap();
    let bench = Bench::new().await;
    let session = bench
        .session(SessionPlan {
            budget: 1,
            repeats: 1,
            ..chatting(chat.base_url())
        })
        .await;
    bench.tuner.start(&session, Step::Autopilot).unwrap();
    let id = bench.tuner.talk(&session, "Why?").await.unwrap();
    let exchange = answered(&bench, &session, &id).await;
    idle(&bench, &session).await;
    let record = bench.record(&session).await;
    assert_eq!(record.trials.len(), 2, "it went on");
    assert!(exchange.created_at > record.trials[0].created_at);
    assert!(exchange.created_at < record.trials[1].created_at);
}

#[tokio::test]
async fn a_question_waits_while_another_wattsmith_measures_and_is_asked_then() {
    let chat = ScriptedChat::start(prose("Because.")).await.unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(chatting(chat.base_url())).await;
    let other = MachineLock::acquire(bench.lock_file()).unwrap();
    let id = bench.tuner.talk(&session, "Why?").await.unwrap();
    let waits = until("the reason", async || {
        let questions = bench.tuner.job(&session).questions;
        let waits = questions.into_iter().next().map(|one| one.waits);
        waits.filter(|waits| waits.contains("Another Wattsmith"))
    })
    .await;
    assert!(waits.contains("would spoil figures"), "{waits}");
    let phase = bench.tuner.job(&session).phase;
    assert_eq!(phase.kind, PhaseKind::WaitingForLock);
    assert!(chat.requests().is_empty());
    drop(other);
    assert_eq!(answered(&bench, &session, &id).await.reply, "Because.");
}

#[tokio::test]
async fn a_prompt_to_carry_by_hand_is_made_and_its_answer_taken_while_a_window_is_open() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let session = bench
        .session(SessionPlan {
            advisor: Advisor::Enhanced,
            connection: Some(Connection::Paste),
            ..long()
        })
        .await;
    measuring(&bench, &session).await;
    let id = bench.tuner.talk(&session, "Why?").await.unwrap();
    let waiting = &bench.record(&session).await.exchanges[0];
    assert_eq!(
        (&waiting.id, &waiting.outcome),
        (&id, &ExchangeOutcome::Waiting)
    );
    bench
        .tuner
        .give_reply(&session, &id, "Nobody knows.")
        .await
        .unwrap();
    assert_eq!(answered(&bench, &session, &id).await.reply, "Nobody knows.");
    assert!(bench.tuner.job(&session).running);
    assert!(bench.tuner.cancel(&session));
    idle(&bench, &session).await;
}

#[tokio::test]
async fn a_prompt_to_carry_by_hand_is_told_of_where_nothing_else_runs() {
    let bench = Bench::new().await;
    let session = bench
        .begun(SessionPlan {
            connection: Some(Connection::Paste),
            ..chatting("http://127.0.0.1:1/v1")
        })
        .await;
    let mut events = bench.tuner.watch();
    bench.tuner.talk(&session, "Why?").await.unwrap();
    let told = std::iter::from_fn(|| events.try_recv().ok());
    let changes = told.filter(|event| matches!(event.kind, EventKind::Changed));
    assert_eq!(changes.count(), 1, "the window reads the session anew");
}

#[tokio::test]
async fn claims_in_an_answer_are_held_against_the_record() {
    let chat = ScriptedChat::start(prose(
        "Two threads share a core. Trial 7 showed 0.2 J/token.",
    ))
    .await
    .unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(chatting(chat.base_url())).await;
    let id = bench.tuner.talk(&session, "Why?").await.unwrap();
    let exchange = answered(&bench, &session, &id).await;
    assert_eq!(
        exchange.marked_reply(),
        "Two threads share a core. Trial 7 showed 0.2 J/token [not so: there is no trial 7]."
    );
    assert!(
        exchange.reply.ends_with("J/token."),
        "what came stays as it came"
    );
}

#[tokio::test]
async fn what_cannot_be_asked_is_said_at_once_or_kept_with_the_question() {
    let chat = ScriptedChat::start(vec![Script::Status(401, String::new())])
        .await
        .unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(chatting(chat.base_url())).await;
    let empty = bench.tuner.talk(&session, " \n").await.unwrap_err();
    assert!(matches!(empty, TunerError::Invalid(_)), "{empty}");
    let id = bench.tuner.talk(&session, "Why?").await.unwrap();
    let exchange = answered(&bench, &session, &id).await;
    assert!(matches!(exchange.outcome, ExchangeOutcome::Failed { .. }));
    idle(&bench, &session).await;

    let silent = bench.begun(tiny()).await;
    let nobody = bench.tuner.talk(&silent, "Why?").await.unwrap_err();
    assert!(
        nobody.to_string().contains("choose a connection"),
        "{nobody}"
    );
    assert_eq!(bench.tuner.job(&silent).questions, Vec::<Question>::new());
}

#[tokio::test]
async fn a_session_that_is_deleted_takes_its_questions_along() {
    let chat = ScriptedChat::start(vec![Script::Silent]).await.unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(chatting(chat.base_url())).await;
    elsewhere(&bench, &session, &chat).await;
    bench.tuner.agree(&session).await.unwrap();
    bench.tuner.talk(&session, "Why?").await.unwrap();
    until("the request", async || {
        (!chat.requests().is_empty()).then_some(())
    })
    .await;
    bench.tuner.delete(&session).await.unwrap();
    idle(&bench, &session).await;
    let tuner = Arc::clone(&bench.tuner);
    tuner.shut_down().await.unwrap();
}
