//! The times of the phases, as sd-server prints them for each picture.

use wattsmith_domain::{PicturePhase, Seconds};

/// A line that tells how long a phase took.
const TOLD: [(PicturePhase, &str); 3] = [
    (
        PicturePhase::TextEncoding,
        "get_learned_condition completed, taking ",
    ),
    (PicturePhase::Denoising, "sampling completed, taking "),
    (
        PicturePhase::Decoding,
        "decode_first_stage completed, taking ",
    ),
];
/// The last line of a request.
const END: &str = "generate_image completed in ";

/// For each request that was finished, in order.
pub(super) fn printed(log: &str) -> Vec<Vec<(PicturePhase, Seconds)>> {
    let mut requests = Vec::new();
    let mut own = Vec::new();
    for line in log.lines() {
        let told = TOLD.iter().find_map(|(phase, mark)| {
            let (_, rest) = line.split_once(mark)?;
            let seconds: f64 = rest.split('s').next()?.trim().parse().ok()?;
            Some((*phase, Seconds(seconds)))
        });
        own.extend(told);
        if line.contains(END) {
            requests.push(std::mem::take(&mut own));
        }
    }
    requests
}
