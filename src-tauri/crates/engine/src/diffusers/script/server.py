#!/usr/bin/env python3
"""A small server for pictures: one diffusers pipeline in this process, asked over HTTP.

It is started by Wattsmith for one measured window and tells what a measurement needs and no other
server does: how long text encoding, denoising and decoding took, how often the denoising network was
called, and which settings it really uses.

  GET  /health                  200 once the pipeline is loaded, 503 before
  GET  /props                   the settings in use, versions, seconds of loading
  POST /v1/images/generations   prompt, seeds, size, steps, guidance, sampler -> pictures and times

Everything but /health asks for the key that lies in WATTSMITH_SERVER_KEY. It listens on 127.0.0.1
only. Exit codes: 2 for a setting that it does not know or that this model cannot have, 1 for anything
else that keeps it from starting.
"""

import argparse
import base64
import hmac
import json
import os
import select
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from faults import Gone, Refused, Unsuited

KEY_VARIABLE = "WATTSMITH_SERVER_KEY"
DTYPES = ("float32", "bfloat16", "float16")
ATTENTIONS = ("sdpa", "eager", "sliced")
CACHES = ("off", "reuse-2", "reuse-3", "first-block")
ON_OFF = ("on", "off")
# A request holds a prompt and a list of seeds; this is far above both.
MOST_BYTES = 1 << 20
FIELDS = {"prompt", "seeds", "size", "steps", "guidance", "sampler"}


def arguments(words):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    model = parser.add_mutually_exclusive_group(required=True)
    model.add_argument("--model", help="folder of a diffusers pipeline (with model_index.json)")
    model.add_argument("--tiny", action="store_true", help="a tiny pipeline with random weights")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--dtype", choices=DTYPES, default="float32")
    parser.add_argument("--attention", choices=ATTENTIONS, default="sdpa")
    parser.add_argument("--compile", choices=ON_OFF, default="off")
    parser.add_argument("--vae-tiling", choices=ON_OFF, default="off")
    parser.add_argument("--vae-slicing", choices=ON_OFF, default="off")
    parser.add_argument("--step-cache", choices=CACHES, default="off")
    parser.add_argument("--batch-size", type=int, default=1, help="pictures denoised together")
    parser.add_argument("--threads", type=int, default=0, help="0: as torch chooses")
    asked = parser.parse_args(words)
    if asked.batch_size < 1:
        parser.error("argument --batch-size: at least 1")
    if asked.threads < 0:
        parser.error("argument --threads: at least 0")
    return asked


def request_of(body):
    """What a request asks for, checked; a field that is not known is refused, not passed over."""
    try:
        asked = json.loads(body)
    except ValueError as error:
        raise Refused(f"the request is no JSON: {error}") from None
    if not isinstance(asked, dict):
        raise Refused("the request is no JSON object")
    unknown = sorted(set(asked) - FIELDS)
    if unknown:
        raise Refused(f"no such field: {', '.join(unknown)}; there are {', '.join(sorted(FIELDS))}")
    missing = sorted({"prompt", "seeds", "size", "steps", "guidance"} - set(asked))
    if missing:
        raise Refused(f"missing: {', '.join(missing)}")
    prompt, seeds = asked["prompt"], asked["seeds"]
    if not isinstance(prompt, str):
        raise Refused("prompt has to be a text")
    if not (isinstance(seeds, list) and seeds and all(whole(seed, 0, 2**32 - 1) for seed in seeds)):
        raise Refused("seeds has to be a list of whole numbers from 0 to 4294967295")
    try:
        width, height = (int(part) for part in str(asked["size"]).split("x"))
    except ValueError:
        raise Refused("size has to be WIDTHxHEIGHT, such as 512x512") from None
    if not (whole(width, 8, 8192) and whole(height, 8, 8192)) or width % 8 or height % 8:
        raise Refused("width and height have to be multiples of 8, from 8 to 8192")
    if not whole(asked["steps"], 1, 1000):
        raise Refused("steps has to be a whole number from 1 to 1000")
    guidance = asked["guidance"]
    if isinstance(guidance, bool) or not isinstance(guidance, (int, float)) or not 0 <= guidance <= 100:
        raise Refused("guidance has to be a number from 0 to 100")
    return {
        "prompt": prompt,
        "seeds": seeds,
        "width": width,
        "height": height,
        "steps": asked["steps"],
        "guidance": float(guidance),
        "sampler": str(asked.get("sampler", "model")),
    }


