//! Noise that was made up, and what is found of it.

use proptest::prelude::*;
use wattsmith_domain::{NoiseOrigin, SpreadPrior};
use wattsmith_stats::noise::{
    Components, Noise, Question, SHORTEST_WINDOW_S, WorkSlice, allan, launch_effect, prior_of,
    repeatability, wald_pairs,
};
use wattsmith_stats::{Pooled, interval, pooled_log_sd};

/// Normal numbers from a seed.
struct Normal(u64);

impl Normal {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64 + 1e-17
    }

    fn next(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// Half seconds of work at a level that `log` moves, one after the other.
fn slices(count: usize, mut log: impl FnMut(usize) -> f64) -> Vec<WorkSlice> {
    let of = |at| WorkSlice {
        seconds: 0.5,
        joules: 50.0 * 0.1 * log(at).exp(),
        units: 50.0,
    };
    (0..count).map(of).collect()
}

fn white(seed: u64, sd: f64, count: usize) -> Vec<WorkSlice> {
    let mut normal = Normal(seed);
    slices(count, |_| sd * normal.next())
}

fn walk(seed: u64, step: f64, count: usize) -> Vec<WorkSlice> {
    let (mut normal, mut level) = (Normal(seed), 0.0);
    slices(count, |_| {
        level += step * normal.next();
        level
    })
}

fn deviation(slices: &[WorkSlice], seconds: f64) -> f64 {
    let curve = allan(slices);
    curve
        .iter()
        .find(|one| one.seconds == seconds)
        .unwrap()
        .deviation
}

/// Slope of the curve on logarithmic scales from 0.5 to 10 s.
fn slope(slices: &[WorkSlice]) -> f64 {
    (deviation(slices, 10.0) / deviation(slices, 0.5)).ln() / 20_f64.ln()
}

#[test]
fn white_noise_falls_with_the_root_of_the_length_and_a_walk_rises_with_it() {
    let mean =
        |of: fn(u64) -> Vec<WorkSlice>| (0..20).map(|seed| slope(&of(seed))).sum::<f64>() / 20.0;
    let white_slope = mean(|seed| white(seed, 0.05, 960));
    let walk_slope = mean(|seed| walk(seed, 0.005, 960));
    assert!((white_slope + 0.5).abs() < 0.05, "{white_slope}");
    assert!((walk_slope - 0.5).abs() < 0.08, "{walk_slope}");
}

#[test]
fn a_straight_drift_rises_with_the_length() {
    // Neighbours of length τ differ by slope · τ, so that the deviation is slope · τ / √2.
    let drift = slices(480, |at| 1e-4 * at as f64);
    for seconds in [1.0, 4.0, 10.0, 30.0] {
        let expected = 2e-4 * seconds / 2.0_f64.sqrt();
        let seen = deviation(&drift, seconds);
        assert!(
            (seen / expected - 1.0).abs() < 0.02,
            "{seconds} s: {seen}, not {expected}"
        );
    }
}

#[test]
fn the_interval_of_a_point_holds_what_is_true_about_as_often_as_it_says() {
    // 95 % are stated; the degrees of freedom are those of the least favourable kind of noise, so that for
    // white noise more is right, and less never.
    let runs: u64 = 300;
    for seconds in [0.5, 4.0, 10.0, 30.0] {
        let held = |of: &dyn Fn(u64) -> Vec<WorkSlice>, truth: f64| {
            let holds = |seed: &u64| {
                let curve = allan(&of(*seed));
                let point = curve.iter().find(|one| one.seconds == seconds).unwrap();
                (point.low..=point.high).contains(&truth)
            };
            (0..runs).filter(holds).count() as f64 / runs as f64
        };
        let m = seconds / 0.5;
        let of_white = held(&|seed| white(seed, 0.02, 480), 0.02 / f64::sqrt(m));
        // Means of m steps of a walk: (2m² + 1)/(6m) steps' variance.
        let of_walk = held(
            &|seed| walk(seed, 0.002, 480),
            0.002 * ((2.0 * m * m + 1.0) / (6.0 * m)).sqrt(),
        );
        assert!(of_white >= 0.93, "white at {seconds} s: {of_white}");
        assert!(of_walk >= 0.91, "walk at {seconds} s: {of_walk}");
    }
}

fn noise(seed: u64, sd: f64, step: f64, launches: &[Vec<f64>]) -> Noise {
    let (mut normal, mut level) = (Normal(seed), 0.0);
    let run = slices(480, |_| {
        level += step * normal.next();
        level + sd * normal.next()
    });
    Noise::of(&[], &run, launches).unwrap()
}

#[test]
fn the_split_tells_white_noise_from_drift_and_from_launches() {
    let same = [vec![1.0, 1.01], vec![1.01, 1.0], vec![1.0, 1.01]];
    let apart = [vec![1.0, 1.01], vec![1.2, 1.21], vec![1.4, 1.41]];
    let [white, drift, launch] = noise(3, 0.05, 0.0, &same).shares();
    assert!(white > 0.7 && launch == 0.0, "{white} {drift} {launch}");
    let [white, drift, _] = noise(4, 0.01, 0.005, &same).shares();
    assert!(drift > 0.8 && white < 0.2, "{white} {drift}");
    let [.., launch] = noise(5, 0.05, 0.0, &apart).shares();
    assert!(launch > 0.9, "{launch}");
}

#[test]
fn a_start_that_costs_more_is_a_pause_and_an_even_one_is_none() {
    let mut normal = Normal(11);
    let run = slices(480, |at| {
        0.01 * normal.next() + if at < 6 { 0.3 } else { 0.0 }
    });
    let (start, steady) = run.split_at(8);
    let seen = Noise::of(start, steady, &[]).unwrap();
    assert!(
        (2.0..=4.0).contains(&seen.settling_s),
        "{}",
        seen.settling_s
    );
    assert_eq!(noise(12, 0.01, 0.0, &[]).settling_s, 0.0);
}

#[test]
fn walds_bound_is_the_textbooks() {
    // α = 0.05, β = 0.1: 0.9·ln 18 + 0.1·ln(0.1/0.95) = 2.376; at v = d² so many pairs twice.
    let question = Question {
        ratio: (-0.1_f64).exp(),
        ..Question::usual(0.0, 4.0)
    };
    let pairs = wald_pairs(&question, 0.01).unwrap();
    assert!((pairs - 4.752).abs() < 0.01, "{pairs}");
    assert_eq!(
        wald_pairs(
            &Question {
                ratio: 1.0,
                ..question
            },
            0.01
        ),
        None
    );
    assert_eq!(
        wald_pairs(
            &Question {
                alpha: 0.0,
                ..question
            },
            0.01
        ),
        None
    );
}

#[test]
fn a_window_is_as_long_as_what_stands_beside_it_makes_it_worth() {
    let of = |components: Components, beside_s: f64, least_s: f64| {
        let noise = Noise {
            components,
            ..noise(1, 0.05, 0.0, &[])
        };
        noise
            .plan(&Question::usual(beside_s, least_s))
            .unwrap()
            .window_s
    };
    let white = Components {
        white: 0.05,
        ..Components::default()
    };
    let drift = Components {
        floor: 0.02,
        ..Components::default()
    };
    // With nothing beside it only the sum of the seconds counts.
    assert_eq!(of(white, 0.0, 1.0), SHORTEST_WINDOW_S);
    // A launch of 10 s is worth long windows of white noise, and short ones of drift.
    assert!(of(white, 10.0, 1.0) > 20.0);
    assert_eq!(of(drift, 10.0, 1.0), SHORTEST_WINDOW_S);
    // Never shorter than the sensor allows.
    assert_eq!(of(drift, 10.0, 12.0), 12.0);
}

fn prior(log_sd: f64, windows: f64) -> SpreadPrior {
    SpreadPrior {
        log_sd,
        windows,
        origin: NoiseOrigin::Sessions,
    }
}

#[test]
fn a_prior_counts_for_eight_windows_at_the_most_and_goes_where_it_is_contradicted() {
    let own = Pooled { sd: 0.05, df: 6.0 };
    let with = |log_sd, windows| repeatability(Some(own), Some(&prior(log_sd, windows)));
    assert_eq!(with(0.05, 100.0).pooled.unwrap().df, 14.0);
    assert!((with(0.05, 4.0).pooled.unwrap().sd - 0.05).abs() < 1e-12);
    for wrong in [0.02, 0.2] {
        let seen = with(wrong, 8.0);
        assert!(
            seen.dropped && seen.pooled == Some(own),
            "{wrong}: {seen:?}"
        );
    }
    let alone = repeatability(None, Some(&prior(0.07, 3.0)));
    assert_eq!(alone.pooled, Some(Pooled { sd: 0.07, df: 3.0 }));
    assert_eq!(repeatability(Some(own), None).pooled, Some(own));
    // What is no spread is no prior.
    assert_eq!(
        repeatability(Some(own), Some(&prior(f64::NAN, 8.0))).pooled,
        Some(own)
    );
}

/// Share of 95 % intervals of one setting's `n` windows, with the spread of a session of two such settings,
/// that hold the truth.
fn coverage(
    seed: u64,
    n: usize,
    known: Option<SpreadPrior>,
    mut sd: impl FnMut(&mut Normal) -> f64,
) -> f64 {
    let mut normal = Normal(seed);
    let runs = 4000;
    let mut held = 0;
    for _ in 0..runs {
        let sd = sd(&mut normal);
        let mut window = || (sd * normal.next()).exp();
        let groups: Vec<Vec<f64>> = (0..2).map(|_| (0..n).map(|_| window()).collect()).collect();
        let seen = repeatability(pooled_log_sd(&groups), known.as_ref());
        let one = interval(&groups[0], seen.pooled, 0.95).unwrap();
        held += usize::from(one.low <= 1.0 && 1.0 <= one.high);
    }
    f64::from(held as u32) / f64::from(runs)
}

#[test]
fn intervals_with_a_prior_from_like_sessions_hold_the_truth_in_95_of_100() {
    // Sessions vary among themselves as eight degrees of freedom say.
    let like = |normal: &mut Normal| {
        let chi: f64 = (0..8).map(|_| normal.next().powi(2)).sum();
        0.06 * (8.0 / chi).sqrt()
    };
    for n in [1, 2, 3, 5, 10] {
        let share = coverage(n as u64, n, Some(prior(0.06, 8.0)), like);
        assert!((0.93..=0.97).contains(&share), "{n} windows: {share}");
    }
}

#[test]
fn a_prior_of_half_the_spread_costs_little_once_the_session_has_shown_its_own() {
    // Of another load, say: as wrong as that no prior can be right for one window.
    let share = |n: usize| coverage(7, n, Some(prior(0.03, 8.0)), |_| 0.06);
    let none = |n: usize| coverage(7, n, None, |_| 0.06);
    for (n, least) in [(3, 0.85), (5, 0.90), (10, 0.93)] {
        let (with, without) = (share(n), none(n));
        assert!(
            with > least && without > 0.93,
            "{n} windows: {with}, {without} without"
        );
    }
    // One of twice the spread only makes intervals wider.
    assert!(coverage(8, 3, Some(prior(0.12, 8.0)), |_| 0.06) > 0.95);
}

#[test]
fn the_prior_of_many_sessions_is_near_what_they_were_drawn_from() {
    let mut normal = Normal(21);
    let sessions: Vec<Pooled> = (0..40)
        .map(|_| {
            let mut chi = |df: u32| -> f64 { (0..df).map(|_| normal.next().powi(2)).sum() };
            let sd = 0.05 * (6.0 / chi(6)).sqrt();
            Pooled {
                sd: sd * (chi(12) / 12.0).sqrt(),
                df: 12.0,
            }
        })
        .collect();
    let seen = prior_of(&sessions).unwrap();
    assert!((seen.sd / 0.05 - 1.0).abs() < 0.15, "{seen:?}");
    assert!(seen.df >= 3.0, "{seen:?}");
}

fn any_run() -> impl Strategy<Value = Vec<WorkSlice>> {
    prop::collection::vec((1.0..200.0_f64, 5.0..80.0_f64), 20..160).prop_map(|pairs| {
        let of = |(joules, units)| WorkSlice {
            seconds: 0.5,
            joules,
            units,
        };
        pairs.into_iter().map(of).collect()
    })
}

proptest! {
    /// Another price of a joule or another count of units changes nothing.
    #[test]
    fn the_curve_is_the_same_in_any_unit(run in any_run(), joule in 0.01..100.0_f64, unit in 0.01..100.0_f64) {
        let scaled: Vec<WorkSlice> = run
            .iter()
            .map(|one| WorkSlice { joules: one.joules * joule, units: one.units * unit, ..*one })
            .collect();
        for (one, other) in allan(&run).iter().zip(&allan(&scaled)) {
            prop_assert!((one.deviation - other.deviation).abs() < 1e-9 * (1.0 + one.deviation));
            prop_assert!(one.low <= one.deviation && one.deviation <= one.high);
            prop_assert!(one.freedom >= 1.0);
        }
    }

    /// Work that always costs the same has no noise.
    #[test]
    fn even_work_has_no_deviation(joules in 0.01..1e3_f64, units in 0.01..1e3_f64) {
        let even = vec![WorkSlice { seconds: 0.5, joules, units }; 100];
        prop_assert!(allan(&even).iter().all(|one| one.deviation < 1e-9));
    }

    /// A run told backwards varies as much.
    #[test]
    fn the_curve_does_not_know_the_direction_of_time(run in any_run()) {
        let back: Vec<WorkSlice> = run.iter().rev().copied().collect();
        for (one, other) in allan(&run).iter().zip(&allan(&back)) {
            prop_assert!((one.deviation - other.deviation).abs() < 1e-9 * (1.0 + one.deviation));
        }
    }

    /// The parts of the split are none of them negative, and together no more than the whole.
    #[test]
    fn parts_are_no_more_than_the_whole(run in any_run(), beside in 0.0..20.0_f64, least in 0.0..60.0_f64) {
        if let Some(noise) = Noise::of(&[], &run, &[]) {
            let split = noise.split;
            prop_assert!(split.white >= 0.0 && split.drift >= 0.0);
            prop_assert!(split.white + split.drift <= split.total * (1.0 + 1e-9) + 1e-15);
            if let Some(plan) = noise.plan(&Question::usual(beside, least)) {
                prop_assert!(plan.window_s >= least.max(SHORTEST_WINDOW_S));
                prop_assert!(plan.question_s >= 2.0 * plan.window_s && plan.pairs >= 1.0);
            }
        }
    }

    /// Launches in another order, or priced otherwise, have the same component.
    #[test]
    fn the_launch_component_knows_neither_order_nor_unit(
        mut launches in prop::collection::vec(prop::collection::vec(0.1..10.0_f64, 2..5), 2..6),
        factor in 0.01..100.0_f64,
    ) {
        let one = launch_effect(&launches);
        launches.reverse();
        for value in launches.iter_mut().flatten() {
            *value *= factor;
        }
        let other = launch_effect(&launches);
        match (one, other) {
            (Some(one), Some(other)) => {
                prop_assert!((one.variance - other.variance).abs() < 1e-9 * (1.0 + one.variance));
                prop_assert!(0.0 <= one.low && one.low <= one.high);
            }
            (one, other) => prop_assert_eq!(one.is_some(), other.is_some()),
        }
    }

    /// Nothing makes a prior of spread that is none, or lets one count for more than eight windows.
    #[test]
    fn no_prior_counts_for_more_than_eight_windows(
        sessions in prop::collection::vec((0.0..2.0_f64, 0.0..40.0_f64), 0..12),
    ) {
        let sessions: Vec<Pooled> = sessions.into_iter().map(|(sd, df)| Pooled { sd, df }).collect();
        if let Some(prior) = prior_of(&sessions) {
            prop_assert!(prior.sd > 0.0 && prior.sd.is_finite());
            prop_assert!((1.0..=8.0).contains(&prior.df));
        }
    }
}
