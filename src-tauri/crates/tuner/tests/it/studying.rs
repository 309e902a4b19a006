//! Studies on an invented landscape: equal terms, the check by counting, files that stand alone.

use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use wattsmith_chat::{ChatClient, Templates, Timeouts};
use wattsmith_domain::{Connection, Provider};
use wattsmith_search::synthetic;
use wattsmith_testkit::scripted_chat::{Script, ScriptedChat};
use wattsmith_tuner::{
    Exchanges, Note, OpenChat, StudyChat, StudyPlan, TunerError, read_landscape, run_study,
    write_study,
};

fn plan(arms: &[&str]) -> StudyPlan {
    StudyPlan {
        arms: arms.iter().map(ToString::to_string).collect(),
        seeds: 40,
        budget: 8,
        repeats: 3,
        below_percent: 10.0,
        constraints: synthetic::waiting_line(1).constraints,
        memory_from: Vec::new(),
        notes: Vec::new(),
    }
}

#[tokio::test]
async fn random_search_needs_as_many_draws_as_counting_says() {
    let study = run_study(
        &synthetic::waiting_line(1),
        &plan(&["random", "sobol"]),
        None,
        |_, _| {},
    )
    .await
    .unwrap();
    let check = study.random_check.unwrap();
    assert!(check.standard_errors.abs() < 4.0, "{check:?}");
}

#[tokio::test]
async fn every_arm_starts_from_the_same_figure_and_a_study_repeats_itself() {
    let landscape = synthetic::waiting_line(2);
    let mut small = plan(&["surrogate", "guided-blind", "rule", "random"]);
    (small.seeds, small.budget) = (3, 4);
    let mut heard = Vec::new();
    let study = run_study(&landscape, &small, None, |done, all| {
        heard.push((done, all))
    })
    .await
    .unwrap();
    assert_eq!(heard.last(), Some(&(48, 48)));
    for seed in 0..3 {
        let firsts: Vec<_> = study
            .runs
            .iter()
            .filter(|run| run.seed == seed)
            .map(|run| &run.standings[0])
            .collect();
        assert_eq!(firsts.len(), 4);
        assert!(firsts.iter().all(|first| *first == firsts[0]), "{firsts:?}");
    }
    for run in &study.runs {
        let truths = run.standings.len();
        assert_eq!(truths, 5, "{} seed {}", run.arm, run.seed);
    }
    let again = run_study(&landscape, &small, None, |_, _| {})
        .await
        .unwrap();
    assert_eq!(study, again);
    assert_eq!(study.comparisons.len(), 3);
    assert_eq!(study.comparisons[0].upper.len(), 3);

    let folder = tempfile::tempdir().unwrap();
    let files = write_study(folder.path(), &study).unwrap();
    let html = std::fs::read_to_string(files.html).unwrap();
    assert!(html.contains("INVENTED") && !html.contains("<script"));
    let csv = std::fs::read_to_string(files.csv).unwrap();
    assert_eq!(csv.lines().count(), 1 + 12 * 5);
}

