//! What comes next follows from the record alone.

use wattsmith_domain::{
    Advisor, Connection, Ending, Exchange, ExchangeId, ExchangeKind, ExchangeOutcome, FailureCause,
    Proposal, ProposalId, ProposalStatus, SessionRecord, Threshold, TrialId, TrialState, Value,
};
use wattsmith_stats::Analysis;
use wattsmith_testkit::fixtures::{self, Fixture, Shown};
use wattsmith_tuner::Next;

fn next(record: &SessionRecord) -> Next {
    Next::of(record, &Analysis::of(record))
}

const DEFAULT: [Shown; 3] = [
    Shown(420.0, 118.0),
    Shown(416.0, 119.5),
    Shown(423.0, 118.5),
];

/// A default was measured, and nothing since.
fn begun() -> SessionRecord {
    Fixture::on_gpu().trial(&[], &DEFAULT).build()
}

/// The same with a server that is not on this machine.
fn remote() -> SessionRecord {
    let mut record = begun();
    record.session.connection = Some(Connection::OpenAi {
        base_url: "https://chat.example/v1".to_owned(),
        model: "large".to_owned(),
    });
    record
}

/// An exchange after everything else.
fn exchange(record: &SessionRecord, outcome: ExchangeOutcome) -> Exchange {
    Exchange {
        id: ExchangeId::from("z-last"),
        session: record.session.id.clone(),
        kind: ExchangeKind::Proposal,
        question: String::new(),
        template: "enhanced".to_owned(),
        template_hash: String::new(),
        connection: "local".to_owned(),
        prompt: String::new(),
        reply: String::new(),
        prompt_tokens: None,
        reply_tokens: None,
        reasoning_tokens: None,
        cost: None,
        unbounded: false,
        duration_s: 0.0,
        joules: None,
        claims: Vec::new(),
        outcome,
        created_at: String::new(),
    }
}

fn proposal(record: &SessionRecord, id: &str, status: ProposalStatus) -> Proposal {
    let mut configuration = record.session.space.default_configuration();
    configuration.set("parallel", Value::Int(16));
    Proposal {
        id: ProposalId::from(id),
        session: record.session.id.clone(),
        advisor: Advisor::Enhanced,
        configuration,
        proposed: None,
        reason: String::new(),
        claims: Vec::new(),
        knob_reasons: Default::default(),
        predicted_joules_per_unit: None,
        exchange: None,
        status,
        created_at: String::new(),
    }
}

#[test]
fn the_default_is_measured_first_and_again_until_it_is_complete() {
    assert_eq!(next(&fixtures::empty()), Next::MeasureDefault);
    for state in [
        TrialState::Pending,
        TrialState::Running,
        TrialState::Discarded {
            cause: "cancelled".to_owned(),
        },
        TrialState::Failed {
            cause: FailureCause::Crash,
            message: "it crashed".to_owned(),
            fault: None,
        },
    ] {
        let record = Fixture::on_gpu()
            .unfinished(&[], state.clone(), &DEFAULT)
            .build();
        assert_eq!(next(&record), Next::MeasureDefault, "{state:?}");
    }
}

#[test]
fn then_the_advisor_is_asked_and_again_after_a_failure() {
    assert_eq!(next(&begun()), Next::Ask);
    assert_eq!(next(&fixtures::with_failure()), Next::Ask);
}

#[test]
fn a_remote_advisor_is_asked_only_once_the_person_agreed() {
    let mut record = remote();
    assert_eq!(
        next(&record),
        Next::Consent {
            provider: "https://chat.example/v1 (model large)".to_owned()
        }
    );
    record.session.consent = true;
    assert_eq!(next(&record), Next::Ask);
}

#[test]
fn the_last_offered_proposal_waits_for_a_decision() {
    let mut record = begun();
    for id in ["y-1", "y-2"] {
        let offered = proposal(&record, id, ProposalStatus::Offered);
        record.proposals.push(offered);
    }
    assert_eq!(next(&record), Next::Decide(ProposalId::from("y-2")));
    record.proposals[1].status = ProposalStatus::Dismissed;
    assert_eq!(next(&record), Next::Decide(ProposalId::from("y-1")));
    record.proposals[0].status = ProposalStatus::Taken;
    assert_eq!(next(&record), Next::Ask);
}

