"""Outcomes to predict, when each becomes known, and how much of its own each tells."""

from finml_core.concurrency import average_uniqueness
from finml_core.labels.config import LabelConfig
from finml_core.labels.make import make_labels
from finml_core.labels.triple_barrier import triple_barrier

__all__ = ["LabelConfig", "average_uniqueness", "make_labels", "triple_barrier"]
