"""Tests of the pictures' server on a fake pipeline: requests, replies, keys and faults. Neither torch
nor diffusers is needed; the real pipeline has its own, opt-in tests."""

import base64
import json
import threading
import time
import unittest

import asked

server = asked.server_of("diffusers")

import served  # noqa: E402

ASKED = {"prompt": "a fox", "seeds": [1, 2, 3], "size": "64x32", "steps": 4, "guidance": 7.5}


class Made:
    def __init__(self, pngs, began):
        self.pngs, self.network_calls, self.steps = pngs, 4, 4
        self.phases = {"text_encoding_s": (began, began + 0.01), "denoising_s": (began + 0.01, began + 0.02)}


class FakePipeline:
    """Stands in for diffusers: its pictures are the seed and the prompt."""

    def __init__(self):
        self.fault = None
        self.calls = []
        self.slow = threading.Event()
        self.stopped = threading.Event()

    def pictures(self, asked, seeds, gone):
        self.calls.append(list(seeds))
        if self.fault:
            raise self.fault
        if self.slow.is_set():
            for _ in range(200):
                if gone():
                    self.stopped.set()
                    raise served.Gone
                time.sleep(0.02)
        return Made([f"{asked['prompt']} {seed}".encode() for seed in seeds], time.perf_counter())

    def props(self):
        return {"dtype": "float32"}


class Pictures(asked.Asked):
    handler = server.Handler

    def setUp(self):
        self.fake = FakePipeline()
        self.serve(server.Studio(self.fake, 2))

    def images(self, **changed):
        status, text = self.ask("/v1/images/generations", {**ASKED, **changed})
        return status, json.loads(text)

    def test_the_size_of_batches_is_told_beside_the_pipelines_settings(self):
        props = json.loads(self.ask("/props")[1])
        self.assertEqual(props, {"dtype": "float32", "batch_size": 2, "load_s": 0.5})

    def test_every_seed_gets_its_picture_in_batches_of_the_size_asked_for(self):
        status, reply = self.images()
        self.assertEqual(status, 200)
        seen = [(one["seed"], base64.b64decode(one["b64_json"])) for one in reply["data"]]
        self.assertEqual(seen, [(1, b"a fox 1"), (2, b"a fox 2"), (3, b"a fox 3")])
        self.assertEqual(self.fake.calls, [[1, 2], [3]])

    def test_times_are_told_for_each_batch_from_the_requests_arrival(self):
        _, reply = self.images()
        batches = reply["timings"]["batches"]
        self.assertEqual([one["pictures"] for one in batches], [2, 1])
        self.assertEqual([one["network_calls"] for one in batches], [4, 4])
        for one in batches:
            self.assertGreaterEqual(one["text_encoding_s"][0], 0)
            self.assertAlmostEqual(one["denoising_s"][1] - one["denoising_s"][0], 0.01)
        self.assertGreaterEqual(reply["timings"]["total_s"], 0)

    def test_a_request_that_means_nothing_is_refused_with_its_reason(self):
        for changed, word in (
            ({"cfg": 3}, "no such field: cfg"),
            ({"seeds": []}, "seeds"),
            ({"seeds": [-1]}, "seeds"),
            ({"seeds": [True]}, "seeds"),
            ({"size": "64"}, "size"),
            ({"size": "60x64"}, "multiples of 8"),
            ({"size": "0x64"}, "multiples of 8"),
            ({"steps": 0}, "steps"),
            ({"steps": 2.5}, "steps"),
            ({"guidance": "high"}, "guidance"),
            ({"prompt": 5}, "prompt"),
        ):
            status, reply = self.images(**changed)
            self.assertEqual((status, reply["error"]["type"]), (400, "invalid-request"), changed)
            self.assertIn(word, reply["error"]["message"])
        self.assertEqual(self.fake.calls, [])

    def test_a_fault_is_told_and_the_server_goes_on(self):
        self.fake.fault = RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")
        status, reply = self.images()
        self.assertEqual((status, reply["error"]["type"]), (500, "out-of-memory"))
        self.assertIn("out of memory", reply["error"]["message"])
        self.fake.fault = ValueError("odd")
        self.assertEqual(self.images()[1]["error"], {"type": "failed", "message": "ValueError: odd"})
        self.fake.fault = None
        self.assertEqual(self.images()[0], 200)

    def test_work_stops_when_the_client_hangs_up(self):
        self.fake.slow.set()
        with self.hanging_up("/v1/images/generations", ASKED):
            time.sleep(0.2)
            self.assertFalse(self.fake.stopped.is_set())
        self.assertTrue(self.fake.stopped.wait(3))


class Started(asked.Words):
    def test_a_setting_that_is_not_known_ends_with_2(self):
        for words in (
            ["--tiny"],
            ["--port", "1"],
            ["--tiny", "--port", "1", "--bogus", "1"],
            ["--tiny", "--port", "1", "--dtype", "int3"],
            ["--tiny", "--port", "1", "--batch-size", "0"],
            ["--tiny", "--port", "1", "--thread", "1"],
        ):
            self.refuses(server.arguments, words)


if __name__ == "__main__":
    unittest.main()