#[test]
fn a_prompt_that_waits_is_pasted_until_something_came_after_it() {
    let mut record = begun();
    record.session.connection = Some(Connection::Paste);
    let waiting = exchange(&record, ExchangeOutcome::Waiting);
    record.exchanges.push(waiting);
    assert_eq!(next(&record), Next::Paste(ExchangeId::from("z-last")));
    // The person proposed by hand meanwhile, and took that back.
    let later = proposal(&record, "z-later", ProposalStatus::Dismissed);
    record.proposals.push(later);
    assert_eq!(next(&record), Next::Ask);
}

#[test]
fn an_advisor_without_a_usable_reply_is_stuck_and_says_why_in_sentences() {
    let mut record = begun();
    let refused = exchange(
        &record,
        ExchangeOutcome::Refused {
            reason: "parallel 4 was measured already; propose something untried".to_owned(),
        },
    );
    record.exchanges.push(refused);
    let Next::Stuck { reason } = next(&record) else {
        panic!("not stuck");
    };
    insta::assert_snapshot!(reason, @"The advisor is stuck: its reply gave no usable proposal. It was told: parallel 4 was measured already; propose something untried.");
    record.exchanges[0].outcome = ExchangeOutcome::Failed {
        error: "http://127.0.0.1:9/v1 cannot be reached: refused; is it running?".to_owned(),
    };
    let Next::Stuck { reason } = next(&record) else {
        panic!("not stuck");
    };
    insta::assert_snapshot!(reason, @"http://127.0.0.1:9/v1 cannot be reached: refused; is it running?");
    record.exchanges[0].outcome = ExchangeOutcome::Accepted;
    assert_eq!(next(&record), Next::Ask);
}

#[test]
fn a_crossing_is_confirmed_before_anything_else_goes_on() {
    let mut record = fixtures::measured();
    assert_eq!(next(&record), Next::Confirm(TrialId::from("trial-3")));
    let offered = proposal(&record, "z", ProposalStatus::Offered);
    record.proposals.push(offered);
    record.session.budget = 0;
    assert_eq!(next(&record), Next::Confirm(TrialId::from("trial-3")));
    record.session.objective.threshold = Threshold::PercentBelowDefault { percent: 60.0 };
    assert_eq!(next(&record), Next::Decide(ProposalId::from("z")));
}

#[test]
fn an_interrupted_confirmation_goes_on_even_when_another_trial_is_better_by_now() {
    let record = Fixture::on_gpu()
        .trial(&[], &DEFAULT)
        .trial(
            &[("parallel", Value::Int(8))],
            &[
                Shown(538.0, 121.0),
                Shown(541.5, 122.5),
                Shown(535.0, 121.5),
            ],
        )
        .confirmation(2, &DEFAULT[..2], &DEFAULT[..1], None)
        .trial(
            &[("parallel", Value::Int(16))],
            &[
                Shown(638.0, 121.0),
                Shown(641.5, 122.5),
                Shown(635.0, 121.5),
            ],
        )
        .build();
    assert_eq!(
        Analysis::of(&record).crossing,
        Some(TrialId::from("trial-3"))
    );
    assert_eq!(next(&record), Next::Confirm(TrialId::from("trial-2")));
}

#[test]
fn a_session_is_over_when_it_says_so_or_its_budget_is_spent() {
    for ending in [
        Ending::ThresholdReached,
        Ending::Stopped,
        Ending::SpaceExhausted,
    ] {
        let mut record = fixtures::measured();
        record.session.ending = Some(ending.clone());
        assert_eq!(next(&record), Next::Ended(ending));
    }
    assert_eq!(
        next(&fixtures::confirmed()),
        Next::Ended(Ending::ThresholdReached)
    );
    // Failed trials count against the budget, those taken back do not.
    let mut record = fixtures::with_failure();
    assert_eq!(wattsmith_tuner::trials_used(&record), 1);
    record.session.budget = 1;
    assert_eq!(next(&record), Next::Ended(Ending::BudgetSpent));
    record.session.budget = 2;
    assert_eq!(next(&record), Next::Ask);
}
