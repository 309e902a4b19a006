//! The last look before anything leaves: secrets have no field in a record, but two fields hold text
//! that could contain one.

use wattsmith_domain::{Connection, SessionRecord, masked};

const MASK: &str = "****";

/// The record with keys in command lines and passwords in addresses masked.
pub(crate) fn record(record: &SessionRecord) -> SessionRecord {
    let mut record = record.clone();
    for launch in record
        .trials
        .iter_mut()
        .filter_map(|trial| trial.launch.as_mut())
    {
        mask_key(&mut launch.argv);
    }
    let connection = record.session.connection.as_mut();
    if let Some(base_url) = connection.and_then(Connection::base_url_mut) {
        mask_password(base_url);
    }
    record
}

fn mask_key(argv: &mut [String]) {
    let mut next_is_key = false;
    for word in argv {
        if next_is_key {
            *word = MASK.to_owned();
        } else if word.starts_with("--api-key=") {
            *word = format!("--api-key={MASK}");
        }
        next_is_key = word == "--api-key";
    }
}

fn mask_password(url: &mut String) {
    *url = masked(url);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_passwords_do_not_leave() {
        let mut argv = [
            "server",
            "--api-key",
            "s3cret",
            "--api-key=s3cret",
            "--port",
            "1",
        ]
        .map(str::to_owned);
        mask_key(&mut argv);
        assert_eq!(
            argv,
            [
                "server",
                "--api-key",
                "****",
                "--api-key=****",
                "--port",
                "1"
            ]
        );
        for (before, after) in [
            ("https://sam:pw@host/v1", "https://****@host/v1"),
            ("https://host/v1", "https://host/v1"),
            ("host/a@b", "host/a@b"),
        ] {
            let mut url = before.to_owned();
            mask_password(&mut url);
            assert_eq!(url, after);
        }
    }
}
