//! Random numbers that are the same in every run.

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    /// The n-th number of a stream of a seed, whatever was drawn before.
    pub fn at(seed: u64, stream: u64, nth: u64) -> Self {
        let mut random = Self(
            seed.wrapping_mul(0x9e37_79b9)
                .wrapping_add(stream.wrapping_mul(0xd134_2543_de82_ef95))
                .wrapping_add(nth.wrapping_mul(0xaf25_1af3_b0f0_25b5)),
        );
        random.uniform();
        random
    }

    /// Between 0 and 1.
    pub fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Standard normal.
    pub fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}
