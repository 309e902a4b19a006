//! What the window is shown, from the records of whole sessions.

use wattsmith_app::views;
use wattsmith_app::wire::{NextStep, SessionView, StoryItem, UndoneKind, VerdictKind};
use wattsmith_testkit::fixtures;
use wattsmith_tuner::domain::{
    BesideEnergy, Claim, DeviceConditions, EarlierPoint, EarlierSession, Exchange, ExchangeId,
    ExchangeKind as Asked, ExchangeOutcome, Interval, Joules, Memory, PhaseEnergy, Scope,
    SessionId, SessionRecord, Source, UndoVerdict, Undoing, UndoneChange,
};
use wattsmith_tuner::{Digest, JobState, Listed, Question};

fn view(record: &SessionRecord) -> SessionView {
    views::session(record, &JobState::default(), (Scope::Estimated, 0.5))
}

#[test]
fn a_new_session_has_an_empty_story_and_waits_for_the_default() {
    let view = view(&fixtures::empty());
    assert!(view.story.is_empty() && view.trend.is_empty() && view.best.is_none());
    assert!(matches!(view.next, NextStep::MeasureDefault));
    assert_eq!(view.default_interval.map(|one| one.mean), None);
}

#[test]
fn estimated_figures_are_marked_and_measured_ones_are_not() {
    assert!(view(&fixtures::estimated()).estimated);
    assert!(!view(&fixtures::measured()).estimated);
}

#[test]
fn a_confirmed_saving_is_the_best_and_says_so() {
    let best = view(&fixtures::confirmed()).best.unwrap();
    assert!(best.confirmed);
    assert_eq!(best.verdict.kind, VerdictKind::Better);
    assert!(
        best.verdict.text.starts_with("confirmed: "),
        "{}",
        best.verdict.text
    );
    assert!(
        !best.command_line.contains("--api-key"),
        "{}",
        best.command_line
    );
}

#[test]
fn a_failed_trial_says_what_failed_and_has_no_figure() {
    let view = view(&fixtures::with_failure());
    let failed = view.story.iter().find_map(|item| match item {
        StoryItem::Trial(trial) if !trial.message.is_empty() => Some(trial),
        _ => None,
    });
    let failed = failed.expect("the fixture holds a failed trial");
    assert!(failed.joules_per_unit.is_none() && failed.verdict.saving_percent.is_none());
}

fn trial_of(record: &SessionRecord) -> wattsmith_app::wire::TrialItem {
    let story = view(record).story;
    let trial = story.into_iter().find_map(|item| match item {
        StoryItem::Trial(trial) => Some(trial),
        _ => None,
    });
    trial.expect("the fixture holds a trial")
}

#[test]
fn what_stands_beside_a_figure_is_shown_and_never_made_up() {
    let mut record = fixtures::measured();
    let bare = trial_of(&record);
    assert!(bare.phases.is_none() && bare.beside.is_empty() && bare.conditions.is_empty());

    for repeat in &mut record.trials[0].repeats {
        repeat.phases = Some(PhaseEnergy {
            prefill_joules_per_token: 0.02,
            decode_joules_per_token: 0.2,
        });
        repeat.energy.beside = vec![BesideEnergy {
            device: "plug-desk".to_owned(),
            source: Source::WallPlug,
            scope: Scope::Wall,
            joules: Ok(Joules(repeat.units.0 as f64 * 0.5)),
            sensor_error: 0.03,
            fault: None,
        }];
        repeat.conditions = vec![DeviceConditions {
            device: "GPU 0".to_owned(),
            temperature_from_c: Some(51.0),
            ..DeviceConditions::default()
        }];
    }
    let shown = trial_of(&record);
    let phases = shown.phases.unwrap();
    assert!((phases.prefill - 0.02).abs() < 1e-9 && (phases.decode - 0.2).abs() < 1e-9);
    assert!((shown.beside[0].joules_per_unit.unwrap() - 0.5).abs() < 1e-9);
    assert_eq!(shown.conditions.len(), shown.repeats.len());
    assert_eq!(shown.conditions[0].from_c, Some(51.0));
    assert_eq!(shown.conditions[0].to_c, None);

    record.trials[0].repeats[0].energy.beside[0].joules = Err("no answer".to_owned());
    let beside = trial_of(&record).beside.remove(0);
    assert_eq!(beside.joules_per_unit, None);
    assert_eq!(beside.trouble, "no answer");
}

