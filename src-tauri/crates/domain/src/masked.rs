//! Text without the secrets that addresses and command lines carry, for everything that is shown, stored
//! or sent: whoever asks a meter or a server uses the text as the person wrote it.

/// What stands where a secret was.
const MASK: &str = "****";

/// Names of query fields, headers and options whose value is nobody's business, in lower case; they count
/// as a whole word or as its end, such as `api_key` and `--auth-token`.
const SECRET: [&str; 12] = [
    "apikey",
    "auth",
    "authorization",
    "credential",
    "key",
    "pass",
    "passwd",
    "password",
    "pwd",
    "secret",
    "sig",
    "token",
];

/// `text` with user names and passwords in addresses, and values of secret query fields, masked.
#[must_use]
pub fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = after.find(ends_an_address).unwrap_or(after.len());
        let (address, behind) = after.split_at(end);
        out.push_str(&address_masked(address));
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// The words of a command line, masked: addresses, and what follows or is joined to a secret option.
#[must_use]
pub fn masked_words(words: &[String]) -> Vec<String> {
    let mut secret_next = false;
    let mask_one = |word: &String| {
        if std::mem::take(&mut secret_next) {
            return MASK.to_owned();
        }
        if let Some((name, _)) = word.split_once(['=', ':'])
            && is_secret(name)
        {
            let joint = &word[name.len()..=name.len()];
            return format!("{name}{joint}{MASK}");
        }
        secret_next = word.starts_with('-') && is_secret(word);
        masked(word)
    };
    words.iter().map(mask_one).collect()
}

fn ends_an_address(sign: char) -> bool {
    sign.is_whitespace() || matches!(sign, '"' | '\'' | '<' | '>' | '`' | '\\')
}

/// What follows `://`, up to the end of the address.
fn address_masked(address: &str) -> String {
    let host_ends = address.find(['/', '?', '#']).unwrap_or(address.len());
    let (host, path) = address.split_at(host_ends);
    let host = match host.rsplit_once('@') {
        Some((_, host)) => format!("{MASK}@{host}"),
        None => host.to_owned(),
    };
    let Some((path, query)) = path.split_once('?') else {
        return host + path;
    };
    let fields: Vec<String> = query
        .split('&')
        .map(|field| match field.split_once('=') {
            Some((name, _)) if is_secret(name) => format!("{name}={MASK}"),
            _ => field.to_owned(),
        })
        .collect();
    format!("{host}{path}?{}", fields.join("&"))
}

fn is_secret(name: &str) -> bool {
    let name = name.trim_start_matches('-').to_ascii_lowercase();
    let last = name.rsplit(['-', '_', '.']).next().unwrap_or_default();
    SECRET.contains(&last) || last.ends_with("key") && last.starts_with("api")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lets_somebody_in_is_masked_and_the_rest_stays() {
        for (text, wanted) in [
            (
                "http://sam:pw@plug.local/status",
                "http://****@plug.local/status",
            ),
            ("http://sam@10.0.0.9", "http://****@10.0.0.9"),
            ("http://a:p@ss@h:80/x?y=1", "http://****@h:80/x?y=1"),
            ("http://h/q?api_key=abc&x=1", "http://h/q?api_key=****&x=1"),
            (
                "http://h/cm?user=admin&password=p&cmnd=Status",
                "http://h/cm?user=admin&password=****&cmnd=Status",
            ),
            (
                "cannot reach http://u:p@h: is it on?",
                "cannot reach http://****@h: is it on?",
            ),
            (
                "two http://a:b@c and https://d:e@f/",
                "two http://****@c and https://****@f/",
            ),
            (
                "http://h/monkey?keys=3&tokens=5",
                "http://h/monkey?keys=3&tokens=5",
            ),
            (
                "no address at all, mail@example.org",
                "no address at all, mail@example.org",
            ),
            ("", ""),
        ] {
            assert_eq!(masked(text), wanted);
        }
    }

    #[test]
    fn options_of_a_command_line_lose_their_secrets() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for (line, wanted) in [
            (
                "read --password hunter2 --every 1",
                "read --password **** --every 1",
            ),
            ("read --auth-token=abc x", "read --auth-token=**** x"),
            (
                "curl -H Authorization:Bearer http://u:p@h",
                "curl -H Authorization:**** http://****@h",
            ),
            ("meter --tokens 5 key", "meter --tokens 5 key"),
            ("TOKEN=x read", "TOKEN=**** read"),
        ] {
            assert_eq!(masked_words(&words(line)).join(" "), wanted);
        }
    }
}
