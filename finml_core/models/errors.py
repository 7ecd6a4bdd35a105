"""What can go wrong with a model beyond its settings and its data."""

from finml_core.errors import FinmlError


class ModelError(FinmlError):
    """A model that cannot be trained here, or a saved one that cannot be read."""


class TrainingCancelled(FinmlError):
    """Training was asked to stop; nothing of it is kept but its last checkpoint."""
