//! Sets of logical cores as the kernel writes them: `0-3,8`.

use std::collections::BTreeSet;
use std::fmt;

/// More than any machine has: a longer list is no list of cores.
const MOST: u32 = 1 << 16;

/// Numbers of logical cores.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CpuList(BTreeSet<u32>);

impl CpuList {
    /// None where the text is no list; an empty text is an empty one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut cpus = BTreeSet::new();
        for part in text.trim().split(',').filter(|part| !part.is_empty()) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last): (u32, u32) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
            if first > last || last >= MOST {
                return None;
            }
            cpus.extend(first..=last);
        }
        Some(Self(cpus))
    }

    pub(crate) fn of(cpus: impl IntoIterator<Item = u32>) -> Self {
        Self(cpus.into_iter().collect())
    }

    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn has(&self, cpu: u32) -> bool {
        self.0.contains(&cpu)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().copied()
    }

    /// As a mask in hex, core 0 the lowest bit: `0x5` is cores 0 and 2.
    pub(crate) fn mask(&self) -> String {
        let digits = self.0.last().map_or(1, |last| *last as usize / 4 + 1);
        let digit = |place: usize| -> u32 {
            let bits = 0..4_u32;
            bits.filter(|bit| self.has(place as u32 * 4 + bit))
                .map(|bit| 1 << bit)
                .sum()
        };
        let hex = (0..digits)
            .rev()
            .filter_map(|place| char::from_digit(digit(place), 16));
        format!("0x{}", hex.collect::<String>())
    }

    /// Those that are in both.
    pub(crate) fn and(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).copied().collect())
    }
}

impl fmt::Display for CpuList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for cpu in self.iter() {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == cpu => *last = cpu,
                _ => runs.push((cpu, cpu)),
            }
        }
        let runs: Vec<String> = runs
            .into_iter()
            .map(|(first, last)| match first == last {
                true => first.to_string(),
                false => format!("{first}-{last}"),
            })
            .collect();
        f.write_str(&runs.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_mask_has_core_0_as_its_lowest_bit() {
        for (list, mask) in [
            ("", "0x0"),
            ("0", "0x1"),
            ("0,2", "0x5"),
            ("0-7", "0xff"),
            ("4", "0x10"),
            ("63-64", "0x18000000000000000"),
        ] {
            assert_eq!(CpuList::parse(list).unwrap().mask(), mask, "{list}");
        }
    }

    #[test]
    fn lists_are_read_as_the_kernel_writes_them() {
        let cpus = CpuList::parse("0-3,8,10-11\n").unwrap();
        assert_eq!(cpus, CpuList::of([0, 1, 2, 3, 8, 10, 11]));
        assert!(CpuList::parse("").unwrap().is_empty());
        for odd in ["3-1", "a", "0-", "-1", "0-99999999", "max 100000"] {
            assert_eq!(CpuList::parse(odd), None, "{odd}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(cpus in proptest::collection::btree_set(0_u32..300, 0..80)) {
            let list = CpuList(cpus);
            prop_assert_eq!(CpuList::parse(&list.to_string()), Some(list));
        }

        #[test]
        fn no_text_is_a_crash(text in "[0-9,\\- a]{0,40}") {
            let _ = CpuList::parse(&text);
        }
    }
}
