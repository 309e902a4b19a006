//! Studies as the window runs them: on landscapes at hand, watched, cancelled, kept.

use crate::bench::Bench;
use std::time::Duration;
use wattsmith_domain::{Connection, Provider};
use wattsmith_search::synthetic;
use wattsmith_testkit::scripted_chat::{Script, ScriptedChat};
use wattsmith_tuner::{MachineLock, StudyRequest, TunerError};

/// A tuner whose person has recorded a landscape, and has another file that is none.
async fn bench() -> Bench {
    let bench = Bench::new().await;
    let folder = bench.tuner.paths().landscapes();
    std::fs::create_dir_all(&folder).unwrap();
    let landscape = serde_json::to_string(&synthetic::waiting_line(1)).unwrap();
    std::fs::write(folder.join("line.json"), landscape).unwrap();
    std::fs::write(folder.join("broken.json"), "{").unwrap();
    bench
}

fn request(arms: &[&str]) -> StudyRequest {
    StudyRequest {
        live: None,
        landscape: "own/line".to_owned(),
        arms: arms.iter().map(ToString::to_string).collect(),
        seeds: 3,
        budget: 4,
        repeats: 3,
        below_percent: 10.0,
        min_tokens_per_second: None,
        max_time_to_first_token_s: None,
        remember: false,
        connection: None,
        agreed: false,
    }
}

#[tokio::test]
async fn landscapes_at_hand_are_listed_and_broken_ones_say_why() {
    let listed = bench().await.tuner.landscapes().await.unwrap();
    let own: Vec<_> = listed
        .iter()
        .filter(|one| one.id.starts_with("own/"))
        .collect();
    assert_eq!(own.len(), 2);
    let why = own[0].found.as_ref().unwrap_err();
    assert!(why.contains("is no landscape"), "{why}");
    let (landscape, summary) = own[1].found.as_ref().unwrap();
    assert!(landscape.synthetic && summary.configurations > 1);
}

#[tokio::test]
async fn a_study_is_kept_and_there_again_after_a_restart() {
    let bench = bench().await;
    let first = bench.tuner.study(request(&["rule", "random"])).await;
    let second = bench.tuner.study(request(&["random", "sobol"])).await;
    assert!(!bench.tuner.studying().running);

    let bench = bench.reopened().await;
    let studies = bench.tuner.studies().await.unwrap();
    let ids: Vec<&str> = studies.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, [second.unwrap(), first.unwrap()]);
    assert_eq!(studies[0].arms[1].name, "sobol");
    let kept = bench.tuner.kept_study(ids[1]).await.unwrap();
    assert_eq!(kept.result.runs.len(), 6);
    assert!(kept.html.is_file() && kept.head.synthetic);
    let gone = bench.tuner.kept_study("../studies").await;
    assert!(matches!(gone, Err(TunerError::NotFound(_))));
}

#[tokio::test]
async fn a_study_that_cannot_be_leaves_nothing_behind() {
    let bench = bench().await;
    let tuner = &bench.tuner;
    let mut unknown = request(&["rule", "sobol"]);
    unknown.landscape = "own/nowhere".to_owned();
    let refused = tuner.study(unknown).await;
    assert!(matches!(refused, Err(TunerError::NotFound(_))));
    for odd in ["guided", "nobody"] {
        let refused = tuner.study(request(&[odd])).await;
        assert!(
            matches!(refused, Err(TunerError::Invalid(_))),
            "{refused:?}"
        );
    }
    let mut far = request(&["guided"]);
    far.connection = Some(Connection::server(Provider::OpenAi, "https://far/v1", "m"));
    let refused = tuner.study(far).await;
    assert!(matches!(refused, Err(TunerError::ConsentNeeded { .. })));
    let measuring = MachineLock::acquire(bench.lock_file()).unwrap();
    let refused = tuner.study(request(&["rule"])).await;
    assert!(matches!(refused, Err(TunerError::Busy(_))));
    drop(measuring);
    assert!(tuner.studies().await.unwrap().is_empty());
    let left = std::fs::read_dir(tuner.paths().studies());
    assert_eq!(left.map_or(0, Iterator::count), 0);
}

