"""The windows of one stage: every configuration once in each pass, in an order of its own, each
written down when it is done. What is there already is not measured again."""

import statistics

from .configurations import key, order
from .energy import joules_of
from .faults import Failed, Gone

# Windows behind the mean of what a window really costs.
LEARNT_AFTER = 3


class Sweep:
    def __init__(self, session, name, configurations, passes, wanted_s, later):
        """`later` is what later stages want: (seconds of windows, seconds around them)."""
        self.session, self.name, self.configurations = session, name, configurations
        self.passes, self.wanted_s, self.later = passes, wanted_s, later
        self.stage = session.ledger.stage(name)
        self.stage.setdefault("windows", [])
        self.stage.setdefault("failures", {})
        # What windows cost besides what they were given: settings, warm-up, edges, the last round.
        self.around = []

    def open(self):
        """(pass, configuration) that are still to be measured, in order."""
        done = {(one["pass"], key(one["configuration"])) for one in self.stage["windows"]}
        still = []
        for number in range(1, self.passes + 1):
            for place in order(len(self.configurations), number, self.session.plan.seed):
                own = key(self.configurations[place])
                if (number, own) not in done and own not in self.stage["failures"]:
                    still.append((number, self.configurations[place]))
        return still

    def run(self):
        session, ledger = self.session, self.session.ledger
        while still := self.open():
            number, configuration = still[0]
            given = self.given(len(still))
            if given is None:
                break
            began = session.clock.now()
            try:
                record = self.window(number, configuration, given)
            except Failed as error:
                if error.kind == "out-of-time":
                    break
                self.fail(configuration, error)
                continue
            except Gone as error:
                # The same settings would end the next server, too.
                self.fail(configuration, error)
                raise
            self.around.append(max(0.0, session.clock.now() - began - given))
            self.stage["windows"].append(record)
            ledger.save()
            session.tell(self.name, self.words(record))
        self.close()

    def given(self, still):
        around = self.session.plan.around_s
        if len(self.around) >= LEARNT_AFTER:
            around = statistics.fmean(self.around)
        windows_s, fixed_s = self.later
        return self.session.budget.window_s(
            self.name,
            self.wanted_s,
            still * self.wanted_s + windows_s,
            still * around + fixed_s,
            around,
        )

    def window(self, number, configuration, given_s):
        session = self.session
        prepared = session.server.ask("prepare", of=self.name, configuration=configuration)
        if prepared["used"] != configuration:
            raise Failed("wrong-work", f"asked for {key(configuration)}, in use is {key(prepared['used'])}")
        # What comes next must not be eaten by a window that takes its time.
        stop_at = session.budget.ends_at()
        started_at = session.clock.utc()

        def work():
            within_s = max(0.0, stop_at - session.clock.now()) + 60.0
            reply = session.server.ask(
                "work", of=self.name, seconds=given_s, stop_at=stop_at, within_s=within_s
            )
            return reply["begin"], reply["end"], reply

        measured, reply = session.meter.window(work)
        joules = joules_of(measured["energy"])
        return {
            "pass": number,
            "configuration": configuration,
            "started_at": started_at,
            "given_s": given_s,
            "shortened": given_s < self.wanted_s,
            "units": reply["units"],
            "requests": reply["requests"],
            "rounds": reply["rounds"],
            "steps": reply["steps"],
            "first_s": reply["first_s"],
            "joules_per_unit": joules / reply["units"] if joules is not None else None,
            **measured,
        }

    def fail(self, configuration, error):
        self.stage["failures"][key(configuration)] = {
            "configuration": configuration,
            "cause": error.kind,
            "message": str(error),
        }
        self.session.ledger.save()
        self.session.tell(self.name, f"{key(configuration)}: FAILED, {error}")

    def close(self):
        """Whether all of it is there, and what had to be shortened."""
        ledger, still = self.session.ledger, len(self.open())
        short = self.session.budget.shortening(self.name)
        if short:
            ledger.note(self.name, short)
        if still:
            ledger.end(
                self.name, "short", f"{still} windows are missing: the time ran out; the same command goes on"
            )
        else:
            ledger.end(self.name, "done")

    def words(self, record):
        figure = record["joules_per_unit"]
        unit = "image" if self.name == "images" else "token"
        cost = f"{figure:.4g} J/{unit}" if figure is not None else "no joules"
        speed = record["units"] / record["energy"]["work_s"]
        mark = f" (not used: {record['spoiled']})" if record["spoiled"] else ""
        every = len(self.configurations) * self.passes
        return (
            f"{len(self.stage['windows'])} of {every}: {key(record['configuration'])}: {cost}, "
            f"{speed:.4g} {unit}s/s{mark}"
        )
