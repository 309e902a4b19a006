//! Gaussian process regression on a given Gram matrix (Rasmussen & Williams, *Gaussian Processes for
//! Machine Learning*, 2006, algorithm 2.1), and what follows from its posterior.

/// A symmetric matrix by rows, of which only the lower triangle is kept.
#[derive(Debug, Clone)]
pub struct Gram {
    n: usize,
    values: Vec<f64>,
}

impl Gram {
    /// From the covariance of each pair, of which the second never comes after the first.
    #[must_use]
    pub fn of(n: usize, covariance: impl Fn(usize, usize) -> f64) -> Self {
        let mut values = vec![0.0; n * n];
        for row in 0..n {
            for column in 0..=row {
                values[row * n + column] = covariance(row, column);
            }
        }
        Self { n, values }
    }

    /// The lower triangle L with L·Lᵀ = self; `None` where it is not positive definite.
    fn cholesky(mut self) -> Option<Self> {
        let n = self.n;
        for row in 0..n {
            let (before, rest) = self.values.split_at_mut(row * n);
            for column in 0..row {
                let other = &before[column * n..=column * n + column];
                let left = rest[column] - dot(&rest[..column], &other[..column]);
                rest[column] = left / other[column];
            }
            let left = rest[row] - dot(&rest[..row], &rest[..row]);
            rest[row] = (left > 0.0).then(|| left.sqrt())?;
        }
        Some(self)
    }

    /// The x with self·x = b; `None` where the matrix is not positive definite, or so nearly not (a pivot
    /// below 1e-10) that x would be made of rounding.
    pub(crate) fn solve(self, mut b: Vec<f64>) -> Option<Vec<f64>> {
        const LEAST_PIVOT: f64 = 1e-10;
        let lower = self.cholesky()?;
        let pivot = |row: usize| lower.values[row * lower.n + row].powi(2);
        if (0..lower.n).any(|row| pivot(row) < LEAST_PIVOT) {
            return None;
        }
        lower.forward(&mut b);
        lower.backward(&mut b);
        Some(b)
    }

    /// Solves L·x = b in place.
    fn forward(&self, b: &mut [f64]) {
        for row in 0..self.n {
            let line = &self.values[row * self.n..=row * self.n + row];
            b[row] = (b[row] - dot(&line[..row], &b[..row])) / line[row];
        }
    }

    /// Solves Lᵀ·x = b in place.
    fn backward(&self, b: &mut [f64]) {
        for row in (0..self.n).rev() {
            b[row] /= self.values[row * self.n + row];
            let (head, x) = b.split_at_mut(row);
            for (column, value) in head.iter_mut().enumerate() {
                *value -= self.values[row * self.n + column] * x[0];
            }
        }
    }
}

/// The inner product, summed in lanes so that a processor can take several numbers at once: in one
/// running sum each addition waits for the one before.
fn dot(one: &[f64], other: &[f64]) -> f64 {
    let ((one, one_rest), (other, other_rest)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    let mut lanes = [0.0; 8];
    for (one, other) in one.iter().zip(other) {
        for (lane, (a, b)) in lanes.iter_mut().zip(one.iter().zip(other)) {
            *lane += a * b;
        }
    }
    let rest = one_rest.iter().zip(other_rest).map(|(a, b)| a * b);
    lanes.into_iter().chain(rest).sum()
}

/// A mean and a standard deviation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Belief {
    /// Where the value is expected.
    pub mean: f64,
    /// Standard deviation around it.
    pub sd: f64,
}

/// The posterior given residuals from the prior mean.
#[derive(Debug, Clone)]
pub struct Posterior {
    lower: Gram,
    weights: Vec<f64>,
    /// ln p(residuals): what competing kernels are compared by.
    pub log_evidence: f64,
}

impl Posterior {
    /// `gram` without noise; `noise` as a variance per observation.
    #[must_use]
    pub fn fit(mut gram: Gram, noise: &[f64], residuals: &[f64]) -> Option<Self> {
        let n = residuals.len();
        for (index, noise) in noise.iter().enumerate() {
            let own = &mut gram.values[index * n + index];
            // A hair on the diagonal for what rounding takes from nearly equal rows.
            *own += noise + 1e-9 * own.abs().max(1e-6);
        }
        let lower = gram.cholesky()?;
        let mut weights = residuals.to_vec();
        lower.forward(&mut weights);
        let fit = dot(&weights, &weights);
        let half_log_det: f64 = (0..n).map(|row| lower.values[row * n + row].ln()).sum();
        lower.backward(&mut weights);
        let log_evidence = -0.5 * fit - half_log_det - 0.5 * n as f64 * std::f64::consts::TAU.ln();
        log_evidence.is_finite().then_some(Self {
            lower,
            weights,
            log_evidence,
        })
    }

