"""What the small servers of Wattsmith have in common: a port of this machine alone, a key, what is ready and what
is in use, and how a fault is told. A server adds what it answers.

  GET  /health   200 once it is loaded, 503 before
  GET  /props    the settings in use, versions, seconds of loading
  POST           what the server is for

Everything but /health asks for the key that lies in WATTSMITH_SERVER_KEY. Exit codes: 2 for a setting that is not
known or that this model cannot have, 1 for anything else that keeps it from starting.
"""

import hmac
import json
import os
import select
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY_VARIABLE = "WATTSMITH_SERVER_KEY"


class Refused(Exception):
    """A request that means nothing here: what, and what to do."""


class Unsuited(Exception):
    """A setting that this model, or another setting, cannot go with."""


class Gone(Exception):
    """The client hung up, so nobody waits for the answer."""


def fields_of(body, known):
    """The fields of a request; one that is not known is refused, not passed over."""
    try:
        asked = json.loads(body)
    except ValueError as error:
        raise Refused(f"the request is no JSON: {error}") from None
    if not isinstance(asked, dict):
        raise Refused("the request is no JSON object")
    unknown = sorted(set(asked) - known)
    if unknown:
        raise Refused(f"no such field: {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return asked


def hung_up(connection):
    """Whether the other end of a connection was closed."""
    try:
        readable, _, _ = select.select([connection], [], [], 0)
        return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""
    except (OSError, ValueError):
        return True


def is_out_of_memory(error):
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = str(error).lower()
    return "out of memory" in text or "can't allocate memory" in text


def told(error):
    """An error in words; what is for want of memory says so first."""
    what = f"{type(error).__name__}: {error}"
    return f"out of memory: {what}" if is_out_of_memory(error) else what


class Server(ThreadingHTTPServer):
    daemon_threads = True
    # Many clients may come at once.
    request_queue_size = 1024
    # Whoever holds the port keeps it.
    allow_reuse_address = True
    allow_reuse_port = False

    def __init__(self, port, key, handler):
        super().__init__(("127.0.0.1", port), handler)
        self.key = key
        # What answers, once it is loaded.
        self.loaded = None
        self.props = {}


class Handler(BaseHTTPRequestHandler):
    """A server's own handler says where it is asked, how much may be sent, and answers."""

    protocol_version = "HTTP/1.1"
    path_asked = ""
    most_bytes = 0

    def answer_to(self, body):
        """Answers a request; may raise Refused and Gone."""
        raise NotImplementedError

    def log_message(self, format, *args):
        sys.stderr.write(f"http: {format % args}\n")

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, kind, message):
        # What was sent and not read would be taken for the next request.
        self.close_connection = True
        self.answer(status, {"error": {"type": kind, "message": message}})

    def admitted(self):
        given = self.headers.get("Authorization", "")
        if hmac.compare_digest(given.encode(), f"Bearer {self.server.key}".encode()):
            return True
        self.refuse(401, "unauthorized", "this server asks for its key")
        return False

    def do_GET(self):
        if self.path == "/health":
            loaded = self.server.loaded is not None
            self.answer(200 if loaded else 503, {"status": "ok" if loaded else "loading"})
        elif not self.admitted():
            pass
        elif self.path == "/props":
            self.answer(200, self.server.props)
        else:
            self.refuse(404, "not-found", f"there is no {self.path}")

    def do_POST(self):
        if not self.admitted():
            return
        if self.path != self.path_asked:
            self.refuse(404, "not-found", f"there is no {self.path}")
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > self.most_bytes:
            self.refuse(400, "invalid-request", f"a request has a length of at most {self.most_bytes}")
            return
        body = self.rfile.read(int(length))
        if self.server.loaded is None:
            self.refuse(503, "loading", "the model is not loaded yet")
            return
        try:
            self.answer_to(body)
        except Gone:
            self.close_connection = True
        except Refused as error:
            self.refuse(400, "invalid-request", str(error))


def serve(handler, port, key, load):
    """Takes the port, loads what answers by `load`, and serves until it is ended."""
    try:
        server = Server(port, key, handler)
    except OSError as error:
        sys.stderr.write(f"error: port {port} cannot be taken: {error}\n")
        return 1
    threading.Thread(target=server.serve_forever, daemon=True).start()
    began = time.perf_counter()
    try:
        loaded = load()
    except Unsuited as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    except FileNotFoundError as error:
        sys.stderr.write(f"error: model not found: {error}\n")
        return 1
    except Exception as error:
        what = told(error) if is_out_of_memory(error) else f"the model cannot be loaded: {told(error)}"
        sys.stderr.write(f"error: {what}\n")
        return 1
    server.props = {**loaded.props(), "load_s": time.perf_counter() - began}
    server.loaded = loaded
    sys.stderr.write(f"ready: {json.dumps(server.props)}\n")
    sys.stderr.flush()
    threading.Event().wait()
    return 0


def key_given():
    """The key, which no process that is started later inherits; none, and why on stderr, where it is missing."""
    key = os.environ.pop(KEY_VARIABLE, "")
    if not key:
        sys.stderr.write(f"error: {KEY_VARIABLE} is not set\n")
    return key