#[tokio::test]
async fn a_study_is_cancelled_in_its_middle() {
    let bench = bench().await;
    let tuner = &bench.tuner;
    let mut long = request(&["surrogate", "random"]);
    (long.seeds, long.budget) = (10_000, 20);
    tuner.start_study(long.clone()).unwrap();
    let again = tuner.start_study(long);
    assert!(matches!(again, Err(TunerError::Busy(_))));
    while tuner.studying().phase.progress.is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(MachineLock::acquire(bench.lock_file()).is_err());
    assert!(tuner.cancel_study());
    while tuner.studying().running {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(MachineLock::acquire(bench.lock_file()).is_ok());
    assert!(tuner.studies().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_an_llm_says_in_a_study_is_kept_beside_it() {
    // Whatever comes after the last reply is refused, and the surrogate goes on alone.
    let nonsense = || Script::Json("{}".to_owned());
    let chat = ScriptedChat::start((0..60).map(|_| nonsense()).collect())
        .await
        .unwrap();
    let bench = bench().await;
    let mut asking = request(&["guided"]);
    (asking.seeds, asking.budget) = (2, 2);
    asking.connection = Some(Connection::server(
        Provider::OpenAi,
        chat.base_url(),
        "scripted",
    ));
    let id = bench.tuner.study(asking).await.unwrap();
    let kept = bench.tuner.kept_study(&id).await.unwrap();
    assert_eq!(kept.head.llm.as_deref(), Some("scripted"));
    assert!(kept.result.arms[0].prompts > 0.0);
    let said = kept.html.with_file_name("exchanges.jsonl");
    assert!(std::fs::read_to_string(said).unwrap().lines().count() > 1);
}

#[tokio::test]
async fn an_interrupted_study_goes_on_from_what_was_said_and_can_be_removed() {
    // After three replies the server says no more: the study ends with its reason.
    let choice = || Script::Json("{\"reason\": \"the first\", \"choice\": 1}".to_owned());
    let few = ScriptedChat::start((0..3).map(|_| choice()).collect())
        .await
        .unwrap();
    let bench = bench().await;
    let mut asking = request(&["guided", "random"]);
    (asking.seeds, asking.budget) = (2, 3);
    asking.connection = Some(Connection::server(
        Provider::OpenAi,
        few.base_url(),
        "scripted",
    ));
    let ended = bench.tuner.study(asking.clone()).await;
    assert!(matches!(ended, Err(TunerError::Chat(_))), "{ended:?}");

    let bench = bench.reopened().await;
    let begun = bench.tuner.begun_studies().await.unwrap();
    assert_eq!(begun.len(), 1);
    assert_eq!((begun[0].replies, &begun[0].request), (3, &asking));
    assert!(bench.tuner.studies().await.unwrap().is_empty());
    for _ in 0..3 {
        few.push(choice());
    }
    bench.tuner.resume_study(&begun[0].id).await.unwrap();
    while bench.tuner.studying().running {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(bench.tuner.begun_studies().await.unwrap().is_empty());
    let kept = bench.tuner.kept_study(&begun[0].id).await.unwrap();
    assert_eq!(kept.result.runs.len(), 4);
    // Six turns, each asked once, and the one that nobody answered.
    assert_eq!(few.requests().len(), 7);

    let away = bench.tuner.remove_study("../studies").await;
    assert!(matches!(away, Err(TunerError::NotFound(_))));
    bench.tuner.remove_study(&begun[0].id).await.unwrap();
    assert!(bench.tuner.studies().await.unwrap().is_empty());
    let gone = bench.tuner.resume_study(&begun[0].id).await;
    assert!(matches!(gone, Err(TunerError::NotFound(_))));
}

#[tokio::test]
async fn a_study_may_have_limits_of_its_own_and_arms_that_remember() {
    let bench = bench().await;
    let folder = bench.tuner.paths().landscapes();
    let mut other = synthetic::waiting_line(2);
    other.name = "another line".to_owned();
    std::fs::write(
        folder.join("other.json"),
        serde_json::to_string(&other).unwrap(),
    )
    .unwrap();
    let mut asked = request(&["surrogate", "random"]);
    asked.remember = true;
    asked.max_time_to_first_token_s = Some(1e3);
    let id = bench.tuner.study(asked.clone()).await.unwrap();
    let kept = bench.tuner.kept_study(&id).await.unwrap();
    let arms: Vec<&str> = kept.head.arms.iter().map(|arm| arm.name.as_str()).collect();
    assert_eq!(arms, ["surrogate", "random", "surrogate+memory"]);
    let limits = kept.result.constraints;
    assert_eq!(limits.max_time_to_first_token_s, Some(1e3));

    asked.arms = vec!["random".to_owned()];
    let nobody = bench.tuner.study(asked).await;
    assert!(matches!(nobody, Err(TunerError::Invalid(_))));
}
