"""What can be wrong with a request or a setting."""


class Refused(Exception):
    """A request that means nothing here: what, and what to do."""


class Unsuited(Exception):
    """A setting that this model cannot have."""


class Gone(Exception):
    """The client hung up, so nobody waits for the pictures."""
