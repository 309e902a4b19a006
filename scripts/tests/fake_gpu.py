"""Fakes for the tests of scripts/gpu-session, at its outermost edges: a clock, a board with its driver,
and the server process, in which torch would be."""

import time

from gpu_session.faults import Failed, Gone

TICK_S = 0.003


class FakeClock:
    """Goes on only when somebody sleeps."""

    def __init__(self):
        self.at = 0.0

    def now(self):
        return self.at

    def sleep(self, seconds):
        self.at += max(0.0, seconds)

    def utc(self):
        return f"2026-01-01T00:00:{self.at:09.6f}Z"


class FakeBoard:
    """100 W at all times; its counter ticks much faster than a real one."""

    index = 0

    def __init__(self):
        self.mig = False

    def name(self):
        return "Fake GPU"

    def uuid(self):
        return "GPU-fake-1234"

    def shared_out(self):
        return self.mig

    def joules(self):
        return time.monotonic() // TICK_S * TICK_S * 100.0

    def instant_watts(self):
        return 100.0

    average_watts = usage_watts = instant_watts

    def usage_is_average(self):
        return True

    def state(self):
        return {"celsius": 50, "sm_mhz": 1500, "reasons": 0, "limit_watts": 700.0}

    def processes(self):
        return 0


class FakeNvml:
    def __init__(self):
        self.only = FakeBoard()

    def driver(self):
        return "1.2"

    def count(self):
        return 1

    def board(self, _index):
        return self.only


class FakeServer:
    """Answers as the server does; `faults` by (of, key of a configuration), `dies_at` a window."""

    def __init__(self, faults=None, dies_at=None, pictures=True):
        self.faults, self.dies_at, self.has_pictures = faults or {}, dies_at, pictures
        self.asked, self.worked, self.configuration, self.closed = [], 0, None, False

    def send(self, do, **words):
        self.asked.append((do, words))

    def receive(self, within_s=0.0):
        return {"side": 1}

    def ask(self, do, within_s=0.0, **words):
        self.asked.append((do, words))
        return getattr(self, do)(**words)

    def hello(self):
        return {"python": "3", "torch": "fake", "transformers": "fake", "threads": 1}

    def open(self):
        return {"device": "Fake GPU", "memory_bytes": 2**34, "uuid": "fake-1234"}

    def language(self, shape, seed):
        return {"architecture": "Fake", "parameters": 1000, "bytes": 2000, "load_s": 0.0}

    def pictures(self, sizes, seed):
        if not self.has_pictures:
            raise Failed("unavailable", "diffusers cannot be imported here; carry it: --wheels FOLDER")
        return {"parameters": 10, "dtype": "float32", "diffusers": "fake", "load_s": 0.0}

    def plan(self, **words):
        return words

    def prepare(self, of, configuration):
        self.configuration = configuration
        fault = self.faults.get((of, tuple(sorted(configuration.items()))))
        if isinstance(fault, dict):
            return {"batch_s": 0.001, "used": {**configuration, **fault}}
        if fault:
            raise fault
        return {"batch_s": 0.001, "used": configuration}

    def work(self, of, seconds, stop_at):
        self.worked += 1
        if self.dies_at == self.worked:
            raise Gone("crash", "the server ended (signal 9)")
        begin = time.monotonic()
        time.sleep(seconds)
        units = 1000 * self.configuration["batch"]
        return {
            "begin": begin, "end": time.monotonic(), "units": units, "requests": 32, "rounds": 1,
            "steps": units, "first_s": [0.01, 0.02],
        }  # fmt: skip

    def close(self):
        self.closed = True


class FakeModel:
    """Two batches a round, each of 2 requests with 5 tokens."""

    def __init__(self, fault=None):
        self.fault = fault

    def settle(self):
        pass

    def prepare(self, configuration):
        if self.fault:
            raise self.fault
        return {"batch_s": 0.0, "used": configuration}

    def round(self):
        for _ in range(2):
            yield {"units": 10, "requests": 2, "first_at": time.monotonic()}
