//! Whether the server that answers is ready, and whether it is ours: an open port proves neither.

use crate::process::Process;
use crate::readback::Props;
use std::time::Duration;

/// Between two questions whether the engine is ready.
const POLL: Duration = Duration::from_millis(25);

/// Why there is no engine to talk to.
pub(crate) enum NotReady {
    /// Our child ended.
    Ended,
    /// Another program answers on the port: how that shows.
    NotOurs(String),
}

/// Waits for `/health`, then for the proof that the server is ours: our own child still runs, it
/// refuses a wrong key, and it accepts the key that only it was told.
pub(crate) async fn until_ready(
    process: &Process,
    client: &reqwest::Client,
    base_url: &str,
    api_key: &str,
) -> Result<Props, NotReady> {
    let healthy = async {
        loop {
            let answer = client
                .get(format!("{base_url}/health"))
                .timeout(Duration::from_secs(1))
                .send()
                .await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::select! {
        biased;
        _ = process.wait() => return Err(NotReady::Ended),
        () = healthy => {}
    }
    let proof = prove_ours(client, base_url, api_key).await;
    match proof {
        // An engine that cannot have its port ends by itself: that tells more than the stranger.
        Err(what) => match tokio::time::timeout(Duration::from_secs(1), process.wait()).await {
            Ok(_) => Err(NotReady::Ended),
            Err(_) => Err(NotReady::NotOurs(what)),
        },
        Ok(_) if process.exited().is_some() => Err(NotReady::Ended),
        Ok(props) => Ok(props),
    }
}

async fn prove_ours(
    client: &reqwest::Client,
    base_url: &str,
    api_key: &str,
) -> Result<Props, String> {
    let ask = |key: &str| {
        client
            .get(format!("{base_url}/props"))
            .bearer_auth(key)
            .timeout(Duration::from_secs(5))
            .send()
    };
    let wrong = ask("not-the-key")
        .await
        .map_err(|error| error.to_string())?;
    if wrong.status() != reqwest::StatusCode::UNAUTHORIZED {
        return Err("it accepts a wrong API key".into());
    }
    let answer = ask(api_key).await.map_err(|error| error.to_string())?;
    if !answer.status().is_success() {
        return Err(format!("it answers {} to our API key", answer.status()));
    }
    answer
        .json::<Props>()
        .await
        .map_err(|error| format!("it does not tell its settings ({error})"))
}
