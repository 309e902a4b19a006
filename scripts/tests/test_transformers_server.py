"""Tests of the texts' server on a fake model: requests, streams, batches, keys and faults. Neither torch nor
transformers is needed; the real library has its own, opt-in tests."""

import json
import threading
import time
import unittest

import asked

server = asked.server_of("transformers")

import answers  # noqa: E402
import served  # noqa: E402

ASKED = {"prompt": "a fox", "max_tokens": 4, "stream": True, "ignore_eos": True, "temperature": 0, "seed": 1}


class FakeModel:
    """Stands in for the library: its tokens are numbers that count up."""

    def __init__(self, size=2, wait_s=0.0):
        self.fault = None
        self.batches_made = []
        self.pause = 0.0
        self.stopped = threading.Event()
        self.batches = answers.StaticBatches(self.generate, size, wait_s)

    def encode(self, prompt):
        return list(range(len(prompt.split())))

    def text(self, token):
        return f" {token}"

    def begin(self, answer):
        self.batches.begin(answer)

    def generate(self, batch):
        self.batches_made.append(len(batch))
        if self.fault:
            raise self.fault
        for at in range(batch[0].tokens):
            if all(one.gone.is_set() for one in batch):
                self.stopped.set()
                return
            time.sleep(self.pause)
            for answer in batch:
                answer.put([at])

    def props(self):
        return {"dtype": "float32", "context_limit": 64, **self.batches.props()}


class Texts(asked.Asked):
    handler = server.Handler

    def setUp(self):
        self.fake = FakeModel()
        self.serve(self.fake)

    def stream(self, **changed):
        status, text = self.ask("/v1/completions", {**ASKED, **changed})
        events = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
        return status, events

    def test_an_answer_has_exactly_the_tokens_that_were_asked_for_and_ends_with_usage(self):
        status, events = self.stream()
        self.assertEqual((status, events[-1]), (200, "[DONE]"))
        pieces = [json.loads(one) for one in events[:-1]]
        texts = [one["choices"][0]["text"] for one in pieces[:-1]]
        self.assertEqual(texts, [" 0", " 1", " 2", " 3"])
        self.assertEqual(
            pieces[-1]["usage"], {"prompt_tokens": 2, "completion_tokens": 4, "total_tokens": 6}
        )
        timings = pieces[-1]["timings"]
        self.assertEqual((timings["cache_n"], timings["prompt_n"]), (0, 2))
        self.assertGreaterEqual(timings["prompt_ms"], 0)
        self.assertGreaterEqual(timings["predicted_ms"], 0)

    def test_a_request_that_means_nothing_is_refused_with_its_reason(self):
        for changed, word in (
            ({"top_k": 3}, "no such field: top_k"),
            ({"prompt": ""}, "prompt"),
            ({"prompt": ["a"]}, "prompt"),
            ({"max_tokens": 0}, "max_tokens"),
            ({"max_tokens": True}, "max_tokens"),
            ({"max_tokens": 63}, "more than the model's 64"),
            ({"stream": False}, "stream"),
            ({"ignore_eos": False}, "ignore_eos"),
            ({"temperature": 0.7}, "temperature"),
        ):
            status, events = self.stream(**changed)
            told = json.loads(events[0])["error"]
            self.assertEqual((status, told["type"]), (400, "invalid-request"), changed)
            self.assertIn(word, told["message"])
        self.assertEqual(self.fake.batches_made, [])

    def test_a_fault_is_an_event_of_the_stream_and_the_server_goes_on(self):
        self.fake.fault = RuntimeError("DefaultCPUAllocator: can't allocate memory")
        status, events = self.stream()
        self.assertEqual(status, 200)
        self.assertIn("out of memory", json.loads(events[0])["error"]["message"])
        self.fake.fault = None
        self.assertEqual(self.stream()[1][-1], "[DONE]")

    def test_work_stops_when_all_clients_of_a_batch_hang_up(self):
        self.fake.pause = 0.05
        with self.hanging_up("/v1/completions", {**ASKED, "max_tokens": 60}) as client:
            client.recv(64)
            self.assertFalse(self.fake.stopped.is_set())
        self.assertTrue(self.fake.stopped.wait(3))


class Batches(unittest.TestCase):
    def ended(self, answer):
        while True:
            kind, value = answer.events.get(timeout=10)
            if kind != "tokens":
                return kind

    def test_those_that_wait_and_are_of_one_length_are_made_together(self):
        fake = FakeModel(size=3, wait_s=0.2)
        all_of_them = [answers.Answer([1], tokens) for tokens in (2, 2, 5, 2, 2)]
        for one in all_of_them:
            fake.begin(one)
        self.assertEqual([self.ended(one) for one in all_of_them], ["end"] * 5)
        self.assertEqual(sorted(fake.batches_made), [1, 1, 3])
        self.assertEqual([one.made for one in all_of_them], [2, 2, 5, 2, 2])

    def test_a_batch_that_is_not_full_is_begun_when_its_first_has_waited(self):
        fake = FakeModel(size=8, wait_s=0.15)
        one = answers.Answer([1], 2)
        begun = time.perf_counter()
        fake.begin(one)
        self.ended(one)
        self.assertGreaterEqual(time.perf_counter() - begun, 0.15)

    def test_who_hung_up_while_waiting_is_not_computed(self):
        fake = FakeModel(size=2, wait_s=0.1)
        gone, stays = answers.Answer([1], 2), answers.Answer([1], 2)
        gone.gone.set()
        fake.begin(gone)
        fake.begin(stays)
        self.assertEqual(self.ended(stays), "end")
        self.assertEqual((gone.made, fake.batches_made), (0, [1]))

    def test_what_is_guessed_beyond_the_length_is_not_handed_over(self):
        one = answers.Answer([1, 2], 4)
        one.put([7, 8, 9])
        one.put([10, 11, 12])
        self.assertEqual(one.made, 4)
        self.assertEqual(one.usage()["total_tokens"], 6)
        self.assertIsNone(one.timings(), "nobody said when its computing began")


class Started(asked.Words):
    def test_settings_that_do_not_go_together_are_refused_before_anything_is_loaded(self):
        for words in (
            ["--prompt-lookup", "3", "--batch-size", "2"],
            ["--prompt-lookup", "3", "--batch-size", "1", "--batching", "continuous"],
            ["--prompt-lookup", "3", "--batch-size", "1", "--cache", "static"],
            ["--batching", "continuous", "--cache", "static"],
            ["--batching", "continuous", "--compile", "on"],
            ["--compile", "on"],
        ):
            settings = server.arguments(["--model", "m", "--port", "0", *words])
            with self.assertRaisesRegex(served.Unsuited, " is (not )?for "):
                server.load(settings)

    def test_a_setting_that_is_not_known_ends_with_2(self):
        for words in (
            ["--port", "1"],
            ["--model", "m"],
            ["--model", "m", "--port", "1", "--bogus", "1"],
            ["--model", "m", "--port", "1", "--dtype", "int3"],
            ["--model", "m", "--port", "1", "--batch-size", "0"],
            ["--model", "m", "--port", "1", "--thread", "1"],
        ):
            self.refuses(server.arguments, words)


if __name__ == "__main__":
    unittest.main()
