//! The pictures of a trial: kept as files, compared with the default's at equal seeds, and what a
//! server told of their phases laid beside the power.

use crate::error::TunerError;
use crate::machine::models::blocking;
use crate::measuring::likeness::likeness;
use crate::tuner::Tuner;
use std::path::{Path, PathBuf};
use wattsmith_domain::{
    Configuration, Constraints, Energy, Joules, KeptPicture, Likeness, MonotonicNs, PairLikeness,
    PhaseShare, PicturePhase, PictureWork, Repeat, Seconds, SessionId, SessionRecord, Trial,
    TrialId,
};
use wattsmith_engine::{Drawn, MadePicture, digest};
use wattsmith_meter::Recorded;

/// A phase's joules are told where it lasted this long in a window in all: below it the edges of its
/// many pieces weigh too much.
const LEAST_PHASE: Seconds = Seconds(1.0);

/// Where the pictures of a window go, and what they are compared with.
#[derive(Debug, Clone)]
pub(crate) struct Album {
    /// All kept pictures of all sessions.
    pub root: PathBuf,
    /// Below it, for this window.
    pub place: String,
    /// The default's, where it has some.
    pub default: Vec<KeptPicture>,
}

/// A picture of a trial beside the default's of the same prompt and seed.
#[derive(Debug, Clone, PartialEq)]
pub struct PicturePair {
    /// Place of the prompt, from 0.
    pub prompt: u32,
    /// Seed.
    pub seed: u32,
    /// How like they are; none for the default itself.
    pub likeness: Option<PairLikeness>,
    /// The default's PNG; none where its file is gone.
    pub default: Option<Vec<u8>>,
    /// The trial's own.
    pub own: Option<Vec<u8>>,
}

/// The pictures that were kept of a trial.
#[must_use]
pub fn kept_pictures(trial: &Trial) -> Vec<KeptPicture> {
    let works = trial.repeats.iter().filter_map(|one| one.pictures.as_ref());
    works.flat_map(|work| work.kept.clone()).collect()
}

impl Tuner {
    /// The pictures of a trial, each beside the default's.
    ///
    /// # Errors
    /// There is no such trial.
    pub async fn picture_pairs(
        &self,
        session: &SessionId,
        trial: &TrialId,
    ) -> Result<Vec<PicturePair>, TunerError> {
        let record = self.record(session).await?;
        let trial = record.trial(trial).ok_or_else(|| {
            TunerError::NotFound("There is no such trial in this session.".to_owned())
        })?;
        let works = trial.repeats.iter().filter_map(|one| one.pictures.as_ref());
        let likeness: Vec<PairLikeness> = works
            .filter_map(|work| work.likeness.as_ref())
            .flat_map(|all| all.pairs.clone())
            .collect();
        let default = record.default_trial().map(kept_pictures);
        let (default, own) = (default.unwrap_or_default(), kept_pictures(trial));
        let root = self.paths.pictures();
        blocking(move || {
            let pair = |one: &KeptPicture| {
                let of = (one.prompt, one.seed);
                let twin = default
                    .iter()
                    .find(|other| (other.prompt, other.seed) == of);
                PicturePair {
                    prompt: one.prompt,
                    seed: one.seed,
                    likeness: likeness
                        .iter()
                        .find(|pair| (pair.prompt, pair.seed) == of)
                        .copied(),
                    default: twin.and_then(|twin| read(&root, twin).ok()),
                    own: read(&root, one).ok(),
                }
            };
            own.iter().map(pair).collect()
        })
        .await
    }

    /// Where the first window of a trial keeps its pictures; none where it makes none or an earlier
    /// window has them.
    pub(crate) fn album(&self, record: &SessionRecord, trial: &Trial) -> Option<Album> {
        record.session.workload.pictures.as_ref()?;
        if !kept_pictures(trial).is_empty() {
            return None;
        }
        let default = record.default_trial().filter(|one| one.id != trial.id);
        Some(Album {
            root: self.paths.pictures(),
            place: place(&record.session.id, &trial.id),
            default: default.map(kept_pictures).unwrap_or_default(),
        })
    }
}

