"""The one server process: started, asked in lines of JSON over its pipes, ended with all it started.

No port and no key: nobody else can speak to it. It ends by itself when this process is gone."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading

from .faults import Failed, Gone

# How long a reply may take beyond what the command itself says.
PATIENCE_S = 60.0
END_S = 5.0


class Server:
    def __init__(self, environment, log, scripts):
        """Starts it; it imports at once and touches no GPU before it is told to."""
        known = os.environ.get("PYTHONPATH")
        paths = os.pathsep.join([str(scripts), *([known] if known else [])])
        self.log = open(log, "ab")  # noqa: SIM115 - for as long as the server runs
        self.process = subprocess.Popen(
            [sys.executable, "-B", "-m", "gpu_session.server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env={**os.environ, "PYTHONPATH": paths, **environment},
            start_new_session=True,
        )
        self.replies = queue.Queue()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            self.replies.put(line)
        self.replies.put(None)

    def send(self, do, **words):
        try:
            self.process.stdin.write(json.dumps({"do": do, **words}).encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            raise self.ended() from None

    def receive(self, within_s=PATIENCE_S):
        try:
            line = self.replies.get(timeout=within_s)
        except queue.Empty:
            self.close(now=True)
            raise Gone("hang", f"the server did not answer within {within_s:.0f} s") from None
        if line is None:
            raise self.ended()
        reply = json.loads(line)
        if "error" in reply:
            raise Failed(reply["error"]["kind"], reply["error"]["message"])
        return reply["ok"]

    def ask(self, do, within_s=PATIENCE_S, **words):
        self.send(do, **words)
        return self.receive(within_s)

    def ended(self):
        try:
            code = self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            return Gone("hang", "the server closed its output and did not end")
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return Gone("crash", f"the server ended ({how}); its last words are in server.log")

    def close(self, now=False):
        """Closing its input ends it; what is still there after a while is killed."""
        if self.process.poll() is None:
            try:
                self.process.stdin.close()
                self.process.wait(0.1 if now else END_S)
            except (OSError, subprocess.TimeoutExpired):
                pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)  # its own group, children included
        except ProcessLookupError:
            pass
        self.process.wait()
        self.log.close()
