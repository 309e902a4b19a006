//! The person's home in a text: it holds their name, and a report goes to others.

/// What stands for it, as in a shell.
const HOME: char = '~';

/// The text with `~` for each of `homes`; none where nothing is to be changed.
pub(super) fn hidden(text: &str, homes: &[String]) -> Option<String> {
    let mut out: Option<String> = None;
    for home in homes {
        let home = home.trim_end_matches('/');
        let current = out.as_deref().unwrap_or(text);
        if home.len() > 1 && current.contains(home) {
            out = Some(replaced(current, home));
        }
    }
    out.filter(|changed| changed != text)
}

fn replaced(text: &str, home: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(home) {
        let (before, after) = (&rest[..at], &rest[at + home.len()..]);
        out.push_str(before);
        if begins_here(&out) && ends_here(after) {
            out.push(HOME);
        } else {
            out.push_str(home);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Whether what stands before belongs to no longer path: `/mnt/home/sam` is not `/home/sam`.
fn begins_here(before: &str) -> bool {
    !before.ends_with(|one: char| one.is_alphanumeric() || matches!(one, '_' | '-' | '.' | '~'))
}

/// Whether what follows belongs to another name: `/home/samira` is not `/home/sam`.
fn ends_here(after: &str) -> bool {
    let mut next = after.chars();
    match next.next() {
        Some('.') => !next.next().is_some_and(char::is_alphanumeric),
        Some(one) => !(one.is_alphanumeric() || matches!(one, '_' | '-')),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> String {
        let homes = ["/home/sam".to_owned(), "/data/homes/sam/".to_owned()];
        hidden(text, &homes).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn the_home_is_told_as_a_tilde_wherever_it_stands() {
        for (text, told) in [
            ("/home/sam/models/a.gguf", "~/models/a.gguf"),
            ("cannot read /home/sam.", "cannot read ~."),
            ("--model=/home/sam/a b", "--model=~/a b"),
            ("file:///home/sam/x", "file://~/x"),
            ("\"/home/sam\",'/home/sam/'", "\"~\",'~/'"),
            ("/data/homes/sam/x /home/sam/y", "~/x ~/y"),
            ("/home/samira/x", "/home/samira/x"),
            ("/home/sam.old/x", "/home/sam.old/x"),
            ("/mnt/home/sam/x", "/mnt/home/sam/x"),
            ("nothing of it", "nothing of it"),
        ] {
            assert_eq!(shown(text), told);
        }
    }

    #[test]
    fn a_home_that_is_everything_or_nothing_hides_nothing() {
        for home in ["", "/"] {
            assert_eq!(hidden("/usr/bin/x", &[home.to_owned()]), None);
        }
    }

    proptest! {
        #[test]
        fn no_path_below_the_home_is_left(before in "[ =:\"(]{0,3}", below in "(/[a-z]{1,5}){1,3}") {
            let text = format!("{before}/home/sam{below}");
            prop_assert_eq!(shown(&text), format!("{before}~{below}"));
        }
    }
}
