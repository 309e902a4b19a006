//! The contract that every provider's connection keeps, against a server that speaks its wire format.

use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wattsmith_chat::{
    Chat, ChatClient, ChatError, ChatReply, ChatRequest, Delta, Secret, Timeouts,
};
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

fn connect(server: &ScriptedChat, provider: Provider, timeouts: Timeouts) -> ChatClient {
    let key = Some(Secret::new(KEY));
    ChatClient::new(
        provider,
        &server.base_url_of(provider),
        MODEL,
        key,
        timeouts,
    )
    .unwrap()
}

fn request() -> ChatRequest {
    let schema = json!({
        "type": "object",
        "properties": {
            "reason": { "type": "string", "maxLength": 320 },
            "choice": { "type": "integer", "enum": [1, 2, 3] },
            "knobs": { "type": "object", "properties": {}, "additionalProperties": false },
            "predicted_joules_per_token": { "type": "number", "exclusiveMinimum": 0 },
        },
        "required": ["reason", "choice"],
        "additionalProperties": false,
    });
    ChatRequest {
        schema: Some(schema),
        seed: Some(7),
        temperature: Some(0.5),
        ..ChatRequest::new("What next?")
    }
}

async fn ask(chat: &ChatClient) -> (Result<ChatReply, ChatError>, String) {
    let mut seen = String::new();
    let never = CancellationToken::new();
    let reply = chat
        .complete(request(), &mut |delta| seen.push_str(delta.text()), &never)
        .await;
    (reply, seen)
}

/// One request to a server with this script: the server, the outcome and what was streamed.
async fn play(
    provider: Provider,
    script: Vec<Script>,
) -> (ScriptedChat, Result<ChatReply, ChatError>, String) {
    let server = ScriptedChat::start(script).await.unwrap();
    let (reply, seen) = ask(&connect(&server, provider, patient())).await;
    (server, reply, seen)
}

#[tokio::test]
async fn a_request_has_the_form_of_its_provider_and_its_key_in_the_header() {
    let mut bodies = serde_json::Map::new();
    for provider in Provider::ALL {
        let (server, reply, _) = play(provider, vec![Script::Json(TEXT.to_owned())]).await;
        reply.unwrap();
        let key = server.keys().remove(0).unwrap();
        let bearer = matches!(provider, Provider::OpenAi | Provider::Ollama);
        let expected = if bearer {
            format!("Bearer {KEY}")
        } else {
            KEY.to_owned()
        };
        assert_eq!(key, expected);
        assert_eq!(server.prompts(), ["What next?"]);
        bodies.insert(provider.to_string(), server.requests().remove(0));
    }
    insta::assert_json_snapshot!(Value::Object(bodies));
}

#[tokio::test]
async fn a_reply_is_streamed_and_its_tokens_are_counted() {
    for provider in Provider::ALL {
        let (_server, reply, seen) = play(provider, vec![Script::Json(TEXT.to_owned())]).await;
        let whole = ChatReply {
            text: TEXT.to_owned(),
            prompt_tokens: Some(USAGE.0),
            reply_tokens: Some(USAGE.1),
            reasoning_tokens: (provider == Provider::Gemini).then_some(10),
            cut_off: false,
        };
        assert_eq!(reply.unwrap(), whole, "{provider}");
        assert_eq!(seen, TEXT, "{provider}");
    }
}

