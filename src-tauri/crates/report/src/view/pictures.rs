//! What a trial's pictures cost by phase, and the pictures themselves beside the default's.

use super::Figures;
use crate::format;
use serde::Serialize;
use std::collections::BTreeMap;
use wattsmith_domain::{
    KeptPicture, PairLikeness, PhaseShare, PicturePhase, PictureWork, Repeat, SessionRecord, Trial,
};

/// The bytes of kept pictures, PNG, by [`KeptPicture::file`].
pub type PictureFiles = BTreeMap<String, Vec<u8>>;

/// Trials whose pictures are laid into the page; the files of the others stay where they are.
const MOST_SHOWN: usize = 24;

/// The section on pictures.
#[derive(Debug, Serialize)]
pub(crate) struct Pictures {
    /// Names of the phases that the server tells.
    pub phases: Vec<&'static str>,
    pub rows: Vec<PictureRow>,
    /// The least like pair of each trial.
    pub pairs: Vec<Pair>,
    pub notes: Vec<String>,
}

/// One trial.
#[derive(Debug, Serialize)]
pub(crate) struct PictureRow {
    pub number: u32,
    pub per_step: String,
    pub per_image: String,
    /// Seconds and joules per image, in the order of the names.
    pub phases: Vec<String>,
    pub likeness: String,
}

/// A picture of the default and the trial's of the same prompt and seed.
#[derive(Debug, Serialize)]
pub(crate) struct Pair {
    pub number: u32,
    pub likeness: String,
    /// `prompt 1, seed 7`.
    pub of: String,
    /// Data addresses.
    pub default: String,
    pub own: String,
}

impl Pictures {
    /// None where the session makes no pictures or has none yet.
    pub(crate) fn of(
        record: &SessionRecord,
        figures: &Figures,
        files: &PictureFiles,
    ) -> Option<Self> {
        record.session.workload.pictures.as_ref()?;
        let made: Vec<(&Trial, &PictureWork)> = record
            .trials
            .iter()
            .filter_map(|trial| Some((trial, first(trial)?)))
            .collect();
        let told = made.first()?.1.phases.iter().map(|one| one.phase);
        let phases: Vec<PicturePhase> = told.collect();
        let default = record.default_trial().and_then(first);
        let mut notes = vec![
            "Likeness is that of the least like picture to the default\u{2019}s of the same prompt \
             and seed: PSNR in decibels (equal pictures have none to tell) and structural \
             similarity, 1 at most."
                .to_owned(),
        ];
        if record.session.model.random_weights {
            notes.push(
                "This model has random weights: its pictures are noise, and the likeness says \
                 nothing of quality. It shows only that the check works."
                    .to_owned(),
            );
        }
        if !figures.estimated && made.iter().any(|(_, work)| lacks_joules(work)) {
            notes.push(
                "Phases without joules were too short for the sensors, or lie outside the window."
                    .to_owned(),
            );
        }
        Some(Self {
            phases: phases.iter().map(|one| one.label()).collect(),
            rows: made
                .iter()
                .map(|(trial, work)| row(trial, work, &phases))
                .collect(),
            pairs: made
                .iter()
                .filter_map(|(trial, work)| pair(trial, work, default?, files))
                .take(MOST_SHOWN)
                .collect(),
            notes,
        })
    }
}

fn lacks_joules(work: &PictureWork) -> bool {
    work.phases.iter().any(|one| one.joules.is_none())
}

/// The first window that tells of pictures; a trial that was given up for its pictures has one, too.
fn first(trial: &Trial) -> Option<&PictureWork> {
    trial.repeats.iter().find_map(|one| one.pictures.as_ref())
}

fn row(trial: &Trial, work: &PictureWork, phases: &[PicturePhase]) -> PictureRow {
    let images: f64 = trial.repeats.iter().map(|one| one.units.0 as f64).sum();
    let mean = |of: &dyn Fn(&Repeat) -> Option<f64>| {
        let figures: Option<Vec<f64>> = trial.repeats.iter().map(of).collect();
        let figures = figures.filter(|all| !all.is_empty())?;
        Some(figures.iter().sum::<f64>() / figures.len() as f64)
    };
    let seconds = mean(&|one| Some(one.window.0 / one.units.0 as f64));
    let figure = |value: Option<f64>, unit| {
        value.map_or(format::NONE.to_owned(), |one| format::with_unit(one, unit))
    };
    PictureRow {
        number: trial.number,
        per_step: figure(mean(&Repeat::joules_per_step), "J"),
        per_image: figure(seconds, "s"),
        phases: phases
            .iter()
            .map(|phase| phase_cell(trial, *phase, images))
            .collect(),
        likeness: match work.likeness.as_ref().and_then(|all| all.worst()) {
            Some(worst) => worst.to_string(),
            None => format::NONE.to_owned(),
        },
    }
}

/// `0.31 s, 5.6 J` per image over all windows; loading per start.
fn phase_cell(trial: &Trial, phase: PicturePhase, images: f64) -> String {
    let shares: Vec<&PhaseShare> = trial
        .repeats
        .iter()
        .filter_map(|one| one.pictures.as_ref()?.phase(phase))
        .collect();
    if shares.is_empty() || images <= 0.0 {
        return format::NONE.to_owned();
    }
    let per = match phase {
        PicturePhase::Load => shares.len() as f64,
        _ => images,
    };
    let seconds: f64 = shares.iter().map(|one| one.seconds.0).sum();
    let joules: Option<f64> = shares.iter().map(|one| one.joules.map(|all| all.0)).sum();
    let seconds = format::with_unit(seconds / per, "s");
    match joules {
        Some(joules) => format!("{seconds}, {}", format::with_unit(joules / per, "J")),
        None => seconds,
    }
}

fn pair(
    trial: &Trial,
    work: &PictureWork,
    default: &PictureWork,
    files: &PictureFiles,
) -> Option<Pair> {
    let worst = work.likeness.as_ref()?.worst()?;
    let address = |work: &PictureWork| {
        let kept = of_pair(&work.kept, worst)?;
        Some(data_address(files.get(&kept.file)?))
    };
    Some(Pair {
        number: trial.number,
        likeness: worst.to_string(),
        of: format!("prompt {}, seed {}", worst.prompt + 1, worst.seed),
        default: address(default)?,
        own: address(work)?,
    })
}

fn of_pair<'a>(kept: &'a [KeptPicture], pair: &PairLikeness) -> Option<&'a KeptPicture> {
    kept.iter()
        .find(|one| one.prompt == pair.prompt && one.seed == pair.seed)
}

/// A picture inside the page.
fn data_address(png: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(png);
    format!("data:image/png;base64,{text}")
}
