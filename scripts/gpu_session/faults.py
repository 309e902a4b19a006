"""What can end a stage or a session, each with words for the person."""


class Missing(Exception):
    """A sensor, a library or a file that does not answer: why."""


class Stop(Exception):
    """The session cannot go on: what, and what to do."""


class OutOfTime(Exception):
    """The budget does not reach for what comes next."""


class Failed(Exception):
    """The server says that a command failed; `kind` is one of the landscape's causes."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


class Gone(Exception):
    """The server ended or stopped answering; nothing more can be measured with it."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind
