//! What the doctor says, for the screen.

use crate::wire::{DiagnosisView, FindingSeverity, FindingView, RemedyView, SensorView};
use wattsmith_tuner::domain::{Availability, Finding, SensorReport, Severity};
use wattsmith_tuner::{Diagnosis, words};

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
        reason: reason.to_owned(),
        remedy: remedy.to_owned(),
    }
}
