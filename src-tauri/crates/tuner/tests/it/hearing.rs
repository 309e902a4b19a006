//! What a session makes of replies that are cut, faulty, too long or falsely argued: nothing is taken
//! from half a reply, what it cost is counted, and what is taken instead is told.

use crate::bench::{Bench, chatting};
use serde_json::json;
use wattsmith_domain::{ExchangeOutcome, Price, SessionId};
use wattsmith_stats::Analysis;
use wattsmith_testkit::scripted_chat::{Script, ScriptedChat};
use wattsmith_tuner::{EventKind, Next, SessionPlan, Step, Tuner, fallbacks, spent};

const PRICE: Price = Price {
    input_per_million: 1.0,
    output_per_million: 10.0,
};

async fn stuck(tuner: &Tuner, session: &SessionId) -> String {
    let record = tuner.record(session).await.unwrap();
    match Next::of(&record, &Analysis::of(&record)) {
        Next::Stuck { reason } => reason,
        next => panic!("{next:?}"),
    }
}

/// A stream of pieces of text, then `last`.
fn stream(pieces: &[&str], last: &str) -> Script {
    let pieces = pieces.iter().map(|text| {
        let delta = json!({ "choices": [{ "delta": { "content": text }, "finish_reason": "" }] });
        format!("data: {delta}\n\n")
    });
    Script::Raw(pieces.collect::<String>() + last)
}

/// An end with the server's counts.
fn counted(usage: &serde_json::Value) -> String {
    let end = json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] });
    let usage = json!({ "choices": [], "usage": usage });
    format!("data: {end}\n\ndata: {usage}\n\ndata: [DONE]\n\n")
}

fn billed(chat: &ScriptedChat, cap: f64) -> SessionPlan {
    SessionPlan {
        price: Some(PRICE),
        spending_cap: Some(cap),
        ..chatting(chat.base_url())
    }
}

#[tokio::test]
async fn half_a_reply_is_not_offered_and_what_is_taken_instead_is_told() {
    let half = stream(&["I propose\n", "parallel: 4\nthreads: 1"], "");
    let chat = ScriptedChat::start(vec![half]).await.unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(chatting(chat.base_url())).await;
    bench.tuner.perform(&session, Step::Ask).await.unwrap();
    let record = bench.record(&session).await;
    assert!(record.proposals.is_empty(), "{:?}", record.proposals);
    assert_eq!(
        record.exchanges[0].reply,
        "I propose\nparallel: 4\nthreads: 1"
    );
    let reason = stuck(&bench.tuner, &session).await;
    assert!(
        reason.contains("the connection ended in the middle"),
        "{reason}"
    );

    let mut events = bench.tuner.watch();
    bench.tuner.perform(&session, Step::Numeric).await.unwrap();
    let record = bench.record(&session).await;
    let [fallback] = &fallbacks(&record)[..] else {
        panic!("{:?}", fallbacks(&record));
    };
    assert!(
        fallback.failed.contains("ended in the middle"),
        "{fallback:?}"
    );
    assert!(fallback.instead.ends_with("(sobol)"), "{fallback:?}");
    assert!(record.proposals[0].reason.starts_with(&reason));
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let EventKind::Fallback(one) = event.kind {
            told.push(one);
        }
    }
    assert_eq!(told, std::slice::from_ref(fallback));
}

#[tokio::test]
async fn a_reply_at_its_limit_is_asked_for_once_more_however_whole_it_looks() {
    let script = vec![
        Script::Limited("{\"configuration\": {\"parallel\": 2}} and threads".to_owned()),
        Script::Json("{\"configuration\": {\"parallel\": 8}}".to_owned()),
    ];
    let chat = ScriptedChat::start(script).await.unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(chatting(chat.base_url())).await;
    bench.tuner.perform(&session, Step::Ask).await.unwrap();
    let record = bench.record(&session).await;
    assert_eq!(record.proposals.len(), 1);
    assert_eq!(record.proposals[0].configuration.int("parallel"), Some(8));
    assert!(chat.prompts()[1].contains("ended before it was complete"));
    assert!(fallbacks(&record).is_empty());
}

