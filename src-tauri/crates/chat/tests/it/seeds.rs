//! What fuzzers begin with is read as it should be: replies, and the streams that they come in.

use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wattsmith_chat::{Chat, ChatClient, ChatRequest, Timeouts, parse_reply};
use wattsmith_domain::Provider;
use wattsmith_testkit::anything::{Anything, seeds_are_read_as_they_should};
use wattsmith_testkit::fixtures;

#[test]
fn replies_that_fuzzers_begin_with_are_read_as_they_should() {
    let space = fixtures::empty().session.space;
    let base = space.default_configuration();
    seeds_are_read_as_they_should("reply", |seed| {
        let reply = std::str::from_utf8(seed).unwrap();
        let parsed = parse_reply(reply, &space, &base, None);
        let changed = parsed
            .as_ref()
            .is_ok_and(|one| one.configuration.get("threads") != base.get("threads"));
        assert_eq!(parsed.is_ok(), changed, "{parsed:?}");
        changed
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_fuzzers_begin_with_are_read_as_they_should() {
    let server = Anything::new().unwrap();
    let soon = Duration::from_secs(10);
    let timeouts = Timeouts {
        connect: soon,
        first: soon,
        idle: soon,
        whole: soon,
        backoff: Duration::from_millis(1),
    };
    let handle = tokio::runtime::Handle::current();
    let all = tokio::task::spawn_blocking(move || {
        seeds_are_read_as_they_should("chat-stream", |seed| {
            let (which, reply) = seed.split_first().unwrap();
            server.says(reply);
            let provider = Provider::ALL[usize::from(*which) % Provider::ALL.len()];
            let client = ChatClient::new(provider, &server.url, "m", None, timeouts).unwrap();
            let cancel = CancellationToken::new();
            let request = ChatRequest::new("Say something.");
            let came = handle.block_on(client.complete(request, &mut |_| {}, &cancel));
            came.is_ok_and(|reply| reply.text == "ready")
        })
    });
    assert!(all.await.unwrap() >= Provider::ALL.len());
}
