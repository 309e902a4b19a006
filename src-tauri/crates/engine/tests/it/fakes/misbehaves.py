#!/usr/bin/env python3
"""A fake inference server that speaks like OpenAI and goes wrong in one way, which MODE names."""

import json
import os
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODE = os.environ.get("MODE", "")
ASKED = [0]


def say(text):
    print(text, flush=True)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def plain(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.plain(200, {"data": [{"id": "made-up", "object": "model"}]})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        ASKED[0] += 1
        if MODE == "one-500" and ASKED[0] > 4:
            return self.plain(500, {"error": {"message": "the moon is in the wrong phase"}})
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        count = asked["max_tokens"]
        for index in range(count):
            if MODE == "half-a-stream" and ASKED[0] > 4 and index == 2:
                return None
            self.event({"choices": [{"index": 0, "text": " word"}]})
        usage = {"prompt_tokens": 7, "completion_tokens": count, "total_tokens": 7 + count}
        if MODE == "other-count":
            usage["completion_tokens"] = usage["total_tokens"] = count - 1
        if MODE == "cached":
            usage["prompt_tokens_details"] = {"cached_tokens": 5}
        if MODE != "no-usage":
            self.event({"choices": [], "usage": usage})
        self.wfile.write(b"data: [DONE]\n\n")
        return None

    def event(self, value):
        self.wfile.write(b"data: " + json.dumps(value).encode() + b"\n\n")
        self.wfile.flush()


def serve(port):
    ThreadingHTTPServer.daemon_threads = True
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


def main():
    if "--version" in sys.argv:
        return say("misbehaves 1.0")
    port = int(sys.argv[sys.argv.index("--port") + 1])
    if MODE == "exits":
        say("the moon is in the wrong phase")
        sys.exit(3)
    if MODE == "wrong-flag":
        say("misbehaves: error: unrecognized arguments: --no-such-flag")
        sys.exit(2)
    if MODE == "port-taken":
        say("OSError: [Errno 98] Address already in use")
        sys.exit(1)
    if MODE == "never-ready":
        time.sleep(600)
    if MODE == "not-ours":
        # Somebody else answers on the port.
        code = "import sys; sys.path.insert(0, %r); import misbehaves; misbehaves.serve(%d)"
        folder = os.path.dirname(os.path.abspath(__file__))
        subprocess.Popen([sys.executable, "-B", "-c", code % (folder, port)], start_new_session=True)
        time.sleep(600)
    if MODE == "leaves-a-child":
        subprocess.Popen(["sleep", "600"], start_new_session=True)
    if MODE == "ignores-term":
        import signal

        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if MODE == "floods-its-log":
        line = "x" * 1023
        for _ in range(100 * 1024):
            print(line)
        sys.stdout.flush()
    return serve(port)


if __name__ == "__main__":
    main()
