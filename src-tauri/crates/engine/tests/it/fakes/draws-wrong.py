#!/usr/bin/env python3
"""A fake server of pictures that goes wrong in one way: the last part of the name by which it was started.
Started as a Python it answers like the script for diffusers, otherwise like stable-diffusion.cpp's server."""

import base64
import json
import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODE = os.path.basename(sys.argv[0]).removeprefix("wrong-")
DIFFUSERS = "-B" in sys.argv
ASKED = [0]


def after(flag):
    return sys.argv[sys.argv.index(flag) + 1]


def png(width, height):
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes([7, 40, 90]) * width) * height)
    whole = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return base64.b64encode(whole).decode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, page, status=200):
        body = json.dumps(page).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if MODE == "half-an-answer" and ASKED[0] > 2:
            body = body[: len(body) // 2]
            self.close_connection = True
        self.wfile.write(body)

    def do_GET(self):
        key = os.environ.get("WATTSMITH_SERVER_KEY", "")
        admitted = self.headers.get("authorization") == f"Bearer {key}"
        if self.path == "/sdcpp/v1/capabilities":
            self.answer({"defaults": {"prompt": after("--prompt")}})
        elif self.path == "/props" and not admitted:
            self.answer({}, 401)
        else:
            self.answer({"load_s": 0.1})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        ASKED[0] += 1
        if MODE == "one-500" and ASKED[0] > 2:
            return self.answer({"error": {"message": "the moon is in the wrong phase"}}, 500)
        if not DIFFUSERS:
            picture = png(asked["width"], asked["height"])
            return self.answer({"images": [] if MODE == "too-few" else [picture]})
        width, height = map(int, asked["size"].split("x"))
        seeds = asked["seeds"][1:] if MODE == "too-few" else asked["seeds"]
        calls = {"pictures": len(seeds), "network_calls": asked["steps"], "steps": asked["steps"]}
        spans = {"text_encoding_s": [0, 0.1], "denoising_s": [0.1, 0.2], "decoding_s": [0.2, 0.3]}
        data = [{"seed": seed, "b64_json": png(width, height)} for seed in seeds]
        return self.answer({"created": 0, "data": data, "timings": {"total_s": 0.3, "batches": [{**calls, **spans}]}})


def main():
    port = int(after("--port" if DIFFUSERS else "--listen-port"))
    if MODE == "exits":
        print("the moon is in the wrong phase", flush=True)
        sys.exit(3)
    if MODE == "wrong-flag":
        print("error: argument --what" if DIFFUSERS else "error: unknown argument: --what", flush=True)
        sys.exit(2 if DIFFUSERS else 1)
    if MODE == "never-ready":
        time.sleep(600)
    if MODE == "not-ours":
        # Somebody else's answers, by which it is known that they are not ours.
        os.environ["WATTSMITH_SERVER_KEY"] = "another"
        sys.argv = ["another" if word.startswith("wattsmith-") else word for word in sys.argv]
    if MODE == "leaves-a-child":
        words = ["sh", "-c", "sleep 600; true", sys.argv[0]]
        subprocess.Popen(words, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if MODE == "ignores-term":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if MODE == "floods-its-log":
        line = "x" * 1023
        for _ in range(100 * 1024):
            print(line)
        sys.stdout.flush()
    ThreadingHTTPServer.daemon_threads = True
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


main()
