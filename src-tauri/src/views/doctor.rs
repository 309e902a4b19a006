//! What the doctor says, for the screen.

use crate::wire::{
    DiagnosisView, FindingSeverity, FindingView, NoisePartView, NoisePointView, NoiseView,
    ReaderView, ReaderWay, RemedyView, SensorView,
};
use wattsmith_tuner::domain::{Availability, Finding, Reader, SensorReport, Severity};
use wattsmith_tuner::stats::noise::AllanPoint;
use wattsmith_tuner::{
    Diagnosis, KeptNoise, ReaderChoice, noise_drift, noise_line, noise_parts, words,
};

/// The whole diagnosis.
pub fn diagnosis(diagnosis: &Diagnosis) -> DiagnosisView {
    DiagnosisView {
        verdict: diagnosis.verdict.clone(),
        measured: diagnosis.measured,
        usable: diagnosis.usable,
        scope: diagnosis.scope.label().to_owned(),
        sensor_error: diagnosis.sensor_error,
        findings: diagnosis.findings.iter().map(finding).collect(),
        sensors: diagnosis.sensors.iter().map(sensor).collect(),
    }
}

fn finding(finding: &Finding) -> FindingView {
    FindingView {
        id: finding.id.clone(),
        severity: match finding.severity {
            Severity::Problem => FindingSeverity::Problem,
            Severity::Note => FindingSeverity::Note,
            Severity::Fine => FindingSeverity::Fine,
        },
        title: finding.title.clone(),
        cause: finding.cause.clone(),
        remedies: finding
            .remedies
            .iter()
            .map(|remedy| RemedyView {
                text: remedy.text.clone(),
                command: remedy.command.clone(),
            })
            .collect(),
        meanwhile: finding
            .fallback
            .map(|source| source.words().to_owned())
            .unwrap_or_default(),
    }
}

/// One sensor, found or missing.
pub(super) fn sensor(report: &SensorReport) -> SensorView {
    let (period_ms, averaging_ms, reason, remedy) = match &report.availability {
        Availability::Available {
            period_ms,
            averaging_ms,
            ..
        } => (*period_ms, *averaging_ms, "", ""),
        Availability::Unavailable { reason, remedy } => {
            (None, None, reason.as_str(), remedy.as_str())
        }
    };
    SensorView {
        name: report.name.clone(),
        device: report.device.clone(),
        scope: report.scope.label().to_owned(),
        available: report.answers(),
        error: report.error,
        period_ms,
        step: words::sensor_step(report).unwrap_or_default(),
        averaging_ms,
        fault: report
            .fault
            .map(|fault| fault.words().to_owned())
            .unwrap_or_default(),
        reason: reason.to_owned(),
        remedy: remedy.to_owned(),
    }
}

/// A recording of the noise.
pub fn noise(kept: &KeptNoise) -> NoiseView {
    let point = |one: &AllanPoint| NoisePointView {
        seconds: one.seconds,
        deviation: one.deviation,
        low: one.low,
        high: one.high,
    };
    let part = |(name, share, says): (&str, f64, String)| NoisePartView {
        name: name.to_owned(),
        share,
        says,
    };
    NoiseView {
        recorded_at: kept.recorded_at.clone(),
        engine: kept.place.engine.clone(),
        model: kept.model.clone(),
        estimated: !kept.measured,
        seconds: kept.noise.seconds,
        curve: kept.noise.curve.iter().map(point).collect(),
        parts: noise_parts(kept).into_iter().map(part).collect(),
        drift: noise_drift(kept),
        said: noise_line(kept),
        window_s: kept.plan.window_s,
    }
}

/// A device that is read in two ways.
pub fn reader(choice: &ReaderChoice) -> ReaderView {
    ReaderView {
        device: choice.device.clone(),
        ways: choice.ways.map(way).into(),
        decided: choice.decided.map(way),
    }
}

fn way(reader: Reader) -> ReaderWay {
    match reader {
        Reader::Counter => ReaderWay::Counter,
        Reader::Power => ReaderWay::Power,
        Reader::Own => ReaderWay::Own,
        Reader::BuiltIn => ReaderWay::BuiltIn,
    }
}

/// The same back.
pub fn chosen(way: ReaderWay) -> Reader {
    match way {
        ReaderWay::Counter => Reader::Counter,
        ReaderWay::Power => Reader::Power,
        ReaderWay::Own => Reader::Own,
        ReaderWay::BuiltIn => Reader::BuiltIn,
    }
}
