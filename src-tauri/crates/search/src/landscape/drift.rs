//! How fast the machine was from hour to hour, so that a landscape compares settings and not hours.
//!
//! A sweep takes hours, and a machine does not stay as it was: its host clocks higher, its room warms
//! up. Windows that follow each other make a block; ln figure = configuration + block + noise is
//! fitted by least squares (randomised blocks: Box, Hunter and Hunter, Statistics for Experimenters,
//! 2nd ed., ch. 4), and each figure is set to the level of the mean window. Configurations come in an
//! order of their own in every pass, which is what ties the blocks together.

use super::{Landscape, Window};
use std::collections::BTreeMap;
use wattsmith_stats::Pooled;

/// Windows in a block: some minutes. Fewer follow noise, more are slower than the machine.
const BLOCK: usize = 12;
/// Sweeps through the alternating fit; each brings it nearer by a factor.
const ROUNDS: usize = 500;
/// Change of any level at which the fit has settled.
const SETTLED: f64 = 1e-12;

/// One of a window's figures.
type Figure = fn(&Window) -> f64;

/// Levels of the blocks, for each figure: what a window's ln is too high by.
#[derive(Debug, Clone, Default)]
pub(super) struct Drift {
    /// Block by the time at which a window started.
    blocks: BTreeMap<String, usize>,
    joules: Vec<f64>,
    speed: Vec<f64>,
    first_token: Vec<f64>,
    pooled: Option<Pooled>,
}

impl Drift {
    /// Of a landscape's usable windows; none at all where they are too few to tell hours from noise,
    /// or were never measured.
    pub fn of(landscape: &Landscape) -> Self {
        let mut windows = placed(landscape);
        windows.sort_by(|one, other| one.1.started_at.cmp(&other.1.started_at));
        let blocks = windows.len() / BLOCK;
        if landscape.synthetic || blocks < 2 {
            return Self::default();
        }
        // What is left over belongs to the last block.
        let block = |index: usize| (index / BLOCK).min(blocks - 1);
        let fit = |figure: Figure| Fit::of(&windows, blocks, block, figure);
        let joules = fit(|one| one.joules_per_unit);
        Self {
            blocks: windows
                .iter()
                .enumerate()
                .map(|(index, (_, window))| (window.started_at.clone(), block(index)))
                .collect(),
            pooled: joules.pooled,
            joules: joules.levels,
            speed: fit(|one| one.tokens_per_second).levels,
            first_token: fit(|one| one.first_token_p95_s).levels,
        }
    }

    /// J/unit as a window of the mean level would have had it.
    pub fn joules_per_unit(&self, window: &Window) -> f64 {
        self.level(window, &self.joules, window.joules_per_unit)
    }

    /// Tokens per second, likewise.
    pub fn tokens_per_second(&self, window: &Window) -> f64 {
        self.level(window, &self.speed, window.tokens_per_second)
    }

    /// 95th percentile of the time to first token, likewise.
    pub fn first_token_s(&self, window: &Window) -> f64 {
        self.level(window, &self.first_token, window.first_token_p95_s)
    }

    /// The noise that is left; none where no drift was looked for.
    pub fn pooled(&self) -> Option<Pooled> {
        self.pooled
    }

    /// By how many per cent the same settings took more J/unit in the worst block than in the best.
    pub fn range_percent(&self) -> f64 {
        let ends = self.joules.iter().fold((0.0_f64, 0.0_f64), |ends, level| {
            (ends.0.min(*level), ends.1.max(*level))
        });
        ((ends.1 - ends.0).exp() - 1.0) * 100.0
    }

    fn level(&self, window: &Window, levels: &[f64], figure: f64) -> f64 {
        let block = self.blocks.get(&window.started_at);
        let level = block.and_then(|block| levels.get(*block));
        level.map_or(figure, |level| figure * (-level).exp())
    }
}

/// Usable windows with the number of their configuration, sweep and fresh repeats alike.
fn placed(landscape: &Landscape) -> Vec<(usize, &Window)> {
    let mut numbers = BTreeMap::new();
    let mut windows = Vec::new();
    let sweep = landscape.entries.iter();
    let sweep = sweep.map(|one| (&one.configuration, &one.windows));
    let fresh = landscape.truth.iter();
    for (configuration, own) in sweep.chain(fresh.map(|one| (&one.configuration, &one.windows))) {
        let next = numbers.len();
        let number = *numbers.entry(configuration.key()).or_insert(next);
        windows.extend(super::usable(own).map(|window| (number, window)));
    }
    windows
}

struct Fit {
    levels: Vec<f64>,
    pooled: Option<Pooled>,
}

