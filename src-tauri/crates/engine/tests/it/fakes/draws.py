"""A fake server of pictures: the answers of the Stable Diffusion web interface, or of OpenAI's form, with
a picture of one colour that the seed chooses. Real ones need a model of gigabytes.

usage: draws.py PORT web-ui|openai
"""

import base64
import json
import struct
import sys
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def png(width, height, seed):
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    row = b"\0" + bytes([seed % 256, 40, 90]) * width
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(row * height)) + chunk(b"IEND", b"")


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
        self.wfile.write(body)

    def do_GET(self):
        web_ui = {"/sdapi/v1/options": {"sd_model_checkpoint": "dreamer.safetensors", "sd_checkpoint_hash": "c0ffee"}}
        openai = {"/v1/models": {"data": [{"id": "painter-1b"}]}}
        pages = {"/health": {}, **(web_ui if sys.argv[2] == "web-ui" else openai)}
        page = pages.get(self.path)
        self.answer(page if page is not None else {}, 200 if page is not None else 404)

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        time.sleep(0.01)
        if sys.argv[2] == "web-ui":
            picture = png(asked["width"], asked["height"], asked["seed"])
            self.answer({"images": [base64.b64encode(picture).decode()]})
        else:
            width, height = map(int, asked["size"].split("x"))
            picture = png(width, height, asked["seed"])
            self.answer({"data": [{"b64_json": base64.b64encode(picture).decode()}]})


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
