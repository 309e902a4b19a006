#!/usr/bin/env python3
"""A small server for texts: one model of the transformers library in this process, asked over HTTP.

It is started by Wattsmith for one measured window and does what `transformers serve` does not: answers have
exactly the length that is asked for however they are batched, and it tells which settings it really uses.

  GET  /health           200 once the model is loaded, 503 before
  GET  /props            the settings in use, versions, seconds of loading
  POST /v1/completions   OpenAI's stream of a continued text, greedy, with usage at its end

Everything but /health asks for the key that lies in WATTSMITH_SERVER_KEY. It listens on 127.0.0.1
only. Exit codes: 2 for a setting that it does not know or that this model cannot have, 1 for anything
else that keeps it from starting.
"""

import argparse
import hmac
import json
import os
import queue
import select
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from answers import Answer
from faults import Refused, Unsuited

KEY_VARIABLE = "WATTSMITH_SERVER_KEY"
DTYPES = ("auto", "float32", "bfloat16", "float16")
ATTENTIONS = ("sdpa", "eager")
BATCHINGS = ("static", "continuous")
CACHES = ("dynamic", "static")
QUANTISATIONS = ("none", "bnb-8bit", "bnb-4bit")
ON_OFF = ("on", "off")
LEAST = {
    "batch_size": 1,
    "batch_wait_ms": 0,
    "batch_tokens": 1,
    "cache_tokens": 1,
    "prompt_lookup": 0,
    "threads": 0,
}
# A request holds a prompt; this is far above the longest.
MOST_BYTES = 8 << 20
MOST_TOKENS = 1 << 20
# How often a client that waits for its first token is looked after.
LOOK_S = 0.25
FIELDS = {"model", "prompt", "max_tokens", "temperature", "seed", "stream", "stream_options", "ignore_eos"}


def arguments(words):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--model", required=True, help="folder with config.json and safetensors files")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--dtype", choices=DTYPES, default="auto")
    parser.add_argument("--attention", choices=ATTENTIONS, default="sdpa")
    parser.add_argument("--quantisation", choices=QUANTISATIONS, default="none")
    parser.add_argument("--batching", choices=BATCHINGS, default="static")
    parser.add_argument("--batch-size", type=int, default=8, help="requests worked on together")
    parser.add_argument("--batch-wait-ms", type=int, default=10, help="how long a static batch is filled")
    parser.add_argument("--batch-tokens", type=int, default=256, help="tokens of one continuous step")
    parser.add_argument("--cache-tokens", type=int, default=8192, help="tokens that the continuous cache holds")
    parser.add_argument("--cache", choices=CACHES, default="dynamic")
    parser.add_argument("--compile", choices=ON_OFF, default="off")
    parser.add_argument("--prompt-lookup", type=int, default=0, help="tokens guessed from the text before; 0: none")
    parser.add_argument("--threads", type=int, default=0, help="0: as torch chooses")
    asked = parser.parse_args(words)
    for name, least in LEAST.items():
        if getattr(asked, name) < least:
            parser.error(f"argument --{name.replace('_', '-')}: at least {least}")
    return asked


def check_together(asked):
    """Settings that do not go together, before anything is loaded."""
    continuous = asked.batching == "continuous"
    for wrong, what in (
        (asked.prompt_lookup and asked.batch_size > 1, "--prompt-lookup is for --batch-size 1 alone"),
        (asked.prompt_lookup and continuous, "--prompt-lookup is not for --batching continuous"),
        (asked.prompt_lookup and asked.cache == "static", "--prompt-lookup is not for --cache static"),
        (continuous and asked.cache == "static", "--cache static is not for --batching continuous"),
        (continuous and asked.compile == "on", "--compile on is not for --batching continuous"),
        (
            asked.compile == "on" and asked.cache == "dynamic",
            "--compile on is not for --cache dynamic, whose shapes change with every token",
        ),
    ):
        if wrong:
            raise Unsuited(what)


def request_of(body):
    """Prompt and number of tokens of a request; a field that is not known is refused, not passed over."""
    try:
        asked = json.loads(body)
    except ValueError as error:
        raise Refused(f"the request is no JSON: {error}") from None
    if not isinstance(asked, dict):
        raise Refused("the request is no JSON object")
    unknown = sorted(set(asked) - FIELDS)
    if unknown:
        raise Refused(f"no such field: {', '.join(unknown)}; there are {', '.join(sorted(FIELDS))}")
    prompt, tokens = asked.get("prompt"), asked.get("max_tokens")
    if not isinstance(prompt, str) or not prompt:
        raise Refused("prompt has to be a text")
    if not isinstance(tokens, int) or isinstance(tokens, bool) or not 1 <= tokens <= MOST_TOKENS:
        raise Refused(f"max_tokens has to be a whole number from 1 to {MOST_TOKENS}")
    for field, only in (("stream", True), ("ignore_eos", True), ("temperature", 0)):
        if asked.get(field, only) != only:
            raise Refused(f"{field} can only be {json.dumps(only)} here")
    return prompt, tokens


