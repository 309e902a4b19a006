"""Answers on their way, and the static batches in which they are made.

A batch is made of requests that wait and want answers of the same length: it is computed as one, and whoever
comes meanwhile waits for the next."""

import queue
import sys
import threading
import time


class Answer:
    """One request: what it asks for, and the tokens as they come."""

    def __init__(self, prompt, tokens):
        self.prompt = prompt  # token ids
        self.tokens = tokens  # how many are wanted, exactly
        self.made = 0
        self.began = self.first = self.last = None
        self.gone = threading.Event()
        self.events = queue.SimpleQueue()

    def put(self, tokens):
        """Hands over tokens; what is made beyond the length is not handed over."""
        tokens = tokens[: self.tokens - self.made]
        if not tokens:
            return
        self.last = time.perf_counter()
        self.first = self.first or self.last
        self.made += len(tokens)
        self.events.put(("tokens", tokens))

    def end(self):
        self.events.put(("end", None))

    def fail(self, error):
        self.events.put(("error", error))

    def usage(self):
        prompt = len(self.prompt)
        return {
            "prompt_tokens": prompt,
            "completion_tokens": self.made,
            "total_tokens": prompt + self.made,
        }

    def timings(self):
        """Milliseconds of reading the prompt and of the tokens behind the first; none where nobody knows
        when its computing began."""
        if self.began is None or self.first is None:
            return None
        return {
            "cache_n": 0,
            "prompt_n": len(self.prompt),
            "prompt_ms": (self.first - self.began) * 1000,
            "predicted_ms": (self.last - self.first) * 1000,
        }


class StaticBatches:
    """Takes answers in batches of at most `size` and makes them by `generate(batch)`, one batch at a time.

    A batch that is not full waits for `wait_s` after its first: clients that were answered together send their
    next requests one after another."""

    def __init__(self, generate, size, wait_s):
        self.generate = generate
        self.size = size
        self.wait_s = wait_s
        self.waiting = []
        self.changed = threading.Condition()
        threading.Thread(target=self.work, daemon=True).start()

    def begin(self, answer):
        with self.changed:
            self.waiting.append((time.perf_counter(), answer))
            self.changed.notify()

    def props(self):
        return {"batch_size": self.size, "batch_wait_ms": round(self.wait_s * 1000)}

    def alike(self):
        """Those that can be made together with the first that waits."""
        tokens = self.waiting[0][1].tokens
        return [one for one in self.waiting if one[1].tokens == tokens][: self.size]

    def take(self):
        with self.changed:
            while True:
                self.waiting = [one for one in self.waiting if not one[1].gone.is_set()]
                if not self.waiting:
                    self.changed.wait()
                    continue
                left = self.waiting[0][0] + self.wait_s - time.perf_counter()
                batch = self.alike()
                if len(batch) == self.size or left <= 0:
                    self.waiting = [one for one in self.waiting if one not in batch]
                    return [answer for _, answer in batch]
                self.changed.wait(left)

    def work(self):
        while True:
            batch = self.take()
            began = time.perf_counter()
            for answer in batch:
                answer.began = began
            try:
                self.generate(batch)
            except Exception as error:  # told to the clients and to the log; the server goes on
                sys.stderr.write(f"error: {type(error).__name__}: {error}\n")
                for answer in batch:
                    answer.fail(error)
            else:
                for answer in batch:
                    answer.end()
