//! Pictures for the screen.

use crate::wire::PicturePairView;
use base64::Engine as _;
use wattsmith_tuner::PicturePair;

/// A pair of pictures.
pub fn picture_pair(pair: &PicturePair) -> PicturePairView {
    let address = |png: &Vec<u8>| {
        let text = base64::engine::general_purpose::STANDARD.encode(png);
        format!("data:image/png;base64,{text}")
    };
    PicturePairView {
        of: format!("prompt {}, seed {}", pair.prompt + 1, pair.seed),
        likeness: pair.likeness.map(|one| one.to_string()).unwrap_or_default(),
        default: pair.default.as_ref().map(address),
        own: pair.own.as_ref().map(address),
    }
}
