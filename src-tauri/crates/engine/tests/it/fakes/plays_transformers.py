#!/usr/bin/env python3
"""Stands in for a Python that has transformers: Wattsmith's own script runs as it is, on a model that only
counts. What it tells of itself is what a real one told (src/transformers/recorded.json) with what was asked
for. It goes wrong in the way after which the model's folder is named."""

import json
import os
import sys
import time
import types
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
RECORDED = json.loads((HERE.parents[2] / "src/transformers/recorded.json").read_text(encoding="utf-8"))


class Loaded:
    def __init__(self, asked):
        from answers import StaticBatches

        self.asked = asked
        self.mode = os.path.basename(asked.model)
        if self.mode == "exits":
            sys.stderr.write("the moon is in the wrong phase\n")
            os._exit(3)
        if self.mode == "out-of-memory":
            raise MemoryError("all of it")
        if self.mode == "no-library":
            raise ModuleNotFoundError("No module named 'torch'")
        if self.mode == "bad-weights":
            raise OSError("Error while deserializing header")
        if self.mode == "never-ready":
            time.sleep(600)
        self.batches = StaticBatches(self.generate, asked.batch_size, asked.batch_wait_ms / 1000)
        self.begun = 0

    def encode(self, prompt):
        return [0] * (len(prompt) // 4 + 1)

    def text(self, token):
        return f" {token}"

    def begin(self, answer):
        self.begun += 1
        if self.mode == "dies-at-work" and self.begun > 4:
            os._exit(9)
        self.batches.begin(answer)

    def generate(self, batch):
        if self.mode == "memory-at-work" and self.begun > 4:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        for token in range(batch[0].tokens):
            if all(one.gone.is_set() for one in batch):
                return
            if self.mode == "slow":
                time.sleep(0.05)
            for answer in batch:
                answer.put([token])

    def props(self):
        asked = self.asked
        told = {name: getattr(asked, name) for name in ("batching", "attention", "cache", "threads")}
        return {**RECORDED["props_static"], **told, **self.batches.props()}


def main():
    words = sys.argv[1:]
    if "-c" in words:
        return print("transformers 5.24.0 · torch 2.13.0")
    script = words[words.index("-B") + 1]
    sys.path.insert(0, os.path.dirname(script))
    fake = types.ModuleType("model")
    fake.Loaded = Loaded
    sys.modules["model"] = fake
    import server

    return sys.exit(server.main(words[words.index(script) + 1 :]))


if __name__ == "__main__":
    main()
