//! `meters`: the meters that the person brings, and what this machine's CPU time costs.

use crate::Stop;
use crate::args::{
    CalibrateArgs, JsonArgs, MeterAddArgs, MeterNameArgs, MeterReaderArgs, MetersCommand,
};
use crate::progress::{Ended, last};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use wattsmith_tuner::Tuner;
use wattsmith_tuner::domain::{
    Availability, MeterRole, OutsideMeter, Reader, masked, masked_words,
};

pub(crate) async fn run(tuner: &Arc<Tuner>, command: MetersCommand) -> Result<(), Stop> {
    match command {
        MetersCommand::List(args) => list(tuner, &args).await,
        MetersCommand::Add(args) => add(tuner, *args).await,
        MetersCommand::Test(args) => test(tuner, &args).await,
        MetersCommand::Remove(args) => remove(tuner, &args).await,
        MetersCommand::Reader(args) => reader(tuner, &args).await,
        MetersCommand::Calibrate(args) => calibrate(tuner, &args).await,
    }
}

async fn list(tuner: &Arc<Tuner>, args: &JsonArgs) -> Result<(), Stop> {
    let meters = tuner.outside_meters().await?;
    let machine = tuner.machine();
    let report = |meter: &OutsideMeter| {
        machine
            .sensors
            .iter()
            .find(|one| one.device == meter.name && one.source == meter.kind.source())
    };
    let answer = |meter: &OutsideMeter| match report(meter).map(|report| &report.availability) {
        Some(Availability::Available { .. }) => Ok(()),
        Some(Availability::Unavailable { reason, .. }) => Err(reason.clone()),
        None => Err("it was not probed".to_owned()),
    };
    let pricing = tuner.meter().pricing();
    if args.json {
        let list: Vec<Value> = meters
            .iter()
            .map(|meter| {
                let mut entry = masked_entry(meter);
                let answer = answer(meter);
                entry["answers"] = answer.is_ok().into();
                entry["reason"] = json!(answer.err());
                entry["fault"] = json!(report(meter).and_then(|report| report.fault));
                entry
            })
            .collect();
        last(
            json!({
                "meters": list,
                "file": tuner.paths().meters(),
                "figure": tuner.meter().figure_devices(),
                "beside": tuner.meter().beside_devices().iter().map(|(name, _)| name).collect::<Vec<_>>(),
                "estimate": {
                    "basis": pricing.basis,
                    "idle_w": pricing.idle.0,
                    "busy_core_w": pricing.busy_core.0,
                    "idle_w_ends": [pricing.idle_ends.0.0, pricing.idle_ends.1.0],
                    "least_error": pricing.least_error,
                },
            }),
            Ended::Complete,
        );
        return Ok(());
    }
    if meters.is_empty() {
        say!("No meter of your own yet. `wattsmith-cli meters add --help` tells how to add one.");
    }
    for meter in &meters {
        let role = match meter.role {
            MeterRole::Main => "makes the figure",
            MeterRole::Beside => "stands beside",
        };
        say!(
            "{}  {}  {} · ±{:.0} % · {role}",
            meter.name,
            meter.kind.label(),
            meter.scope.label(),
            meter.error * 100.0
        );
        if let Err(reason) = answer(meter) {
            say!("  does not answer: {reason}");
        }
    }
    say!(
        "Estimates charge {:.1} W idle + {:.1} W per busy core ({}), ±{:.0} % or more.",
        pricing.idle.0,
        pricing.busy_core.0,
        pricing.basis,
        pricing.least_error * 100.0
    );
    Ok(())
}

/// The words of the command line as a meter, checked as the file is.
fn described(args: MeterAddArgs) -> Result<OutsideMeter, Stop> {
    let mut meter = json!({ "name": args.name, "kind": args.kind });
    let mut set = |field: &str, value: Option<Value>| {
        if let Some(value) = value {
            meter[field] = value;
        }
    };
    set("url", args.url.map(Value::from));
    set("channel", args.channel.map(Value::from));
    set("component", args.component.map(Value::from));
    set("sum", args.sum.then(|| true.into()));
    set("machine", args.machine.map(Value::from));
    set("flip", args.flip.then(|| true.into()));
    set("path", args.path.map(|path| json!(path)));
    set("column", args.column.map(Value::from));
    set("separator", args.separator.map(|letter| json!(letter)));
    set("decimal", args.decimal.map(Value::from));
    set("query", args.query.map(Value::from));
    set("mode", args.mode.map(Value::from));
    set("unit", args.unit.map(Value::from));
    set("scope", args.scope.map(Value::from));
    set("error", args.error.map(Value::from));
    set("role", args.role.map(Value::from));
    set("period_s", args.period.map(Value::from));
    set("averaging_s", args.averaging.map(Value::from));
    set("argv", (!args.argv.is_empty()).then(|| args.argv.into()));
    serde_json::from_value(meter).map_err(|error| Stop::Usage(error.to_string()))
}

async fn add(tuner: &Arc<Tuner>, args: MeterAddArgs) -> Result<(), Stop> {
    let json = args.json;
    let meter = described(args)?;
    tuner.put_outside_meter(meter.clone(), None).await?;
    tell(tuner, meter, json, "added; it").await
}

async fn test(tuner: &Arc<Tuner>, args: &MeterNameArgs) -> Result<(), Stop> {
    let meter = find(tuner, &args.name).await?;
    let name = meter.name.clone();
    tell(tuner, meter, args.json, &name).await
}

