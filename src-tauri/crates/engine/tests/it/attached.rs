//! A server that somebody else started: the real llama-server, asked what it is, worked with, and left as
//! it was.

use crate::setting::{State, binary, fake, machine, model};
use std::io::Read as _;
use std::net::TcpListener;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{FailureCause, SystemClock, Tokens, Value};
use wattsmith_engine::{
    About, LaunchOptions, Place, attached, drive, launch, picture_workload, server_of,
    settings_in_use, workload,
};
use wattsmith_testkit::theirs::{Theirs, free_port};

fn theirs() -> Theirs {
    let words = ["--parallel", "2", "--ctx-size", "2048", "--threads", "1"];
    Theirs::llama_server(&binary(), &model(), &words).unwrap()
}

#[tokio::test]
async fn a_server_that_runs_already_is_known_worked_with_and_left_alone() {
    let theirs = theirs();
    let server = attached(&theirs.url).await.unwrap();
    let program = server.find(&[]).unwrap();
    let version = server.version(&program).await.unwrap();
    assert!(version.starts_with("llama.cpp "), "{version}");
    let known = server.model(&program).await.unwrap().unwrap();
    assert!(known.name.contains("SmolLM2"), "{known:?}");
    assert_eq!(known.context_limit, Some(8192));

    let space = server.space(&About::machine(&machine()));
    let used = settings_in_use(server.as_ref(), &space).await.unwrap();
    assert_eq!(used.get("parallel"), Some(&Value::Int(2)));

    // The record alone finds it again.
    let recorded = wattsmith_domain::Engine {
        name: server.name().to_owned(),
        version,
        path: theirs.url.clone(),
        ..Default::default()
    };
    let server = server_of(&recorded).unwrap();
    let state = State::new();
    let options = LaunchOptions::new(server, program, "served", space, used, state.path());
    let cancel = CancellationToken::new();
    let engine = launch(options, &cancel).await.unwrap();
    assert_eq!(engine.pid(), Some(theirs.child.id()));
    assert!(
        matches!(engine.place(), Some(Place::Here { program, .. }) if program.contains("llama"))
    );
    let work = workload("tiny", 4, 2, 6, 1);
    let driven = drive(&engine, &work, Arc::new(SystemClock), |_| {}, &cancel)
        .await
        .unwrap();
    assert_eq!(driven.units(), Tokens(24));
    engine.stop().await;
    assert!(theirs.is_healthy(), "it was ended");
    assert_eq!(state.files(".json"), Vec::<String>::new());
}

#[tokio::test]
async fn one_that_ends_in_the_middle_is_told_and_not_restarted() {
    let mut theirs = theirs();
    let server = attached(&theirs.url).await.unwrap();
    let space = server.space(&About::machine(&machine()));
    let defaults = space.default_configuration();
    let state = State::new();
    let options = LaunchOptions::new(server, &theirs.url, "served", space, defaults, state.path());
    let cancel = CancellationToken::new();
    let engine = launch(options.clone(), &cancel).await.unwrap();
    let work = workload("long", 64, 4, 200, 1);
    let mut killed = false;
    let done = drive(
        &engine,
        &work,
        Arc::new(SystemClock),
        |progress| {
            if progress.tokens > 0 && !killed {
                killed = true;
                theirs.child.kill().unwrap();
                theirs.child.wait().unwrap();
            }
        },
        &cancel,
    )
    .await;
    let error = done.unwrap_err();
    assert_eq!(error.cause(), Some(FailureCause::Crash), "{error}");
    assert!(error.to_string().contains("does not restart it"), "{error}");
    let error = launch(options, &cancel).await.unwrap_err();
    assert_eq!(error.cause(), Some(FailureCause::EngineNotFound), "{error}");
}

#[tokio::test]
async fn an_address_where_nobody_answers_says_so() {
    let url = format!("http://127.0.0.1:{}", free_port().unwrap());
    let error = attached(&url).await.unwrap_err();
    assert_eq!(error.cause(), Some(FailureCause::EngineNotFound));
    let told = error.to_string();
    assert!(told.contains(&url) && told.contains("refused"), "{told}");
    // Somebody who is no such server.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.read(&mut [0; 512]);
            let page = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
            let _ = std::io::Write::write_all(&mut stream, page.as_bytes());
        }
    });
    let error = attached(&format!("127.0.0.1:{port}")).await.unwrap_err();
    assert!(error.to_string().contains("no list of models"), "{error}");
}

#[tokio::test]
async fn a_server_of_pictures_is_known_by_its_form_and_worked_with() {
    for (form, route, name, label) in [
        ("web-ui", "", "dreamer.safetensors", "Stable Diffusion"),
        (
            "openai",
            "/v1/images/generations",
            "painter-1b",
            "OpenAI-compatible picture server",
        ),
    ] {
        let theirs = Theirs::script(&fake("draws.py"), &[form]).unwrap();
        let server = attached(&format!("{}{route}", theirs.url)).await.unwrap();
        let program = server.find(&[]).unwrap();
        let version = server.version(&program).await.unwrap();
        assert!(version.starts_with(label), "{version}");
        let known = server.model(&program).await.unwrap().unwrap();
        assert_eq!(known.name, name);

        let recorded = wattsmith_domain::Engine {
            name: server.name().to_owned(),
            version,
            path: theirs.url.clone(),
            ..Default::default()
        };
        let server = server_of(&recorded).unwrap();
        let space = server.space(&About::machine(&machine()));
        let mut asked = space.default_configuration();
        asked.set("steps", Value::Int(2));
        let state = State::new();
        let options = LaunchOptions::new(server, program, "served", space, asked, state.path());
        let cancel = CancellationToken::new();
        let engine = launch(options, &cancel).await.unwrap();
        let task = wattsmith_domain::PictureTask {
            prompts: vec!["a fox".to_owned(), "a boat".to_owned()],
            seeds: vec![7, 8],
            width: 16,
            height: 8,
            steps: 20,
            sampler: "model".to_owned(),
            guidance: 7.5,
        };
        let work = picture_workload("fox", task);
        let driven = drive(&engine, &work, Arc::new(SystemClock), |_| {}, &cancel)
            .await
            .unwrap();
        assert_eq!(driven.units(), Tokens(4), "{form}");
        engine.stop().await;
        assert!(theirs.is_healthy(), "it was ended");
    }
}

#[tokio::test]
async fn a_server_of_words_is_one_of_pictures_only_where_the_person_says_so() {
    let theirs = Theirs::script(&fake("draws.py"), &["openai"]).unwrap();
    let server = attached(&theirs.url).await.unwrap();
    let version = server.version(&server.find(&[]).unwrap()).await.unwrap();
    assert_eq!(version, "OpenAI-compatible server");
}
