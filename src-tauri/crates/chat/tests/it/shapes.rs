//! Replies in the shapes that real servers send them: where each is known from stands in
//! docs/chat-servers.md. What is whole is read, what is cut is not, and a fault keeps its words.

use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wattsmith_chat::{Chat, ChatClient, ChatError, ChatReply, ChatRequest, Delta, Timeouts};
use wattsmith_domain::Provider::{self, Anthropic, Gemini, Ollama, OpenAi};
use wattsmith_testkit::scripted_chat::{MODEL, Script, ScriptedChat};

const ANSWER: &str = "{\"threads\": 2, \"reason\": \"memory bound\"}";

/// What came of a request that was answered by these bytes, and what was heard of it on the way.
async fn hear(
    provider: Provider,
    script: Script,
) -> (Result<ChatReply, ChatError>, String, String) {
    let server = ScriptedChat::start(vec![script]).await.unwrap();
    let patient = Timeouts {
        connect: Duration::from_secs(60),
        first: Duration::from_secs(60),
        idle: Duration::from_secs(60),
        whole: Duration::from_secs(600),
        backoff: Duration::from_millis(1),
    };
    let chat = ChatClient::new(
        provider,
        &server.base_url_of(provider),
        MODEL,
        None,
        patient,
    );
    let (mut text, mut thoughts) = (String::new(), String::new());
    let mut on_delta = |delta: Delta| match delta {
        Delta::Text(fresh) => text.push_str(fresh),
        Delta::Thought(fresh) => thoughts.push_str(fresh),
        Delta::Counted { .. } => {}
    };
    let request = ChatRequest::new("What next?");
    let never = CancellationToken::new();
    let reply = chat.unwrap().complete(request, &mut on_delta, &never).await;
    (reply, text, thoughts)
}

/// Events of a stream, without an end.
fn events(chunks: &[Value]) -> String {
    chunks
        .iter()
        .map(|chunk| format!("data: {chunk}\n\n"))
        .collect()
}

fn delta(delta: Value) -> Value {
    json!({ "choices": [{ "index": 0, "delta": delta, "finish_reason": null }] })
}

fn ended(reason: &str) -> Value {
    json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] })
}

