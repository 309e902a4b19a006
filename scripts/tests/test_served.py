"""Tests of what the small servers have in common: keys, what is loaded, requests, faults and exit codes."""

import contextlib
import io
import json
import socket
import unittest

import asked
import served


class Echo(served.Handler):
    path_asked = "/v1/echo"
    most_bytes = 1024

    def answer_to(self, body):
        self.answer(200, self.server.loaded.echo(served.fields_of(body, {"word"})))


class Fake:
    """Says what it was told."""

    def __init__(self):
        self.fault = None

    def echo(self, fields):
        if self.fault:
            raise self.fault
        return fields

    def props(self):
        return {"dtype": "float32"}


class Served(asked.Asked):
    handler = Echo

    def setUp(self):
        self.fake = Fake()
        self.serve(self.fake)

    def echo(self, body):
        status, text = self.ask("/v1/echo", body)
        return status, json.loads(text)

    def test_only_health_is_told_without_the_key(self):
        self.assertEqual(self.ask("/health", key="another")[0], 200)
        for path, body in (("/props", None), ("/v1/echo", {"word": "a"})):
            self.assertEqual(self.ask(path, body, key="another")[0], 401)
        status, props = self.ask("/props")
        self.assertEqual((status, json.loads(props)), (200, {"dtype": "float32", "load_s": 0.5}))
        for body in (None, {}):
            self.assertEqual(self.ask("/nothing", body)[0], 404)

    def test_before_it_is_loaded_it_says_so(self):
        self.server.loaded = None
        self.assertEqual(self.ask("/health"), (503, '{"status": "loading"}'))
        self.assertEqual(self.echo({"word": "a"})[0], 503)

    def test_a_request_that_means_nothing_is_refused_with_its_reason(self):
        for body, word in (({"cfg": 3}, "no such field: cfg; there are word"), ([1], "no JSON object")):
            status, reply = self.echo(body)
            self.assertEqual((status, reply["error"]["type"]), (400, "invalid-request"))
            self.assertIn(word, reply["error"]["message"])
        status, reply = self.echo({"word": "a" * 2000})
        self.assertEqual(status, 400)
        self.assertIn("at most 1024", reply["error"]["message"])
        with self.assertRaisesRegex(served.Refused, "no JSON"):
            served.fields_of(b"{", {"word"})

    def test_a_refusal_by_what_is_loaded_is_told_and_the_server_goes_on(self):
        self.fake.fault = served.Refused("say something else")
        self.assertEqual(self.echo({"word": "a"})[0], 400)
        self.fake.fault = None
        self.assertEqual(self.echo({"word": "a"}), (200, {"word": "a"}))


class Started(unittest.TestCase):
    def start(self, port, load):
        told = io.StringIO()
        with contextlib.redirect_stderr(told):
            code = served.serve(Echo, port, "k", load)
        return code, told.getvalue()

    def test_a_port_that_is_taken_is_said(self):
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            held.listen()
            code, told = self.start(held.getsockname()[1], Fake)
        self.assertEqual(code, 1)
        self.assertIn("cannot be taken", told)

    def test_what_keeps_it_from_loading_is_said_by_kind(self):
        for error, code, word in (
            (served.Unsuited("--attention eager is not for Flux"), 2, "not for Flux"),
            (FileNotFoundError("/m holds no config.json"), 1, "model not found"),
            (MemoryError("all of it"), 1, "error: out of memory"),
            (RuntimeError("DefaultCPUAllocator: can't allocate memory"), 1, "error: out of memory"),
            (OSError("bad header"), 1, "the model cannot be loaded: OSError: bad header"),
        ):

            def load(error=error):
                raise error

            told = self.start(0, load)
            self.assertEqual(told[0], code)
            self.assertIn(word, told[1])


if __name__ == "__main__":
    unittest.main()
