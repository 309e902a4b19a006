//! What can be chosen for a session on one of the servers that Wattsmith can start.

use crate::error::TunerError;
use crate::machine::models::ModelShelf;
use crate::session::plan::usual;
use crate::session::work::unit_of;
use crate::tuner::Tuner;
use wattsmith_domain::{Parameter, WorkUnit, Workload};
use wattsmith_engine::{About, ModelForm, picture_workloads, server, shipped, workloads};

/// A server with its knobs and the work that it can be given.
#[derive(Debug, Clone)]
pub struct ServerChoices {
    /// By which it is chosen.
    pub name: String,
    /// What to do where its program is not here.
    pub missing: Option<String>,
    /// What its work is counted in.
    pub unit: WorkUnit,
    /// What its models are.
    pub models: ModelForm,
    /// Its knobs on this machine, with a model that nobody has looked at yet.
    pub parameters: Vec<Parameter>,
    /// Those that are tuned when nobody says which.
    pub usual: Vec<String>,
    /// Whole work, with its short form where it has one.
    pub workloads: Vec<(Workload, Option<Workload>)>,
}

/// A model that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherModel {
    /// As the person knows it.
    pub name: String,
    /// What is given to the server.
    pub path: String,
    /// Its size, bytes; 0 where it is made at the start.
    pub bytes: u64,
}

impl Tuner {
    /// What can be chosen with the server of this name; the one that Wattsmith brings where it is empty.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn server_choices(&self, name: &str) -> Result<ServerChoices, TunerError> {
        let server = match name {
            "" => shipped(),
            name => server(name).map_err(|error| TunerError::Invalid(error.to_string()))?,
        };
        let parameters = server.space(&About::machine(&self.machine())).parameters;
        let unit = unit_of(server.as_ref());
        let known = match unit {
            WorkUnit::OutputToken => workloads(),
            WorkUnit::Image => picture_workloads(),
        };
        Ok(ServerChoices {
            name: server.name().to_owned(),
            missing: server.find(&self.paths().engine_folders()).err(),
            unit,
            models: server.models(),
            usual: tuned_by_itself(unit, &parameters),
            workloads: with_short_forms(known),
            parameters,
        })
    }
}

/// The few that were seen to matter, where the server has such; else all that keep answers as they are.
fn tuned_by_itself(unit: WorkUnit, parameters: &[Parameter]) -> Vec<String> {
    let usual = usual(parameters);
    if unit == WorkUnit::OutputToken && !usual.is_empty() {
        return usual;
    }
    let kept = parameters.iter().filter(|one| !one.changes_output);
    kept.map(|one| one.name.clone()).collect()
}

fn with_short_forms(known: Vec<Workload>) -> Vec<(Workload, Option<Workload>)> {
    let (short, whole): (Vec<_>, Vec<_>) = known
        .into_iter()
        .partition(|one| one.name.ends_with("-quick"));
    let short_of = |name: &str| {
        let name = format!("{name}-quick");
        short.iter().find(|one| one.name == name).cloned()
    };
    let pairs = whole.into_iter().map(|one| {
        let quick = short_of(&one.name);
        (one, quick)
    });
    pairs.collect()
}

impl ModelShelf {
    /// What was found for servers whose models are no GGUF files, those that come with the server first.
    #[must_use]
    pub fn others(&self, form: ModelForm) -> Vec<OtherModel> {
        let made = form.made_at_start().map(|name| OtherModel {
            name: format!("{name}: random weights, made at every start"),
            path: name.to_owned(),
            bytes: 0,
        });
        let named = self
            .models
            .iter()
            .filter(|one| form == ModelForm::Named && one.place.keeps_names())
            .map(|one| OtherModel {
                name: one.name.clone(),
                path: one.name.clone(),
                bytes: one.bytes,
            });
        let folders = self.weights.iter().filter(|one| match form {
            ModelForm::Gguf | ModelForm::PictureFile | ModelForm::Named => false,
            ModelForm::Weights => !one.pipeline,
            ModelForm::Pipeline => one.pipeline,
        });
        let found = folders.map(|one| OtherModel {
            name: one.name.clone(),
            path: one.path.display().to_string(),
            bytes: one.bytes,
        });
        made.into_iter().chain(named).chain(found).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::memory_need::MemoryNeed;
    use crate::machine::models::ModelEntry;
    use crate::machine::places::{ModelPlace, WeightFolder};
    use wattsmith_testkit::fixtures::Fixture;

    #[test]
    fn a_server_is_offered_models_of_its_own_kind_only() {
        let folder = |name: &str, pipeline| WeightFolder {
            place: ModelPlace::Named,
            name: name.to_owned(),
            path: name.into(),
            bytes: 7,
            pipeline,
        };
        let file = |name: &str, place| ModelEntry {
            name: name.to_owned(),
            path: format!("/store/blobs/{name}").into(),
            parts: 1,
            quantisation: String::new(),
            weights: String::new(),
            bits_per_weight: None,
            bytes: 7,
            context_limit: None,
            chats: true,
            place,
            needs: MemoryNeed {
                weights: 7,
                cache: None,
                requests: 1,
                context: 0,
            },
        };
        let named = ModelPlace::ALL
            .into_iter()
            .find(|place| place.keeps_names())
            .unwrap();
        let shelf = ModelShelf {
            models: vec![
                file("a file", ModelPlace::Named),
                file("smollm2:135m", named),
            ],
            weights: vec![folder("words", false), folder("pictures", true)],
            ..ModelShelf::default()
        };
        let paths =
            |form| -> Vec<String> { shelf.others(form).into_iter().map(|one| one.path).collect() };
        assert_eq!(paths(ModelForm::Weights), ["words"]);
        assert_eq!(paths(ModelForm::Named), ["smollm2:135m"]);
        assert_eq!(paths(ModelForm::Pipeline), ["tiny", "pictures"]);
        assert!(paths(ModelForm::Gguf).is_empty());
        assert!(paths(ModelForm::PictureFile).is_empty());
    }

    #[test]
    fn whole_work_stands_with_its_short_form() {
        for (whole, quick) in with_short_forms(workloads())
            .into_iter()
            .chain(with_short_forms(picture_workloads()))
        {
            assert!(!whole.name.ends_with("-quick"), "{whole:?}");
            if let Some(quick) = quick {
                assert_eq!(quick.name, format!("{}-quick", whole.name));
            }
        }
    }

    #[test]
    fn what_is_tuned_by_itself_is_a_part_of_what_can_be() {
        let machine = Fixture::on_gpu().build().session.machine;
        for server in wattsmith_engine::servers() {
            let parameters = server.space(&About::machine(&machine)).parameters;
            let tuned = tuned_by_itself(unit_of(server.as_ref()), &parameters);
            let held = parameters.iter().filter(|one| tuned.contains(&one.name));
            assert_eq!(held.count(), tuned.len(), "{}", server.name());
            assert!(!tuned.is_empty(), "{}", server.name());
        }
    }
}
