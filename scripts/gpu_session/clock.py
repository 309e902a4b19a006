"""The machine's time. Tests put another in its place."""

import time
from datetime import datetime, timezone


class Clock:
    """Monotonic seconds: the same in this process and in the server's."""

    def now(self):
        return time.monotonic()

    def sleep(self, seconds):
        time.sleep(max(0.0, seconds))

    def utc(self):
        """RFC 3339, as landscapes have it."""
        return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
