"""The family of errors that users see: what is wrong, which value was met, how to mend it."""


class FinmlError(Exception):
    """Any failure that a user can mend; its text is shown as it stands."""


class ConfigError(FinmlError, ValueError):
    """A setting that cannot work."""


class DataError(FinmlError, ValueError):
    """Bars, labels or predictions that break the contract of `schemas`."""


class SplitError(FinmlError, ValueError):
    """A split that leaves nothing to train on or to test."""


class StoreError(FinmlError):
    """The store of bars or the folder of runs cannot be read or written."""


class RunError(FinmlError):
    """A run that is missing, broken or in the wrong state for what was asked."""
