//! Configurations as numbers: one coordinate per knob that has more than one value.
//!
//! Whole and real numbers lie between 0 and 1 from their least to their greatest level, by doublings
//! where all levels are positive and span a factor of four or more. Words are told apart and nothing
//! else. A value between the levels, as a chat LLM may choose one, has its place as well.

use wattsmith_domain::{Configuration, ParameterSpace, Value};

/// From this ratio of greatest to least level on, doublings count and not differences.
const LOG_FROM: f64 = 4.0;

#[derive(Debug, Clone)]
enum Scale {
    Ordered { log: bool, low: f64, high: f64 },
    Words(Vec<Value>),
}

/// One coordinate.
#[derive(Debug, Clone)]
pub struct Knob {
    /// The parameter's.
    pub name: String,
    scale: Scale,
}

impl Knob {
    /// How far two coordinates are apart, 0 to 1 for levels.
    #[must_use]
    pub fn distance(&self, one: f64, other: f64) -> f64 {
        match self.scale {
            Scale::Ordered { .. } => (one - other).abs(),
            Scale::Words(_) => f64::from(u8::from(one != other)),
        }
    }

    /// How many values it tells apart as words; 0 for numbers.
    #[must_use]
    pub fn words(&self) -> usize {
        match &self.scale {
            Scale::Words(words) => words.len(),
            Scale::Ordered { .. } => 0,
        }
    }

    fn coordinate(&self, value: &Value) -> f64 {
        match &self.scale {
            Scale::Ordered { log, low, high } => {
                let number = scaled(number(value).unwrap_or(0.0), *log);
                (number - low) / (high - low)
            }
            Scale::Words(words) => words.iter().position(|one| one == value).unwrap_or(0) as f64,
        }
    }
}

/// The coordinates of a space.
#[derive(Debug, Clone)]
pub struct Features {
    /// Those with more than one level, in the space's order.
    pub knobs: Vec<Knob>,
}

impl Features {
    /// Of a space.
    #[must_use]
    pub fn of(space: &ParameterSpace) -> Self {
        let knobs = space
            .parameters
            .iter()
            .filter_map(|parameter| {
                let levels = parameter.kind.levels();
                let numbers: Option<Vec<f64>> = levels.iter().map(number).collect();
                let scale = match numbers {
                    Some(numbers) => {
                        let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
                        let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                        (low < high).then_some(())?;
                        let log = low > 0.0 && high / low >= LOG_FROM;
                        Scale::Ordered {
                            log,
                            low: scaled(low, log),
                            high: scaled(high, log),
                        }
                    }
                    None => {
                        (levels.len() > 1).then_some(())?;
                        Scale::Words(levels)
                    }
                };
                Some(Knob {
                    name: parameter.name.clone(),
                    scale,
                })
            })
            .collect();
        Self { knobs }
    }

    /// One coordinate per knob.
    #[must_use]
    pub fn encode(&self, configuration: &Configuration) -> Vec<f64> {
        self.knobs
            .iter()
            .map(|knob| {
                configuration
                    .get(&knob.name)
                    .map_or(0.0, |value| knob.coordinate(value))
            })
            .collect()
    }
}

/// Points by the coordinates that occur among them. These are few, since knobs have levels: what
/// depends on one knob alone is then computed once per coordinate and not once per point.
#[derive(Debug, Clone)]
pub struct Places {
    points: usize,
    knobs: usize,
    /// Every knob's coordinates without repetition, each with its knob's index.
    coordinates: Vec<(usize, f64)>,
    /// Per point and knob, the index of its coordinate.
    indices: Vec<usize>,
}

impl Places {
    /// Of points with as many coordinates each.
    #[must_use]
    pub fn of(points: &[Vec<f64>]) -> Self {
        let knobs = points.first().map_or(0, Vec::len);
        let mut coordinates: Vec<(usize, f64)> = Vec::new();
        let mut indices = Vec::with_capacity(points.len() * knobs);
        for one in points
            .iter()
            .flat_map(|point| point.iter().copied().enumerate())
        {
            let known = coordinates.iter().position(|other| *other == one);
            indices.push(known.unwrap_or(coordinates.len()));
            if known.is_none() {
                coordinates.push(one);
            }
        }
        Self {
            points: points.len(),
            knobs,
            coordinates,
            indices,
        }
    }

    /// Per point the indices of its coordinates, one per knob.
    pub fn points(&self) -> impl Iterator<Item = &[usize]> {
        (0..self.points).map(|point| self.point(point))
    }

    fn point(&self, point: usize) -> &[usize] {
        &self.indices[point * self.knobs..(point + 1) * self.knobs]
    }

    /// `of` each coordinate's knob, that knob's coordinate in `point`, and the coordinate itself.
    pub fn against<T>(&self, point: &[f64], of: impl Fn(usize, f64, f64) -> T) -> Vec<T> {
        let coordinates = self.coordinates.iter();
        coordinates
            .map(|(knob, there)| of(*knob, point[*knob], *there))
            .collect()
    }

    /// `of` a knob and each pair of its coordinates, as a square by rows; pairs of coordinates of
    /// different knobs are never looked up and hold the default.
    pub fn pairs<T: Clone + Default>(&self, of: impl Fn(usize, f64, f64) -> T) -> Vec<T> {
        let width = self.coordinates.len();
        let mut square = vec![T::default(); width * width];
        for (row, (knob, here)) in self.coordinates.iter().enumerate() {
            for (column, (other, there)) in self.coordinates.iter().enumerate() {
                if knob == other {
                    square[row * width + column] = of(*knob, *here, *there);
                }
            }
        }
        square
    }

    /// Places in the square of [`Self::pairs`] where two points meet, one per knob.
    pub fn meeting(&self, one: usize, other: usize) -> impl Iterator<Item = usize> {
        let width = self.coordinates.len();
        let knobs = self.point(one).iter().zip(self.point(other));
        knobs.map(move |(one, other)| one * width + other)
    }
}

/// A value as a number, where it is one.
#[must_use]
pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::Bool(_) | Value::Choice(_) => None,
    }
}

fn scaled(number: f64, log: bool) -> f64 {
    if log {
        number.max(f64::MIN_POSITIVE).ln()
    } else {
        number
    }
}

#[cfg(test)]
mod tests {
    use super::Places;

    #[test]
    fn sums_by_coordinate_are_sums_by_point() {
        let points = vec![vec![0.0, 1.0], vec![0.5, 1.0], vec![1.0, 0.0]];
        let of = |knob: usize, a: f64, b: f64| (knob as f64 + 1.0) * (a - b).abs();
        let direct = |one: &[f64], other: &[f64]| of(0, one[0], other[0]) + of(1, one[1], other[1]);
        let places = Places::of(&points);
        let pairs = places.pairs(of);
        let new = [0.25, 0.5];
        let against = places.against(&new, of);
        for (i, (one, place)) in points.iter().zip(places.points()).enumerate() {
            let sum: f64 = place.iter().map(|at| against[*at]).sum();
            assert_eq!(sum, direct(&new, one));
            for (j, other) in points.iter().enumerate() {
                let sum: f64 = places.meeting(i, j).map(|at| pairs[at]).sum();
                assert_eq!(sum, direct(one, other));
            }
        }
    }
}