/// The PNG files in `root` of kept pictures of a record, as far as they are still there. Blocks.
pub(crate) fn picture_files(root: &Path, record: &SessionRecord) -> wattsmith_report::PictureFiles {
    let repeats = record.trials.iter().flat_map(|trial| &trial.repeats);
    let works = repeats.filter_map(|repeat| repeat.pictures.as_ref());
    works
        .flat_map(|work| &work.kept)
        .filter_map(|kept| Some((kept.file.clone(), read(root, kept).ok()?)))
        .collect()
}

/// `SESSION/TRIAL`.
fn place(session: &SessionId, trial: &TrialId) -> String {
    format!("{}/{}", session.0, trial.0)
}

/// Writes the pictures, compares them with the default's, and puts together what is known of the
/// window's work.
///
/// # Errors
/// A picture that cannot be written.
pub(crate) async fn work(
    drawn: Drawn,
    recorded: &Recorded,
    energy: &Energy,
    album: Option<Album>,
) -> Result<PictureWork, TunerError> {
    let phases = shares(&drawn, recorded, energy);
    let pictures = drawn.pictures;
    let (kept, likeness) = match album {
        Some(album) => blocking(move || kept_and_compared(&album, &pictures)).await??,
        None => (Vec::new(), None),
    };
    Ok(PictureWork {
        steps: drawn.steps,
        network_calls: drawn.network_calls,
        phases,
        kept,
        likeness,
    })
}

fn kept_and_compared(
    album: &Album,
    pictures: &[MadePicture],
) -> Result<(Vec<KeptPicture>, Option<Likeness>), TunerError> {
    let kept: Result<Vec<_>, _> = pictures.iter().map(|one| keep(album, one)).collect();
    let kept = kept?;
    let likeness = compared(album, &kept);
    Ok((kept, likeness))
}

fn keep(album: &Album, picture: &MadePicture) -> Result<KeptPicture, TunerError> {
    let file = format!(
        "{}/{}-{}.png",
        album.place,
        picture.prompt + 1,
        picture.seed
    );
    let path = album.root.join(&file);
    wattsmith_files::keep(&path, &picture.png).map_err(|source| {
        TunerError::io(
            format!("cannot keep the picture {}", path.display()),
            source,
        )
    })?;
    Ok(KeptPicture {
        prompt: picture.prompt,
        seed: picture.seed,
        file,
        sha256: digest::of(&picture.png),
    })
}

fn read(root: &Path, kept: &KeptPicture) -> std::io::Result<Vec<u8>> {
    std::fs::read(root.join(&kept.file))
}

/// Pair by pair; none where the default has no pictures. A picture of ours that cannot be compared is
/// as unlike as can be, since nobody can say that it is like.
fn compared(album: &Album, kept: &[KeptPicture]) -> Option<Likeness> {
    let pairs = kept.iter().filter_map(|own| {
        let same = |one: &&KeptPicture| (one.prompt, one.seed) == (own.prompt, own.seed);
        let default = album.default.iter().find(same)?;
        let default = read(&album.root, default).ok()?;
        let own_bytes = read(&album.root, own).ok()?;
        let of = (own.prompt, own.seed);
        Some(likeness(of, &default, &own_bytes).unwrap_or_else(|what| {
            tracing::warn!(what, "a pair of pictures counts as unlike");
            PairLikeness {
                prompt: own.prompt,
                seed: own.seed,
                psnr_db: 0.0,
                ssim: 0.0,
            }
        }))
    });
    let pairs: Vec<_> = pairs.collect();
    (!pairs.is_empty()).then_some(Likeness { pairs })
}

/// Loading and the phases that the server told, each with its joules where they can be said.
fn shares(drawn: &Drawn, recorded: &Recorded, energy: &Energy) -> Vec<PhaseShare> {
    let load = drawn.load.map(|seconds| PhaseShare {
        phase: PicturePhase::Load,
        seconds,
        joules: None,
    });
    let told = [
        PicturePhase::TextEncoding,
        PicturePhase::Denoising,
        PicturePhase::Decoding,
    ];
    let phases = told.into_iter().filter_map(|phase| {
        let spans: Vec<(MonotonicNs, MonotonicNs)> = drawn
            .spans
            .iter()
            .filter(|one| one.0 == phase)
            .map(|one| (one.1, one.2))
            .collect();
        let seconds: f64 = spans.iter().map(|(from, to)| to.since(*from).0).sum();
        (!spans.is_empty()).then(|| PhaseShare {
            phase,
            seconds: Seconds(seconds),
            joules: joules(&spans, seconds, recorded, energy),
        })
    });
    load.into_iter().chain(phases).collect()
}

