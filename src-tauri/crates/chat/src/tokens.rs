//! How many tokens a text has, before anybody counts them.

/// A careful guess, rather too many than too few: a token for every three ASCII characters, and one
/// for every other letter. English prose has about four characters to a token, tables and JSON three.
#[must_use]
pub fn tokens_about(text: &str) -> u64 {
    let ascii = text.bytes().filter(u8::is_ascii).count();
    let others = text.chars().filter(|letter| !letter.is_ascii()).count();
    u64::try_from(ascii.div_ceil(3) + others).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_errs_on_the_side_of_more() {
        assert_eq!(tokens_about(""), 0);
        assert_eq!(tokens_about("four words of prose"), 7);
        assert_eq!(tokens_about("größe"), 3);
    }
}
