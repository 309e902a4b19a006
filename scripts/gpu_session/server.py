"""The server: one process that holds the models and does what a line of JSON on its input says.

  {"do": "hello"}                            versions, once everything is imported; no GPU is touched
  {"do": "open"}                             the device: its name and memory
  {"do": "burn", "seconds", "on_s", "off_s"} a load for the sensors: matrix products, steady or on and off
  {"do": "language", "shape", "seed"}        makes the language model
  {"do": "pictures", "sizes", "seed"}        makes the pipeline of pictures
  {"do": "plan", "requests", "prompt_tokens", "output_tokens", "seed"}
  {"do": "prepare", "of", "configuration"}   settings and a discarded batch: what is really in use
  {"do": "work", "of", "seconds", "stop_at"} whole rounds for so long: when, how many units, how fast

Each is answered by one line: {"ok": …} or {"error": {"kind", "message"}}. Instants are CLOCK_MONOTONIC,
which is the same in the process that asks. It ends with its input."""

import json
import os
import sys
import time

from .faults import Failed


def cause_of(error):
    """One of a landscape's causes."""
    if isinstance(error, Failed):
        return error.kind
    text = f"{type(error).__name__} {error}".lower()
    if isinstance(error, MemoryError) or "outofmemory" in text or "out of memory" in text:
        return "out-of-memory"
    return "request-failed"


class Work:
    """What one round is, and rounds until the time is over."""

    def __init__(self, models, now=time.monotonic):
        self.models, self.now = models, now

    def rounds(self, of, seconds, stop_at):
        """Whole rounds until `seconds` have passed; nothing counts if `stop_at` comes first."""
        model = self.models[of]
        model.settle()
        begin = self.now()
        units, requests, rounds, steps, firsts = 0, 0, 0, 0, []
        while True:
            arrived = self.now()
            for done in model.round():
                units += done["units"]
                steps += done.get("steps", 0)
                requests += done["requests"]
                firsts += [done["first_at"] - arrived] * done["requests"]
                if self.now() > stop_at:
                    raise Failed("out-of-time", "the session's time ran out within the window")
            rounds += 1
            if self.now() - begin >= seconds:
                break
        model.settle()
        return {
            "begin": begin, "end": self.now(), "units": units, "requests": requests,
            "rounds": rounds, "steps": steps, "first_s": [nearest(firsts, 0.5), nearest(firsts, 0.95)],
        }  # fmt: skip


def nearest(values, share):
    """Percentile by nearest rank."""
    ranked = sorted(values)
    return ranked[max(0, -(-int(share * 100) * len(ranked) // 100) - 1)]


def serve(engine, lines, answer):
    """Answers each line until there are no more."""
    work = Work(engine.models)
    for line in lines:
        words = json.loads(line)
        do = words.pop("do")
        try:
            if do == "work":
                reply = {"ok": work.rounds(**words)}
            elif do == "prepare":
                reply = {"ok": engine.models[words["of"]].prepare(words["configuration"])}
            elif do in engine.COMMANDS:
                reply = {"ok": getattr(engine, do)(**words)}
            else:
                reply = {"error": {"kind": "unknown-flag", "message": f"no such command: {do}"}}
        except Exception as error:  # told to who asked and to the log; the server goes on
            what = str(error) if isinstance(error, Failed) else f"{type(error).__name__}: {error}"
            sys.stderr.write(f"{do}: {what}\n")
            sys.stderr.flush()
            reply = {"error": {"kind": cause_of(error), "message": what[:2000]}}
        answer(json.dumps(reply))


def main():
    # Whatever a library prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def answer(line):
        answers.write(line + "\n")
        answers.flush()

    try:
        from .engine import Engine

        engine = Engine()
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        answer(json.dumps({"error": {"kind": "engine-not-found", "message": what}}))
        return 1
    serve(engine, sys.stdin, answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