    /// The belief about a point with covariances `cross` to the observations and `own` to itself.
    #[must_use]
    pub fn at(&self, mut cross: Vec<f64>, own: f64) -> Belief {
        let mean = dot(&cross, &self.weights);
        self.lower.forward(&mut cross);
        let explained = dot(&cross, &cross);
        Belief {
            mean,
            sd: (own - explained).max(1e-12).sqrt(),
        }
    }
}

impl Belief {
    /// By how much the value is expected to lie below `best`, counting nothing where it does not:
    /// expected improvement (Jones, Schonlau & Welch, 1998).
    #[must_use]
    pub fn improvement(&self, best: f64) -> f64 {
        let gain = best - self.mean;
        let z = gain / self.sd;
        (gain * normal_cdf(z) + self.sd * normal_density(z)).max(0.0)
    }

    /// Chance that the value is at most `limit`.
    #[must_use]
    pub fn at_most(&self, limit: f64) -> f64 {
        normal_cdf((limit - self.mean) / self.sd)
    }
}

fn normal_density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt()
}

/// Φ by the complementary error function's Chebyshev fit (Press et al., *Numerical Recipes*, 2nd
/// ed., § 6.2), relative error below 1.2e-7 everywhere, so that far tails keep their order.
fn normal_cdf(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.5 * x);
    let poly = [
        -1.265_512_23,
        1.000_023_68,
        0.374_091_96,
        0.096_784_18,
        -0.186_288_06,
        0.278_868_07,
        -1.135_203_98,
        1.488_515_87,
        -0.822_152_23,
        0.170_872_77,
    ]
    .iter()
    .rev()
    .fold(0.0, |sum, coefficient| sum * t + coefficient);
    let tail = 0.5 * t * (-x * x + poly).exp();
    if z < 0.0 { tail } else { 1.0 - tail }
}

/// Matérn 5/2 at a distance in length scales.
#[must_use]
pub fn matern(distance: f64) -> f64 {
    let r = 5.0_f64.sqrt() * distance;
    (1.0 + r + r * r / 3.0) * (-r).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_noiseless_fit_goes_through_its_points_and_is_unsure_between_them() {
        let xs = [0.0, 0.5, 1.0_f64];
        let k = |a: f64, b: f64| matern((a - b).abs() / 0.5);
        let gram = Gram::of(3, |i, j| k(xs[i], xs[j]));
        let posterior = Posterior::fit(gram, &[0.0; 3], &[1.0, -1.0, 2.0]).unwrap();
        let at = |x: f64| posterior.at(xs.iter().map(|other| k(x, *other)).collect(), 1.0);
        for (x, y) in xs.iter().zip([1.0, -1.0, 2.0]) {
            assert!((at(*x).mean - y).abs() < 1e-4 && at(*x).sd < 1e-3);
        }
        assert!(at(0.25).sd > 0.1);
        assert!(at(9.0).mean.abs() < 1e-6 && (at(9.0).sd - 1.0).abs() < 1e-6);
    }

    #[test]
    fn many_points_are_gone_through_as_well_as_few() {
        let k = |a: usize, b: usize| matern(a.abs_diff(b) as f64);
        let values: Vec<f64> = (0..21).map(|at| f64::from(at).sin()).collect();
        let posterior = Posterior::fit(Gram::of(21, k), &[0.0; 21], &values).unwrap();
        for (at, value) in values.iter().enumerate() {
            let belief = posterior.at((0..21).map(|other| k(at, other)).collect(), 1.0);
            assert!((belief.mean - value).abs() < 1e-6, "{at}: {belief:?}");
        }
    }

    #[test]
    fn one_noisy_point_is_shrunk_as_the_textbook_says() {
        // Prior variance 4, noise 1, seen 5: mean 4/5·5 = 4, variance 4·1/5.
        let posterior = Posterior::fit(Gram::of(1, |_, _| 4.0), &[1.0], &[5.0]).unwrap();
        let belief = posterior.at(vec![4.0], 4.0);
        assert!((belief.mean - 4.0).abs() < 1e-6 && (belief.sd - 0.8_f64.sqrt()).abs() < 1e-6);
        let evidence = -0.5 * (25.0 / 5.0 + (std::f64::consts::TAU * 5.0).ln());
        assert!((posterior.log_evidence - evidence).abs() < 1e-6);
    }

    #[test]
    fn what_is_no_covariance_is_refused() {
        let gram = Gram::of(2, |i, j| if i == j { 1.0 } else { 2.0 });
        assert!(Posterior::fit(gram, &[0.0; 2], &[0.0; 2]).is_none());
    }

    #[test]
    fn the_normal_distribution_agrees_with_printed_tables() {
        for (z, p) in [
            (0.0, 0.5),
            (1.96, 0.975_002),
            (-1.0, 0.158_655),
            (-3.0, 0.001_349_9),
        ] {
            assert!((normal_cdf(z) - p).abs() < 1e-6, "{z}");
        }
        let belief = Belief { mean: 1.0, sd: 1.0 };
        assert!((belief.improvement(1.0) - 0.398_942).abs() < 1e-5);
    }
}
