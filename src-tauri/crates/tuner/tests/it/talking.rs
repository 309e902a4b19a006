//! The person asks; the LLM answers; what it proposes on the way is offered and never run unasked.

use crate::bench::{Bench, chatting, tiny};
use wattsmith_domain::{
    Advisor, Connection, ExchangeId, ExchangeKind, ExchangeOutcome, ProposalStatus, SessionId,
};
use wattsmith_stats::Analysis;
use wattsmith_testkit::scripted_chat::{Script, ScriptedChat};
use wattsmith_tuner::{ConnectionChoice, Next, SessionPlan, Step, Tuner, TunerError};

async fn next(tuner: &Tuner, session: &SessionId) -> Next {
    let record = tuner.record(session).await.unwrap();
    Next::of(&record, &Analysis::of(&record))
}

fn talk(question: &str) -> Step {
    Step::Talk(question.to_owned())
}

#[tokio::test]
async fn a_question_is_answered_from_the_sessions_facts_and_kept() {
    let script = vec![
        Script::Prose("Because two threads share a core.".to_owned()),
        Script::Prose("As I said.".to_owned()),
    ];
    let chat = ScriptedChat::start(script).await.unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(chatting(chat.base_url())).await;
    let tuner = &bench.tuner;
    let before = next(tuner, &session).await;
    tuner
        .perform(&session, talk("Why is it slower?\nReally?"))
        .await
        .unwrap();
    tuner.perform(&session, talk("And now?")).await.unwrap();

    let record = bench.record(&session).await;
    let first = &record.exchanges[0];
    assert_eq!(first.kind, ExchangeKind::Talk);
    assert_eq!(first.question, "Why is it slower?\nReally?");
    assert_eq!(first.template, "talk");
    assert_eq!(first.reply, "Because two threads share a core.");
    let answered = ExchangeOutcome::Answered {
        note: String::new(),
    };
    assert_eq!(first.outcome, answered);
    assert!(record.proposals.is_empty());
    assert_eq!(
        next(tuner, &session).await,
        before,
        "the loop is where it was"
    );

    let prompts = chat.prompts();
    assert!(
        prompts[0].contains("> Why is it slower?\n> Really?"),
        "{}",
        prompts[0]
    );
    assert!(
        prompts[0].contains("| 1 | default |"),
        "the facts are there"
    );
    assert!(prompts[1].contains("Because two threads share a core."));
    assert!(
        chat.requests()[0].get("response_format").is_none(),
        "an answer is prose"
    );
}

#[tokio::test]
async fn a_proposal_in_an_answer_is_offered_and_not_run() {
    let answer = "More slots share each pass.\n\n```json\n{\"reason\": \"shared\", \"configuration\": {\"parallel\": 8}}\n```";
    let chat = ScriptedChat::start(vec![Script::Prose(answer.to_owned())])
        .await
        .unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(chatting(chat.base_url())).await;
    let tuner = &bench.tuner;
    tuner
        .perform(&session, talk("What would you try?"))
        .await
        .unwrap();
    let record = bench.record(&session).await;
    assert_eq!(record.exchanges[0].outcome, ExchangeOutcome::Accepted);
    let [proposal] = &record.proposals[..] else {
        panic!("{:?}", record.proposals);
    };
    assert_eq!(proposal.configuration.int("parallel"), Some(8));
    assert_eq!(proposal.status, ProposalStatus::Offered);
    assert_eq!(proposal.exchange.as_ref(), Some(&record.exchanges[0].id));
    assert_eq!(record.trials.len(), 1, "nothing was run");
    assert_eq!(
        next(tuner, &session).await,
        Next::Decide(proposal.id.clone())
    );
}

#[tokio::test]
async fn a_proposal_that_cannot_be_run_is_said_and_not_offered() {
    let script = [
        "{\"configuration\": {\"parallel\": 9999}}",
        "{\"configuration\": {\"parallel\": 8}} or {\"configuration\": {\"parallel\": 4}}",
        "{\"configuration\": {\"parallel\": 2}}",
    ];
    let script = script.map(|text| Script::Prose(text.to_owned()));
    let chat = ScriptedChat::start(script.to_vec()).await.unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(chatting(chat.base_url())).await;
    for word in ["9999", "different proposals", "measured already"] {
        bench.tuner.perform(&session, talk("?")).await.unwrap();
        let record = bench.record(&session).await;
        assert!(record.proposals.is_empty());
        let Some(ExchangeOutcome::Answered { note }) =
            record.exchanges.last().map(|one| &one.outcome)
        else {
            panic!("{:?}", record.exchanges);
        };
        assert!(note.contains(word), "{note}");
    }
}

#[tokio::test]
async fn talk_by_paste_waits_for_its_answer_and_leaves_the_loop_alone() {
    let bench = Bench::new().await;
    let session = bench
        .begun(SessionPlan {
            connection: Some(Connection::Paste),
            ..chatting("http://127.0.0.1:1/v1")
        })
        .await;
    let tuner = &bench.tuner;
    tuner.perform(&session, talk("Why?")).await.unwrap();
    assert_eq!(next(tuner, &session).await, Next::Ask);
    let waiting: ExchangeId = bench.record(&session).await.exchanges[0].id.clone();
    tuner
        .give_reply(&session, &waiting, "Nobody knows.")
        .await
        .unwrap();
    let record = bench.record(&session).await;
    assert!(matches!(
        record.exchanges[0].outcome,
        ExchangeOutcome::Answered { .. }
    ));
}

#[tokio::test]
async fn a_session_of_numbers_can_be_asked_about_once_it_has_a_connection() {
    let chat = ScriptedChat::start(vec![Script::Prose("--parallel 8".to_owned())])
        .await
        .unwrap();
    let bench = Bench::new().await;
    let session = bench
        .begun(SessionPlan {
            advisor: Advisor::Sobol,
            ..tiny()
        })
        .await;
    let tuner = &bench.tuner;
    let refused = tuner.perform(&session, talk("Why?")).await.unwrap_err();
    assert!(
        refused.to_string().contains("choose a connection"),
        "{refused}"
    );
    let empty = tuner.perform(&session, talk("  ")).await.unwrap_err();
    assert!(matches!(empty, TunerError::Invalid(_)));
    let choice = ConnectionChoice {
        connection: chatting(chat.base_url()).connection,
        ..ConnectionChoice::default()
    };
    tuner.change_connection(&session, choice).await.unwrap();
    tuner.perform(&session, talk("What next?")).await.unwrap();
    let record = bench.record(&session).await;
    assert_eq!(record.proposals[0].configuration.int("parallel"), Some(8));
    // The loop itself still asks nobody.
    tuner
        .dismiss_proposal(&session, &record.proposals[0].id)
        .await
        .unwrap();
    tuner.perform(&session, Step::Ask).await.unwrap();
    assert_eq!(chat.requests().len(), 1);
}