impl Fit {
    /// Means of configurations and blocks in turn until nothing moves: least squares of an additive
    /// model.
    fn of(
        windows: &[(usize, &Window)],
        blocks: usize,
        block: impl Fn(usize) -> usize,
        figure: Figure,
    ) -> Self {
        let logs: Vec<f64> = windows.iter().map(|one| figure(one.1).ln()).collect();
        let configurations = windows.iter().map(|one| one.0 + 1).max().unwrap_or(0);
        let mut means = vec![0.0; configurations];
        let mut levels = vec![0.0; blocks];
        let by_configuration = |index: usize| windows[index].0;
        for _ in 0..ROUNDS {
            means = averages(configurations, &logs, by_configuration, |index| {
                levels[block(index)]
            });
            let next = averages(blocks, &logs, &block, |index| means[windows[index].0]);
            // Of the mean window, not of the mean block.
            let all = (0..logs.len()).map(|index| next[block(index)]).sum::<f64>();
            let centre = all / logs.len() as f64;
            let next: Vec<f64> = next.iter().map(|level| level - centre).collect();
            let moved = levels
                .iter()
                .zip(&next)
                .map(|(one, other)| (one - other).abs());
            let moved = moved.fold(0.0, f64::max);
            levels = next;
            if moved < SETTLED {
                break;
            }
        }
        let residual = |index: usize| logs[index] - means[windows[index].0] - levels[block(index)];
        let squares: f64 = (0..logs.len()).map(|index| residual(index).powi(2)).sum();
        let seen: std::collections::BTreeSet<usize> = windows.iter().map(|one| one.0).collect();
        let df = logs.len() as f64 - seen.len() as f64 - (blocks as f64 - 1.0);
        Self {
            levels,
            pooled: (df >= 1.0).then(|| Pooled {
                sd: (squares / df).sqrt(),
                df,
            }),
        }
    }
}

/// The mean of what `known` leaves of each log, by group.
fn averages(
    groups: usize,
    logs: &[f64],
    group: impl Fn(usize) -> usize,
    known: impl Fn(usize) -> f64,
) -> Vec<f64> {
    let mut sums = vec![(0.0, 0.0); groups];
    for (index, log) in logs.iter().enumerate() {
        let (sum, count) = &mut sums[group(index)];
        *sum += log - known(index);
        *count += 1.0;
    }
    let mean = |(sum, count): &(f64, f64)| if *count > 0.0 { sum / count } else { 0.0 };
    sums.iter().map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shuffle::SplitMix;
    use crate::synthetic;

    /// An invented landscape as if it had been recorded window after window, in a shuffled order for
    /// each pass, while `level` (ln) of its hours changed.
    fn recorded(level: impl Fn(f64) -> f64) -> Landscape {
        let mut landscape = synthetic::waiting_line(3);
        landscape.synthetic = false;
        let mut dice = SplitMix(5);
        let all = landscape.entries.len() * landscape.passes as usize
            + landscape
                .truth
                .iter()
                .map(|one| one.windows.len())
                .sum::<usize>();
        let mut number = 0;
        let mut stamp = |window: &mut Window| {
            let factor = level(number as f64 / all as f64).exp();
            window.started_at = format!("2026-01-01T{number:08}");
            window.joules_per_unit *= factor;
            window.tokens_per_second /= factor;
            window.first_token_p95_s *= factor;
            number += 1;
        };
        for pass in 0..landscape.passes as usize {
            let mut order: Vec<usize> = (0..landscape.entries.len()).collect();
            dice.shuffle(&mut order);
            for index in order {
                stamp(&mut landscape.entries[index].windows[pass]);
            }
        }
        for round in 0..landscape.truth[0].windows.len() {
            for truth in &mut landscape.truth {
                stamp(&mut truth.windows[round]);
            }
        }
        landscape
    }

    /// The greatest error (ln) of any figure against the landscape without drift, after the level
    /// that all share is taken out.
    fn worst(landscape: &Landscape) -> f64 {
        let still = synthetic::waiting_line(3).figures();
        let errors: Vec<f64> = landscape
            .figures()
            .iter()
            .map(|(key, one)| (one.joules_per_unit / still[key].joules_per_unit).ln())
            .collect();
        let mean = errors.iter().sum::<f64>() / errors.len() as f64;
        errors
            .iter()
            .map(|one| (one - mean).abs())
            .fold(0.0, f64::max)
    }

    #[test]
    fn a_drift_by_half_is_taken_out_and_the_noise_is_that_of_windows() {
        let still = recorded(|_| 0.0);
        let drifting = recorded(|at| 0.2 * (6.0 * at).cos());
        let (calm, noise) = (still.pooled().unwrap(), drifting.pooled().unwrap());
        assert!(
            (noise.sd / calm.sd - 1.0).abs() < 0.05,
            "{noise:?} {calm:?}"
        );
        // Levels of blocks are themselves only known to noise over the root of their windows.
        let bound = 3.0 * noise.sd / (BLOCK as f64).sqrt();
        assert!(worst(&drifting) < bound, "{} {bound}", worst(&drifting));
        let range = Drift::of(&drifting).range_percent();
        // e^0.4, and the noise of the two levels.
        assert!(range > 35.0 && range < 65.0, "{range}");
    }

    #[test]
    fn without_drift_figures_stay_within_the_noise_of_a_block() {
        let still = recorded(|_| 0.0);
        let sd = still.pooled().unwrap().sd;
        assert!(worst(&still) < 3.0 * sd / (BLOCK as f64).sqrt());
    }

    #[test]
    fn invented_figures_and_a_handful_of_windows_are_left_as_they_are() {
        let invented = synthetic::waiting_line(3);
        assert_eq!(Drift::of(&invented).range_percent(), 0.0);
        let mut small = recorded(|at| at);
        small.entries.truncate(3);
        small.truth.clear();
        assert_eq!(Drift::of(&small).range_percent(), 0.0);
    }
}