def whole(value, least, most):
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def batches(seeds, size):
    """The seeds in pieces of one pipeline call each."""
    return [seeds[at : at + size] for at in range(0, len(seeds), size)]


def hung_up(connection):
    """Whether the other end of a connection was closed."""
    try:
        readable, _, _ = select.select([connection], [], [], 0)
        return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""
    except (OSError, ValueError):
        return True


def generate(pipeline, asked, batch_size, gone):
    """The pictures of one request, batch by batch, with the times of each.

    A phase's spans are seconds from the request's arrival, so that power can be laid beside them.
    """
    began = time.perf_counter()
    pictures, done = [], []
    for seeds in batches(asked["seeds"], batch_size):
        if gone():
            raise Gone
        made = pipeline.pictures(asked, seeds, gone)
        done.append(
            {
                "pictures": len(seeds),
                "network_calls": made.network_calls,
                "steps": made.steps,
                **{name: [a - began, b - began] for name, (a, b) in made.phases.items()},
            }
        )
        pictures.extend(
            {"seed": seed, "b64_json": base64.b64encode(png).decode()}
            for seed, png in zip(seeds, made.pngs)
        )
    return {
        "created": int(time.time()),
        "data": pictures,
        "timings": {"total_s": time.perf_counter() - began, "batches": done},
    }


class Server(ThreadingHTTPServer):
    daemon_threads = True
    # Whoever holds the port keeps it.
    allow_reuse_address = True
    allow_reuse_port = False

    def __init__(self, port, key):
        super().__init__(("127.0.0.1", port), Handler)
        self.key = key
        self.pipeline = None
        self.props = {}
        self.batch_size = 1
        # One picture at a time: requests wait for their turn.
        self.turn = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "wattsmith-diffusers"

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
            loaded = self.server.pipeline is not None
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
        if self.path != "/v1/images/generations":
            self.refuse(404, "not-found", f"there is no {self.path}")
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MOST_BYTES:
            self.refuse(400, "invalid-request", f"a request has a length of at most {MOST_BYTES}")
            return
        body = self.rfile.read(int(length))
        if self.server.pipeline is None:
            self.refuse(503, "loading", "the pipeline is not loaded yet")
            return
        try:
            asked = request_of(body)
            with self.server.turn:
                reply = generate(
                    self.server.pipeline, asked, self.server.batch_size, lambda: hung_up(self.connection)
                )
        except Gone:
            self.close_connection = True
        except Refused as error:
            self.refuse(400, "invalid-request", str(error))
        except Exception as error:  # told to the client and to the log; the server goes on
            sys.stderr.write(f"error: {type(error).__name__}: {error}\n")
            what = f"{type(error).__name__}: {error}"
            if is_out_of_memory(error):
                self.refuse(500, "out-of-memory", f"out of memory: {what}")
            else:
                self.refuse(500, "failed", what)
        else:
            self.answer(200, reply)


def is_out_of_memory(error):
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = str(error).lower()
    return "out of memory" in text or "can't allocate memory" in text


def serve(asked, key, load):
    """Takes the port, loads the pipeline by `load`, and serves until it is ended."""
    try:
        server = Server(asked.port, key)
    except OSError as error:
        sys.stderr.write(f"error: port {asked.port} cannot be taken: {error}\n")
        return 1
    threading.Thread(target=server.serve_forever, daemon=True).start()
    began = time.perf_counter()
    try:
        pipeline = load(asked)
    except Unsuited as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    except FileNotFoundError as error:
        sys.stderr.write(f"error: model not found: {error}\n")
        return 1
    except Exception as error:
        what = "out of memory" if is_out_of_memory(error) else "the pipeline cannot be loaded"
        sys.stderr.write(f"error: {what}: {type(error).__name__}: {error}\n")
        return 1
    load_s = time.perf_counter() - began
    server.batch_size = asked.batch_size
    server.props = {**pipeline.props(), "batch_size": asked.batch_size, "load_s": load_s}
    server.pipeline = pipeline
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
        from pipeline import Pipeline

        return Pipeline(asked)

    return serve(asked, key, load)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
