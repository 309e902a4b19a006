//! A real llama-server with a real, very small model: both schemas become a grammar there, and what
//! it answers is understood.

use crate::prompts::built_in;
use crate::space::{shortlist, space};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;
use wattsmith_chat::{
    Chat, ChatClient, ChatReply, ChatRequest, Choice, ParameterFacts, PromptContext, ReplyForm,
    Secret, Timeouts, parse_reply, render, reply_schema,
};
use wattsmith_domain::{Provider, WorkUnit};

fn asset(path: &str) -> PathBuf {
    let data = || {
        let home = || std::env::home_dir().unwrap().join(".local/share");
        let share = std::env::var_os("XDG_DATA_HOME").map_or_else(home, PathBuf::from);
        share.join("wattsmith/assets")
    };
    let assets = std::env::var_os("WATTSMITH_ASSETS").map_or_else(data, PathBuf::from);
    let file = assets.join(path);
    assert!(
        file.is_file(),
        "{} is missing; run `make setup` first",
        file.display()
    );
    file
}

/// The server and the port it listens on.
fn serve(model: &str) -> (Child, u16) {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let server = Command::new(asset("engines/llama-server/0.1.3/bin/llama-server"))
        .arg("--model")
        .arg(asset(&format!("models/{model}")))
        .args(["--host", "127.0.0.1", "--api-key", "sk-local"])
        .args(["--port", &port.to_string(), "--threads", "1"])
        .args(["--parallel", "1", "--ctx-size", "4096"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    (server, port)
}

fn connect(port: u16, key: &str) -> ChatClient {
    let address = format!("http://127.0.0.1:{port}");
    ChatClient::new(
        Provider::OpenAi,
        &address,
        "any",
        Some(Secret::new(key)),
        Timeouts::default(),
    )
    .unwrap()
}

async fn until_ready(chat: &ChatClient, cancel: &CancellationToken) {
    let begun = Instant::now();
    while chat.list_models(cancel).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(120), "never ready");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_small_model_is_held_to_the_schema_and_understood() {
    let (_server, port) = serve("SmolLM2-135M-Instruct-Q4_1.gguf");
    let cancel = CancellationToken::new();
    let chat = connect(port, "sk-local");
    until_ready(&chat, &cancel).await;
    let stranger = connect(port, "sk-wrong").test(&cancel).await;
    let refused = matches!(
        stranger,
        Err(wattsmith_chat::ChatError::Unauthorized { .. })
    );
    assert!(refused, "{stranger:?}");

    let space = space();
    let entries = shortlist();
    let context = PromptContext {
        parameters: ParameterFacts::of(&space),
        shortlist: Choice::number(&entries, &space),
        ..PromptContext::bare_sample()
    };
    let prompt = render(&built_in("baseline"), &context).unwrap();
    let reply = ask(
        &chat,
        prompt,
        reply_schema(&space, WorkUnit::OutputToken, ReplyForm::List(&entries)),
    )
    .await;
    assert!(reply.prompt_tokens.is_some_and(|tokens| tokens > 100));
    let base = space.default_configuration();
    let parsed = parse_reply(&reply.text, &space, &base, Some(&entries)).unwrap();
    assert!(
        parsed.choice.is_some() && parsed.predicted.is_some(),
        "{reply:?}"
    );

    // Asked freely, so small a model may break a rule between parameters; the form it keeps.
    let reply = ask(
        &chat,
        "Propose.".to_owned(),
        reply_schema(&space, WorkUnit::OutputToken, ReplyForm::Free),
    )
    .await;
    let answer: serde_json::Value = serde_json::from_str(&reply.text).unwrap();
    let fields: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(
        fields[..3],
        ["reason", "configuration", "predicted_joules_per_token"]
    );
}

async fn ask(chat: &ChatClient, prompt: String, schema: serde_json::Value) -> ChatReply {
    let request = ChatRequest {
        schema: Some(schema),
        temperature: Some(0.0),
        seed: Some(1),
        ..ChatRequest::new(prompt)
    };
    let never = CancellationToken::new();
    chat.complete(request, &mut |_| {}, &never).await.unwrap()
}