#[tokio::test]
async fn what_cannot_be_studied_is_refused_with_a_reason() {
    let landscape = synthetic::waiting_line(1);
    for arms in [&["nobody"][..], &["gp", "gp"], &[]] {
        let refused = run_study(&landscape, &plan(arms), None, |_, _| {}).await;
        assert!(matches!(refused, Err(TunerError::Invalid(_))), "{arms:?}");
    }
    let mut impossible = plan(&["gp"]);
    impossible.constraints.min_tokens_per_second = Some(1e9);
    assert!(
        run_study(&landscape, &impossible, None, |_, _| {})
            .await
            .is_err()
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.json");
    let mut broken = landscape.clone();
    broken.noise.df = 0.0;
    std::fs::write(&path, serde_json::to_string(&broken).unwrap()).unwrap();
    let error = read_landscape(&path).unwrap_err().to_string();
    assert!(error.contains("degrees of freedom"), "{error}");
    std::fs::write(&path, "{").unwrap();
    assert!(
        read_landscape(&path)
            .unwrap_err()
            .to_string()
            .contains("is no landscape")
    );
}

fn asking(path: &Path, server: Option<&ScriptedChat>) -> Result<StudyChat, TunerError> {
    let asked = server.map(|server| {
        let timeouts = Timeouts::default();
        let client = ChatClient::new(
            Provider::OpenAi,
            server.base_url(),
            "scripted",
            None,
            timeouts,
        );
        let chat = Arc::new(OpenChat::served(Arc::new(client.unwrap())));
        // The port differs from run to run; the person names a server that does not.
        let at = Connection::server(Provider::OpenAi, "http://127.0.0.1:1/v1", "scripted");
        (at, chat)
    });
    Ok(StudyChat {
        exchanges: Arc::new(Exchanges::open(path, asked, CancellationToken::new())?),
        templates: Templates::open(path.with_extension("templates")),
    })
}

#[tokio::test]
async fn arms_that_ask_a_chat_are_recorded_go_on_and_replay_byte_for_byte() {
    let landscape = synthetic::waiting_line(3);
    let mut small = plan(&["guided", "random"]);
    (small.seeds, small.budget) = (2, 3);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("exchanges.jsonl");
    let first = "{\"reason\": \"the list's own\", \"choice\": 1}";
    let prose = Script::Prose("Let me think.".to_owned());
    let say = |n: usize| vec![Script::Json(first.to_owned()); n];

    // The server says three things and then no more: the study ends with its reason.
    let few = ScriptedChat::start([vec![prose], say(2)].concat())
        .await
        .unwrap();
    let chat = asking(&path, Some(&few)).unwrap();
    let ended = run_study(&landscape, &small, Some(&chat), |_, _| {}).await;
    assert!(matches!(ended, Err(TunerError::Chat(_))), "{ended:?}");
    assert_eq!(few.requests().len(), 4);
    drop((chat, few));

    // Begun again, nothing is asked twice.
    let more = ScriptedChat::start(say(20)).await.unwrap();
    let chat = asking(&path, Some(&more)).unwrap();
    let study = run_study(&landscape, &small, Some(&chat), |_, _| {})
        .await
        .unwrap();
    assert_eq!(more.requests().len(), 4, "seven prompts, three known");
    let guided: Vec<_> = study
        .runs
        .iter()
        .filter(|run| run.arm == "guided")
        .collect();
    assert_eq!(guided[0].prompts, [2, 1, 1], "the prose cost a retry");
    assert_eq!(guided[1].prompts, [1, 1, 1]);
    assert_eq!(study.llm.as_deref(), Some("scripted"));
    drop((chat, more));

    // Replayed without any server.
    let chat = asking(&path, None).unwrap();
    let again = run_study(&landscape, &small, Some(&chat), |_, _| {})
        .await
        .unwrap();
    let text = |study| serde_json::to_string(study).unwrap();
    assert_eq!(text(&study), text(&again));

    // What was never said cannot be replayed, and the reason names it.
    small.seeds = 3;
    let missing = run_study(&landscape, &small, Some(&chat), |_, _| {}).await;
    let error = missing.unwrap_err().to_string();
    assert!(
        error.contains("guided") && error.contains("seed 2"),
        "{error}"
    );
    let error = run_study(&landscape, &small, None, |_, _| {})
        .await
        .unwrap_err();
    assert!(error.to_string().contains("chat model"), "{error}");
}

#[tokio::test]
async fn a_persons_notes_stand_behind_the_feedback_of_the_arms_that_have_them() {
    let landscape = synthetic::waiting_line(3);
    let mut small = plan(&["enhanced", "enhanced+notes"]);
    (small.seeds, small.budget) = (2, 2);
    let said = "Leave the threads alone.";
    small.notes = vec![Note {
        after: 2,
        text: said.to_owned(),
    }];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("exchanges.jsonl");
    let first = "{\"reason\": \"the list's own\", \"choice\": 1}".to_owned();
    let server = ScriptedChat::start(vec![Script::Json(first); 40])
        .await
        .unwrap();
    let chat = asking(&path, Some(&server)).unwrap();
    let study = run_study(&landscape, &small, Some(&chat), |_, _| {})
        .await
        .unwrap();
    let told = |request: &String| request.contains(said);
    let requests: Vec<String> = server.requests().iter().map(ToString::to_string).collect();
    // After the first trial behind the default, once in each run.
    assert_eq!(
        requests.iter().filter(|one| told(one)).count(),
        2,
        "{requests:#?}"
    );
    let files = write_study(folder.path(), &study).unwrap();
    let page = std::fs::read_to_string(files.html).unwrap();
    assert!(page.contains("after trial 2") && page.contains(said));
    drop((chat, server));

    // Other words are other facts.
    let chat = asking(&path, None).unwrap();
    let again = run_study(&landscape, &small, Some(&chat), |_, _| {}).await;
    assert_eq!(again.unwrap().runs, study.runs);
    small.notes[0].text = "Turn the threads.".to_owned();
    let refused = run_study(&landscape, &small, Some(&chat), |_, _| {}).await;
    let error = refused.unwrap_err().to_string();
    assert!(error.contains("notes"), "{error}");

    // Notes that nobody reads, and readers without notes.
    small.arms = vec!["enhanced".to_owned(), "random".to_owned()];
    let error = run_study(&landscape, &small, Some(&chat), |_, _| {}).await;
    assert!(error.unwrap_err().to_string().contains("--notes"));
    small.arms = vec!["surrogate+notes".to_owned()];
    let error = run_study(&landscape, &small, None, |_, _| {}).await;
    assert!(error.unwrap_err().to_string().contains("nobody would read"));
}

#[tokio::test]
async fn a_guided_arm_that_takes_the_first_entry_is_the_surrogate() {
    let landscape = synthetic::rugged(1);
    let mut small = plan(&["guided", "surrogate"]);
    (small.seeds, small.budget) = (2, 4);
    small.constraints = landscape.constraints;
    let folder = tempfile::tempdir().unwrap();
    let first = Script::Json("{\"choice\": 1}".to_owned());
    let server = ScriptedChat::start(vec![first; 8]).await.unwrap();
    let chat = asking(&folder.path().join("exchanges.jsonl"), Some(&server)).unwrap();
    let study = run_study(&landscape, &small, Some(&chat), |_, _| {})
        .await
        .unwrap();
    for seed in 0..2 {
        let of = |arm: &str| {
            let run = study
                .runs
                .iter()
                .find(|run| run.arm == arm && run.seed == seed);
            run.unwrap().standings.clone()
        };
        assert_eq!(of("guided"), of("surrogate"));
    }
}

#[tokio::test]
async fn arms_with_memory_know_other_landscapes_and_start_better() {
    let landscape = synthetic::waiting_line(4);
    let mut other = synthetic::waiting_line(5);
    other.name = "synthetic: another waiting line".to_owned();
    let mut small = plan(&["gp+memory", "gp", "tpe+memory", "surrogate+memory"]);
    (small.seeds, small.budget) = (20, 3);
    let nothing = run_study(&landscape, &small, None, |_, _| {}).await;
    let error = nothing.unwrap_err().to_string();
    assert!(
        error.contains("nothing that the arms with memory"),
        "{error}"
    );

    small.memory_from = vec![landscape.clone()];
    let itself = run_study(&landscape, &small, None, |_, _| {}).await;
    assert!(
        itself.is_err(),
        "a landscape cannot be remembered on itself"
    );
    let (mut one, mut under_a_limit) = (landscape.clone(), other.clone());
    for same in [&mut one, &mut under_a_limit] {
        same.model.sha256 = "one model".to_owned();
        same.workload.hash = "one work".to_owned();
    }
    small.memory_from = vec![under_a_limit];
    let gives_away = run_study(&one, &small, None, |_, _| {}).await;
    let error = gives_away.unwrap_err().to_string();
    assert!(error.contains("it would give the answer away"), "{error}");

    // The same sweep a second time, under another limit: it counts once.
    let mut again = other.clone();
    for same in [&mut other, &mut again] {
        same.model.sha256 = "one model".to_owned();
        same.workload.hash = "one work".to_owned();
    }
    again.name = "synthetic: another waiting line, in a hurry".to_owned();
    small.memory_from = vec![other, again];
    let study = run_study(&landscape, &small, None, |_, _| {})
        .await
        .unwrap();
    let regret = |name: &str| {
        let arm = study.arms.iter().find(|arm| arm.name == name).unwrap();
        arm.regret.last().unwrap().mean
    };
    assert!(
        regret("gp+memory") < regret("gp"),
        "{} and {}",
        regret("gp+memory"),
        regret("gp")
    );
    assert_eq!(study.memory_from, ["synthetic: another waiting line"]);
}

#[tokio::test]
async fn a_server_chooses_from_all_that_is_untried_in_the_landscape() {
    let landscape = synthetic::waiting_line(3);
    let mut small = plan(&["enhanced", "baseline"]);
    (small.seeds, small.budget) = (2, 2);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("exchanges.jsonl");
    let last = landscape.entries.len() - 2;
    let reply = format!("{{\"reason\": \"the last but one\", \"choice\": {last}}}");
    let say = vec![Script::Json(reply); 8];
    let server = ScriptedChat::start(say).await.unwrap();
    let chat = asking(&path, Some(&server)).unwrap();
    let study = run_study(&landscape, &small, Some(&chat), |_, _| {})
        .await
        .unwrap();
    // Every reply was a choice: nothing was asked twice.
    assert!(study.arms.iter().all(|arm| arm.prompts == 2.0));
    for prompt in server.prompts() {
        let choices = prompt.lines().filter(|line| {
            let number = line.split(". ").next().unwrap_or_default();
            number.parse::<u32>().is_ok()
        });
        let untried = choices.count();
        assert!(
            (last..=last + 1).contains(&untried),
            "{untried} choices in {prompt}"
        );
    }
}

#[tokio::test]
async fn a_chat_model_opens_and_the_surrogate_goes_on_from_its_points() {
    let landscape = synthetic::waiting_line(3);
    let mut small = plan(&["seeded", "llm-0", "surrogate", "llm-50"]);
    (small.seeds, small.budget) = (2, 5);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("exchanges.jsonl");
    // What is left last: nothing that a surrogate would begin with.
    let choose = |n: usize| Script::Json(format!("{{\"reason\": \"bold\", \"choice\": {n}}}"));
    let say = vec![choose(landscape.entries.len() - 6); 11];
    let server = ScriptedChat::start(say).await.unwrap();
    let chat = asking(&path, Some(&server)).unwrap();
    let study = run_study(&landscape, &small, Some(&chat), |_, _| {})
        .await
        .unwrap();
    let run = |arm: &str, seed: u64| {
        let own = |run: &&wattsmith_search::Run| run.arm == arm && run.seed == seed;
        study.runs.iter().find(own).unwrap()
    };
    for seed in 0..2 {
        let asked: u32 = run("seeded", seed).prompts.iter().sum();
        assert_eq!(asked, 3, "three turns are the chat model's");
        assert!(run("llm-0", seed).prompts.is_empty());
        assert_eq!(
            run("llm-0", seed).standings,
            run("surrogate", seed).standings
        );
        assert_ne!(
            run("seeded", seed).standings,
            run("surrogate", seed).standings
        );
    }
    // Of five turns two and a half: one seed has two of them, the other three.
    let halves: Vec<u32> = (0..2)
        .map(|seed| run("llm-50", seed).prompts.iter().sum())
        .collect();
    assert_eq!(halves, [2, 3]);
    // What the chat model is told holds what the surrogate had measured.
    let last = server.prompts().pop().unwrap();
    assert!(last.contains("# Trials so far"), "{last}");
}

#[tokio::test]
async fn where_a_chat_model_says_nothing_usable_the_surrogate_takes_its_turn() {
    let landscape = synthetic::waiting_line(2);
    let mut small = plan(&["llm-100", "surrogate"]);
    (small.seeds, small.budget) = (2, 2);
    let folder = tempfile::tempdir().unwrap();
    let prose = Script::Prose("Let me think.".to_owned());
    let server = ScriptedChat::start(vec![prose; 40]).await.unwrap();
    let chat = asking(&folder.path().join("exchanges.jsonl"), Some(&server)).unwrap();
    let study = run_study(&landscape, &small, Some(&chat), |_, _| {})
        .await
        .unwrap();
    for seed in 0..2 {
        let of = |arm: &str| {
            let own = |run: &&wattsmith_search::Run| run.arm == arm && run.seed == seed;
            study.runs.iter().find(own).unwrap()
        };
        assert_eq!(of("llm-100").standings, of("surrogate").standings);
        assert!(of("llm-100").prompts.iter().all(|prompts| *prompts > 1));
    }
}

#[tokio::test]
async fn a_masked_landscape_tells_a_chat_model_no_name_of_a_knob() {
    let plain = synthetic::waiting_line(3);
    let landscape = plain.masked();
    let mut small = plan(&["enhanced", "baseline", "surrogate"]);
    (small.seeds, small.budget) = (2, 3);
    let folder = tempfile::tempdir().unwrap();
    let say = vec![Script::Json("{\"reason\": \"why not\", \"choice\": 2}".to_owned()); 12];
    let server = ScriptedChat::start(say).await.unwrap();
    let chat = asking(&folder.path().join("exchanges.jsonl"), Some(&server)).unwrap();
    run_study(&landscape, &small, Some(&chat), |_, _| {})
        .await
        .unwrap();
    assert_eq!(server.prompts().len(), 12);
    for prompt in server.prompts() {
        assert!(prompt.contains("knob-1"), "{prompt}");
        for name in plain.space.parameters.iter().map(|one| &one.name) {
            let told =
                prompt.contains(&format!("{name}=")) || prompt.contains(&format!("- {name}"));
            assert!(!told, "{name} in {prompt}");
        }
        assert!(
            !prompt.contains("threads") && !prompt.contains("slots"),
            "{prompt}"
        );
    }
}
