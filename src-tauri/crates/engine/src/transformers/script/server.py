#!/usr/bin/env python3
"""A small server for texts: one model of the transformers library in this process, asked over HTTP.

It is started by Wattsmith for one measured window and does what `transformers serve` does not: answers have
exactly the length that is asked for however they are batched, and it tells which settings it really uses.

  GET  /health           200 once the model is loaded, 503 before
  GET  /props            the settings in use, versions, seconds of loading
  POST /v1/completions   OpenAI's stream of a continued text, greedy, with usage at its end

What it has in common with other servers is in served.py: key, faults, exit codes.
"""

import argparse
import json
import queue
import sys

import served
from answers import Answer
from served import Refused, Unsuited

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
    asked = served.fields_of(body, FIELDS)
    prompt, tokens = asked.get("prompt"), asked.get("max_tokens")
    if not isinstance(prompt, str) or not prompt:
        raise Refused("prompt has to be a text")
    if not isinstance(tokens, int) or isinstance(tokens, bool) or not 1 <= tokens <= MOST_TOKENS:
        raise Refused(f"max_tokens has to be a whole number from 1 to {MOST_TOKENS}")
    for field, only in (("stream", True), ("ignore_eos", True), ("temperature", 0)):
        if asked.get(field, only) != only:
            raise Refused(f"{field} can only be {json.dumps(only)} here")
    return prompt, tokens


class Handler(served.Handler):
    server_version = "wattsmith-transformers"
    path_asked = "/v1/completions"
    most_bytes = MOST_BYTES

    def answer_to(self, body):
        prompt, tokens = request_of(body)
        ids = self.server.loaded.encode(prompt)
        limit = self.server.props.get("context_limit")
        if limit and len(ids) + tokens > limit:
            raise Refused(f"{len(ids)} tokens of prompt and {tokens} of answer are more than the model's {limit}")
        self.stream(Answer(ids, tokens))

    def stream(self, answer):
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.server.loaded.begin(answer)
        try:
            while True:
                try:
                    kind, value = answer.events.get(timeout=LOOK_S)
                except queue.Empty:
                    if served.hung_up(self.connection):
                        answer.gone.set()
                        return
                    continue
                if kind == "tokens":
                    for token in value:
                        self.event({"choices": [{"index": 0, "text": self.server.loaded.text(token)}]})
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
    return {"error": {"type": "failed", "message": served.told(error)}}


def load(asked):
    check_together(asked)
    from model import Loaded

    return Loaded(asked)


def main(words):
    asked = arguments(words)
    key = served.key_given()
    return served.serve(Handler, asked.port, key, lambda: load(asked)) if key else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
