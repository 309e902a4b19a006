use super::*;
use proptest::prelude::*;

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

#[test]
fn nothing_is_known_before_the_person_said_so() {
    let none = Settings::default();
    assert_eq!(none.price(), None);
    for key in SettingKey::ALL {
        let shown = none.get(key);
        let expected = if key == SettingKey::EnergyUnit {
            "watt-hours"
        } else {
            ""
        };
        assert_eq!(shown, expected, "{key}");
    }
}

#[test]
fn what_is_set_is_read_back_and_taken_back_by_none() {
    for (key, value) in [
        ("price-per-kwh", "0.32"),
        ("currency", "€"),
        ("grid-intensity", "380"),
        ("answers-per-day", "500"),
        ("energy-unit", "joules"),
        ("theme", "dark"),
        ("model-folders", "/srv/models"),
    ] {
        let key: SettingKey = key.parse().unwrap();
        let mut settings = Settings::default();
        settings.set(key, &words(value)).unwrap();
        assert_eq!(settings.get(key), value);
        settings.set(key, &words("none")).unwrap();
        assert_eq!(settings, Settings::default(), "{key}");
    }
    assert_eq!(SettingKey::ALL.len(), 7);
}

#[test]
fn a_decimal_comma_is_a_decimal_point() {
    let mut settings = Settings::default();
    settings
        .set(SettingKey::PricePerKwh, &words("0,32"))
        .unwrap();
    assert_eq!(settings.price_per_kwh, Some(0.32));
    assert_eq!(settings.price(), None, "a price without its currency");
    settings
        .set(SettingKey::Currency, &["EUR ".to_owned()])
        .unwrap();
    assert_eq!(settings.price(), Some((0.32, "EUR")));
}

#[test]
fn what_cannot_be_is_refused_with_what_may_and_changes_nothing() {
    for (key, value) in [
        (SettingKey::PricePerKwh, "-1"),
        (SettingKey::PricePerKwh, "nan"),
        (SettingKey::PricePerKwh, "1e9"),
        (SettingKey::PricePerKwh, "cheap"),
        (SettingKey::Currency, "doubloons"),
        (SettingKey::Currency, "E\u{7}"),
        (SettingKey::Currency, "5€"),
        (SettingKey::GridIntensity, "-5"),
        (SettingKey::GridIntensity, "9000"),
        (SettingKey::AnswersPerDay, "0"),
        (SettingKey::AnswersPerDay, "1.5"),
        (SettingKey::EnergyUnit, "calories"),
        (SettingKey::Theme, "pink"),
        (SettingKey::Theme, "light dark"),
        (SettingKey::ModelFolders, "models"),
    ] {
        let mut settings = Settings::default();
        let said = settings.set(key, &words(value)).unwrap_err().to_string();
        assert!(said.contains(key.label()), "{said}");
        assert!(said.contains(key.allowed()), "{said}");
        assert_eq!(settings, Settings::default());
    }
    let said = "price".parse::<SettingKey>().unwrap_err().to_string();
    assert!(said.contains("price-per-kwh"), "{said}");
}

#[test]
fn folders_are_kept_once_and_without_a_slash_at_their_end() {
    let mut settings = Settings::default();
    settings
        .set(SettingKey::ModelFolders, &words("/a/ /b /a"))
        .unwrap();
    assert_eq!(settings.model_folders, ["/a", "/b"]);
}

proptest! {
    #[test]
    fn no_word_makes_settings_that_cannot_be(key in 0_usize..7, word in "\\PC{0,40}") {
        let mut settings = Settings::default();
        let _ = settings.set(SettingKey::ALL[key], &[word]);
        prop_assert_eq!(settings.clone().checked(), Ok(settings));
    }
}
