//! Another connection in the middle of a session, agreement per provider, and what it all costs.

use crate::bench::{Bench, chatting};
use wattsmith_domain::{Connection, ExchangeOutcome, Price, Provider, SessionId};
use wattsmith_stats::Analysis;
use wattsmith_testkit::scripted_chat::{MODEL, Script, ScriptedChat, USAGE};
use wattsmith_tuner::{ConnectionChoice, Next, SessionPlan, Step, Tuner, TunerError, spent};

const PRICE: Price = Price {
    input_per_million: 2.0,
    output_per_million: 10.0,
};

fn json(slots: i64) -> Script {
    Script::Json(format!(
        "{{\"reason\": \"r\", \"configuration\": {{\"parallel\": {slots}}}}}"
    ))
}

async fn next(tuner: &Tuner, session: &SessionId) -> Next {
    let record = tuner.record(session).await.unwrap();
    Next::of(&record, &Analysis::of(&record))
}

fn to(connection: Connection) -> ConnectionChoice {
    ConnectionChoice {
        connection: Some(connection),
        ..ConnectionChoice::default()
    }
}

#[tokio::test]
async fn a_session_goes_on_by_another_provider_after_a_failure() {
    let chat = ScriptedChat::start(vec![Script::Status(404, String::new()), json(8)])
        .await
        .unwrap();
    let bench = Bench::new().await;
    let session = bench.begun(chatting(chat.base_url())).await;
    let tuner = &bench.tuner;
    tuner.perform(&session, Step::Ask).await.unwrap();
    assert!(matches!(next(tuner, &session).await, Next::Stuck { .. }));

    let other = Connection::server(
        Provider::Anthropic,
        &chat.base_url_of(Provider::Anthropic),
        MODEL,
    );
    tuner
        .change_connection(&session, to(other.clone()))
        .await
        .unwrap();
    assert_eq!(next(tuner, &session).await, Next::Ask);
    tuner.perform(&session, Step::Ask).await.unwrap();
    assert!(matches!(next(tuner, &session).await, Next::Decide(_)));
    let record = bench.record(&session).await;
    assert_eq!(record.session.connection, Some(other));
    assert_eq!(record.exchanges.len(), 2, "the failure stays in the story");
    assert_eq!(record.exchanges[1].prompt_tokens, Some(USAGE.0));
    assert!(chat.requests()[1].get("tools").is_some());
}

#[tokio::test]
async fn every_remote_provider_is_agreed_to_once_in_a_session() {
    let bench = Bench::new().await;
    let session = bench.begun(chatting("https://one.invalid/v1")).await;
    let tuner = &bench.tuner;
    let one = Connection::server(Provider::OpenAi, "https://one.invalid/v1", "m");
    let two = Connection::server(Provider::Gemini, "https://two.invalid", "m");
    assert!(matches!(next(tuner, &session).await, Next::Consent { .. }));
    tuner.agree(&session).await.unwrap();
    assert_eq!(next(tuner, &session).await, Next::Ask);

    tuner.change_connection(&session, to(two)).await.unwrap();
    let Next::Consent { provider } = next(tuner, &session).await else {
        panic!("the second provider was not asked about");
    };
    assert!(
        provider.contains("https://two.invalid/v1beta"),
        "{provider}"
    );
    let asked = tuner.perform(&session, Step::Ask).await.unwrap_err();
    assert!(matches!(asked, TunerError::ConsentNeeded { .. }));
    let said = Step::Talk("Why?".to_owned());
    let said = tuner.perform(&session, said).await.unwrap_err();
    assert!(matches!(said, TunerError::ConsentNeeded { .. }));

    tuner.change_connection(&session, to(one)).await.unwrap();
    assert_eq!(next(tuner, &session).await, Next::Ask, "agreed to before");
    let local = to(Connection::Paste);
    tuner.change_connection(&session, local).await.unwrap();
    assert_eq!(next(tuner, &session).await, Next::Ask);
}

#[tokio::test]
async fn a_prompt_that_waits_for_a_paste_is_withdrawn_by_a_change() {
    let chat = ScriptedChat::start(vec![json(8)]).await.unwrap();
    let bench = Bench::new().await;
    let session = bench
        .begun(SessionPlan {
            connection: Some(Connection::Paste),
            ..chatting(chat.base_url())
        })
        .await;
    let tuner = &bench.tuner;
    tuner.perform(&session, Step::Ask).await.unwrap();
    assert!(matches!(next(tuner, &session).await, Next::Paste(_)));
    let server = Connection::server(Provider::OpenAi, chat.base_url(), MODEL);
    tuner.change_connection(&session, to(server)).await.unwrap();
    assert_eq!(next(tuner, &session).await, Next::Ask);
    let record = bench.record(&session).await;
    assert_eq!(record.exchanges[0].outcome, ExchangeOutcome::Cancelled);
}

