//! `tune`: by numbers, by paste, by a chat server.

use crate::call::{Home, code, err, events, lines, machine, out, run, run_with};
use wattsmith_testkit::scripted_chat::{Script, ScriptedChat};

#[test]
fn sobol_tunes_alone_until_the_budget_is_spent_and_writes_the_report() {
    let _machine = machine();
    let home = Home::new();
    let report = home.path("report.html");
    let mut command = home.tiny(
        "tune --advisor sobol --budget 2 --auto --json --repeats 2 --threshold 99% \
         --parameters parallel,ubatch --name mine",
    );
    command.arg("--report").arg(&report);
    let lines = lines(&run(command));
    assert_eq!(events(&lines, "trial").len(), 3);
    assert_eq!(events(&lines, "proposal").len(), 2);
    let result = lines.last().unwrap();
    assert_eq!(result["event"], "result");
    assert_eq!(result["ending"]["ending"], "budget-spent", "{result}");
    assert_eq!(result["trials"], 3);
    assert_eq!(result["prompts"], 0);
    assert!(result["best"]["joules_per_token"]["mean"].as_f64().unwrap() > 0.0);
    assert!(result["energy_spent_j"].as_f64().unwrap() > 0.0);
    assert_eq!(result["report"], report.display().to_string());
    let page = std::fs::read_to_string(report).unwrap();
    assert!(page.contains("</html>") && page.contains("mine"));

    // The session is there, and its report can be had again.
    for (format, sign) in [
        ("csv", "trial"),
        ("json", "\"trials\""),
        ("md", "mine"),
        ("html", "</html>"),
    ] {
        let path = home.path(&format!("again.{format}"));
        let mut command = home.command(&format!("report latest --format {format}"));
        command.arg("--out").arg(&path);
        let output = run(command);
        assert_eq!(code(&output), 0, "{}", err(&output));
        assert_eq!(out(&output).trim(), path.display().to_string());
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(sign), "{format}: {text}");
    }
}

#[test]
fn a_reply_is_pasted_through_standard_input() {
    let _machine = machine();
    let home = Home::new();
    let command = home.tiny(
        "tune --advisor enhanced --connection paste --budget 1 --repeats 1 --threshold 99% \
         --parameters parallel,ubatch",
    );
    let output = run_with(
        command,
        "Let me think about that.\n.\nSure:\n```json\n{\"parallel\": \"4\"}\n```\n.\n\n",
    );
    let text = out(&output);
    assert_eq!(code(&output), 0, "{text}{}", err(&output));
    assert_eq!(text.matches("--- copy this into any chat ---").count(), 2);
    assert!(text.contains("That gave no proposal"), "{text}");
    assert!(text.contains("Proposal (enhanced): parallel=4"), "{text}");
    assert!(text.contains("Run it?"), "{text}");
    assert!(text.contains("Trial 2: "), "{text}");
    assert!(text.contains("Ended: budget spent."), "{text}");
    assert!(text.contains("What is certain: nothing yet ("), "{text}");

    // Trials are added to a session that has ended when somebody says how many.
    let output = run(home.command("tune --session latest --json"));
    assert_eq!(code(&output), 2, "{}", out(&output));
    let words = err(&output);
    assert!(
        words.contains("has ended: budget spent") && words.contains("--budget N"),
        "{words}"
    );

    // Taken up again without a reply: the input ends, the session does not.
    let output = run_with(
        home.command("tune --session latest --budget 1 --json"),
        "half a reply, without an end\n",
    );
    assert_eq!(code(&output), 1, "{}", out(&output));
    assert!(err(&output).contains("go on later with --session"));
    assert!(out(&output).contains("\"event\":\"prompt\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_server_is_asked_with_the_key_from_the_environment() {
    let reply = |slots: u32| {
        Script::Json(format!(
            "{{\"reason\": \"slots\", \"configuration\": {{\"parallel\": {slots}}}, \
             \"predicted_joules_per_token\": 0.2}}"
        ))
    };
    // The second reply repeats what was measured, so a third is asked for.
    let script = vec![reply(4), reply(4), reply(8)];
    let chat = ScriptedChat::start(script).await.unwrap();
    let base_url = chat.base_url().to_owned();
    let lines = tokio::task::spawn_blocking(move || {
        let _machine = machine();
        let home = Home::new();
        let mut command = home.tiny(
            "tune --advisor baseline --connection openai:scripted --budget 2 --auto --json \
             --repeats 1 --threshold 99% --parameters parallel,ubatch",
        );
        command
            .args(["--base-url", &base_url])
            .env("WATTSMITH_API_KEY", "sk-scripted");
        lines(&run(command))
    })
    .await
    .unwrap();
    let proposals = events(&lines, "proposal");
    assert_eq!(proposals.len(), 2);
    for (line, slots) in proposals.iter().zip([4, 8]) {
        assert_eq!(line["proposal"]["configuration"]["parallel"], slots);
        assert_eq!(line["proposal"]["predicted_joules_per_unit"], 0.2);
    }
    assert_eq!(lines.last().unwrap()["prompts"], 3);
    assert_eq!(chat.requests().len(), 3);
    assert!(chat.prompts()[2].contains("measured already"));
    assert!(
        chat.keys()
            .iter()
            .all(|key| key.as_deref() == Some("Bearer sk-scripted"))
    );
    let said = serde_json::to_string(&lines).unwrap();
    assert!(!said.contains("sk-scripted"));
}
