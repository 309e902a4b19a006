//! A trial that was broken off goes on: its finished repeats and the prompt that was paid for stay.

use crate::call::{Home, lines, machine, run, start};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use wattsmith_testkit::scripted_chat::{Script, ScriptedChat};

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_and_after_an_interrupt_the_same_trial_goes_on() {
    for signal in [Signal::SIGKILL, Signal::SIGINT] {
        // One reply, and no more: whoever asks again gets nothing.
        let reply = Script::Json("{\"reason\": \"slots\", \"parallel\": 4}".to_owned());
        let chat = ScriptedChat::start(vec![reply]).await.unwrap();
        let base_url = chat.base_url().to_owned();
        tokio::task::spawn_blocking(move || {
            let _machine = machine();
            let home = Home::new();
            let mut command = home.tiny(
                "tune --advisor baseline --connection openai:scripted --budget 1 --auto --json \
                 --repeats 3 --threshold 99% --parameters parallel,ubatch",
            );
            command.args(["--base-url", &base_url]);
            let (mut child, _stdout) = start(command, "trial 2 · repeat 3 of 3");
            kill(Pid::from_raw(child.id() as i32), signal).unwrap();
            child.wait().unwrap();
            let before = home.record();
            assert_eq!(before["trials"][1]["repeats"].as_array().unwrap().len(), 2);

            let all = lines(&run(home.command("tune --session latest --auto --json")));
            assert_eq!(all.last().unwrap()["ending"]["ending"], "budget-spent");
            let after = home.record();
            assert_eq!(after["trials"].as_array().unwrap().len(), 2);
            assert_eq!(after["proposals"].as_array().unwrap().len(), 1);
            let (then, now) = (&before["trials"][1], &after["trials"][1]);
            assert_eq!(now["state"], "complete");
            assert_eq!((&now["id"], &now["number"]), (&then["id"], &then["number"]));
            assert_eq!(now["repeats"].as_array().unwrap().len(), 3);
            for index in 0..2 {
                assert_eq!(now["repeats"][index], then["repeats"][index]);
            }
        })
        .await
        .unwrap();
        assert_eq!(
            chat.requests().len(),
            1,
            "{signal}: the prompt was paid again"
        );
    }
}
