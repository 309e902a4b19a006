//! Cut, silent, changed and cancelled: what is gone on with, and what is begun again.

use crate::stand::{ADDRESS, ON_HUB, Stand, content, sha256};
use std::time::Duration;
use wattsmith_download::{DownloadError, Stage, waiting};
use wattsmith_testkit::file_server::Fault;

fn from(bytes: usize) -> Option<String> {
    Some(format!("bytes={bytes}-"))
}

#[tokio::test]
async fn a_cut_connection_is_taken_up_where_it_ended() {
    let all = content(300_000);
    let stand = Stand::with(&all).await;
    stand
        .server
        .faults(&[Fault::Cut(100_000), Fault::Cut(50_000), Fault::Status(503)]);
    let fetched = stand.fetch(ADDRESS, None).await.unwrap();
    assert_eq!(std::fs::read(stand.file()).unwrap(), all);
    assert_eq!(fetched.bytes, 300_000);
    assert_eq!(
        stand.server.asked(),
        [None, from(100_000), from(150_000), from(150_000)]
    );
    let told = stand.told.lock().unwrap();
    let waited: Vec<_> = told
        .iter()
        .filter(|one| one.stage == Stage::Waiting)
        .collect();
    assert_eq!(waited.len(), 3);
    assert_eq!(waited[0].bytes, 100_000);
    assert!(waited[2].note.contains("503"), "{}", waited[2].note);
}

#[tokio::test]
async fn a_silent_connection_counts_as_dead() {
    let all = content(300_000);
    let stand = Stand::with(&all).await;
    stand.server.faults(&[Fault::Silent(100_000)]);
    stand.fetch(ADDRESS, None).await.unwrap();
    assert_eq!(std::fs::read(stand.file()).unwrap(), all);
    assert_eq!(stand.server.asked(), [None, from(100_000)]);
}

#[tokio::test]
async fn a_connection_that_brings_nothing_is_given_up_and_the_next_download_goes_on() {
    let all = content(300_000);
    let stand = Stand::with(&all).await;
    stand.server.faults(&[Fault::Cut(100_000)]);
    stand.server.faults(&[Fault::Status(502); 2]);
    let error = stand.fetch(ADDRESS, None).await.unwrap_err();
    assert!(error.to_string().contains("is kept"), "{error}");
    assert_eq!(waiting(&stand.file()), Some(100_000));
    assert_eq!(stand.names(), ["tiny.gguf.part", "tiny.gguf.part.json"]);
    stand.fetch(ADDRESS, None).await.unwrap();
    assert_eq!(std::fs::read(stand.file()).unwrap(), all);
    assert_eq!(stand.server.asked().last(), Some(&from(100_000)));
    assert_eq!(stand.names(), ["tiny.gguf"]);
}

#[tokio::test]
async fn a_cancelled_download_keeps_its_part_and_goes_on_there() {
    let all = content(300_000);
    let mut stand = Stand::with(&all).await;
    stand.server.faults(&[Fault::Silent(100_000)]);
    let order = stand.order(ADDRESS, None);
    let (cancel, told) = (stand.cancel.clone(), stand.told.clone());
    tokio::spawn(async move {
        while told.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        cancel.cancel();
    });
    let error = stand.whole(&order).await.unwrap_err();
    assert!(matches!(error, DownloadError::Cancelled), "{error}");
    assert_eq!(waiting(&stand.file()), Some(100_000));
    stand.cancel = tokio_util::sync::CancellationToken::new();
    stand.fetch(ADDRESS, None).await.unwrap();
    assert_eq!(std::fs::read(stand.file()).unwrap(), all);
    assert_eq!(stand.server.asked(), [None, from(100_000)]);
}

/// Leaves a part of one file and gives the server another one.
async fn half_then_changed() -> (Stand, Vec<u8>) {
    let stand = Stand::with(&content(300_000)).await;
    stand.server.faults(&[Fault::Cut(100_000)]);
    stand.server.faults(&[Fault::Status(502); 2]);
    stand.fetch(ADDRESS, None).await.unwrap_err();
    let other: Vec<u8> = content(300_000).iter().map(|byte| !byte).collect();
    let mut shelf = stand.server.shelf();
    shelf.content = other.clone();
    shelf.etag = Some("\"second\"");
    shelf.asked.clear();
    drop(shelf);
    (stand, other)
}

#[tokio::test]
async fn a_file_that_changed_in_between_is_never_glued_together() {
    let (stand, other) = half_then_changed().await;
    stand.fetch(ADDRESS, None).await.unwrap();
    assert_eq!(std::fs::read(stand.file()).unwrap(), other);
    assert_eq!(stand.server.asked(), [from(100_000)]);
}

#[tokio::test]
async fn a_server_that_never_looks_whether_it_changed_is_noticed_by_its_tag() {
    let (stand, other) = half_then_changed().await;
    stand.server.shelf().ignores_if_range = true;
    stand.fetch(ADDRESS, None).await.unwrap();
    assert_eq!(std::fs::read(stand.file()).unwrap(), other);
    assert_eq!(stand.server.asked(), [from(100_000), None]);
}