#[test]
fn a_question_without_an_answer_stands_in_the_story_until_it_has_one() {
    let mut record = fixtures::everything();
    let open = Question {
        id: ExchangeId::from("z-asked-last"),
        text: "Why is it slower?".to_owned(),
        waits: "A trial runs.".to_owned(),
    };
    let job = JobState {
        questions: vec![open.clone()],
        ..JobState::default()
    };
    let asked = |record: &SessionRecord| {
        let view = views::session(record, &job, (Scope::Estimated, 0.5));
        let story = view.story.into_iter();
        let asked: Vec<_> = story
            .filter_map(|item| match item {
                StoryItem::Exchange(one) if one.id == open.id.0 => Some(one),
                _ => None,
            })
            .collect();
        let [one] = &asked[..] else {
            panic!("{asked:?}");
        };
        one.clone()
    };
    let waiting = asked(&record);
    assert_eq!(waiting.question, "Why is it slower?");
    assert_eq!(waiting.waits, "A trial runs.");
    assert!(waiting.answer.is_empty() && waiting.prompt.is_empty());
    // Once it is answered it stands there once, marked where it is not so.
    let said = "Trial 7 showed 0.2 J/token.";
    record.exchanges.push(Exchange {
        id: open.id.clone(),
        kind: Asked::Talk,
        question: open.text.clone(),
        reply: said.to_owned(),
        claims: vec![Claim {
            from: 0,
            to: said.len() - 1,
            said: said.trim_end_matches('.').to_owned(),
            so: "there is no trial 7".to_owned(),
        }],
        outcome: ExchangeOutcome::Answered {
            note: String::new(),
        },
        ..record.exchanges[0].clone()
    });
    let answered = asked(&record);
    assert_eq!(answered.waits, "");
    assert_eq!(answered.reply, said);
    assert_eq!(
        answered.answer,
        "Trial 7 showed 0.2 J/token [not so: there is no trial 7]."
    );
}

#[test]
fn predictions_are_told_by_who_made_them_beside_what_came() {
    let record = fixtures::measured();
    let foretold = view(&record).foretold;
    let [one] = &foretold[..] else {
        panic!("{foretold:?}");
    };
    assert_eq!(one.who, "local · qwen2.5-coder-1.5b");
    assert!(!one.text.is_empty());
    for told in &one.each {
        let trial = record.trials.iter().find(|one| one.number == told.number);
        assert_eq!(
            trial.map(|one| one.id.0.as_str()),
            Some(told.trial_id.as_str())
        );
    }
    assert_eq!(one.each[0].predicted, "0.250");
    assert!(view(&fixtures::empty()).foretold.is_empty());
}

#[test]
fn an_example_says_what_it_is_and_stands_beside_no_session() {
    let mut record = fixtures::confirmed();
    assert_eq!(view(&record).example, "");
    record.session.example = true;
    let said = view(&record).example;
    assert!(said.contains("measured on another machine"), "{said}");
    assert!(said.contains(&record.session.machine.cpu), "{said}");
    let listed = Listed::Session(Box::new(Digest::of(&record)));
    assert!(views::summary(&listed, &JobState::default()).example);
    assert!(views::overview(&[listed]).is_empty());
}

#[test]
fn feedback_stands_right_after_its_trial() {
    let view = view(&fixtures::everything());
    for (index, item) in view.story.iter().enumerate() {
        if let StoryItem::Feedback(feedback) = item {
            assert!(matches!(
                &view.story[index - 1],
                StoryItem::Trial(trial) if trial.id == feedback.trial_id
            ));
        }
    }
}

#[test]
fn the_overview_never_mixes_estimated_and_measured_sessions() {
    let mut records = [
        fixtures::estimated(),
        fixtures::measured(),
        fixtures::confirmed(),
        fixtures::empty(),
    ];
    for (number, record) in records.iter_mut().enumerate() {
        record.session.id = SessionId(format!("session-{number}"));
    }
    let listed = records
        .each_ref()
        .map(|record| Listed::Session(Box::new(Digest::of(record))));
    let lines = views::overview(&listed);
    let points: usize = lines.iter().map(|line| line.points.len()).sum();
    assert_eq!(points, 3, "a session without figures has no point");
    for line in &lines {
        let estimated: Vec<bool> = line
            .points
            .iter()
            .map(|point| {
                let record = records
                    .iter()
                    .find(|one| one.session.id.0 == point.session_id);
                view(record.unwrap()).estimated
            })
            .collect();
        assert!(
            estimated.iter().all(|one| *one == line.estimated),
            "{}",
            line.label
        );
    }
}

#[test]
fn no_view_holds_a_number_that_json_cannot_hold() {
    for record in [
        fixtures::empty(),
        fixtures::measured(),
        fixtures::confirmed(),
        fixtures::estimated(),
        fixtures::with_failure(),
        fixtures::everything(),
        fixtures::hostile(),
    ] {
        // serde_json writes NaN as null; a view then differs from itself after a round trip.
        let text = serde_json::to_string(&view(&record)).unwrap();
        let again: SessionView =
            serde_json::from_str(&text).expect("a null where a number belongs");
        assert_eq!(text, serde_json::to_string(&again).unwrap());
    }
}