fn joules(
    spans: &[(MonotonicNs, MonotonicNs)],
    seconds: f64,
    recorded: &Recorded,
    energy: &Energy,
) -> Option<Joules> {
    if seconds < LEAST_PHASE.0 {
        return None;
    }
    // A sensor needs pieces that are longer than its updates; an estimate only needs their sum.
    if energy.is_measured() {
        let (from, to) = (spans.first()?.0, spans.last()?.1);
        let (shortest_told, _) = recorded.slices(from, to, Seconds(0.0))?;
        let mean = seconds / spans.len() as f64;
        if mean < shortest_told.0 {
            return None;
        }
    }
    let pieces = spans.iter().filter(|(from, to)| to > from);
    let joules: Option<f64> = pieces
        .map(|(from, to)| Some(recorded.energy(*from, *to).ok()?.gross.0))
        .sum();
    joules.map(Joules)
}

/// Why a trial is given up for its pictures; none where they are like enough or nothing is asked.
pub(crate) fn too_unlike(
    constraints: &Constraints,
    repeat: &Repeat,
    configuration: &Configuration,
) -> Option<String> {
    let least = constraints.min_picture_likeness_db?;
    let likeness = repeat.pictures.as_ref()?.likeness.as_ref()?;
    let worst = likeness.worst().filter(|worst| worst.psnr_db < least)?;
    Some(format!(
        "The pictures differ too much from the default's: that of prompt {}, seed {} has {worst}, and \
         at least {least} dB is asked for. The pairs are kept to be looked at. Leave out what changes \
         the pictures in {configuration}, or allow more difference.",
        worst.prompt + 1,
        worst.seed,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_testkit::fixtures::{Fixture, Shown};

    fn repeat(psnr_db: f64) -> Repeat {
        let mut repeat = Fixture::without_sensors().repeat(1, Shown(1.0, 20.0));
        repeat.pictures = Some(PictureWork {
            likeness: Some(Likeness {
                pairs: vec![PairLikeness {
                    prompt: 0,
                    seed: 9,
                    psnr_db,
                    ssim: 0.5,
                }],
            }),
            ..PictureWork::default()
        });
        repeat
    }

    #[test]
    fn a_limit_that_is_kept_or_not_asked_for_gives_nothing_up() {
        let limit = |least| Constraints {
            min_picture_likeness_db: least,
            ..Constraints::default()
        };
        let settings = Configuration::default();
        assert_eq!(too_unlike(&limit(None), &repeat(3.0), &settings), None);
        assert_eq!(
            too_unlike(&limit(Some(29.0)), &repeat(29.0), &settings),
            None
        );
        let why = too_unlike(&limit(Some(29.0)), &repeat(28.9), &settings).unwrap();
        assert!(why.contains("prompt 1, seed 9 has 28.9 dB"), "{why}");
        let mut default = repeat(0.0);
        default.pictures = Some(PictureWork::default());
        assert_eq!(too_unlike(&limit(Some(29.0)), &default, &settings), None);
    }

    #[test]
    fn pictures_are_kept_for_their_owner_and_compared_by_seed() {
        let folder = tempfile::tempdir().unwrap();
        let picture = |seed, shade: u8| {
            let mut png = std::io::Cursor::new(Vec::new());
            image::RgbImage::from_pixel(8, 8, image::Rgb([shade; 3]))
                .write_to(&mut png, image::ImageFormat::Png)
                .unwrap();
            MadePicture {
                prompt: 0,
                seed,
                png: png.into_inner(),
            }
        };
        let mut album = Album {
            root: folder.path().to_path_buf(),
            place: "s/default".to_owned(),
            default: Vec::new(),
        };
        let kept = [picture(1, 10), picture(2, 50)].map(|one| keep(&album, &one).unwrap());
        assert_eq!(kept[0].file, "s/default/1-1.png");
        assert_eq!(compared(&album, &kept), None, "nothing to compare with");
        album.default = kept.to_vec();
        album.place = "s/other".to_owned();
        let own = [picture(2, 60), picture(3, 10)].map(|one| keep(&album, &one).unwrap());
        let pairs = compared(&album, &own).unwrap().pairs;
        assert_eq!(pairs.len(), 1, "seed 3 has no twin");
        assert_eq!((pairs[0].seed, pairs[0].psnr_db.round()), (2, 28.0));
    }
}