#[tokio::test]
async fn hidden_reasoning_is_paid_and_the_cap_stops_the_next_prompt() {
    let said = ["{\"configuration\": {\"parallel\": 99}}"];
    let usage = json!({ "prompt_tokens": 900, "completion_tokens": 60, "total_tokens": 3360,
        "completion_tokens_details": { "reasoning_tokens": 2400 } });
    let script = vec![stream(&said, &counted(&usage)); 3];
    let chat = ScriptedChat::start(script).await.unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(billed(&chat, 0.06)).await;
    bench.tuner.perform(&session, Step::Ask).await.unwrap();
    let record = bench.record(&session).await;
    assert_eq!(
        chat.requests().len(),
        1,
        "the second prompt could have cost too much"
    );
    let first = &record.exchanges[0];
    assert_eq!(
        (first.prompt_tokens, first.reply_tokens),
        (Some(900), Some(2460))
    );
    let cost = spent(&record).unwrap();
    assert!(
        (cost.amount - 0.0255).abs() < 1e-9 && !cost.estimated,
        "{cost:?}"
    );
    let reason = stuck(&bench.tuner, &session).await;
    assert!(reason.contains("the cap of 0.06"), "{reason}");
}

#[tokio::test]
async fn reasoning_within_the_reply_is_paid_once() {
    let said = ["{\"configuration\": {\"parallel\": 8}}"];
    let usage = json!({ "prompt_tokens": 900, "completion_tokens": 60, "total_tokens": 960,
        "completion_tokens_details": { "reasoning_tokens": 40 } });
    let chat = ScriptedChat::start(vec![stream(&said, &counted(&usage))])
        .await
        .unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(billed(&chat, 0.06)).await;
    bench.tuner.perform(&session, Step::Ask).await.unwrap();
    let record = bench.record(&session).await;
    assert_eq!(record.exchanges[0].reply_tokens, Some(60));
    assert!((spent(&record).unwrap().amount - 0.0015).abs() < 1e-9);
}

#[tokio::test]
async fn a_server_that_does_not_stop_is_stopped_at_the_cap_and_what_came_is_charged() {
    let chat = ScriptedChat::start(vec![Script::Endless]).await.unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(billed(&chat, 0.06)).await;
    bench.tuner.perform(&session, Step::Ask).await.unwrap();
    let record = bench.record(&session).await;
    let exchange = &record.exchanges[0];
    let ExchangeOutcome::Failed { error } = &exchange.outcome else {
        panic!("{:?}", exchange.outcome);
    };
    assert!(error.contains("the cap of 0.06 could be passed"), "{error}");
    let cost = exchange.cost.unwrap();
    assert!(cost.estimated);
    assert!((0.055..=0.0602).contains(&cost.amount), "{}", cost.amount);
    assert!(record.proposals.is_empty());
    bench.tuner.perform(&session, Step::Ask).await.unwrap();
    assert_eq!(chat.requests().len(), 1, "nothing is left for another one");
}

#[tokio::test]
async fn a_server_that_hides_more_than_it_was_allowed_is_not_asked_again_under_a_cap() {
    let said = ["{\"configuration\": {\"parallel\": 99}}"];
    let usage = json!({ "prompt_tokens": 900, "completion_tokens": 9000 });
    let script = vec![stream(&said, &counted(&usage)); 3];
    let chat = ScriptedChat::start(script).await.unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(billed(&chat, 10.0)).await;
    bench.tuner.perform(&session, Step::Ask).await.unwrap();
    assert_eq!(chat.requests().len(), 1);
    let reason = stuck(&bench.tuner, &session).await;
    assert!(
        reason.contains("took 9000 tokens where 4096 were allowed"),
        "{reason}"
    );
    assert!(
        reason.contains("choose this connection once more"),
        "{reason}"
    );
}

#[tokio::test]
async fn a_fault_under_a_success_is_told_in_the_servers_words() {
    let fault = json!({ "object": "error", "message": "queue full", "code": 503 });
    let raw = Script::Raw(format!("data: {fault}\n\ndata: [DONE]\n\n"));
    let chat = ScriptedChat::start(vec![raw]).await.unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(chatting(chat.base_url())).await;
    bench.tuner.perform(&session, Step::Ask).await.unwrap();
    let reason = stuck(&bench.tuner, &session).await;
    assert!(
        reason.contains("queue full") && !reason.contains("address"),
        "{reason}"
    );
}

#[tokio::test]
async fn a_reason_that_the_record_contradicts_is_marked_where_it_is_shown() {
    let reply = "{\"configuration\": {\"parallel\": 8}, \"reason\": \"The default already meets the goal. \
                 More slots share each pass.\"}";
    let chat = ScriptedChat::start(vec![Script::Json(reply.to_owned())])
        .await
        .unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(chatting(chat.base_url())).await;
    bench.tuner.perform(&session, Step::Ask).await.unwrap();
    let proposal = bench.record(&session).await.proposals.remove(0);
    assert!(
        proposal
            .reason
            .starts_with("The default already meets the goal. More")
    );
    let marked = proposal.marked_reason();
    assert!(
        marked.starts_with("The default already meets the goal [not so: the goal is "),
        "{marked}"
    );
    assert!(marked.ends_with("More slots share each pass."), "{marked}");
}