#[tokio::test]
async fn without_any_tag_the_hash_of_the_whole_tells_and_it_is_begun_again_once() {
    let stand = Stand::with(&content(300_000)).await;
    let other: Vec<u8> = content(300_000).iter().map(|byte| !byte).collect();
    let hash = sha256(&other);
    stand.server.shelf().etag = None;
    stand.server.faults(&[Fault::Cut(100_000)]);
    stand.server.faults(&[Fault::Status(502); 2]);
    stand.fetch(ADDRESS, Some(&hash)).await.unwrap_err();
    stand.server.shelf().content = other.clone();
    stand.fetch(ADDRESS, Some(&hash)).await.unwrap();
    assert_eq!(std::fs::read(stand.file()).unwrap(), other);
    assert_eq!(stand.server.asked()[3..], [from(100_000), None]);
}

#[tokio::test]
async fn without_tag_and_hash_nothing_is_gone_on_with() {
    let all = content(300_000);
    for etag in [None, Some("W/\"weak\"")] {
        let stand = Stand::with(&all).await;
        stand.server.shelf().etag = etag;
        stand.server.faults(&[Fault::Cut(100_000)]);
        stand.fetch(ADDRESS, None).await.unwrap();
        assert_eq!(std::fs::read(stand.file()).unwrap(), all);
        assert_eq!(stand.server.asked(), [None, None]);
    }
}

#[tokio::test]
async fn a_server_without_ranges_begins_again() {
    let all = content(300_000);
    let stand = Stand::with(&all).await;
    stand.server.shelf().ranges = false;
    stand.server.faults(&[Fault::Cut(100_000)]);
    stand.fetch(ADDRESS, None).await.unwrap();
    assert_eq!(std::fs::read(stand.file()).unwrap(), all);
    assert_eq!(stand.server.asked(), [None, from(100_000)]);
}

#[tokio::test]
async fn a_part_of_another_hash_is_not_gone_on_with() {
    let all = content(300_000);
    let stand = Stand::with(&all).await;
    stand.server.shelf().linked = Some(sha256(b"an earlier state"));
    stand.server.faults(&[Fault::Cut(100_000)]);
    stand.server.faults(&[Fault::Status(502); 2]);
    stand.fetch(ON_HUB, None).await.unwrap_err();
    stand.server.shelf().linked = Some(sha256(&all));
    stand.server.shelf().asked.clear();
    assert!(stand.fetch(ON_HUB, None).await.unwrap().verified);
    assert_eq!(stand.server.asked(), [None]);
}

#[tokio::test]
async fn two_downloads_of_the_same_file_exclude_each_other() {
    let stand = Stand::with(&content(300_000)).await;
    stand.server.faults(&[Fault::Silent(1000)]);
    let order = stand.order(ADDRESS, None);
    let first = stand.whole(&order);
    let second = async {
        while stand.server.asked().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let error = stand.fetch(ADDRESS, None).await.unwrap_err();
        assert!(matches!(error, DownloadError::Busy { .. }), "{error}");
        assert!(error.to_string().contains("tiny.gguf"), "{error}");
    };
    let (first, ()) = tokio::join!(first, second);
    first.unwrap();
}

#[tokio::test]
async fn a_part_that_is_whole_already_is_only_checked() {
    let all = content(300_000);
    let stand = Stand::with(&all).await;
    stand.server.shelf().linked = Some(sha256(&all));
    // Killed between its last byte and its name.
    drop(stand.whole(&stand.order(ON_HUB, None)).await.unwrap());
    assert_eq!(waiting(&stand.file()), Some(300_000));
    stand.server.shelf().asked.clear();
    assert!(stand.fetch(ON_HUB, None).await.unwrap().verified);
    assert!(stand.server.asked().is_empty());

    // Where nobody knows the hash, the server is asked whether it is still that file.
    let stand = Stand::with(&all).await;
    drop(stand.whole(&stand.order(ADDRESS, None)).await.unwrap());
    stand.fetch(ADDRESS, None).await.unwrap();
    assert_eq!(stand.server.asked(), [None, from(300_000)]);
}

#[tokio::test]
async fn a_page_to_sign_in_or_a_file_of_another_size_costs_nothing_of_what_is_there() {
    let all = content(300_000);
    let stand = Stand::with(&all).await;
    stand.server.shelf().linked = Some(sha256(&all));
    stand.server.faults(&[Fault::Cut(100_000), Fault::Page]);
    let error = stand.fetch(ON_HUB, None).await.unwrap_err();
    assert!(matches!(error, DownloadError::Page { .. }), "{error}");
    assert_eq!(waiting(&stand.file()), Some(100_000));
    let mut order = stand.order(ADDRESS, Some(&sha256(&all)));
    order.bytes = Some(300_000);
    stand.server.shelf().content.truncate(200_000);
    stand.server.shelf().ranges = false;
    let error = stand.whole(&order).await.unwrap_err();
    assert!(matches!(error, DownloadError::Unlike { .. }), "{error}");
    assert_eq!(waiting(&stand.file()), Some(100_000));
    stand.server.shelf().content = all;
    stand.server.shelf().ranges = true;
    assert!(stand.fetch(ON_HUB, None).await.unwrap().verified);
    assert_eq!(stand.server.asked().last(), Some(&from(100_000)));
}
