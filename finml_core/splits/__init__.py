"""Cross-validation without leakage: splitters that purge by label end, what they do to the rows, and leak audits."""

from finml_core.splits.audit import audit_features
from finml_core.splits.base import PurgedSplitter
from finml_core.splits.combinatorial import CombinatorialPurgedCV
from finml_core.splits.diagnostics import split_diagnostics, split_timeline
from finml_core.splits.purged_kfold import PurgedKFold
from finml_core.splits.spans import LabelSpans
from finml_core.splits.split_audit import SplitAudit, audit_leakage, audit_splits
from finml_core.splits.walk_forward import WalkForwardCV

__all__ = [
    "SPLITTERS",
    "CombinatorialPurgedCV",
    "LabelSpans",
    "PurgedKFold",
    "PurgedSplitter",
    "SplitAudit",
    "WalkForwardCV",
    "audit_features",
    "audit_leakage",
    "audit_splits",
    "split_diagnostics",
    "split_timeline",
]

SPLITTERS = {
    "purged_kfold": PurgedKFold,
    "walk_forward": WalkForwardCV,
    "combinatorial": CombinatorialPurgedCV,
}