/// Reads it and tells; a meter that does not answer is a failure.
async fn tell(
    tuner: &Arc<Tuner>,
    meter: OutsideMeter,
    json: bool,
    subject: &str,
) -> Result<(), Stop> {
    let (name, scope) = (meter.name.clone(), meter.scope);
    let trial = tuner.try_outside_meter(meter).await?;
    if json {
        let refusal = trial.watts.as_ref().err();
        let offers: Vec<Value> = trial
            .offers
            .iter()
            .map(|offer| json!({ "component": offer.component, "watts": offer.watts }))
            .collect();
        last(
            json!({
                "name": name,
                "answers": trial.watts.is_ok(),
                "watts": trial.watts.as_ref().ok().map(|watts| watts.0),
                "reason": refusal.map(|refusal| &refusal.what),
                "fault": refusal.map(|refusal| refusal.fault),
                "offers": offers,
            }),
            Ended::Complete,
        );
    } else {
        if let Ok(watts) = &trial.watts {
            say!("{subject} answers: {:.1} W ({})", watts.0, scope.label());
        }
        if trial.offers.len() > 1 {
            say!("Its device measures:");
            for offer in &trial.offers {
                match offer.watts {
                    Some(watts) => say!("  {}  {watts} W", offer.component),
                    None => say!("  {}  no power", offer.component),
                }
            }
        }
    }
    match trial.watts {
        Ok(_) => Ok(()),
        Err(refusal) => Err(Stop::Failed(format!(
            "{subject} does not answer: {refusal} ({})",
            refusal.fault
        ))),
    }
}

async fn remove(tuner: &Arc<Tuner>, args: &MeterNameArgs) -> Result<(), Stop> {
    find(tuner, &args.name).await?;
    tuner.remove_outside_meter(&args.name).await?;
    if args.json {
        last(
            json!({ "name": args.name, "removed": true }),
            Ended::Complete,
        );
    } else {
        say!("{} removed", args.name);
    }
    Ok(())
}

/// Says which of two readers stands, or which devices have two.
async fn reader(tuner: &Arc<Tuner>, args: &MeterReaderArgs) -> Result<(), Stop> {
    let Some(device) = &args.device else {
        return readers(tuner, args.json);
    };
    let Some(said) = args.reader.as_deref() else {
        let words = "say which reader stands: counter, power, own, built-in or open";
        return Err(Stop::Usage(words.to_owned()));
    };
    let reader = match said {
        "open" => None,
        said => Some(said.parse::<Reader>().map_err(Stop::Usage)?),
    };
    let device = tuner
        .choose_reader(device, reader)
        .await
        .map_err(Stop::of_words)?;
    if args.json {
        last(
            json!({ "device": device, "reader": reader }),
            Ended::Complete,
        );
    } else {
        match reader {
            Some(reader) => say!("{device}: {} stands from now on.", reader.words()),
            None => say!("{device}: which reader stands is open."),
        }
    }
    Ok(())
}

fn readers(tuner: &Arc<Tuner>, json: bool) -> Result<(), Stop> {
    let readers = tuner.readers();
    if json {
        let list: Vec<Value> = readers
            .iter()
            .map(|one| json!({ "device": one.device, "ways": one.ways, "reader": one.decided }))
            .collect();
        last(json!({ "readers": list }), Ended::Complete);
        return Ok(());
    }
    if readers.is_empty() {
        say!("No device here is read in two ways.");
    }
    for one in readers {
        let stands = one.decided.map_or("open", Reader::label);
        say!(
            "{}  {} or {} · {stands}",
            one.device,
            one.ways[0],
            one.ways[1]
        );
    }
    Ok(())
}

async fn find(tuner: &Arc<Tuner>, name: &str) -> Result<OutsideMeter, Stop> {
    let meters = tuner.outside_meters().await?;
    meters
        .into_iter()
        .find(|meter| meter.name == name)
        .ok_or_else(|| {
            Stop::Usage(format!(
                "there is no meter {name:?}; `wattsmith-cli meters list` lists them"
            ))
        })
}

async fn calibrate(tuner: &Arc<Tuner>, args: &CalibrateArgs) -> Result<(), Stop> {
    if !args.json {
        say!(
            "Putting the cores under load for {} s; leave the machine alone meanwhile.",
            args.seconds
        );
    }
    let made = tokio::select! {
        made = tuner.calibrate(Duration::from_secs(args.seconds)) => made?,
        _ = tokio::signal::ctrl_c() => return Err(Stop::Interrupted),
    };
    if args.json {
        last(
            json!({ "calibration": made, "error": made.error() }),
            Ended::Complete,
        );
        return Ok(());
    }
    say!(
        "{:.1} W idle + {:.2} W per busy core, by {} ({}), over {} windows.",
        made.idle_w,
        made.busy_core_w,
        made.reference,
        made.scope.label(),
        made.windows
    );
    say!(
        "Estimates on this machine use it from now on. They stay estimates: ±{:.0} %, and a saving \
         is only called certain where it holds at both ends of what the fit leaves open.",
        made.error() * 100.0
    );
    Ok(())
}

/// A meter as JSON, for a screen or a log: its file keeps what lets somebody in.
fn masked_entry(meter: &OutsideMeter) -> Value {
    let mut entry = json!(meter);
    if let Some(url) = entry["url"].as_str().map(masked) {
        entry["url"] = url.into();
    }
    if let Some(words) = entry["argv"].as_array() {
        let words: Vec<String> = words
            .iter()
            .filter_map(|word| word.as_str().map(str::to_owned))
            .collect();
        entry["argv"] = masked_words(&words).into();
    }
    entry
}
