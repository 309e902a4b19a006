//! The real keyring on a machine that has none: no session bus can be reached.

use std::process::Command;
use wattsmith_chat::{Kept, Keys, Secret};
use wattsmith_domain::Provider;

const SERVER: &str = "https://wattsmith-test.invalid/v1";

/// Runs the test below in a process of its own, which sees a bus that does not exist. So nothing is
/// ever written to the keyring of whoever runs the tests.
#[test]
fn without_a_session_bus_a_key_is_kept_in_memory_and_that_is_said() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "keyring::in_a_process_without_a_bus",
        ])
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
        .env("WATTSMITH_TEST_NO_BUS", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}"
    );
}

#[tokio::test]
#[ignore = "run by the test above, with the environment it needs"]
async fn in_a_process_without_a_bus() {
    if std::env::var_os("WATTSMITH_TEST_NO_BUS").is_none() {
        return;
    }
    let keys = Keys::new();
    let kept = keys
        .set(Provider::OpenAi, SERVER, Secret::new("sk-test"))
        .await;
    let Kept::Memory { reason } = &kept else {
        panic!("kept in a keyring that cannot be there")
    };
    assert!(reason.contains("keyring"), "{reason}");
    assert!(!reason.contains("sk-test"), "{reason}");
    assert_eq!(
        keys.get(Provider::OpenAi, SERVER).await,
        Some((Secret::new("sk-test"), kept.clone()))
    );
    keys.forget(Provider::OpenAi, SERVER).await.unwrap();
    assert_eq!(keys.get(Provider::OpenAi, SERVER).await, None);
}
