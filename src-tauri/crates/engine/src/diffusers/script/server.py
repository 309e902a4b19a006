#!/usr/bin/env python3
"""A small server for pictures: one diffusers pipeline in this process, asked over HTTP.

It is started by Wattsmith for one measured window and tells what a measurement needs and no other
server does: how long text encoding, denoising and decoding took, how often the denoising network was
called, and which settings it really uses.

  GET  /health                  200 once the pipeline is loaded, 503 before
  GET  /props                   the settings in use, versions, seconds of loading
  POST /v1/images/generations   prompt, seeds, size, steps, guidance, sampler -> pictures and times

What it has in common with other servers is in served.py: key, faults, exit codes.
"""

import argparse
import base64
import sys
import threading
import time

import served
from served import Gone, Refused

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
    asked = served.fields_of(body, FIELDS)
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


class Studio:
    """A pipeline that makes the pictures of one request at a time: others wait for their turn."""

    def __init__(self, pipeline, batch_size):
        self.pipeline = pipeline
        self.batch_size = batch_size
        self.turn = threading.Lock()

    def pictures(self, asked, gone):
        with self.turn:
            return generate(self.pipeline, asked, self.batch_size, gone)

    def props(self):
        return {**self.pipeline.props(), "batch_size": self.batch_size}


class Handler(served.Handler):
    server_version = "wattsmith-diffusers"
    path_asked = "/v1/images/generations"
    most_bytes = MOST_BYTES

    def answer_to(self, body):
        asked = request_of(body)
        try:
            reply = self.server.loaded.pictures(asked, lambda: served.hung_up(self.connection))
        except (Gone, Refused):
            raise
        except Exception as error:  # told to the client and to the log; the server goes on
            what = served.told(error)
            sys.stderr.write(f"error: {what}\n")
            kind = "out-of-memory" if served.is_out_of_memory(error) else "failed"
            self.refuse(500, kind, what)
        else:
            self.answer(200, reply)


def load(asked):
    from pipeline import Pipeline

    return Studio(Pipeline(asked), asked.batch_size)


def main(words):
    asked = arguments(words)
    key = served.key_given()
    return served.serve(Handler, asked.port, key, lambda: load(asked)) if key else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
