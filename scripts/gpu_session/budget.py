"""The clock of one session: how long everything may take, and how windows shrink to fit.

Each stage names the seconds it would like. Before every window what is still to come is held against
what is left: waits and warm-ups cost what they cost, and the windows share the rest in proportion."""

# Kept for writing the last files and ending the server.
FINISH_S = 3.0
# A window below this share of what was wanted shows nothing; the last ones are left out instead.
LEAST_SHARE = 0.15


class Budget:
    def __init__(self, total_s, clock):
        self.total_s, self.clock = total_s, clock
        self.began = clock.now()
        # (stage, wanted, given) of every window that was shortened.
        self.shortened = []

    def spent_s(self):
        return self.clock.now() - self.began

    def left_s(self):
        return self.total_s - FINISH_S - self.spent_s()

    def ends_at(self):
        """The instant on the clock by which measuring has to be over."""
        return self.began + self.total_s - FINISH_S

    def window_s(self, stage, wanted_s, windows_s, fixed_s, around_s=0.0):
        """How long the next window may be. `windows_s` are the windows still to come and `fixed_s`
        everything else still to come, both with the next one and with later stages; `around_s` is the
        next one's part of it. None where too little is left for that one alone."""
        share = fitting_share(self.left_s(), windows_s, fixed_s)
        if share < LEAST_SHARE:
            # Not all of it will be reached. What comes first matters most, so it goes on.
            share = LEAST_SHARE
            if self.left_s() < wanted_s * share + around_s:
                return None
        if share < 1.0:
            self.shortened.append((stage, wanted_s, wanted_s * share))
        return wanted_s * share

    def shortening(self, stage):
        """In words what was shortened of a stage; None where nothing was."""
        own = [(wanted, given) for name, wanted, given in self.shortened if name == stage]
        if not own:
            return None
        least = min(given / wanted for wanted, given in own)
        return (
            f"the time ran out: {len(own)} windows were shortened, the shortest to "
            f"{least * 100:.0f} % of what was planned"
        )


def fitting_share(left_s, windows_s, fixed_s):
    """By which factor, at most 1, windows have to shrink so that all of it fits."""
    room = left_s - fixed_s
    if room <= 0.0 or windows_s <= 0.0:
        return 0.0
    return min(1.0, room / windows_s)
