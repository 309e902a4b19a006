//! The connection against a real HTTP server that follows a script.

use serde_json::json;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wattsmith_chat::{Chat, ChatClient, ChatError, ChatReply, ChatRequest, Secret, Timeouts};
use wattsmith_domain::Provider;
use wattsmith_testkit::scripted_chat::{MODEL, Script, ScriptedChat, USAGE};

const TEXT: &str = "{\"reason\": \"größer ist „besser“ 🚀\", \"choice\": 1}";
const KEY: &str = "sk-a-key-that-nobody-may-see";

/// Long where a test waits for no timeout, so that a slow machine fails none.
fn patient() -> Timeouts {
    Timeouts {
        connect: Duration::from_secs(60),
        first: Duration::from_secs(60),
        idle: Duration::from_secs(60),
        whole: Duration::from_secs(600),
        backoff: Duration::from_millis(1),
    }
}

fn connect(base_url: &str, timeouts: Timeouts) -> ChatClient {
    ChatClient::new(
        Provider::OpenAi,
        base_url,
        MODEL,
        Some(Secret::new(KEY)),
        timeouts,
    )
    .unwrap()
}

async fn ask(chat: &ChatClient) -> (Result<ChatReply, ChatError>, String) {
    let mut seen = String::new();
    let request = ChatRequest {
        schema: Some(json!({ "type": "object" })),
        seed: Some(7),
        ..ChatRequest::new("What next?")
    };
    let never = CancellationToken::new();
    let reply = chat
        .complete(request, &mut |delta| seen.push_str(delta.text()), &never)
        .await;
    (reply, seen)
}

/// One request to a server with this script: the server, the outcome and what was streamed.
async fn play(script: Vec<Script>) -> (ScriptedChat, Result<ChatReply, ChatError>, String) {
    let server = ScriptedChat::start(script).await.unwrap();
    let (reply, seen) = ask(&connect(server.base_url(), patient())).await;
    (server, reply, seen)
}

#[tokio::test]
async fn a_reply_is_streamed_and_counted() {
    let (server, reply, seen) = play(vec![Script::Json(TEXT.to_owned())]).await;
    let whole = ChatReply {
        text: TEXT.to_owned(),
        prompt_tokens: Some(USAGE.0),
        reply_tokens: Some(USAGE.1),
        reasoning_tokens: None,
        cut_off: false,
    };
    assert_eq!(reply.unwrap(), whole);
    assert_eq!(seen, TEXT);
    assert_eq!(server.keys(), [Some(format!("Bearer {KEY}"))]);
    insta::assert_json_snapshot!(server.requests()[0]);
}

#[tokio::test]
async fn a_stream_split_at_every_byte_gives_the_same_reply() {
    let (_server, reply, seen) = play(vec![Script::ByteByByte(TEXT.to_owned())]).await;
    assert_eq!(reply.unwrap().text, TEXT);
    assert_eq!(seen, TEXT);
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_understood() {
    let (_server, reply, seen) = play(vec![Script::Whole(TEXT.to_owned())]).await;
    assert_eq!(reply.unwrap().reply_tokens, Some(USAGE.1));
    assert_eq!(seen, TEXT);
}

#[tokio::test]
async fn prose_arrives_as_it_is_and_a_limited_reply_says_so() {
    let script = vec![
        Script::Prose("I would not know.".to_owned()),
        Script::Limited("I would".to_owned()),
    ];
    let (server, reply, _) = play(script).await;
    assert_eq!(reply.unwrap().text, "I would not know.");
    let (reply, _) = ask(&connect(server.base_url(), patient())).await;
    assert!(reply.unwrap().cut_off);
}

#[tokio::test]
async fn a_field_that_the_server_refuses_is_left_out_once() {
    let script = vec![Script::Refuse("response_format".to_owned(), TEXT.to_owned()); 2];
    let (server, reply, _) = play(script).await;
    assert_eq!(reply.unwrap().text, TEXT);
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[0].get("response_format").is_some());
    assert!(requests[1].get("response_format").is_none());
    assert_eq!(requests[1]["seed"], 7, "the rest stays");

    let script = vec![Script::Refuse("max_tokens".to_owned(), TEXT.to_owned()); 2];
    let (server, reply, _) = play(script).await;
    assert!(reply.is_ok());
    assert_eq!(server.requests()[1]["max_completion_tokens"], 1024);

    let refused = Script::Status(400, json!({"error": "response_format"}).to_string());
    let (server, reply, _) = play(vec![refused; 3]).await;
    assert!(matches!(reply, Err(ChatError::Server { status: 400, .. })));
    assert_eq!(server.requests().len(), 2, "not again and again");
}

