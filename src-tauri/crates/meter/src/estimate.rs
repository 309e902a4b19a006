//! The estimate: joules from seconds, where no sensor answers.
//!
//! joules = idle watts × wall seconds + watts per busy core × CPU seconds of the engine.
//!
//! Nobody measured these coefficients on the machine at hand, unless it was calibrated. So the same
//! seconds are also priced at two ends of what is plausible, a machine that idles frugally and one
//! that idles greedily, and a verdict counts only where it holds at both. All coefficients are in
//! this file. They are plausible ranges and no measurements: for laptops from the battery life and
//! capacity that makers state (40 to 80 Wh over 5 to 15 h, and processors of 15 to 45 W), for
//! desktops from a board, memory and a power supply without a GPU at work (15 to 70 W) and
//! processors of 65 to 125 W on 6 to 16 cores, for servers from published SPECpower results, whose
//! idle power lies between about 40 and 250 W.

use crate::files::{Root, processor_name};
use crate::surroundings::Surroundings;
use wattsmith_domain::{EstimateSpread, Joules, MonotonicNs, PowerSample, Watts};

use crate::series::Series;

/// One way to price the seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Price {
    pub(crate) idle: Watts,
    pub(crate) busy_core: Watts,
}

/// The price of the seconds, and how far it may be from the truth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Prices {
    /// The figure that is shown.
    pub(crate) centre: Price,
    /// Favours settings that keep few cores busy.
    pub(crate) low_idle: Price,
    /// Favours settings that finish soon.
    pub(crate) high_idle: Price,
    /// The stated error is never smaller than this fraction, whatever the two ends say.
    pub(crate) least_error: f64,
    pub(crate) basis: Basis,
}

/// What the prices rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Basis {
    /// Nothing is known of the machine.
    Any,
    Laptop,
    Desktop,
    Server,
    /// Fitted on this machine; year, month, day.
    Calibrated(u16, u8, u8),
}

/// What the estimate charges, for whoever shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Pricing {
    /// What it rests on, as records name it, such as `CPU time (desktop)`.
    pub basis: String,
    /// Of the machine at rest.
    pub idle: Watts,
    /// Of each busy logical core besides.
    pub busy_core: Watts,
    /// Idle power at the two ends of what is plausible.
    pub idle_ends: (Watts, Watts),
    /// The error that is stated at least, as a fraction.
    pub least_error: f64,
}
/// [`Prices::least_error`] where nothing was calibrated.
pub(crate) const LEAST_ERROR: f64 = 0.5;

impl Price {
    fn joules(&self, wall_s: f64, cpu_s: f64) -> Joules {
        Joules(self.idle.0 * wall_s + self.busy_core.0 * cpu_s)
    }
}

/// What a window is estimated to have used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Estimated {
    pub(crate) joules: Joules,
    pub(crate) spread: EstimateSpread,
    /// Half of the range between the ends over the figure, at least [`LEAST_ERROR`].
    pub(crate) error: f64,
}

impl Prices {
    /// Where nothing is known of the machine; a virtual one sees but a part of its host.
    pub(crate) const PLAUSIBLE: Self =
        Self::of(Basis::Any, [(10.0, 8.0), (3.0, 10.0), (30.0, 4.0)]);
    const LAPTOP: Self = Self::of(Basis::Laptop, [(7.0, 4.0), (3.0, 6.0), (18.0, 2.0)]);
    const DESKTOP: Self = Self::of(Basis::Desktop, [(35.0, 8.0), (15.0, 12.0), (70.0, 4.0)]);
    const SERVER: Self = Self::of(Basis::Server, [(100.0, 5.0), (40.0, 8.0), (250.0, 2.0)]);

    /// Idle watts and watts per busy core: of the figure, at low idle, at high idle.
    const fn of(basis: Basis, [centre, low, high]: [(f64, f64); 3]) -> Self {
        const fn price((idle, busy_core): (f64, f64)) -> Price {
            Price {
                idle: Watts(idle),
                busy_core: Watts(busy_core),
            }
        }
        Self {
            centre: price(centre),
            low_idle: price(low),
            high_idle: price(high),
            least_error: LEAST_ERROR,
            basis,
        }
    }

    /// For the machine at hand: by its chassis, else by its processor's name, else by its cores.
    pub(crate) fn plausible(root: &Root, surroundings: &Surroundings, cores: u32) -> Self {
        if surroundings.virtual_machine.is_some() {
            return Self::PLAUSIBLE;
        }
        let name = processor_name(root).to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
        // The types of SMBIOS (DMTF DSP0134, 7.4.1).
        let chassis = root.text("sys/class/dmi/id/chassis_type");
        match chassis.and_then(|kind| kind.parse::<u8>().ok()) {
            Some(8..=11 | 14 | 30..=32) => Self::LAPTOP,
            Some(17 | 23 | 25 | 28 | 29) => Self::SERVER,
            Some(3..=7 | 13 | 15 | 16 | 24 | 35 | 36) => Self::DESKTOP,
            _ if says(&["epyc", "xeon"]) => Self::SERVER,
            _ if says(&["core(tm) i", "ryzen", "core(tm) ultra"]) => Self::DESKTOP,
            _ if cores >= 48 => Self::SERVER,
            _ => Self::PLAUSIBLE,
        }
    }

