//! Chat LLMs behind a scripted server, and by copy and paste. Nothing is measured here: the default
//! is seeded, so that the advisor can be asked at once.

use crate::bench::{Bench, chatting, configuration, tiny};
use wattsmith_domain::{
    Advisor, Connection, Exchange, ExchangeId, ExchangeOutcome, ProposalStatus, SessionId, Value,
};
use wattsmith_stats::Analysis;
use wattsmith_testkit::fixtures::Shown;
use wattsmith_testkit::scripted_chat::{Script, ScriptedChat, USAGE};
use wattsmith_tuner::{Next, SessionPlan, Step, Tuner, TunerError};

fn json(slots: i64) -> Script {
    Script::Json(format!(
        "{{\"reason\": \"slots share each pass\", \"configuration\": {{\"parallel\": {slots}}}, \
         \"predicted_joules_per_token\": 0.21, \"knobs\": {{\"parallel\": \"more at once\"}}}}"
    ))
}

async fn next(tuner: &Tuner, session: &SessionId) -> Next {
    let record = tuner.record(session).await.unwrap();
    Next::of(&record, &Analysis::of(&record))
}

fn refusal(exchange: &Exchange) -> &str {
    match &exchange.outcome {
        ExchangeOutcome::Refused { reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_reply_becomes_a_proposal_with_its_prediction_and_is_stored_verbatim() {
    let chat = ScriptedChat::start(vec![json(8)]).await.unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(chatting(chat.base_url())).await;
    let (template, preview) = bench.tuner.preview(&session).await.unwrap();
    assert_eq!(template, "enhanced");
    bench.tuner.perform(&session, Step::Ask).await.unwrap();

    let record = bench.record(&session).await;
    let [proposal] = &record.proposals[..] else {
        panic!("{:?}", record.proposals);
    };
    assert_eq!(proposal.advisor, Advisor::Enhanced);
    assert_eq!(proposal.configuration.int("parallel"), Some(8));
    assert_eq!(proposal.predicted_joules_per_unit, Some(0.21));
    assert_eq!(proposal.reason, "slots share each pass");
    assert_eq!(proposal.knob_reasons["parallel"], "more at once");
    assert_eq!(proposal.status, ProposalStatus::Offered);
    let [exchange] = &record.exchanges[..] else {
        panic!("{:?}", record.exchanges);
    };
    assert_eq!(exchange.outcome, ExchangeOutcome::Accepted);
    assert_eq!(exchange.prompt, chat.prompts()[0]);
    assert_eq!(exchange.prompt, preview, "the person saw what was sent");
    assert!(exchange.reply.contains("slots share"));
    assert_eq!(exchange.prompt_tokens, Some(USAGE.0));
    assert_eq!(exchange.reply_tokens, Some(USAGE.1));
    assert_eq!(exchange.template_hash.len(), 64);
    assert_eq!(proposal.exchange.as_ref(), Some(&exchange.id));
    assert_eq!(
        next(&bench.tuner, &session).await,
        Next::Decide(proposal.id.clone())
    );
}

#[tokio::test]
async fn the_persons_feedback_goes_into_the_prompt_and_the_draft_is_kept() {
    let chat = ScriptedChat::start(vec![json(8)]).await.unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(chatting(chat.base_url())).await;
    let trial = bench
        .seed(&session, &[("parallel", 4)], &[Shown(110.0, 25.8); 3])
        .await;
    let draft = wattsmith_domain::Feedback {
        trial: trial.id.clone(),
        draft: "Trial 2 used less.\nNot tried yet: another value of batch.".to_owned(),
        edit: None,
        sent: false,
        sent_text: None,
        sent_in: None,
    };
    let store = bench.store();
    store.put_feedback(&session, &draft).await.unwrap();
    let tuner = &bench.tuner;
    let (_, unedited) = tuner.preview(&session).await.unwrap();
    assert!(unedited.contains("- Trial 2 used less.\n"), "{unedited}");
    // The prompt has a section of its own for what the draft's last line says.
    assert_eq!(unedited.matches("Not tried yet").count(), 1, "{unedited}");
    assert!(unedited.contains("only been seen at"), "{unedited}");

    let words = "Nobody waits here: go for throughput.";
    tuner
        .save_feedback(&session, &trial.id, Some(words))
        .await
        .unwrap();
    tuner.perform(&session, Step::Ask).await.unwrap();

    let prompt = &chat.prompts()[0];
    assert!(prompt.contains(words), "{prompt}");
    for taken_out in ["Trial 2 used less.", "Not tried yet"] {
        assert!(!prompt.contains(taken_out), "{prompt}");
    }
    let feedback = bench.record(&session).await.feedback.remove(0);
    assert_eq!(feedback.draft, draft.draft);
    assert_eq!(feedback.edit.as_deref(), Some(words));
    assert!(feedback.sent);
    // What was sent stays what it was, whatever becomes of the edit.
    tuner
        .save_feedback(&session, &trial.id, None)
        .await
        .unwrap();
    let record = bench.record(&session).await;
    assert_eq!(record.feedback[0].edit, None);
    assert_eq!(record.feedback[0].sent_text.as_deref(), Some(words));
    let sent_in = record.feedback[0].sent_in.as_ref();
    assert_eq!(sent_in, Some(&record.exchanges[0].id));
}

#[tokio::test]
async fn a_configuration_already_measured_is_refused_and_the_llm_is_told() {
    let chat = ScriptedChat::start(vec![json(2), json(8)]).await.unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(chatting(chat.base_url())).await;
    bench.tuner.perform(&session, Step::Ask).await.unwrap();
    let record = bench.record(&session).await;
    assert!(refusal(&record.exchanges[0]).contains("measured already, in trial 1"));
    assert!(chat.prompts()[1].contains("measured already, in trial 1"));
    assert!(!chat.prompts()[0].contains("measured already"));
    assert_eq!(record.exchanges[1].outcome, ExchangeOutcome::Accepted);
    assert_eq!(record.proposals[0].configuration.int("parallel"), Some(8));
}

#[tokio::test]
async fn an_advisor_that_repeats_itself_is_stuck_after_two_retries_and_a_number_is_offered() {
    let chat = ScriptedChat::start(vec![json(2), json(2), json(2), json(8)])
        .await
        .unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(chatting(chat.base_url())).await;
    let tuner = &bench.tuner;
    tuner.perform(&session, Step::Ask).await.unwrap();
    assert_eq!(chat.requests().len(), 3);
    let Next::Stuck { reason } = next(tuner, &session).await else {
        panic!("not stuck");
    };
    assert!(reason.contains("measured already"), "{reason}");
    assert!(reason.ends_with('.'), "{reason}");
    tuner.perform(&session, Step::Numeric).await.unwrap();
    let record = bench.record(&session).await;
    assert_eq!(record.proposals[0].advisor, Advisor::Sobol);
    assert!(
        !record
            .tried()
            .contains(&record.proposals[0].configuration.key())
    );
    assert!(matches!(next(tuner, &session).await, Next::Decide(_)));
    assert_eq!(chat.requests().len(), 3, "nobody asked again");
}

#[tokio::test]
async fn a_reply_in_prose_is_refused_and_then_repaired() {
    let prose = Script::Prose("Happy to help! Energy is a wide field.".to_owned());
    let chat = ScriptedChat::start(vec![prose, json(8)]).await.unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(chatting(chat.base_url())).await;
    bench.tuner.perform(&session, Step::Ask).await.unwrap();
    let record = bench.record(&session).await;
    assert!(refusal(&record.exchanges[0]).contains("no proposal"));
    assert_eq!(
        record.exchanges[0].reply,
        "Happy to help! Energy is a wide field."
    );
    assert!(chat.prompts()[1].contains("no proposal was found"));
    assert_eq!(record.proposals.len(), 1);
}

#[tokio::test]
async fn a_server_that_fails_leaves_a_readable_reason_and_the_session_goes_on() {
    let body = r#"{"error": {"message": "the model is being moved"}}"#;
    let script = vec![Script::Status(403, body.to_owned())];
    let chat = ScriptedChat::start(script).await.unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(chatting(chat.base_url())).await;
    bench.tuner.perform(&session, Step::Ask).await.unwrap();
    let Next::Stuck { reason } = next(&bench.tuner, &session).await else {
        panic!("not stuck");
    };
    assert!(reason.contains(chat.base_url()), "{reason}");
    assert!(reason.contains("being moved"), "{reason}");
    bench.tuner.perform(&session, Step::Numeric).await.unwrap();
    assert!(matches!(
        next(&bench.tuner, &session).await,
        Next::Decide(_)
    ));
}

#[tokio::test]
async fn an_advisor_that_cannot_be_reached_or_started_is_stuck_too() {
    // A port that nobody listens on any more.
    let gone = ScriptedChat::start(Vec::new()).await.unwrap();
    let address = gone.base_url().to_owned();
    drop(gone);
    let bench = Bench::new().await;
    let missing = bench.folder().join("missing.gguf");
    let local = SessionPlan {
        advisor: Advisor::Enhanced,
        connection: Some(Connection::Local {
            model: missing.display().to_string(),
        }),
        ..tiny()
    };
    for (plan, word) in [(chatting(&address), "127.0.0.1"), (local, "missing.gguf")] {
        let session = bench.begun(plan).await;
        bench.tuner.perform(&session, Step::Ask).await.unwrap();
        let Next::Stuck { reason } = next(&bench.tuner, &session).await else {
            panic!("not stuck");
        };
        assert!(reason.contains(word), "{reason}");
        let record = bench.record(&session).await;
        assert!(matches!(
            record.exchanges[0].outcome,
            ExchangeOutcome::Failed { .. }
        ));
        bench.tuner.delete(&session).await.unwrap();
    }
}

#[tokio::test]
async fn a_remote_server_is_not_contacted_before_the_person_agrees() {
    let bench = Bench::new().await;
    let session = bench.begun(chatting("http://chat.invalid/v1")).await;
    let tuner = &bench.tuner;
    let Next::Consent { provider } = next(tuner, &session).await else {
        panic!("no consent was asked");
    };
    assert!(provider.contains("chat.invalid"), "{provider}");
    let refused = tuner.perform(&session, Step::Ask).await.unwrap_err();
    assert!(matches!(refused, TunerError::ConsentNeeded { .. }));
    assert!(refused.to_string().contains("chat.invalid"), "{refused}");
    tuner.perform(&session, Step::Autopilot).await.unwrap();
    assert!(bench.record(&session).await.exchanges.is_empty());

    // Agreed once, it is tried: there is no such host, and that is all that comes of it.
    tuner.agree(&session).await.unwrap();
    assert_eq!(next(tuner, &session).await, Next::Ask);
    tuner.perform(&session, Step::Ask).await.unwrap();
    let record = bench.record(&session).await;
    assert!(matches!(
        record.exchanges[0].outcome,
        ExchangeOutcome::Failed { .. }
    ));
}

#[tokio::test]
async fn cancelling_while_the_advisor_writes_ends_the_request() {
    let chat = ScriptedChat::start(vec![Script::Slow("{\"reason\": \"".to_owned())])
        .await
        .unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(chatting(chat.base_url())).await;
    let asking = bench.tuner.perform(&session, Step::Ask);
    let cancelling = async {
        while chat.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        assert!(bench.tuner.cancel(&session));
    };
    let (asked, ()) = tokio::join!(asking, cancelling);
    assert!(matches!(asked, Err(TunerError::Cancelled)), "{asked:?}");
    assert_eq!(next(&bench.tuner, &session).await, Next::Ask);
    let exchange = bench.record(&session).await.exchanges.remove(0);
    assert_eq!(exchange.outcome, ExchangeOutcome::Cancelled);
}

fn pasting() -> SessionPlan {
    SessionPlan {
        connection: Some(Connection::Paste),
        ..chatting("")
    }
}

async fn waiting(bench: &Bench, session: &SessionId) -> ExchangeId {
    match next(&bench.tuner, session).await {
        Next::Paste(exchange) => exchange,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_pasted_reply_is_refused_or_becomes_a_proposal() {
    let bench = Bench::new().await;
    let session = bench.begun(pasting()).await;
    let tuner = &bench.tuner;
    tuner.perform(&session, Step::Ask).await.unwrap();
    let exchange = waiting(&bench, &session).await;
    let prompt = &bench.record(&session).await.exchanges[0].prompt;
    assert!(prompt.contains("parallel"), "{prompt}");

    let empty = tuner.give_reply(&session, &exchange, " \n").await;
    assert!(empty.unwrap_err().to_string().contains("empty"));
    assert_eq!(waiting(&bench, &session).await, exchange, "still waiting");
    tuner
        .give_reply(&session, &exchange, "I would think about it.")
        .await
        .unwrap();
    let record = bench.record(&session).await;
    assert!(refusal(&record.exchanges[0]).contains("no proposal"));
    let again = tuner.give_reply(&session, &exchange, "{}").await;
    assert!(matches!(again, Err(TunerError::NotFound(_))), "{again:?}");

    tuner.perform(&session, Step::Ask).await.unwrap();
    let second = waiting(&bench, &session).await;
    assert_ne!(second, exchange);
    let record = bench.record(&session).await;
    assert!(record.exchanges[1].prompt.contains("no proposal was found"));
    tuner
        .give_reply(
            &session,
            &second,
            "Sure:\n```json\n{\"parallel\": \"4\"}\n```",
        )
        .await
        .unwrap();
    let record = bench.record(&session).await;
    assert_eq!(record.proposals[0].configuration.int("parallel"), Some(4));
    assert!(matches!(next(tuner, &session).await, Next::Decide(_)));
}

#[tokio::test]
async fn a_prompt_that_waits_for_its_reply_waits_through_a_restart() {
    let bench = Bench::new().await;
    let session = bench.begun(pasting()).await;
    bench.tuner.perform(&session, Step::Ask).await.unwrap();
    let exchange = waiting(&bench, &session).await;
    let bench = bench.reopened().await;
    assert_eq!(waiting(&bench, &session).await, exchange);
    bench
        .tuner
        .give_reply(&session, &exchange, "parallel = 8")
        .await
        .unwrap();
    assert_eq!(bench.record(&session).await.proposals.len(), 1);
}

#[tokio::test]
async fn a_proposal_can_be_edited_taken_back_or_made_by_hand() {
    let chat = ScriptedChat::start(vec![json(8), json(4)]).await.unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(chatting(chat.base_url())).await;
    let tuner = &bench.tuner;
    let id = bench.proposal(&session).await;
    let proposed = bench.record(&session).await.proposals[0]
        .configuration
        .clone();

    let measured = tuner
        .edit_proposal(&session, &id, &configuration(&[("parallel", 2)]))
        .await
        .unwrap_err();
    assert!(measured.to_string().contains("trial 1"), "{measured}");
    let bad = tuner
        .edit_proposal(&session, &id, &configuration(&[("parallel", 99)]))
        .await
        .unwrap_err();
    assert!(bad.to_string().contains("1 to 16"), "{bad}");
    tuner
        .edit_proposal(&session, &id, &configuration(&[("parallel", 1)]))
        .await
        .unwrap();
    let record = bench.record(&session).await;
    let edited = &record.proposals[0];
    assert_eq!(edited.configuration.int("parallel"), Some(1));
    assert_eq!(edited.proposed.as_ref(), Some(&proposed));
    assert_eq!(edited.predicted_joules_per_unit, None);

    tuner.dismiss_proposal(&session, &id).await.unwrap();
    assert_eq!(next(tuner, &session).await, Next::Ask);
    let dismissed = tuner
        .edit_proposal(&session, &id, &configuration(&[("parallel", 4)]))
        .await;
    assert!(dismissed.is_err());
    bench.proposal(&session).await;
    assert!(chat.prompts()[1].contains("the person took it back"));

    let mut by_hand = configuration(&[("parallel", 8)]);
    by_hand.set("ubatch", Value::Choice("64".to_owned()));
    let id = tuner.propose_by_hand(&session, &by_hand).await.unwrap();
    assert_eq!(next(tuner, &session).await, Next::Decide(id));
    let record = bench.record(&session).await;
    let last = record.proposals.last().unwrap();
    assert_eq!(last.advisor, Advisor::Person);
    assert_eq!(last.configuration.int("ubatch"), Some(64));
}

#[tokio::test]
async fn a_number_that_was_taken_back_is_not_offered_again() {
    let bench = Bench::new().await;
    let session = bench.begun(tiny()).await;
    let first = bench.proposal(&session).await;
    bench
        .tuner
        .dismiss_proposal(&session, &first)
        .await
        .unwrap();
    bench.proposal(&session).await;
    let record = bench.record(&session).await;
    assert_ne!(
        record.proposals[0].configuration,
        record.proposals[1].configuration
    );
}
