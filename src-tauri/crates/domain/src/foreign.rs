//! One bound and one cleaner for text from outside: what an engine prints, a server says, a file or a meter
//! is called. It may be of any length and hold whatever a terminal obeys.

/// What stands where more was left out.
const MORE: char = '…';

/// `text` without what a terminal or a reader's eye obeys: escape sequences, control characters other than
/// line break and tab, and marks that turn the direction of writing. A carriage return becomes a line break.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '\n' | '\t' => out.push(sign),
            '\r' => {
                if signs.peek() != Some(&'\n') {
                    out.push('\n');
                }
            }
            '\u{1b}' => skip_escape(&mut signs),
            '\u{9b}' => skip_to_final(&mut signs),
            sign if sign.is_control() || turns_direction(sign) => {}
            sign => out.push(sign),
        }
    }
    out
}

/// [`plain`] text on one line and of at most `most` characters; one sign says where more was left out.
#[must_use]
pub fn one_line(text: &str, most: usize) -> String {
    // No more is looked at than can be needed, however much there is.
    let looked_at: String = text.chars().take(most.saturating_mul(4) + 64).collect();
    let cut = looked_at.len() < text.len();
    let words: Vec<String> = plain(&looked_at)
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    bounded_by(&words.join(" "), most, cut)
}

/// [`plain`] text of at most `most` characters, its lines kept.
#[must_use]
pub fn bounded(text: &str, most: usize) -> String {
    let looked_at: String = text.chars().take(most.saturating_mul(4) + 64).collect();
    let cut = looked_at.len() < text.len();
    bounded_by(&plain(&looked_at), most, cut)
}

fn bounded_by(text: &str, most: usize, cut: bool) -> String {
    let mut signs = text.chars();
    let mut kept: String = signs.by_ref().take(most).collect();
    if cut || signs.next().is_some() {
        if kept.chars().count() == most {
            kept.pop();
        }
        kept.push(MORE);
    }
    kept
}

fn turns_direction(sign: char) -> bool {
    matches!(sign, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

type Signs<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// What follows an escape sign and belongs to it.
fn skip_escape(signs: &mut Signs<'_>) {
    match signs.next() {
        Some('[') => skip_to_final(signs),
        // Titles, links and the like, up to a bell or a string terminator.
        Some(']' | 'P' | '_' | '^' | 'X') => {
            while let Some(sign) = signs.next() {
                match sign {
                    '\u{7}' | '\u{9c}' => break,
                    '\u{1b}' => {
                        signs.next_if_eq(&'\\');
                        break;
                    }
                    _ => {}
                }
            }
        }
        Some(' '..='/') => {
            signs.next();
        }
        _ => {}
    }
}

/// Parameters of a control sequence, up to the letter that ends it.
fn skip_to_final(signs: &mut Signs<'_>) {
    while signs.next_if(|sign| matches!(sign, ' '..='?')).is_some() {}
    signs.next_if(|sign| matches!(sign, '@'..='~'));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_taken_out_and_the_rest_stays() {
        for (text, wanted) in [
            (
                "plain, with ünïcode – and 漢字 🦀",
                "plain, with ünïcode – and 漢字 🦀",
            ),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}]0;a title\u{7}text", "text"),
            (
                "\u{1b}]8;;http://x\u{1b}\\a link\u{1b}]8;;\u{1b}\\",
                "a link",
            ),
            ("\u{1b}[2J\u{1b}[Hgone", "gone"),
            ("\u{9b}31mC1", "C1"),
            ("\u{1b}Pq#0\u{1b}\\sixel", "sixel"),
            ("\u{1b}(0lines", "lines"),
            ("one\rtwo\r\nthree", "one\ntwo\nthree"),
            ("a\u{8}b\u{0}c\u{7f}d", "abcd"),
            ("user\u{202e}gpj.exe", "usergpj.exe"),
            ("an end \u{1b}", "an end "),
            ("\u{1b}]never ended", ""),
            ("tab\tand\nline", "tab\tand\nline"),
        ] {
            assert_eq!(plain(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn text_is_bounded_and_says_that_more_was_left_out() {
        assert_eq!(one_line(" a\n  b ", 10), "a b");
        assert_eq!(one_line("0123456789", 10), "0123456789");
        assert_eq!(one_line("0123456789x", 10), "012345678…");
        let long = "x".repeat(10_000_000);
        assert_eq!(one_line(&long, 300).chars().count(), 300);
        assert_eq!(bounded("a\nb\nc", 3), "a\n…");
    }
}
