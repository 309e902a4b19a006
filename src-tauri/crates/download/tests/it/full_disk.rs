//! A disk that fills up in the middle: a limit on the size of files stands in for it.

use crate::stand::{ADDRESS, Stand, content};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigSet, Signal};
use std::process::Command;
use wattsmith_download::{DownloadError, waiting};

#[test]
#[ignore = "is run in a process of its own by a_disk_that_fills_up_keeps_what_was_written"]
fn fill_up_as_a_child() {
    // Handled by nobody the signal would end this process; ignored, the write fails. Threads inherit it.
    let mut ignored = SigSet::empty();
    ignored.add(Signal::SIGXFSZ);
    ignored.thread_block().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let all = content(4_000_000);
        let stand = Stand::with(&all).await;
        setrlimit(Resource::RLIMIT_FSIZE, 1_500_000, 4_000_000).unwrap();
        let error = stand.fetch(ADDRESS, None).await.unwrap_err();
        assert!(matches!(error, DownloadError::Io { .. }), "{error}");
        assert!(
            error.to_string().contains("kept as far as it came"),
            "{error}"
        );
        let kept = waiting(&stand.file()).unwrap();
        assert!(kept > 0 && kept <= 1_500_000, "{kept}");
        // Room again: it goes on.
        setrlimit(Resource::RLIMIT_FSIZE, 4_000_000, 4_000_000).unwrap();
        stand.fetch(ADDRESS, None).await.unwrap();
        assert_eq!(std::fs::read(stand.file()).unwrap(), all);
        assert_eq!(stand.server.asked()[1], Some(format!("bytes={kept}-")));
    });
}

#[test]
fn a_disk_that_fills_up_keeps_what_was_written() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "full_disk::fill_up_as_a_child", "--ignored"])
        .output()
        .unwrap();
    assert!(child.status.success(), "{child:?}");
}