#[test]
fn a_session_says_what_it_draws_on() {
    let mut record = fixtures::confirmed();
    assert!(view(&record).memory.is_empty());
    let earlier = SessionId::from("earlier");
    let point = EarlierPoint {
        worth: 1.0,
        session: earlier.clone(),
        configuration: record.session.space.default_configuration(),
        relative: 1.0,
    };
    record.session.memory = Memory {
        sessions: vec![EarlierSession {
            doubts: String::new(),
            id: earlier,
            name: "Yesterday".to_owned(),
            model: "m".to_owned(),
            differs: "with m".to_owned(),
            weight: 0.5,
        }],
        points: vec![point.clone(), point],
    };
    let drawn = &view(&record).memory[0];
    assert_eq!(drawn.name, "Yesterday");
    assert_eq!((drawn.configurations, drawn.weight), (2, 0.5));
}

#[test]
fn an_imported_session_is_marked_wherever_it_is_shown() {
    let mut record = fixtures::confirmed();
    assert_eq!(view(&record).imported, "");
    record.session.imported_at = Some("2026-03-04T05:06:07Z".to_owned());
    let shown = view(&record);
    assert!(
        shown
            .imported
            .starts_with("Imported from a file on 2026-03-04."),
        "{}",
        shown.imported
    );
    assert!(shown.imported.contains(&record.session.machine.cpu));
    let listed = [Listed::Session(Box::new(Digest::of(&record)))];
    assert!(views::summary(&listed[0], &JobState::default()).imported);
    let lines = views::overview(&listed);
    assert!(
        lines[0].points[0].imported,
        "it is compared as every session"
    );
    // An example says itself what it is.
    record.session.example = true;
    assert_eq!(view(&record).imported, "");
}

#[test]
fn what_undoing_showed_stands_after_the_confirmation_that_it_is_about() {
    let record = fixtures::confirmed();
    let offer = view(&record).undo.expect("a winner of two changes");
    assert_eq!(
        (offer.trial_number, offer.changes, offer.begun),
        (3, 2, false)
    );
    let winner = record.trials[2].clone();
    let default = record.session.space.default_configuration();
    let change = |name: &str, ratio: f64, verdict: UndoVerdict| UndoneChange {
        name: name.to_owned(),
        changed: winner.configuration.get(name).unwrap().clone(),
        default: default.get(name).unwrap().clone(),
        undone: winner.repeats.clone(),
        winner: winner.repeats.clone(),
        cost: Some(Interval {
            mean: ratio,
            low: ratio - 0.004,
            high: ratio + 0.004,
            n: 3,
        }),
        verdict: Some(verdict),
        why: None,
    };
    let mut undone = record.clone();
    undone.undoing = Some(Undoing {
        session: record.session.id.clone(),
        trial: winner.id.clone(),
        allowed_s: 600.0,
        spread: None,
        changes: vec![
            change("parallel", 1.123, UndoVerdict::Earns),
            change("threads", 0.998, UndoVerdict::Dropped),
        ],
        simpler: None,
        created_at: "2026-01-15T11:00:00Z".to_owned(),
    });
    let shown = view(&undone);
    let at = |is: fn(&StoryItem) -> bool| shown.story.iter().position(is).unwrap();
    let item = at(|one| matches!(one, StoryItem::Undoing(_)));
    assert_eq!(
        item,
        at(|one| matches!(one, StoryItem::Confirmation(_))) + 1
    );
    let StoryItem::Undoing(item) = &shown.story[item] else {
        unreachable!()
    };
    let [parallel, threads] = &item.changes[..] else {
        panic!("{item:?}");
    };
    assert_eq!(parallel.cost, "12.3 % more");
    assert_eq!(parallel.range, "between 11.9 % and 12.7 % more");
    assert_eq!((parallel.verdict, parallel.pairs), (UndoneKind::Earns, 3));
    assert_eq!(threads.range, "between 0.6 % less and 0.2 % more");
    assert_eq!(threads.verdict, UndoneKind::Dropped);
    // The same figures stand in the report.
    let report = wattsmith_tuner::report::undone_lines(&undone).join(" ");
    for words in [
        &parallel.cost,
        &parallel.range,
        &threads.cost,
        &threads.word,
    ] {
        assert!(report.contains(words.as_str()), "{words}: {report}");
    }
    // All are decided: what is left is to confirm the settings without the one that costs nothing.
    let left = shown.undo.expect("the simpler settings wait");
    assert_eq!((left.changes, left.begun), (0, true));
}