#[tokio::test]
async fn a_connection_that_cannot_be_used_changes_nothing() {
    let bench = Bench::new().await;
    let session = bench.begun(chatting("http://127.0.0.1:1/v1")).await;
    let before = bench.record(&session).await.session;
    let tuner = &bench.tuner;
    let remote = Connection::server(Provider::OpenAi, "https://h.invalid/v1", "m");
    for (choice, word) in [
        (ConnectionChoice::default(), "needs a chat model"),
        (
            to(Connection::server(Provider::Ollama, "ftp://h", "m")),
            "http://",
        ),
        (
            to(Connection::server(Provider::Gemini, "https://h", " ")),
            "name",
        ),
        (
            ConnectionChoice {
                spending_cap: Some(1.0),
                ..to(remote)
            },
            "needs the prices",
        ),
    ] {
        let refused = tuner.change_connection(&session, choice).await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains(word), "{refused}");
    }
    assert_eq!(bench.record(&session).await.session, before);
}

#[tokio::test]
async fn costs_are_counted_and_the_cap_refuses_the_prompt_that_could_exceed_it() {
    let chat = ScriptedChat::start(vec![json(8), json(8)]).await.unwrap();
    let bench = Bench::new().await;
    // One prompt and its longest reply cost about 0.05 here; two do not fit.
    let session = bench
        .begun(SessionPlan {
            price: Some(PRICE),
            spending_cap: Some(0.05),
            ..chatting(chat.base_url())
        })
        .await;
    let tuner = &bench.tuner;
    tuner.perform(&session, Step::Ask).await.unwrap();
    let record = bench.record(&session).await;
    let cost = record.exchanges[0].cost.unwrap();
    let expected = PRICE.of(USAGE.0, USAGE.1);
    assert!((cost.amount - expected).abs() < 1e-12 && !cost.estimated);
    assert!((spent(&record).unwrap().amount - expected).abs() < 1e-12);

    // A lower cap than the next prompt could cost.
    let terms = |cap| ConnectionChoice {
        connection: record.session.connection.clone(),
        price: Some(PRICE),
        spending_cap: Some(cap),
    };
    let Next::Decide(proposal) = next(tuner, &session).await else {
        panic!("nothing was proposed");
    };
    tuner.dismiss_proposal(&session, &proposal).await.unwrap();
    tuner
        .change_connection(&session, terms(0.01))
        .await
        .unwrap();
    tuner.perform(&session, Step::Ask).await.unwrap();
    let Next::Stuck { reason } = next(tuner, &session).await else {
        panic!("the cap was not noticed");
    };
    assert!(reason.contains("the cap of 0.01"), "{reason}");
    assert!(reason.contains("another connection"), "{reason}");
    assert_eq!(chat.requests().len(), 1, "nothing was sent");
    let talk = Step::Talk("Why?".to_owned());
    let refused = tuner.perform(&session, talk).await.unwrap_err();
    assert!(
        matches!(refused, TunerError::SpendingCap { .. }),
        "{refused}"
    );

    // By a way that costs nothing, or with a higher cap, it goes on.
    tuner.change_connection(&session, terms(0.2)).await.unwrap();
    tuner.perform(&session, Step::Ask).await.unwrap();
    assert_eq!(chat.requests().len(), 2);
}

#[tokio::test]
async fn what_broke_off_is_kept_and_its_cost_is_an_estimate() {
    let script = vec![
        Script::Cut("{\"reason\": \"half".to_owned()),
        Script::Status(401, String::new()),
    ];
    let chat = ScriptedChat::start(script).await.unwrap();
    let bench = Bench::new().await;
    let session = bench
        .begun(SessionPlan {
            price: Some(PRICE),
            ..chatting(chat.base_url())
        })
        .await;
    bench.tuner.perform(&session, Step::Ask).await.unwrap();
    bench.tuner.perform(&session, Step::Ask).await.unwrap();
    let record = bench.record(&session).await;
    assert_eq!(record.exchanges[0].reply, "{\"reason\": \"half");
    let cost = record.exchanges[0].cost.unwrap();
    assert!(cost.estimated && cost.amount > 0.0);
    assert_eq!(record.exchanges[1].cost, None, "a refusal costs nothing");
}

#[tokio::test]
async fn models_are_listed_and_a_test_tells_the_tokens() {
    let chat = ScriptedChat::start(vec![Script::Prose("ready".to_owned())])
        .await
        .unwrap();
    let bench = Bench::new().await;
    let base_url = chat.base_url_of(Provider::Gemini);
    let models = bench
        .tuner
        .provider_models(Provider::Gemini, &base_url)
        .await
        .unwrap();
    assert_eq!(models, ["another", MODEL]);
    let server = Connection::server(Provider::Gemini, &base_url, MODEL);
    let said = bench.tuner.test_connection(Some(&server)).await.unwrap();
    assert!(said.contains("answered") && said.contains("120"), "{said}");
}
