#!/usr/bin/env python3
"""Ready and ours like a real server, but its answers are signs of life without end, and it prints a lot."""

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

print("\x1b[31m" + "loud " * 60_000 + "\x1b[0m", flush=True)


class Answer(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        ours = self.path == "/health" or key == os.environ["LLAMA_API_KEY"]
        settings = {"default_generation_settings": {"n_ctx": 512}, "total_slots": 1}
        self.send_response(200 if ours else 401)
        self.end_headers()
        self.wfile.write(json.dumps(settings).encode())

    def do_POST(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b": still here\n\n")
                self.wfile.flush()
                time.sleep(0.02)
        except OSError:
            os._exit(7)


port = int(sys.argv[sys.argv.index("--port") + 1])
ThreadingHTTPServer(("127.0.0.1", port), Answer).serve_forever()
