#!/usr/bin/env python3
"""A fake vLLM: its pages, metrics and log are those that a real one told (src/vllm/recorded.json), its tokens
are made up. It goes wrong in the way after which the model's folder is named."""

import json
import os
import sys
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import misbehaves  # noqa: E402

RECORDED = json.loads((HERE.parents[2] / "src/vllm/recorded.json").read_text(encoding="utf-8"))
KEY = os.environ.get("VLLM_API_KEY", "")


class Handler(misbehaves.Handler):
    def do_GET(self):
        if self.path.startswith("/v1") and self.headers.get("authorization") != f"Bearer {KEY}":
            return self.plain(401, {"error": "Unauthorized"})
        if self.path == "/health":
            return self.plain(200, None)
        if self.path == "/metrics":
            body = RECORDED["metrics"].encode()
            self.send_response(200)
            self.send_header("content-type", "text/plain")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            return self.wfile.write(body)
        page = RECORDED["pages"].get(self.path)
        return self.plain(404 if page is None else 200, page)


def main():
    if "--version" in sys.argv:
        return print("0.32.0")
    model = sys.argv[2]
    misbehaves.MODE = os.path.basename(model)
    misbehaves.Handler = Handler
    sys.stdout.write(RECORDED["log"])
    sys.stdout.flush()
    return misbehaves.main()


if __name__ == "__main__":
    main()
