"""Tests of the pictures' server on a fake pipeline: requests, replies, keys and faults. Neither torch
nor diffusers is needed; the real pipeline has its own, opt-in tests."""

import base64
import contextlib
import io
import json
import socket
import sys
import threading
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "src-tauri/crates/engine/src/diffusers/script"))

import faults  # noqa: E402
import server  # noqa: E402

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
                    raise faults.Gone
                time.sleep(0.02)
        return Made([f"{asked['prompt']} {seed}".encode() for seed in seeds], time.perf_counter())

    def props(self):
        return {"dtype": "float32"}


class Served(unittest.TestCase):
    def setUp(self):
        self.fake = FakePipeline()
        self.server = server.Server(0, "the key")
        self.server.batch_size = 2
        self.server.pipeline = self.fake
        self.server.props = {**self.fake.props(), "load_s": 0.5}
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.quiet = contextlib.redirect_stderr(io.StringIO())
        self.quiet.__enter__()

    def tearDown(self):
        self.quiet.__exit__(None, None, None)
        self.server.shutdown()
        self.server.server_close()

    def ask(self, path, body=None, key="the key"):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.server.server_port}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {key}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def images(self, **changed):
        return self.ask("/v1/images/generations", {**ASKED, **changed})

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

    def test_only_health_is_told_without_the_key(self):
        self.assertEqual(self.ask("/health", key="another")[0], 200)
        for path in ("/props", "/v1/images/generations"):
            body = ASKED if path.startswith("/v1") else None
            self.assertEqual(self.ask(path, body, key="another")[0], 401)
        self.assertEqual(self.ask("/props"), (200, {"dtype": "float32", "load_s": 0.5}))
        self.assertEqual(self.ask("/nothing")[0], 404)
        self.assertEqual(self.fake.calls, [])

    def test_before_it_is_loaded_it_says_so(self):
        self.server.pipeline = None
        self.assertEqual(self.ask("/health"), (503, {"status": "loading"}))
        self.assertEqual(self.images()[0], 503)

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
        body = json.dumps(ASKED).encode()
        with socket.create_connection(("127.0.0.1", self.server.server_port)) as client:
            head = (
                "POST /v1/images/generations HTTP/1.1\r\nHost: x\r\n"
                f"Authorization: Bearer the key\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            client.sendall(head.encode() + body)
            time.sleep(0.2)
            self.assertFalse(self.fake.stopped.is_set())
        self.assertTrue(self.fake.stopped.wait(3))


class Started(unittest.TestCase):
    def start(self, words, load):
        told = io.StringIO()
        with contextlib.redirect_stderr(told):
            code = server.serve(server.arguments(words), "k", load)
        return code, told.getvalue()

    def test_a_port_that_is_taken_is_said(self):
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            held.listen()
            port = held.getsockname()[1]
            code, told = self.start(["--tiny", "--port", str(port)], lambda _: FakePipeline())
        self.assertEqual(code, 1)
        self.assertIn("cannot be taken", told)

    def test_what_keeps_it_from_loading_is_said_by_kind(self):
        for error, code, word in (
            (faults.Unsuited("--attention eager is not for Flux"), 2, "not for Flux"),
            (FileNotFoundError("/m holds no model_index.json"), 1, "model not found"),
            (MemoryError("all of it"), 1, "out of memory"),
            (OSError("bad header"), 1, "cannot be loaded"),
        ):

            def load(_, error=error):
                raise error

            self.assertEqual(self.start(["--tiny", "--port", "0"], load)[0], code)
            self.assertIn(word, self.start(["--tiny", "--port", "0"], load)[1])

    def test_a_setting_that_is_not_known_ends_with_2(self):
        for words in (
            ["--tiny"],
            ["--port", "1"],
            ["--tiny", "--port", "1", "--bogus", "1"],
            ["--tiny", "--port", "1", "--dtype", "int3"],
            ["--tiny", "--port", "1", "--batch-size", "0"],
            ["--tiny", "--port", "1", "--thread", "1"],
        ):
            with contextlib.redirect_stderr(io.StringIO()), self.assertRaises(SystemExit) as ended:
                server.arguments(words)
            self.assertEqual(ended.exception.code, 2, words)


if __name__ == "__main__":
    unittest.main()
