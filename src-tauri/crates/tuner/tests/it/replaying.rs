//! A recording outlives the words of its prompts: the same facts replay, other facts do not.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use wattsmith_chat::{ChatClient, Templates, Timeouts};
use wattsmith_domain::{Connection, Provider};
use wattsmith_search::{Landscape, synthetic};
use wattsmith_testkit::scripted_chat::{Script, ScriptedChat};
use wattsmith_tuner::{
    Exchanges, OpenChat, SaidWords, StudyChat, StudyPlan, StudyResult, TunerError, WORDS, run_study,
};

/// A recorded study, and what replays it.
struct Recording {
    folder: tempfile::TempDir,
    landscape: Landscape,
    plan: StudyPlan,
    study: StudyResult,
}

impl Recording {
    /// Two runs of two trials. The first prompt is answered in prose and asked again.
    async fn make() -> Self {
        let landscape = synthetic::waiting_line(3);
        let plan = StudyPlan {
            arms: ["guided", "enhanced"].map(str::to_owned).to_vec(),
            seeds: 2,
            budget: 2,
            repeats: 3,
            below_percent: 10.0,
            constraints: landscape.constraints,
            memory_from: Vec::new(),
            notes: Vec::new(),
        };
        let folder = tempfile::tempdir().unwrap();
        let choice = Script::Json("{\"reason\": \"the list's own\", \"choice\": 1}".to_owned());
        let server = ScriptedChat::start(vec![choice; 8]).await.unwrap();
        let client = ChatClient::new(
            Provider::OpenAi,
            server.base_url(),
            "scripted",
            None,
            Timeouts::default(),
        );
        let chat = Arc::new(OpenChat::served(Arc::new(client.unwrap())));
        let at = Connection::server(Provider::OpenAi, "http://127.0.0.1:1/v1", "scripted");
        let path = folder.path().join("exchanges.jsonl");
        let chat = StudyChat {
            exchanges: exchanges(&path, Some((at, chat))),
            templates: Templates::open(folder.path().join("templates")),
        };
        let study = run_study(&landscape, &plan, Some(&chat), |_, _| {})
            .await
            .unwrap();
        Self {
            folder,
            landscape,
            plan,
            study,
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("exchanges.jsonl")
    }

    /// Words the prompts otherwise from now on.
    fn reword(&self) {
        let templates = Templates::open(self.folder.path().join("templates"));
        let text = templates.get("enhanced").unwrap().text;
        let text = text.replace("You are a performance engineer", "You are an engineer");
        templates.save("enhanced", &text).unwrap();
    }

    /// Changes every line of the recording but the first.
    fn edit(&self, edit: impl Fn(&mut serde_json::Map<String, serde_json::Value>)) {
        let text = std::fs::read_to_string(self.path()).unwrap();
        let lines = text.lines().enumerate().map(|(index, line)| {
            let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
            if index > 0 {
                edit(line.as_object_mut().unwrap());
            }
            format!("{line}\n")
        });
        std::fs::write(self.path(), lines.collect::<String>()).unwrap();
    }

    async fn replay(&self) -> Result<(StudyResult, Arc<Exchanges>), TunerError> {
        let chat = StudyChat {
            exchanges: exchanges(&self.path(), None),
            templates: Templates::open(self.folder.path().join("templates")),
        };
        let study = run_study(&self.landscape, &self.plan, Some(&chat), |_, _| {}).await?;
        Ok((study, chat.exchanges))
    }

    async fn refusal(&self) -> String {
        self.replay().await.unwrap_err().to_string()
    }
}

fn exchanges(path: &Path, asked: Option<(Connection, Arc<OpenChat>)>) -> Arc<Exchanges> {
    Arc::new(Exchanges::open(path, asked, CancellationToken::new()).unwrap())
}

fn said(study: &StudyResult) -> &SaidWords {
    study.said.as_ref().unwrap()
}

#[tokio::test]
async fn a_reply_to_other_words_about_the_same_facts_is_replayed_and_the_study_says_so() {
    let recording = Recording::make().await;
    assert_eq!(said(&recording.study).prompts, 8);
    assert_eq!(said(&recording.study).sentence(), None);

    recording.reword();
    let (again, _) = recording.replay().await.unwrap();
    assert_eq!(again.runs, recording.study.runs);
    assert_eq!(again.arms, recording.study.arms);
    assert_eq!(said(&again).worded_otherwise.get(&WORDS), Some(&8));
    let sentence = said(&again).sentence().unwrap();
    assert!(
        sentence.starts_with("8 of 8 replies were given to prompts in the words of version"),
        "{sentence}"
    );
}

#[tokio::test]
async fn a_reply_about_other_facts_is_refused_and_the_facts_are_named() {
    let mut recording = Recording::make().await;
    recording.plan.below_percent = 5.0;
    let refusal = recording.refusal().await;
    assert!(refusal.contains("told other facts (goal)"), "{refusal}");

    let mut recording = Recording::make().await;
    recording.plan.repeats = 2;
    let refusal = recording.refusal().await;
    assert!(refusal.contains("trials"), "{refusal}");
}

#[tokio::test]
async fn a_reply_counts_as_it_was_read_when_it_was_recorded() {
    let recording = Recording::make().await;
    // Today's reader takes the reply for prose without a choice.
    recording.edit(|line| {
        line.insert("reply".to_owned(), "I would rather not say.".into());
    });
    let (again, _) = recording.replay().await.unwrap();
    assert_eq!(again.runs, recording.study.runs);
    assert_eq!(said(&again).read_otherwise, 8);
    let sentence = said(&again).sentence().unwrap();
    assert!(
        sentence.contains("8 replies would be read otherwise today"),
        "{sentence}"
    );
}

#[tokio::test]
async fn an_older_recording_replays_in_its_own_words_and_can_be_completed() {
    let recording = Recording::make().await;
    recording.edit(|line| {
        for new in ["words", "known", "read"] {
            line.remove(new);
        }
    });
    let (again, exchanges) = recording.replay().await.unwrap();
    assert_eq!(again, recording.study);

    // Before it is completed nobody can tell whether the facts are the same.
    recording.reword();
    let refusal = recording.refusal().await;
    assert!(
        refusal.contains("does not tell what the prompt of then was made of"),
        "{refusal}"
    );

    assert_eq!(exchanges.complete().unwrap(), 8);
    let (completed, _) = recording.replay().await.unwrap();
    assert_eq!(completed.runs, recording.study.runs);
    assert_eq!(said(&completed).worded_otherwise.get(&WORDS), Some(&8));
}

#[test]
fn every_shipped_recording_tells_what_its_prompts_were_made_of() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../landscapes/said");
    let mut recordings = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for line in text.lines().skip(1) {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            for part in ["words", "known", "read"] {
                assert!(line.get(part).is_some(), "{part} in {}", path.display());
            }
        }
        recordings += 1;
    }
    assert_eq!(recordings, 6);
}
