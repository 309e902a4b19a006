//! What comes whole, what is checked by which hash, and what is refused.

use crate::stand::{ADDRESS, ON_HUB, Stand, content, sha256};
use std::os::unix::fs::MetadataExt as _;
use wattsmith_download::{DownloadError, Fetch, Stage};
use wattsmith_testkit::file_server::Fault;

#[tokio::test]
async fn a_file_gets_its_name_when_it_is_whole_and_is_for_its_owner_alone() {
    let all = content(3_000_000);
    let stand = Stand::with(&all).await;
    let Fetch::Whole(whole) = stand.whole(&stand.order(ADDRESS, None)).await.unwrap() else {
        panic!("it was not there before");
    };
    assert_eq!(whole.part(), stand.part());
    assert!(!stand.file().exists());
    let fetched = whole.keep().unwrap();
    assert_eq!(std::fs::read(stand.file()).unwrap(), all);
    assert_eq!(stand.names(), ["tiny.gguf"]);
    assert_eq!(stand.file().metadata().unwrap().mode() & 0o777, 0o600);
    // Nobody told a hash: it is given, and not called verified.
    assert_eq!((fetched.sha256, fetched.verified), (sha256(&all), false));
    let told = stand.told.lock().unwrap();
    assert!(told.iter().any(|one| one.stage == Stage::Checking));
    let first = told
        .iter()
        .find(|one| one.stage == Stage::Fetching)
        .unwrap();
    assert_eq!(first.total, Some(3_000_000));
}

#[tokio::test]
async fn a_file_of_the_hub_is_checked_by_the_hash_that_the_hub_tells() {
    let all = content(100_000);
    let stand = Stand::with(&all).await;
    stand.server.shelf().linked = Some(sha256(&all));
    let fetched = stand.fetch(ON_HUB, None).await.unwrap();
    assert!(fetched.verified);
    // Asked for once more, it is there.
    let again = stand.fetch(ON_HUB, None).await.unwrap();
    assert!(again.was_there && again.verified);
    assert_eq!(stand.server.asked().len(), 1);

    let stand = Stand::with(&all).await;
    stand.server.shelf().linked = Some(sha256(b"another file"));
    let error = stand.fetch(ON_HUB, None).await.unwrap_err();
    assert!(matches!(error, DownloadError::WrongHash { .. }), "{error}");
    assert!(stand.names().is_empty(), "{:?}", stand.names());
}

#[tokio::test]
async fn a_small_file_of_the_hub_without_a_hash_is_not_called_verified() {
    let stand = Stand::with(&content(1000)).await;
    let fetched = stand.fetch(ON_HUB, None).await.unwrap();
    assert!(!fetched.verified);
}

#[tokio::test]
async fn a_wrong_hash_removes_what_came() {
    let all = content(100_000);
    let stand = Stand::with(&all).await;
    let expected = sha256(b"another file");
    let error = stand.fetch(ADDRESS, Some(&expected)).await.unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains(&expected) && said.contains(&sha256(&all)),
        "{said}"
    );
    assert!(stand.names().is_empty());
    // It was fetched once: nothing else was there that could have been wrong.
    assert_eq!(stand.server.asked(), [None]);
    let error = stand.fetch(ADDRESS, Some("abc")).await.unwrap_err();
    assert!(matches!(error, DownloadError::BadHash(_)), "{error}");
}

#[tokio::test]
async fn a_file_of_that_name_with_other_content_is_in_the_way() {
    let all = content(5000);
    let stand = Stand::with(&all).await;
    std::fs::create_dir_all(stand.file().parent().unwrap()).unwrap();
    std::fs::write(stand.file(), "mine").unwrap();
    for hash in [None, Some(sha256(&all))] {
        let error = stand.fetch(ADDRESS, hash.as_deref()).await.unwrap_err();
        assert!(matches!(error, DownloadError::InTheWay { .. }), "{error}");
    }
    assert_eq!(std::fs::read(stand.file()).unwrap(), b"mine");
    assert_eq!(stand.names(), ["tiny.gguf"]);
}

#[tokio::test]
async fn what_the_server_does_not_have_leaves_nothing_behind() {
    let stand = Stand::with(&content(10)).await;
    let error = stand
        .fetch("SERVER/missing/tiny.gguf", None)
        .await
        .unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("404") && said.contains("no such file"),
        "{said}"
    );
    assert!(stand.names().is_empty());
    stand.server.faults(&[Fault::Status(401)]);
    let said = stand.fetch(ADDRESS, None).await.unwrap_err().to_string();
    assert!(said.contains("who asks"), "{said}");
}

#[tokio::test]
async fn a_size_that_was_not_meant_is_refused_before_a_byte_is_kept() {
    let stand = Stand::with(&content(5000)).await;
    let mut order = stand.order(ADDRESS, None);
    order.bytes = Some(6000);
    let error = stand.whole(&order).await.unwrap_err();
    assert!(
        matches!(
            error,
            DownloadError::Unlike {
                expected: 6000,
                found: 5000,
                ..
            }
        ),
        "{error}"
    );
    assert!(stand.names().is_empty());
}

#[tokio::test]
async fn more_than_the_disk_holds_is_refused_beforehand() {
    let stand = Stand::with(&content(10)).await;
    let mut order = stand.order(ADDRESS, None);
    order.bytes = Some(u64::MAX / 2);
    let error = stand.whole(&order).await.unwrap_err();
    assert!(matches!(error, DownloadError::NoRoom { .. }), "{error}");
    assert!(stand.server.asked().is_empty() && stand.names().is_empty());
}

#[tokio::test]
async fn no_word_holds_what_lets_somebody_in() {
    let stand = Stand::with(&content(10)).await;
    let host = stand
        .server
        .address
        .replace("http://", "http://sam:planted@");
    for path in [
        "missing/tiny.gguf?token=planted",
        "files/tiny.gguf?api_key=planted",
    ] {
        stand
            .server
            .faults(&[Fault::Status(500), Fault::Status(500), Fault::Status(500)]);
        let order = stand.order(&format!("{host}/{path}"), None);
        let error = stand.whole(&order).await.unwrap_err();
        let said = format!(
            "{error} {error:?} {order:?} {:?}",
            stand.told.lock().unwrap()
        );
        assert!(!said.contains("planted"), "{said}");
    }
}