fn message(message: Value) -> Script {
    let body = json!({ "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }] });
    Script::Status(200, body.to_string())
}

async fn reads(provider: Provider, script: Script) -> (ChatReply, String) {
    let told = format!("{script:?}");
    let (reply, text, thoughts) = hear(provider, script).await;
    let reply = reply.unwrap_or_else(|error| panic!("{told}\n{error}"));
    assert_eq!(text, reply.text, "what is streamed is what is kept: {told}");
    (reply, thoughts)
}

async fn fails(provider: Provider, script: Script) -> String {
    let told = format!("{script:?}");
    let (reply, ..) = hear(provider, script).await;
    match reply {
        Ok(reply) => panic!("{told}\n{reply:?}"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn content_that_is_a_list_of_parts_is_read_streamed_and_whole() {
    let thinking = json!({ "type": "thinking",
        "thinking": [{ "type": "text", "text": "Fewer threads first." }] });
    let text = json!({ "type": "text", "text": ANSWER });
    let streamed = events(&[
        delta(json!({ "content": [thinking] })),
        delta(json!({ "content": [text] })),
        json!({ "choices": [{ "index": 0, "delta": { "content": "" }, "finish_reason": "stop" }] }),
    ]) + "data: [DONE]\n\n";
    let whole = message(json!({ "role": "assistant", "content": [
        thinking, { "type": "reference", "reference_ids": [3] }, text ] }));
    for script in [Script::Raw(streamed), whole] {
        let (reply, thoughts) = reads(OpenAi, script).await;
        assert_eq!(reply.text, ANSWER);
        assert_eq!(thoughts, "Fewer threads first.");
    }
}

#[tokio::test]
async fn reasoning_is_heard_wherever_it_stands_and_is_no_part_of_the_reply() {
    for reasoning in [
        json!({ "reasoning_content": "hm" }),
        json!({ "reasoning": "hm" }),
        json!({ "reasoning": "hm", "reasoning_details": [{ "type": "reasoning.text", "text": "hm" }] }),
        json!({ "reasoning_details": [{ "type": "reasoning.summary", "summary": "hm" }] }),
        json!({ "thinking": "hm" }),
        json!({ "thinking_blocks": [{ "type": "thinking", "thinking": "hm", "signature": "" }] }),
        json!({ "reasoning": { "content": "hm" } }),
    ] {
        let mut whole = reasoning.as_object().unwrap().clone();
        whole.insert("content".to_owned(), ANSWER.into());
        let streamed = events(&[
            delta(reasoning.clone()),
            delta(json!({ "content": ANSWER })),
            ended("stop"),
        ]);
        for script in [Script::Raw(streamed), message(Value::Object(whole.clone()))] {
            let (reply, thoughts) = reads(OpenAi, script).await;
            assert_eq!(reply.text, ANSWER, "{reasoning}");
            assert_eq!(thoughts, "hm", "{reasoning}");
        }
    }
}

#[tokio::test]
async fn a_reply_without_an_end_is_none_however_whole_it_looks() {
    let half = |reason: Value| {
        let piece = |text: &str| json!({ "choices": [{ "index": 0, "delta": { "content": text }, "finish_reason": reason }] });
        events(&[piece("I propose\n"), piece("parallel: 4\nthreads: 1")])
    };
    let anthropic = |stop: &str| {
        events(&[
            json!({ "type": "message_start", "message": { "usage": { "input_tokens": 9 } } }),
            json!({ "type": "content_block_delta", "index": 0,
                "delta": { "type": "text_delta", "text": "threads: 1" } }),
        ]) + stop
    };
    let candidate =
        json!({ "candidates": [{ "content": { "parts": [{ "text": "threads: 1" }] } }] });
    let unspecified = json!({ "candidates": [{ "content": { "parts": [{ "text": "threads: 1" }] },
        "finishReason": "FINISH_REASON_UNSPECIFIED" }] });
    let line = json!({ "message": { "content": "threads: 1" }, "done": false });
    let whole = json!({ "choices": [{ "message": { "content": ANSWER } }] }).to_string();
    for (provider, script) in [
        (OpenAi, Script::Raw(half(json!("")))),
        (OpenAi, Script::Raw(half(Value::Null))),
        (OpenAi, Script::Raw(half(json!("null")))),
        // The last event was on its way.
        (
            OpenAi,
            Script::Raw(half(Value::Null) + "data: {\"choices\":[{\"del"),
        ),
        (OpenAi, Script::Raw(half(Value::Null) + ": keep-alive\n\n")),
        (OpenAi, Script::Cut("parallel: 4\nthreads: 1".to_owned())),
        // A server that does not stream, cut in the middle.
        (
            OpenAi,
            Script::Status(200, whole[..whole.len() - 9].to_owned()),
        ),
        (Anthropic, Script::Raw(anthropic(""))),
        (
            Anthropic,
            Script::Raw(anthropic("event: ping\ndata: {\"type\": \"ping\"}\n\n")),
        ),
        (
            Gemini,
            Script::Raw(events(std::slice::from_ref(&candidate))),
        ),
        (Gemini, Script::Raw(events(&[unspecified]))),
        (Gemini, Script::Status(200, format!("[{candidate},"))),
        (Ollama, Script::Raw(format!("{line}\n"))),
        (
            Ollama,
            Script::Raw(format!("{line}\n{{\"message\":{{\"con")),
        ),
    ] {
        let (reply, ..) = hear(provider, script.clone()).await;
        let Err(error @ ChatError::Cut { .. }) = reply else {
            panic!("{provider} {script:?}\n{reply:?}")
        };
        let told = error.to_string();
        assert!(
            told.contains("the connection ended in the middle"),
            "{told}"
        );
        assert!(!told.contains("address"), "the address was right: {told}");
    }
}

#[tokio::test]
async fn an_end_is_seen_however_it_is_said() {
    let text = delta(json!({ "content": ANSWER }));
    let empty =
        json!({ "choices": [{ "index": 0, "delta": { "content": ANSWER }, "finish_reason": "" }] });
    let gemini = json!({ "candidates": [{ "content": { "parts": [{ "text": ANSWER }] },
        "finishReason": "STOP" }] });
    let again = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop",
        "message": { "role": "assistant", "content": ANSWER } }] });
    for (provider, script) in [
        (OpenAi, Script::Raw(events(&[text.clone(), ended("stop")]))),
        (OpenAi, Script::Raw(events(&[empty]) + "data: [DONE]\n\n")),
        (
            OpenAi,
            Script::Raw(events(std::slice::from_ref(&text)) + "data: [DONE]"),
        ),
        (OpenAi, Script::Raw(events(&[text.clone(), ended("eos")]))),
        (OpenAi, Script::Raw(events(&[text.clone(), again]))),
        // No empty lines between the events, and none of a stream's marks at all.
        (
            OpenAi,
            Script::Raw(format!(
                "data: {text}\ndata: {}\ndata: [DONE]\n",
                ended("stop")
            )),
        ),
        (OpenAi, Script::Raw(format!("{text}\n{}\n", ended("stop")))),
        (Gemini, Script::Status(200, format!("[{gemini}]"))),
        (
            Ollama,
            Script::Raw(json!({ "message": { "content": ANSWER }, "done": true }).to_string()),
        ),
    ] {
        assert_eq!(reads(provider, script).await.0.text, ANSWER);
    }
}

#[tokio::test]
async fn a_limit_of_tokens_is_told_apart_from_an_end() {
    let text = delta(json!({ "content": "threads: 1" }));
    let stopped = |reason: &str| {
        events(&[
            json!({ "type": "content_block_delta", "delta": { "type": "text_delta", "text": "threads: 1" } }),
            json!({ "type": "message_delta", "delta": { "stop_reason": reason } }),
            json!({ "type": "message_stop" }),
        ])
    };
    for (provider, raw) in [
        (OpenAi, events(&[text.clone(), ended("length")])),
        (OpenAi, events(&[text.clone(), ended("MAX_TOKENS")])),
        (OpenAi, events(&[text, ended("model_length")])),
        (Anthropic, stopped("max_tokens")),
        (Anthropic, stopped("model_context_window_exceeded")),
        (
            Gemini,
            events(&[json!({ "candidates": [{ "content": { "parts": [{ "text": "threads: 1" }] },
                "finishReason": "MAX_TOKENS" }] })]),
        ),
        (
            Ollama,
            json!({ "message": { "content": "threads: 1" }, "done": true, "done_reason": "length" })
                .to_string(),
        ),
    ] {
        assert!(reads(provider, Script::Raw(raw.clone())).await.0.cut_off, "{raw}");
    }
}

#[tokio::test]
async fn signs_of_life_are_passed_over() {
    let text = events(&[delta(json!({ "content": ANSWER })), ended("stop")]);
    for before in [
        ": OPENROUTER PROCESSING\n\n",
        ": keep-alive\n\n",
        "data: \n\n",
        "data: OPENROUTER PROCESSING\n\n",
        "event: ping\ndata: {}\n\n",
        "data: null\n\n",
        "id: 7\nretry: 3000\n\n",
        "\r\n\r\n",
        "data: {\"status\": \"processing\"}\n\n",
        "data: {\"choices\": []}\n\n",
    ] {
        let (reply, _) = reads(OpenAi, Script::Raw(format!("{before}{text}"))).await;
        assert_eq!(reply.text, ANSWER, "{before}");
    }
}

#[tokio::test]
async fn a_fault_inside_a_success_is_told_in_the_servers_own_words() {
    let begun = events(&[delta(json!({ "content": "thr" }))]);
    for fault in [
        json!({ "error": { "message": "queue full", "type": "server_error" } }),
        json!({ "error": "queue full" }),
        json!({ "object": "error", "message": "queue full", "code": 503 }),
        json!({ "type": "error", "error": { "type": "overloaded_error", "message": "queue full" } }),
        json!({ "choices": [{ "error": { "code": 502, "message": "queue full" }, "finish_reason": "error" }] }),
        json!({ "detail": "queue full" }),
        json!({ "message": "queue full" }),
        json!({ "error": { "code": 429, "message": "Provider returned error", "metadata": { "raw": "queue full" } } }),
    ] {
        let event = events(std::slice::from_ref(&fault));
        for script in [
            Script::Raw(event.clone()),
            Script::Raw(event.clone() + "data: [DONE]\n\n"),
            Script::Raw(format!(": hello\n\n{event}")),
            Script::Status(200, fault.to_string()),
        ] {
            let told = fails(OpenAi, script).await;
            assert!(told.contains("queue full"), "{fault}: {told}");
            assert!(!told.contains("address"), "{fault}: {told}");
        }
        if fault.get("detail").is_none()
            && fault
                .get("message")
                .is_none_or(|_| fault.get("object").is_some())
        {
            let told = fails(
                OpenAi,
                Script::Raw(format!("{begun}{event}data: [DONE]\n\n")),
            )
            .await;
            assert!(told.contains("queue full"), "{fault}: {told}");
        }
    }
    for raw in [
        "event: error\ndata: queue full\n\n",
        "event: error\ndata: {\"reason\": 1, \"msg\": \"queue full\"}\n\n",
        "error: {\"code\": 500, \"message\": \"queue full\"}\n\n",
        "data: queue full\n\n",
    ] {
        let told = fails(OpenAi, Script::Raw(raw.to_owned())).await;
        assert!(told.contains("queue full"), "{raw}: {told}");
    }
    let line = "{\"error\":\"queue full\"}\n".to_owned();
    let told = fails(Ollama, Script::Raw(line)).await;
    assert!(told.contains("queue full"), "{told}");
}

#[tokio::test]
async fn the_address_is_doubted_only_where_it_can_be_wrong() {
    for script in [Script::Page, Script::Status(200, "it works!".to_owned())] {
        let told = fails(OpenAi, script).await;
        assert!(told.contains("check that the address"), "{told}");
    }
    for script in [
        message(json!({ "content": "" })),
        message(json!({ "content": null })),
        Script::Raw(events(&[
            delta(json!({ "reasoning": "hm" })),
            ended("length"),
        ])),
        Script::Raw(events(&[ended("content_filter")])),
        Script::Raw(events(&[
            delta(json!({ "content": "a" })),
            ended("insufficient_system_resource"),
        ])),
    ] {
        let told = fails(OpenAi, script).await;
        assert!(!told.contains("address"), "{told}");
    }
}

#[tokio::test]
async fn the_arguments_of_a_tool_are_the_reply() {
    let first = json!({ "index": 0, "id": "t", "type": "function",
        "function": { "name": "propose", "arguments": "" } });
    let piece = |text: &str| json!({ "index": 0, "function": { "arguments": text } });
    let (one, other) = ANSWER.split_at(9);
    let streamed = events(&[
        delta(json!({ "role": "assistant", "content": null, "tool_calls": [first] })),
        delta(json!({ "tool_calls": [piece(one)] })),
        delta(json!({ "tool_calls": [piece(other)] })),
        ended("tool_calls"),
    ]);
    let arguments: Value = serde_json::from_str(ANSWER).unwrap();
    let call = json!({ "function": { "name": "propose", "arguments": ANSWER } });
    for (provider, script) in [
        (OpenAi, Script::Raw(streamed)),
        (
            OpenAi,
            message(json!({ "content": "", "tool_calls": [call] })),
        ),
        (
            OpenAi,
            message(
                json!({ "content": null, "function_call": { "name": "p", "arguments": ANSWER } }),
            ),
        ),
        (
            Gemini,
            Script::Raw(events(&[json!({ "candidates": [{ "content": { "parts": [
                { "functionCall": { "name": "propose", "args": arguments } }] }, "finishReason": "STOP" }] })])),
        ),
        (
            Ollama,
            Script::Raw(
                json!({ "message": { "content": "", "tool_calls": [
                { "function": { "name": "propose", "arguments": arguments } }] }, "done": true })
                .to_string(),
            ),
        ),
        (
            Anthropic,
            Script::Status(
                200,
                json!({ "type": "message", "stop_reason": "tool_use", "content": [
                { "type": "tool_use", "name": "propose", "input": arguments }] })
                .to_string(),
            ),
        ),
    ] {
        let (reply, _) = reads(provider, script).await;
        let said: Value = serde_json::from_str(&reply.text).unwrap();
        assert_eq!(said, arguments, "{provider}");
    }
    let named = json!({ "content": "", "tool_calls": [{ "function": { "name": "get_power", "arguments": "{}" } }] });
    let told = fails(OpenAi, message(named)).await;
    assert!(told.contains("called the tool \"get_power\""), "{told}");
}

#[tokio::test]
async fn tokens_are_what_the_totals_say() {
    let usage = |usage: Value| json!({ "choices": [], "usage": usage });
    let openai = |counts: Value| {
        events(&[
            delta(json!({ "content": ANSWER })),
            ended("stop"),
            usage(counts),
        ]) + "data: [DONE]\n\n"
    };
    let gemini = |counts: Value| {
        events(&[
            json!({ "candidates": [{ "content": { "parts": [{ "text": ANSWER }] },
            "finishReason": "STOP" }], "usageMetadata": counts }),
        ])
    };
    let anthropic = |first: Value, last: Value| {
        events(&[
            json!({ "type": "message_start", "message": { "usage": first } }),
            json!({ "type": "content_block_delta", "delta": { "type": "text_delta", "text": ANSWER } }),
            json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": last }),
            json!({ "type": "message_stop" }),
        ])
    };
    let details = |reasoning: u64| json!({ "reasoning_tokens": reasoning });
    for (provider, raw, counts) in [
        (
            OpenAi,
            openai(
                json!({ "prompt_tokens": 900, "completion_tokens": 60, "total_tokens": 3360,
                "completion_tokens_details": details(2400) }),
            ),
            (Some(900), Some(2460)),
        ),
        (
            OpenAi,
            openai(
                json!({ "prompt_tokens": 900, "completion_tokens": 60, "total_tokens": 960,
                "completion_tokens_details": details(40) }),
            ),
            (Some(900), Some(60)),
        ),
        (
            OpenAi,
            openai(json!({ "prompt_tokens": 900.0, "total_tokens": 960 })),
            (Some(900), Some(60)),
        ),
        (
            OpenAi,
            openai(json!({ "prompt_tokens": 900, "completion_tokens": 60,
                "prompt_tokens_details": { "cached_tokens": 800 } })),
            (Some(900), Some(60)),
        ),
        (
            OpenAi,
            openai(json!({ "prompt_tokens": 0, "completion_tokens": 0 })),
            (None, None),
        ),
        (OpenAi, openai(Value::Null), (None, None)),
        (
            Gemini,
            gemini(json!({ "promptTokenCount": 900, "candidatesTokenCount": 60,
                "thoughtsTokenCount": 2400, "totalTokenCount": 3360 })),
            (Some(900), Some(2460)),
        ),
        (
            Gemini,
            gemini(
                json!({ "promptTokenCount": 900, "candidatesTokenCount": 60, "thoughtsTokenCount": 40 }),
            ),
            (Some(900), Some(100)),
        ),
        (
            Gemini,
            gemini(json!({ "promptTokenCount": 900, "candidatesTokenCount": 60,
                "thoughtsTokenCount": 40, "totalTokenCount": 960 })),
            (Some(900), Some(60)),
        ),
        (
            Anthropic,
            anthropic(
                json!({ "input_tokens": 100, "cache_read_input_tokens": 700,
                    "cache_creation_input_tokens": 100, "output_tokens": 1 }),
                json!({ "input_tokens": 100, "output_tokens": 2460 }),
            ),
            (Some(900), Some(2460)),
        ),
        (
            Ollama,
            json!({ "message": { "content": ANSWER, "thinking": "hm" }, "done": true,
                "prompt_eval_count": 900, "eval_count": 2460 })
            .to_string(),
            (Some(900), Some(2460)),
        ),
        (
            Ollama,
            json!({ "message": { "content": ANSWER }, "done": true }).to_string(),
            (None, None),
        ),
    ] {
        let (reply, _) = reads(provider, Script::Raw(raw.clone())).await;
        assert_eq!(
            (reply.prompt_tokens, reply.reply_tokens),
            counts,
            "{provider}: {raw}"
        );
    }
}