def hung_up(connection):
    """Whether the other end of a connection was closed."""
    try:
        readable, _, _ = select.select([connection], [], [], 0)
        return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""
    except (OSError, ValueError):
        return True


class Server(ThreadingHTTPServer):
    daemon_threads = True
    # Many clients may come at once.
    request_queue_size = 1024
    # Whoever holds the port keeps it.
    allow_reuse_address = True
    allow_reuse_port = False

    def __init__(self, port, key):
        super().__init__(("127.0.0.1", port), Handler)
        self.key = key
        self.model = None
        self.props = {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "wattsmith-transformers"

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
            loaded = self.server.model is not None
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
        if self.path != "/v1/completions":
            self.refuse(404, "not-found", f"there is no {self.path}")
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MOST_BYTES:
            self.refuse(400, "invalid-request", f"a request has a length of at most {MOST_BYTES}")
            return
        body = self.rfile.read(int(length))
        if self.server.model is None:
            self.refuse(503, "loading", "the model is not loaded yet")
            return
        try:
            prompt, tokens = request_of(body)
            ids = self.server.model.encode(prompt)
            limit = self.server.props.get("context_limit")
            if limit and len(ids) + tokens > limit:
                raise Refused(f"{len(ids)} tokens of prompt and {tokens} of answer are more than the model's {limit}")
        except Refused as error:
            self.refuse(400, "invalid-request", str(error))
            return
        self.stream(Answer(ids, tokens))

    def stream(self, answer):
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.server.model.begin(answer)
        try:
            while True:
                try:
                    kind, value = answer.events.get(timeout=LOOK_S)
                except queue.Empty:
                    if hung_up(self.connection):
                        answer.gone.set()
                        return
                    continue
                if kind == "tokens":
                    for token in value:
                        self.event({"choices": [{"index": 0, "text": self.server.model.text(token)}]})
                elif kind == "error":
                    self.event(fault(value))
                    return
                else:
                    last = {"choices": [], "usage": answer.usage()}
                    timings = answer.timings()
                    self.event({**last, "timings": timings} if timings else last)
                    self.wfile.write(b"data: [DONE]\n\n")
                    return
        except OSError:
            # Nobody reads any more: its place in the batch is given up as far as that goes.
            answer.gone.set()

    def event(self, value):
        self.wfile.write(f"data: {json.dumps(value)}\n\n".encode())


def fault(error):
    """An error as an event of a stream."""
    what = f"{type(error).__name__}: {error}"
    what = f"out of memory: {what}" if is_out_of_memory(error) else what
    return {"error": {"type": "failed", "message": what}}


def is_out_of_memory(error):
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = str(error).lower()
    return "out of memory" in text or "can't allocate memory" in text


def serve(asked, key, load):
    """Takes the port, loads the model by `load`, and serves until it is ended."""
    try:
        server = Server(asked.port, key)
    except OSError as error:
        sys.stderr.write(f"error: port {asked.port} cannot be taken: {error}\n")
        return 1
    threading.Thread(target=server.serve_forever, daemon=True).start()
    began = time.perf_counter()
    try:
        check_together(asked)
        model = load(asked)
    except Unsuited as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    except FileNotFoundError as error:
        sys.stderr.write(f"error: model not found: {error}\n")
        return 1
    except Exception as error:
        what = "out of memory" if is_out_of_memory(error) else "the model cannot be loaded"
        sys.stderr.write(f"error: {what}: {type(error).__name__}: {error}\n")
        return 1
    server.props = {**model.props(), "load_s": time.perf_counter() - began}
    server.model = model
    sys.stderr.write(f"ready: {json.dumps(server.props)}\n")
    sys.stderr.flush()
    threading.Event().wait()
    return 0


def main(words):
    asked = arguments(words)
    key = os.environ.pop(KEY_VARIABLE, "")
    if not key:
        sys.stderr.write(f"error: {KEY_VARIABLE} is not set\n")
        return 1

    def load(asked):
        from model import Loaded

        return Loaded(asked)

    return serve(asked, key, load)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
