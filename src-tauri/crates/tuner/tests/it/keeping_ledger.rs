//! What the human added, read off one session and done again in another.

use crate::bench::{Bench, chatting, configuration};
use wattsmith_domain::{Feedback, SessionId};
use wattsmith_testkit::fixtures::Shown;
use wattsmith_testkit::scripted_chat::{Script, ScriptedChat};
use wattsmith_tuner::{Act, Ledger, Step};

const WORDS: &str = "Nobody waits here: go for throughput.";

fn json(slots: i64) -> Script {
    Script::Json(format!(
        "{{\"reason\": \"r\", \"configuration\": {{\"parallel\": {slots}}}}}"
    ))
}

/// A session with its default and one trial more, on which feedback was drafted.
async fn begun(bench: &Bench, chat: &ScriptedChat) -> SessionId {
    let session = bench.begun(chatting(chat.base_url())).await;
    let trial = bench
        .seed(&session, &[("parallel", 4)], &[Shown(110.0, 25.8); 3])
        .await;
    let draft = Feedback {
        trial: trial.id,
        draft: "Trial 2 used less.".to_owned(),
        edit: None,
        sent: false,
        sent_text: None,
        sent_in: None,
    };
    let store = bench.store();
    store.put_feedback(&session, &draft).await.unwrap();
    session
}

#[tokio::test]
async fn what_the_human_did_is_listed_and_can_be_done_again() {
    let script = vec![json(8), Script::Prose("So it is.".to_owned())];
    let chat = ScriptedChat::start([script.clone(), script].concat())
        .await
        .unwrap();
    let bench = Bench::new().await;
    let tuner = &bench.tuner;
    let session = begun(&bench, &chat).await;
    let trial = bench.record(&session).await.feedback[0].trial.clone();
    tuner
        .save_feedback(&session, &trial, Some(WORDS))
        .await
        .unwrap();
    tuner.perform(&session, Step::Ask).await.unwrap();
    let offered = bench.record(&session).await.proposals[0].clone();
    tuner
        .edit_proposal(&session, &offered.id, &configuration(&[("parallel", 6)]))
        .await
        .unwrap();
    tuner.dismiss_proposal(&session, &offered.id).await.unwrap();
    let question = Step::Talk("Is it so?".to_owned());
    tuner.perform(&session, question).await.unwrap();

    let ledger = Ledger::of(&bench.record(&session).await);
    let acts: Vec<&Act> = ledger.entries.iter().map(|entry| &entry.act).collect();
    let [
        Act::Feedback {
            edit, sent, draft, ..
        },
        Act::Edited { .. },
        Act::Dismissed { .. },
        Act::Asked { .. },
    ] = &acts[..]
    else {
        panic!("{acts:?}");
    };
    assert_eq!(draft, "Trial 2 used less.");
    assert_eq!(edit.as_deref(), Some(WORDS));
    assert_eq!(sent.as_deref(), Some(WORDS));
    let text = serde_json::to_string(&ledger).unwrap();
    assert_eq!(serde_json::from_str::<Ledger>(&text).unwrap(), ledger);

    // In another session, at the same points; the advisor is asked where it was asked before.
    let bench = Bench::new().await;
    let tuner = &bench.tuner;
    let again = begun(&bench, &chat).await;
    while tuner.replay(&again, &ledger).await.unwrap() {}
    tuner.perform(&again, Step::Ask).await.unwrap();
    while tuner.replay(&again, &ledger).await.unwrap() {}
    let replayed = Ledger::of(&bench.record(&again).await);
    let same: Vec<&Act> = replayed.entries.iter().map(|entry| &entry.act).collect();
    assert_eq!(same, acts);
}
