//! Since and until which version a knob is there. Versions are compared by the first run of numbers in
//! a server's version line that has a point in it, such as `0.33.0` in `server 0.33.0`.

use super::fault::CatalogueFault;
use serde_spanned::Spanned;

/// Numbers with points between them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(Vec<u64>);

impl Version {
    /// The first one in a line.
    pub(crate) fn find(line: &str) -> Option<Self> {
        line.split(|c: char| !(c.is_ascii_digit() || c == '.'))
            .map(|word| word.trim_matches('.'))
            .find(|word| word.contains('.'))
            .and_then(Self::parse)
    }

    fn parse(word: &str) -> Option<Self> {
        let numbers: Option<Vec<u64>> = word.split('.').map(|number| number.parse().ok()).collect();
        // 0.33 and 0.33.0 are the same.
        let mut numbers = numbers?;
        while numbers.last() == Some(&0) {
            numbers.pop();
        }
        Some(Self(numbers))
    }

    /// One that a catalogue file names.
    pub(crate) fn read(
        text: &str,
        file: Option<&Spanned<String>>,
    ) -> Result<Option<Self>, CatalogueFault> {
        let Some(file) = file else { return Ok(None) };
        let fault = || CatalogueFault::at(text, file.span(), "a version is numbers with points");
        Self::parse(file.get_ref()).map(Some).ok_or_else(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_and_compared_by_number() {
        let version = |line: &str| Version::find(line).unwrap();
        assert!(version("server 0.9.1") < version("v0.33.0 (cpu)"));
        assert_eq!(version("0.33.0"), version("server 0.33"));
        assert_eq!(
            version("0.6.0-dev (build 1, commit 86a2835)"),
            version("0.6")
        );
        assert_eq!(Version::find("build 7043"), None);
    }
}
