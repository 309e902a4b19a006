//! A chat server's reply over HTTP, of each provider: events of a browser, or a piece of JSON on each line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wattsmith_chat::{Chat, ChatClient, ChatRequest, Timeouts};
use wattsmith_domain::Provider;
use wattsmith_fuzz::{chosen, wait};
use wattsmith_testkit::anything::Anything;

static SERVER: LazyLock<Anything> = LazyLock::new(|| Anything::new().unwrap());
const SOON: Duration = Duration::from_millis(500);

fuzz_target!(|data: &[u8]| {
    let Some((which, reply)) = chosen(data, Provider::ALL.len()) else {
        return;
    };
    SERVER.says(reply);
    let timeouts = Timeouts {
        connect: SOON,
        first: SOON,
        idle: SOON,
        whole: SOON,
        backoff: Duration::from_millis(1),
    };
    let client = ChatClient::new(Provider::ALL[which], &SERVER.url, "m", None, timeouts).unwrap();
    let cancel = CancellationToken::new();
    let request = ChatRequest::new("Say something.");
    let _ = wait(client.complete(request, &mut |_| {}, &cancel));
});
