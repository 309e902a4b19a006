#!/usr/bin/env python3
"""A stand-in for Ollama's daemon, for tests: no Ollama is to be had where they run.

It was written from Ollama's source (0.33.0-rc2) and does what that does as far as Wattsmith touches it: it starts
a real llama-server for the model of a request, with the flags that Ollama gives it, on a random port of
loopback; loads it anew when an option of loading changes; passes requests on and answers in lines of JSON. It
finds llama-server where Ollama looks for it, at ../lib/ollama beside its own program. It takes no part of
Ollama's code. A file `mode` one folder above its program names one way in which it goes wrong.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

VERSION = "0.33.0-stand-in"
ROOT = Path(os.path.abspath(sys.argv[0])).parent.parent
LLAMA = ROOT / "lib/ollama/llama-server"
ONE_SLOT = "qwen35"
KNOWN = ("OLLAMA_", "LLAMA_ARG_")


def mode():
    if "STAND_IN_MODE" in os.environ:
        return os.environ["STAND_IN_MODE"]
    try:
        return (ROOT / "mode").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


MODE = mode()


def say(text):
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    print(f"time={now} level=INFO source=stand-in.py:1 {text}", file=sys.stderr, flush=True)


class Refused(Exception):
    def __init__(self, status, what):
        super().__init__(what)
        self.status = status


def store():
    return Path(os.environ.get("OLLAMA_MODELS") or Path.home() / ".ollama/models")


def manifest_of(name):
    """File of weights, family and name of a model."""
    model, _, tag = name.partition(":")
    parts = model.split("/")
    parts = ["registry.ollama.ai", "library"][: 3 - len(parts)] + parts
    path = store().joinpath("manifests", *parts, tag or "latest")
    if not path.is_file() or MODE == "model-gone":
        raise Refused(404, f"model '{name}' not found")
    told = json.loads(path.read_text(encoding="utf-8"))
    blob = lambda layer: store() / "blobs" / layer["digest"].replace(":", "-")
    weights = next(one for one in told["layers"] if one["mediaType"].endswith("image.model"))
    config = json.loads(blob(told["config"]).read_text(encoding="utf-8"))
    return blob(weights), config.get("model_family", "")


class Runner:
    """One llama-server."""

    def __init__(self, name, options):
        weights, self.family = manifest_of(name)
        self.name, self.options = name, options
        slots = max(int(os.environ.get("OLLAMA_NUM_PARALLEL") or 1), 1)
        self.slots = 1 if self.family == ONE_SLOT or MODE == "one-slot" else slots
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        context = options["num_ctx"] * (40000 if MODE == "out-of-memory" else 1)
        words = [str(LLAMA), "--model", str(weights), "--port", str(self.port), "--host", "127.0.0.1"]
        words += ["--no-webui", "--offline", "-c", str(context * self.slots), "-np", str(self.slots)]
        words += ["--log-verbosity", "4", "--no-log-prefix", "--no-log-timestamps"]
        if options.get("use_mmap") is False:
            words += ["--load-mode", "none"]
        cache = "nonsense" if MODE == "wrong-variable" else os.environ.get("OLLAMA_KV_CACHE_TYPE")
        if cache:
            words += ["--cache-type-k", cache, "--cache-type-v", cache]
        attention = {"": "auto", "0": "off"}.get(os.environ.get("OLLAMA_FLASH_ATTENTION", ""), "on")
        words += ["--flash-attn", attention]
        words += ["-b", str(options["num_batch"]), "-ub", str(options["num_batch"])]
        if options["num_gpu"] >= 0:
            words += ["-ngl", str(options["num_gpu"])]
        if options["num_thread"] > 0:
            words += ["-t", str(options["num_thread"])]
        line = " ".join(words)
        say(f'msg="starting llama-server" cmd="{line}"')
        self.turns = threading.Semaphore(self.slots)
        self.child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=sys.stderr)

    def wait(self):
        while True:
            code = self.child.poll()
            if code is not None:
                raise Refused(500, f"llama-server process has terminated: exit status {code}")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.02)

    def ask(self, route, body):
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{route}",
            data=json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        try:
            return urllib.request.urlopen(asked, timeout=600)
        except urllib.error.HTTPError as error:
            raise Refused(error.code, error.read().decode()) from error

    def close(self):
        self.child.terminate()
        try:
            self.child.wait(5)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


class Daemon:
    def __init__(self):
        self.lock = threading.Lock()
        self.runner = None
        self.until = 0.0
        self.asked = 0

    def loaded(self, asked):
        """The runner for a request, loaded anew where an option of loading changed."""
        given = asked.get("options") or {}
        usual = int(os.environ.get("OLLAMA_CONTEXT_LENGTH") or 4096)
        options = {
            "num_ctx": given.get("num_ctx", usual),
            "num_batch": given.get("num_batch", 512),
            "num_gpu": given.get("num_gpu", -1),
            "num_thread": given.get("num_thread", 0),
            "use_mmap": given.get("use_mmap"),
        }
        name = asked.get("model", "")
        with self.lock:
            runner = self.runner
            same = runner and runner.name == name and runner.options == options
            if not same or runner.child.poll() is not None:
                self.end()
                self.runner = Runner(name, options)
                try:
                    self.runner.wait()
                except Refused:
                    self.end()
                    raise
                say('msg="llama-server started"')
            self.until = time.monotonic() + seconds(asked.get("keep_alive"))
            return self.runner

    def end(self):
        if self.runner:
            self.runner.close()
            self.runner = None

    def expire(self):
        while True:
            time.sleep(0.2)
            with self.lock:
                if self.runner and time.monotonic() > self.until:
                    self.end()

    def ps(self):
        runner = self.runner
        if not runner:
            return {"models": []}
        return {
            "models": [
                {
                    "name": runner.name,
                    "model": runner.name,
                    "size": 98362432,
                    "digest": "00" * 32,
                    "details": {"format": "gguf", "family": runner.family},
                    "expires_at": "2318-03-14T00:00:00Z",
                    "size_vram": 0,
                    "context_length": runner.options["num_ctx"],
                }
            ]
        }


def seconds(keep):
    if keep is None:
        keep = os.environ.get("OLLAMA_KEEP_ALIVE") or "5m"
    text = str(keep)
    units = {"s": 1, "m": 60, "h": 3600}
    number = float(text[:-1]) * units[text[-1]] if text[-1] in units else float(text)
    return float("inf") if number < 0 else number


DAEMON = Daemon()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def plain(self, status, value):
        body = value.encode() if isinstance(value, str) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/api/version":
            return self.plain(200, {"version": VERSION})
        if self.path == "/api/ps":
            return self.plain(200, DAEMON.ps())
        if self.path == "/v1/models":
            root = store() / "manifests/registry.ollama.ai/library"
            names = sorted(f"{one.parent.name}:{one.name}" for one in root.glob("*/*"))
            data = [{"id": name, "object": "model", "created": 1, "owned_by": "library"} for name in names]
            return self.plain(200, {"object": "list", "data": data})
        # The second is of the tests alone.
        if self.path in ("/", "/health"):
            return self.plain(200, "Ollama is running")
        return self.plain(404, "404 page not found")

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        try:
            if self.path != "/api/chat":
                raise Refused(404, "404 page not found")
            begun = time.monotonic_ns()
            runner = DAEMON.loaded(asked)
            loaded = time.monotonic_ns()
            if not asked["messages"]:
                nothing = {"role": "assistant", "content": ""}
                done = {"model": asked["model"], "created_at": now(), "message": nothing, "done": True}
                return self.plain(200, {**done, "done_reason": "load"})
            with runner.turns:
                return self.answer(asked, runner, begun, loaded)
        except Refused as refused:
            return self.plain(refused.status, {"error": str(refused)})
        except (BrokenPipeError, ConnectionResetError):
            return None

    def answer(self, asked, runner, begun, loaded):
        DAEMON.asked += 1
        number = DAEMON.asked
        if MODE == "one-500" and number > 4:
            raise Refused(500, "the moon is in the wrong phase")
        options = asked["options"]
        with runner.ask("/apply-template", {"messages": asked["messages"]}) as applied:
            prompt = json.load(applied)["prompt"]
        body = {
            "prompt": prompt,
            "stream": True,
            "cache_prompt": True,
            "n_predict": options.get("num_predict", -1),
            "temperature": options.get("temperature", 0.8),
            "seed": options.get("seed", -1),
            "stop": options.get("stop", []),
            "repeat_penalty": options.get("repeat_penalty", 1.0),
        }
        if MODE == "half-a-stream" and number > 4 or MODE == "cut-short":
            body["n_predict"] = 2
        if MODE == "child-dies" and number > 4:
            runner.child.kill()
        try:
            stream = runner.ask("/completion", body)
        except (urllib.error.URLError, OSError):
            raise Refused(500, "model runner has unexpectedly stopped, check ollama server logs") from None
        self.send_response(200)
        self.send_header("content-type", "application/x-ndjson")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        ended = False
        with stream:
            for line in lines(stream):
                if not line.startswith(b"data: "):
                    continue
                event = json.loads(line[6:])
                ended = event["stop"]
                if not event["stop"]:
                    if event["content"]:
                        self.line(asked, event["content"])
                    continue
                if MODE == "half-a-stream" and number > 4:
                    self.close_connection = True
                    return None
                if MODE == "cut-short":
                    break
                self.last(asked, event, begun, loaded)
        if not ended:
            self.chunk({"error": "an error was encountered while running the model: unexpected EOF"})
        self.wfile.write(b"0\r\n\r\n")
        return None

    def chunk(self, value):
        data = json.dumps(value, separators=(",", ":")).encode() + b"\n"
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def line(self, asked, text, **more):
        said = {"role": "assistant", "content": text}
        self.chunk({"model": asked["model"], "created_at": now(), "message": said, "done": bool(more), **more})

    def last(self, asked, event, begun, loaded):
        times = event["timings"]
        # What came from the cache is counted as if it had been computed.
        self.line(
            asked,
            "",
            done_reason="length" if event.get("stop_type") == "limit" else "stop",
            total_duration=time.monotonic_ns() - begun,
            load_duration=loaded - begun,
            prompt_eval_count=times["prompt_n"] + times["cache_n"],
            prompt_eval_duration=int(times["prompt_ms"] * 1e6),
            eval_count=times["predicted_n"],
            eval_duration=int(times["predicted_ms"] * 1e6),
        )


def lines(stream):
    """Those that come; a llama-server that dies breaks its stream off."""
    try:
        yield from stream
    except (OSError, http.client.HTTPException):
        return


def now():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def serve(port):
    class Server(ThreadingHTTPServer):
        daemon_threads = True
        # The kernel's own limit; clients come at once.
        request_queue_size = 128
        allow_reuse_address = False

    try:
        server = Server(("127.0.0.1", port), Handler)
    except OSError:
        print(f"Error: listen tcp 127.0.0.1:{port}: bind: address already in use", file=sys.stderr)
        sys.exit(1)
    say(f'msg="Listening on 127.0.0.1:{port} (version {VERSION})"')
    threading.Thread(target=DAEMON.expire, daemon=True).start()
    server.serve_forever()


def end(*_):
    DAEMON.end()
    os._exit(0)


def main():
    if sys.argv[1:] == ["--version"]:
        print("Warning: could not connect to a running Ollama instance")
        return print(f"Warning: client version is {VERSION}")
    if sys.argv[1:] != ["serve"]:
        print(f'Error: unknown command "{" ".join(sys.argv[1:])}" for "ollama"', file=sys.stderr)
        sys.exit(1)
    told = sorted((name, value) for name, value in os.environ.items() if name.startswith(KNOWN))
    told = " ".join(f"{name}:{value}" for name, value in told)
    say(f'msg="server config" env="map[{told}]"')
    port = int(os.environ["OLLAMA_HOST"].rpartition(":")[2])
    if MODE == "exits":
        print("Error: the moon is in the wrong phase", file=sys.stderr)
        sys.exit(3)
    if MODE == "never-ready":
        time.sleep(600)
    if MODE == "not-ours":
        # Somebody else answers on the port.
        other = {**os.environ, "STAND_IN_MODE": ""}
        subprocess.Popen([sys.executable, sys.argv[0], "serve"], env=other, start_new_session=True)
        time.sleep(600)
    if MODE == "leaves-a-child":
        subprocess.Popen(["sleep", "600"], start_new_session=True)
    if MODE == "floods-its-log":
        line = "x" * 1023
        for _ in range(100 * 1024):
            print(line, file=sys.stderr)
    signal.signal(signal.SIGTERM, signal.SIG_IGN if MODE == "ignores-term" else end)
    return serve(port)


if __name__ == "__main__":
    main()
