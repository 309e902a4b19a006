//! The advisor `guided`: a model of the trials makes the list, a chat LLM chooses from it; without
//! one the list stands by itself.

use crate::bench::{Bench, chatting, tiny};
use wattsmith_domain::{Advisor, Connection, ExchangeOutcome, ProposalStatus, SessionId};
use wattsmith_stats::Analysis;
use wattsmith_testkit::fixtures::Shown;
use wattsmith_testkit::scripted_chat::{Script, ScriptedChat};
use wattsmith_tuner::{Next, SessionPlan, Step};

fn guided(base_url: &str) -> SessionPlan {
    SessionPlan {
        advisor: Advisor::Guided,
        ..chatting(base_url)
    }
}

fn choice(number: u32) -> Script {
    Script::Json(format!(
        "{{\"reason\": \"more requests share a pass\", \"choice\": {number}}}"
    ))
}

/// A session with a default and one trial that was better.
async fn begun(bench: &Bench, plan: SessionPlan) -> SessionId {
    let session = bench.begun(plan).await;
    bench
        .seed(&session, &[("parallel", 4)], &[Shown(110.0, 25.8); 3])
        .await;
    session
}

/// The lines of the list in a prompt.
fn listed(prompt: &str) -> Vec<&str> {
    let list = prompt.split("# Choose one of these").nth(1).unwrap();
    let list = list.split("# Answer").next().unwrap();
    list.lines()
        .filter(|line| line.starts_with(|first: char| first.is_ascii_digit()))
        .collect()
}

#[tokio::test]
async fn the_llm_sees_what_is_expected_of_each_entry_and_its_choice_is_proposed() {
    let chat = ScriptedChat::start(vec![choice(1)]).await.unwrap();
    let bench = Bench::new().await;
    let session = begun(&bench, guided(chat.base_url())).await;
    bench.tuner.perform(&session, Step::Ask).await.unwrap();

    let record = bench.record(&session).await;
    let prompt = &chat.prompts()[0];
    let list = listed(prompt);
    assert!(!list.is_empty() && list.len() <= 8, "{prompt}");
    for line in &list {
        assert!(
            line.contains(" J/token (") && line.contains(" to "),
            "{line}"
        );
    }
    assert!(prompt.contains("a good argument for something else"));
    let [proposal] = &record.proposals[..] else {
        panic!("{:?}", record.proposals);
    };
    assert_eq!(proposal.advisor, Advisor::Guided);
    assert_eq!(proposal.reason, "more requests share a pass");
    assert_eq!(proposal.status, ProposalStatus::Offered);
    assert!(
        proposal
            .predicted_joules_per_unit
            .is_some_and(|joules| joules > 0.0),
        "where the LLM predicts nothing, the model of the trials does"
    );
    let space = &record.session.space;
    let settings = wattsmith_chat::settings(&proposal.configuration, space);
    assert!(list[0].contains(&settings), "{} is not {settings}", list[0]);
}

#[tokio::test]
async fn what_promises_too_little_is_refused_with_the_models_figures() {
    // Nobody needs a batch of 64 with one slot when four slots were a third cheaper.
    let own = "{\"reason\": \"small is beautiful\", \"configuration\": {\"parallel\": 1, \
               \"batch\": 64, \"ubatch\": 64}}";
    let chat = ScriptedChat::start(vec![Script::Json(own.to_owned()), choice(1)])
        .await
        .unwrap();
    let bench = Bench::new().await;
    let session = begun(&bench, guided(chat.base_url())).await;
    bench.tuner.perform(&session, Step::Ask).await.unwrap();
    let record = bench.record(&session).await;
    let ExchangeOutcome::Refused { reason } = &record.exchanges[0].outcome else {
        panic!("{:?}", record.exchanges[0].outcome);
    };
    assert!(reason.contains("promises too little"), "{reason}");
    assert!(chat.prompts()[1].contains("promises too little"));
    assert_eq!(record.exchanges[1].outcome, ExchangeOutcome::Accepted);
    assert_eq!(record.proposals.len(), 1);
}

#[tokio::test]
async fn without_a_usable_word_from_the_llm_the_lists_first_entry_is_proposed() {
    let prose = || Script::Prose("What a lovely list!".to_owned());
    let chat = ScriptedChat::start(vec![prose(), prose(), prose()])
        .await
        .unwrap();
    let gone = ScriptedChat::start(Vec::new()).await.unwrap();
    let address = gone.base_url().to_owned();
    drop(gone);
    let bench = Bench::new().await;
    let missing = SessionPlan {
        connection: Some(Connection::Local {
            model: bench.folder().join("missing.gguf").display().to_string(),
        }),
        ..guided("")
    };
    let alone = SessionPlan {
        advisor: Advisor::Surrogate,
        connection: None,
        ..tiny()
    };
    let session = begun(&bench, alone).await;
    bench.tuner.perform(&session, Step::Ask).await.unwrap();
    let own = bench.record(&session).await.proposals.remove(0);
    bench.tuner.delete(&session).await.unwrap();

    for plan in [guided(chat.base_url()), guided(&address), missing] {
        let plan = SessionPlan {
            memory: false,
            ..plan
        };
        let session = begun(&bench, plan).await;
        bench.tuner.perform(&session, Step::Ask).await.unwrap();
        let record = bench.record(&session).await;
        let [proposal] = &record.proposals[..] else {
            panic!("{:?}", record.proposals);
        };
        assert_eq!(proposal.advisor, Advisor::Surrogate);
        assert_eq!(proposal.configuration, own.configuration);
        assert!(
            proposal.reason.contains("short list's first entry"),
            "{}",
            proposal.reason
        );
        assert!(matches!(
            Next::of(&record, &Analysis::of(&record)),
            Next::Decide(_)
        ));
        bench.tuner.delete(&session).await.unwrap();
    }
}