#[tokio::test]
async fn a_stream_split_at_every_byte_gives_the_same_reply() {
    for provider in Provider::ALL {
        let script = vec![Script::ByteByByte(TEXT.to_owned())];
        let (_server, reply, seen) = play(provider, script).await;
        assert_eq!(reply.unwrap().text, TEXT, "{provider}");
        assert_eq!(seen, TEXT, "{provider}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_understood() {
    for provider in Provider::ALL {
        let (_server, reply, seen) = play(provider, vec![Script::Whole(TEXT.to_owned())]).await;
        let reply = reply.unwrap();
        assert_eq!(reply.prompt_tokens, Some(USAGE.0), "{provider}");
        assert_eq!(reply.reply_tokens, Some(USAGE.1), "{provider}");
        assert_eq!(seen, TEXT, "{provider}");
    }
}

#[tokio::test]
async fn a_reply_that_ended_at_its_limit_says_so() {
    for provider in Provider::ALL {
        let (_server, reply, _) = play(provider, vec![Script::Limited("I would".to_owned())]).await;
        assert!(reply.unwrap().cut_off, "{provider}");
    }
}

#[tokio::test]
async fn a_schema_that_the_server_refuses_is_left_out() {
    for (provider, field) in [
        (Provider::OpenAi, "/response_format"),
        (Provider::Anthropic, "/tools"),
        (Provider::Gemini, "/generationConfig/responseSchema"),
        (Provider::Ollama, "/format"),
    ] {
        let script = vec![Script::Refuse(field.to_owned(), TEXT.to_owned()); 2];
        let (server, reply, _) = play(provider, script).await;
        assert_eq!(reply.unwrap().text, TEXT, "{provider}");
        let requests = server.requests();
        assert_eq!(requests.len(), 2, "{provider}");
        assert!(requests[0].pointer(field).is_some(), "{provider}");
        assert!(requests[1].pointer(field).is_none(), "{provider}");
    }
}

#[tokio::test]
async fn a_busy_server_is_asked_again_and_a_long_wait_is_left_to_the_person() {
    for provider in Provider::ALL {
        let script = vec![
            Script::RetryAfter(0),
            Script::Status(
                529,
                "{\"type\":\"error\",\"error\":{\"message\":\"Overloaded\"}}".to_owned(),
            ),
            Script::Json(TEXT.to_owned()),
        ];
        let (server, reply, _) = play(provider, script).await;
        assert_eq!(reply.unwrap().text, TEXT, "{provider}");
        assert_eq!(server.requests().len(), 3, "{provider}");
        let (server, reply, _) = play(provider, vec![Script::RetryAfter(3600)]).await;
        let Err(ChatError::RateLimited { retry_after, .. }) = reply else {
            panic!("{provider}: {reply:?}")
        };
        assert_eq!(retry_after, Some(Duration::from_secs(3600)));
        assert_eq!(server.requests().len(), 1, "{provider}");
    }
}

#[tokio::test]
async fn every_failure_says_what_where_and_what_to_do() {
    let body = |message: &str| json!({ "error": { "message": message } }).to_string();
    let mut told = Vec::new();
    for provider in Provider::ALL {
        let scripts = [
            Script::Status(401, body(&format!("bad key {KEY}"))),
            Script::Status(400, body("API key not valid. Please pass a valid API key.")),
            Script::Status(404, body("no such model")),
            Script::Status(402, body("no credit")),
            Script::Status(413, body("too large")),
            Script::Page,
            Script::Raw("it works!\n\n".to_owned()),
            Script::Raw("data: <html>\n\n".to_owned()),
            Script::Fault("It beg".to_owned(), format!("Overloaded {KEY}")),
            Script::Cut("half a re".to_owned()),
            Script::Endless,
        ];
        for script in scripts {
            let (server, reply, _) = play(provider, vec![script]).await;
            let error = reply.unwrap_err();
            let text = format!("{error}\n{error:?}");
            assert!(!text.contains(KEY), "{text}");
            assert!(!text.contains("What next?"), "{text}");
            let address = server.base_url_of(provider);
            told.push(format!(
                "{provider}: {}",
                error.to_string().replace(&address, "SERVER")
            ));
        }
        let fault = Script::Status(500, body("oops"));
        let (server, reply, _) = play(provider, vec![fault; 3]).await;
        let error = reply.unwrap_err().to_string();
        told.push(format!(
            "{provider}: {}",
            error.replace(&server.base_url_of(provider), "SERVER")
        ));
        assert_eq!(server.requests().len(), 3);
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[tokio::test]
async fn a_reply_that_the_provider_holds_back_is_no_reply() {
    let raw = [
        (
            Provider::OpenAi,
            "data: {\"choices\":[{\"delta\":{\"refusal\":\"I cannot.\"},\"finish_reason\":\"stop\"}]}\n\n",
        ),
        (
            Provider::Anthropic,
            "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"refusal\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n",
        ),
        (
            Provider::Gemini,
            "data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}\n\n",
        ),
    ];
    for (provider, events) in raw {
        let (_server, reply, _) = play(provider, vec![Script::Raw(events.to_owned())]).await;
        let error = reply.unwrap_err().to_string();
        assert!(error.contains("held it back"), "{provider}: {error}");
    }
}

#[tokio::test]
async fn reasoning_is_no_part_of_the_reply_and_a_reply_of_reasoning_only_says_so() {
    let raw = [
        (
            Provider::OpenAi,
            "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"},\"finish_reason\":\"length\"}]}\n\n",
        ),
        (
            Provider::Anthropic,
            "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n",
        ),
        (
            Provider::Gemini,
            "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"hm\",\"thought\":true}]},\"finishReason\":\"MAX_TOKENS\"}]}\n\n",
        ),
        (
            Provider::Ollama,
            "{\"message\":{\"content\":\"\",\"thinking\":\"hm\"},\"done\":true}\n",
        ),
    ];
    for (provider, events) in raw {
        let (_server, reply, seen) = play(provider, vec![Script::Raw(events.to_owned())]).await;
        let error = reply.unwrap_err().to_string();
        assert!(error.contains("only thought"), "{provider}: {error}");
        assert_eq!(seen, "", "{provider}");
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up() {
    for provider in Provider::ALL {
        let script = vec![Script::Slow("one".to_owned()), Script::Silent];
        let server = ScriptedChat::start(script).await.unwrap();
        let idle = Timeouts {
            idle: Duration::from_millis(50),
            ..patient()
        };
        let (reply, seen) = ask(&connect(&server, provider, idle)).await;
        assert!(matches!(reply, Err(ChatError::Timeout { .. })), "{reply:?}");
        assert_eq!(seen, "one");
        let first = Timeouts {
            first: Duration::from_millis(50),
            ..patient()
        };
        let (reply, _) = ask(&connect(&server, provider, first)).await;
        assert!(matches!(reply, Err(ChatError::Timeout { .. })), "{reply:?}");
    }
}

#[tokio::test]
async fn cancelling_in_mid_stream_leaves_the_server_at_once() {
    for provider in Provider::ALL {
        let script = vec![Script::Slow("one".to_owned())];
        let server = ScriptedChat::start(script).await.unwrap();
        let chat = connect(&server, provider, patient());
        let cancel = CancellationToken::new();
        let stop = cancel.clone();
        let mut on_delta = |_: Delta| stop.cancel();
        let reply = chat.complete(request(), &mut on_delta, &cancel).await;
        assert_eq!(reply, Err(ChatError::Cancelled));
        let left = async {
            while server.abandoned() == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let left = tokio::time::timeout(Duration::from_secs(60), left).await;
        assert!(left.is_ok(), "{provider}: the connection stayed open");
    }
}

#[tokio::test]
async fn models_are_listed_and_a_connection_can_be_tested() {
    for provider in Provider::ALL {
        let server = ScriptedChat::start(vec![Script::Prose("ready".to_owned())])
            .await
            .unwrap();
        let chat = connect(&server, provider, patient());
        let never = CancellationToken::new();
        let models = chat.list_models(&never).await.unwrap();
        assert_eq!(models, ["another", MODEL], "{provider}");
        assert_eq!(chat.test(&never).await.unwrap().text, "ready");
    }
}