#[tokio::test]
async fn a_busy_server_is_asked_again() {
    let script = vec![
        Script::RetryAfter(0),
        Script::Status(500, "oops".to_owned()),
        Script::Json(TEXT.to_owned()),
    ];
    let (server, reply, seen) = play(script).await;
    assert_eq!(reply.unwrap().text, TEXT);
    assert_eq!(seen, TEXT);
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_server_that_asks_for_a_long_wait_is_not_waited_for() {
    let (server, reply, _) = play(vec![Script::RetryAfter(3600)]).await;
    let Err(ChatError::RateLimited { retry_after, .. }) = reply else {
        panic!("{reply:?}")
    };
    assert_eq!(retry_after, Some(Duration::from_secs(3600)));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_pause_that_the_server_asks_for_is_kept() {
    let script = vec![Script::RetryAfter(1), Script::Json(TEXT.to_owned())];
    let begun = std::time::Instant::now();
    let (_server, reply, _) = play(script).await;
    assert!(reply.is_ok());
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn every_failure_says_what_where_and_what_to_do() {
    let said = |message: &str| json!({ "error": { "message": message } }).to_string();
    let scripts = [
        vec![Script::Status(401, said(&format!("bad key {KEY}")))],
        vec![Script::Status(404, said("no model 'scripted'"))],
        vec![Script::Status(413, "<html>too large</html>".to_owned())],
        vec![Script::Status(500, said("out of memory")); 3],
        vec![Script::RetryAfter(0); 3],
        vec![Script::Raw("<html>hello</html>".to_owned())],
        vec![Script::Raw("data: {\"choices\"\n\n".to_owned())],
        vec![Script::Raw(
            "data: {\"error\": {\"message\": \"context exceeded\"}}\n\n".to_owned(),
        )],
        vec![Script::Raw("data: [DONE]\n\n".to_owned())],
        vec![Script::Raw(
            "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\ndata: [DONE]\n\n"
                .to_owned(),
        )],
        vec![Script::Cut("{\"reason\": \"half".to_owned())],
        vec![],
    ];
    let mut told = Vec::new();
    for script in scripts {
        let (server, reply, _) = play(script).await;
        let error = reply.unwrap_err();
        let text = format!("{error}\n{error:?}");
        assert!(!text.contains(KEY), "{text}");
        assert!(!text.contains("What next?"), "{text}");
        told.push(error.to_string().replace(server.base_url(), "SERVER"));
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[tokio::test]
async fn what_came_before_a_cut_was_streamed() {
    let (_server, reply, seen) = play(vec![Script::Cut("half a reply".to_owned())]).await;
    assert!(matches!(reply, Err(ChatError::Cut { .. })), "{reply:?}");
    assert_eq!(seen, "half a reply");
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up() {
    let script = vec![Script::Slow("one".to_owned()), Script::Silent];
    let server = ScriptedChat::start(script).await.unwrap();
    let hasty = Timeouts {
        idle: Duration::from_millis(50),
        ..patient()
    };
    let (reply, seen) = ask(&connect(server.base_url(), hasty)).await;
    assert!(matches!(reply, Err(ChatError::Timeout { .. })), "{reply:?}");
    assert_eq!(seen, "one");
    let hasty = Timeouts {
        first: Duration::from_millis(50),
        ..patient()
    };
    let (reply, _) = ask(&connect(server.base_url(), hasty)).await;
    assert!(matches!(reply, Err(ChatError::Timeout { .. })), "{reply:?}");
}

#[tokio::test]
async fn a_server_that_only_says_that_it_is_there_is_given_up_like_a_silent_one() {
    let empty = "data: {\"choices\": [{\"delta\": {\"content\": \"\"}}]}\n\n";
    for sign in [": still here\n\n", empty, "data: OPENROUTER PROCESSING\n\n"] {
        for (begun, hasty) in [
            (
                "one",
                Timeouts {
                    idle: Duration::from_millis(200),
                    ..patient()
                },
            ),
            (
                "",
                Timeouts {
                    first: Duration::from_millis(200),
                    ..patient()
                },
            ),
        ] {
            let script = Script::Alive(begun.to_owned(), sign.to_owned());
            let server = ScriptedChat::start(vec![script]).await.unwrap();
            let chat = connect(server.base_url(), hasty);
            let (reply, seen) = tokio::time::timeout(Duration::from_secs(30), ask(&chat))
                .await
                .expect("signs of life were taken for a reply");
            assert!(matches!(reply, Err(ChatError::Timeout { .. })), "{reply:?}");
            assert_eq!(seen, begun);
        }
    }
}

#[tokio::test]
async fn a_reply_without_end_is_given_up_in_the_end() {
    let word = "data: {\"choices\": [{\"delta\": {\"content\": \"x\"}}]}\n\n";
    let script = Script::Alive("one".to_owned(), word.to_owned());
    let server = ScriptedChat::start(vec![script]).await.unwrap();
    let limited = Timeouts {
        whole: Duration::from_millis(300),
        ..patient()
    };
    let (reply, seen) = ask(&connect(server.base_url(), limited)).await;
    let error = reply.unwrap_err();
    assert!(matches!(error, ChatError::Timeout { .. }), "{error}");
    assert!(error.to_string().contains("in all"), "{error}");
    assert!(seen.starts_with("onexx"), "{seen}");
}

#[tokio::test]
async fn a_key_that_a_server_repeats_is_neither_heard_nor_kept() {
    for script in [
        Script::Prose("it is sk-test-key, yes, sk-test-key".to_owned()),
        Script::ByteByByte("it is sk-test-key, yes, sk-test-key".to_owned()),
        Script::Whole("it is sk-test-key, yes, sk-test-key".to_owned()),
    ] {
        let server = ScriptedChat::start(vec![script]).await.unwrap();
        let chat = ChatClient::new(
            wattsmith_domain::Provider::OpenAi,
            server.base_url(),
            "scripted",
            Some(Secret::new("sk-test-key")),
            patient(),
        )
        .unwrap();
        let (reply, seen) = ask(&chat).await;
        assert_eq!(reply.unwrap().text, "it is [key], yes, [key]");
        assert_eq!(seen, "it is [key], yes, [key]");
    }
}

#[tokio::test]
async fn cancelling_in_mid_stream_leaves_the_server_at_once() {
    let script = vec![Script::Slow("one".to_owned())];
    let server = ScriptedChat::start(script).await.unwrap();
    let chat = connect(server.base_url(), patient());
    let cancel = CancellationToken::new();
    let mut seen = String::new();
    let stop = cancel.clone();
    let reply = chat
        .complete(
            ChatRequest::new("What next?"),
            &mut |delta| {
                seen.push_str(delta.text());
                stop.cancel();
            },
            &cancel,
        )
        .await;
    assert_eq!(reply, Err(ChatError::Cancelled));
    assert_eq!(seen, "one");
    let left = async {
        while server.abandoned() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let left = tokio::time::timeout(Duration::from_secs(60), left).await;
    assert!(left.is_ok(), "the connection stayed open");
    let already = chat.list_models(&cancel).await;
    assert_eq!(already, Err(ChatError::Cancelled));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let chat = connect(&format!("http://{address}"), patient());
    let (reply, _) = ask(&chat).await;
    let Err(error @ ChatError::Unreachable { .. }) = reply else {
        panic!("{reply:?}")
    };
    assert!(error.to_string().contains("refused"), "{error}");
    assert!(!format!("{chat:?}").contains(KEY));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (server, reply, _) = play(vec![Script::Status(307, String::new())]).await;
    let error = reply.unwrap_err();
    assert!(error.to_string().contains("has moved"), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn models_are_listed_and_a_connection_can_be_tested() {
    let server = ScriptedChat::start(vec![Script::Prose("ready".to_owned())])
        .await
        .unwrap();
    let chat = connect(server.base_url(), patient());
    let never = CancellationToken::new();
    assert_eq!(chat.list_models(&never).await.unwrap(), ["another", MODEL]);
    assert_eq!(chat.test(&never).await.unwrap().text, "ready");
}

#[test]
fn a_key_that_cannot_be_sent_is_refused_without_showing_it() {
    let key = Some(Secret::new("sk\n1"));
    let error =
        ChatClient::new(Provider::OpenAi, "http://127.0.0.1:1", "m", key, patient()).unwrap_err();
    assert!(matches!(error, ChatError::Unauthorized { .. }));
    assert!(!error.to_string().contains("sk"), "{error}");
}
