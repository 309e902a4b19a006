//! Trying a meter for a few seconds.

use super::*;
use wattsmith_domain::Watts;

fn tried(meter: &OutsideMeter) -> Result<Watts, String> {
    try_meter(meter).watts.map_err(|refusal| refusal.what)
}

#[test]
fn trying_a_meter_gives_its_mean_power_or_the_reason() {
    let gauge = meter(program(&["echo", "5"], CommandMode::Once), MeterUnit::Watts);
    assert_eq!(tried(&gauge), Ok(Watts(5.0)));
    let frozen = meter(
        program(&["echo", "5"], CommandMode::Once),
        MeterUnit::Joules,
    );
    let refusal = try_meter(&frozen).watts.unwrap_err();
    assert_eq!(refusal.fault, SensorFault::Frozen);
    assert!(refusal.what.contains("stood still"), "{refusal}");
}

/// A counter that is brought up to date every 1.5 s and holds its value in between, of 300 W. Its own
/// clock is the test's, so however slowly it is read, the steps are right.
#[test]
fn a_counter_with_steps_is_told_from_its_first_change_to_its_last() {
    let stepped = |step: f64| {
        let begin = std::time::Instant::now();
        Server::with(move |path| {
            let now = 1.76e9 + begin.elapsed().as_secs_f64();
            let scraped = (now / step).floor() * step;
            let value = match path.contains("timestamp") {
                true => scraped,
                false => 300.0 * (scraped - 1.75e9),
            };
            Some((
                200,
                format!(
                    r#"{{"status":"success","data":{{"resultType":"vector",
                    "result":[{{"metric":{{}},"value":[{now:.3},"{value}"]}}]}}}}"#
                ),
            ))
        })
    };
    let server = stepped(1.5);
    let kind = OutsideKind::Prometheus {
        url: server.url.clone(),
        query: "joules_total".to_owned(),
    };
    let counter = OutsideMeter {
        period_s: Some(1.5),
        ..meter(kind, MeterUnit::Joules)
    };
    let watts = tried(&counter).unwrap().0;
    assert!((watts / 300.0 - 1.0).abs() < 0.2, "{watts} W");
}

#[test]
fn trying_a_device_lists_what_it_measures_whether_or_not_it_was_chosen() {
    let clamps = r#"{"emeters":[{"power":131.5},{"power":-4}]}"#;
    let server = Server::one("/status", 200, clamps);
    let shelly = |part: Part| {
        let kind = OutsideKind::Shelly1 {
            url: server.url.clone(),
            part,
        };
        try_meter(&meter(kind, MeterUnit::Watts))
    };
    for part in [Part::Only, Part::Channel(0)] {
        let trial = shelly(part.clone());
        assert_eq!(trial.watts.is_ok(), part == Part::Channel(0));
        let listed: Vec<(&str, Option<f64>)> = trial
            .offers
            .iter()
            .map(|offer| (offer.component.as_str(), offer.watts))
            .collect();
        assert_eq!(
            listed,
            [("emeter:0", Some(131.5)), ("emeter:1", Some(-4.0))]
        );
    }
}
