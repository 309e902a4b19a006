//! A search for good hyperparameters that always takes the same steps.

/// Raises `score` from `start`, one coordinate at a time, by steps that shrink: `sweeps` times over
/// all coordinates, each tried a step up and a step down.
pub(crate) fn climb(
    start: Vec<f64>,
    first_step: f64,
    sweeps: u32,
    mut score: impl FnMut(&[f64]) -> f64,
) -> Vec<f64> {
    let mut here = start;
    let mut best = score(&here);
    let mut step = first_step;
    for _ in 0..sweeps {
        for index in 0..here.len() {
            for sign in [1.0, -1.0] {
                let before = here[index];
                here[index] = before + sign * step;
                let there = score(&here);
                if there > best {
                    best = there;
                    break;
                }
                here[index] = before;
            }
        }
        step *= 0.6;
    }
    here
}

#[cfg(test)]
mod tests {
    use super::climb;

    #[test]
    fn a_hill_is_climbed() {
        let hill = |at: &[f64]| -(at[0] - 1.0).powi(2) - (at[1] + 2.0).powi(2);
        let top = climb(vec![0.0, 0.0], 1.0, 12, hill);
        assert!(
            (top[0] - 1.0).abs() < 0.05 && (top[1] + 2.0).abs() < 0.05,
            "{top:?}"
        );
    }
}