    /// How the estimate is called where devices are listed.
    pub(crate) fn label(&self) -> String {
        match self.basis {
            Basis::Any => "CPU time".to_owned(),
            Basis::Laptop => "CPU time (laptop)".to_owned(),
            Basis::Desktop => "CPU time (desktop)".to_owned(),
            Basis::Server => "CPU time (server)".to_owned(),
            Basis::Calibrated(year, month, day) => {
                format!("CPU time (calibrated {year:04}-{month:02}-{day:02})")
            }
        }
    }

    pub(crate) fn pricing(&self) -> Pricing {
        Pricing {
            basis: self.label(),
            idle: self.centre.idle,
            busy_core: self.centre.busy_core,
            idle_ends: (self.low_idle.idle, self.high_idle.idle),
            least_error: self.least_error,
        }
    }

    /// Prices a window of `wall_s` seconds in which the engine used `cpu_s` CPU seconds.
    pub(crate) fn estimate(&self, wall_s: f64, cpu_s: f64) -> Estimated {
        let joules = self.centre.joules(wall_s, cpu_s);
        let spread = EstimateSpread {
            low_idle: self.low_idle.joules(wall_s, cpu_s),
            high_idle: self.high_idle.joules(wall_s, cpu_s),
        };
        let half_range = (spread.high_idle.0 - spread.low_idle.0).abs() / 2.0;
        Estimated {
            joules,
            spread,
            error: (half_range / joules.0).max(self.least_error),
        }
    }

    /// The estimate as power over time, for the chart: one value per pair of readings.
    pub(crate) fn power(&self, engine_seconds: &Series) -> Vec<PowerSample> {
        let later = engine_seconds.points().skip(1);
        engine_seconds
            .points()
            .zip(later)
            .filter_map(|(before, after)| self.power_between(before, after))
            .collect()
    }

    /// Estimated power between two readings of the engine's CPU seconds.
    pub(crate) fn power_between(
        &self,
        (from, before): (MonotonicNs, f64),
        (to, after): (MonotonicNs, f64),
    ) -> Option<PowerSample> {
        let wall = to.since(from).0;
        (wall > 0.0).then(|| PowerSample {
            at: to,
            power: Watts(self.centre.joules(wall, after - before).0 / wall),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seconds_are_priced_at_the_centre_and_at_both_ends() {
        let one = Prices::PLAUSIBLE.estimate(10.0, 20.0);
        assert_eq!(one.joules, Joules(260.0));
        assert_eq!(one.spread.low_idle, Joules(230.0));
        assert_eq!(one.spread.high_idle, Joules(380.0));
        assert_eq!(one.error, 0.5);
        // An idle machine shows how little is known: 3 W or 30 W?
        assert_eq!(Prices::PLAUSIBLE.estimate(10.0, 0.0).error, 1.35);
    }

    #[test]
    fn the_order_of_two_settings_can_flip_between_the_ends() {
        let (slow, fast) = (
            Prices::PLAUSIBLE.estimate(10.0, 10.0),
            Prices::PLAUSIBLE.estimate(7.0, 13.0),
        );
        assert!(slow.spread.low_idle < fast.spread.low_idle);
        assert!(slow.spread.high_idle > fast.spread.high_idle);
    }

    fn machine(files: &[(&str, &str)]) -> Basis {
        let (_dir, root) = crate::files::tree("", files);
        let surroundings = Surroundings::look(&root);
        Prices::plausible(&root, &surroundings, 8).basis
    }

    #[test]
    fn a_machine_is_priced_by_its_chassis_then_by_its_processor() {
        let chassis = |kind| ("sys/class/dmi/id/chassis_type", kind);
        let cpu = |name| ("proc/cpuinfo", name);
        let xeon = "processor : 0\nmodel name\t: Intel(R) Xeon(R) Silver 4310\n";
        let ryzen = "model name\t: AMD Ryzen 9 7950X 16-Core Processor\n";
        let kvm = "model name\t: Intel(R) Xeon(R)\nflags\t\t: fpu hypervisor\n";
        assert_eq!(machine(&[chassis("10\n"), cpu(ryzen)]), Basis::Laptop);
        assert_eq!(machine(&[chassis("3"), cpu(xeon)]), Basis::Desktop);
        assert_eq!(machine(&[chassis("23")]), Basis::Server);
        assert_eq!(machine(&[chassis("1"), cpu(xeon)]), Basis::Server);
        assert_eq!(machine(&[cpu(ryzen)]), Basis::Desktop);
        assert_eq!(machine(&[cpu(kvm), chassis("23")]), Basis::Any);
        assert_eq!(machine(&[]), Basis::Any);
    }

    #[test]
    fn the_two_ends_of_every_class_lie_on_both_sides_of_its_centre() {
        for prices in [
            Prices::PLAUSIBLE,
            Prices::LAPTOP,
            Prices::DESKTOP,
            Prices::SERVER,
        ] {
            let ratio = |price: Price| price.idle.0 / price.busy_core.0;
            assert!(ratio(prices.low_idle) < ratio(prices.centre), "{prices:?}");
            assert!(ratio(prices.centre) < ratio(prices.high_idle), "{prices:?}");
        }
    }
}
