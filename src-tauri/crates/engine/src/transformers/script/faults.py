"""What can be wrong with a request or a setting."""


class Refused(Exception):
    """A request that means nothing here: what, and what to do."""


class Unsuited(Exception):
    """A setting that this model, or another setting, cannot go with."""
