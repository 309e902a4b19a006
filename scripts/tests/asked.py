"""A small server of Wattsmith in this process, asked over HTTP, with something fake behind it."""

import contextlib
import importlib.util
import io
import json
import socket
import sys
import threading
import unittest
import urllib.error
import urllib.request
from pathlib import Path

ENGINE = Path(__file__).resolve().parent.parent.parent / "src-tauri/crates/engine/src"
sys.dont_write_bytecode = True
sys.path.insert(0, str(ENGINE / "python"))

import served  # noqa: E402


def server_of(room):
    """The script of one of the engine's rooms; each is called server.py."""
    folder = ENGINE / room / "script"
    sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location(f"{room}_server", folder / "server.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Asked(unittest.TestCase):
    """Tests say which handler answers, and give it what is loaded."""

    handler = served.Handler

    def serve(self, loaded):
        self.server = served.Server(0, "the key", self.handler)
        self.server.loaded = loaded
        self.server.props = {**loaded.props(), "load_s": 0.5}
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.quiet = contextlib.redirect_stderr(io.StringIO())
        self.quiet.__enter__()

    def tearDown(self):
        self.quiet.__exit__(None, None, None)
        self.server.shutdown()
        self.server.server_close()

    def ask(self, path, body=None, key="the key"):
        """Status and text of a reply."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.server.server_port}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {key}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    @contextlib.contextmanager
    def hanging_up(self, path, body):
        """A client that sends a request and hangs up at the end of the block."""
        text = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer the key\r\n"
            f"Content-Length: {len(text)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", self.server.server_port)) as client:
            client.sendall(head.encode() + text)
            yield client


class Words(unittest.TestCase):
    """Tests of a server's own words on its command line."""

    def refuses(self, arguments, words):
        with contextlib.redirect_stderr(io.StringIO()), self.assertRaises(SystemExit) as ended:
            arguments(words)
        self.assertEqual(ended.exception.code, 2, words)
