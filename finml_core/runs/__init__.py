"""Running experiments in processes of their own, and keeping what came out."""

from finml_core.runs.ledger import Ledger
from finml_core.runs.luck import LuckSummary, leaderboard_luck
from finml_core.runs.status import RunStatus
from finml_core.runs.store import Annotation, RunStore
from finml_core.runs.studies import StudyStore
from finml_core.runs.user_feature import UserCodeError, audit_user_feature, bars_for_audit

__all__ = [
    "Annotation",
    "Ledger",
    "LuckSummary",
    "RunStatus",
    "RunStore",
    "StudyStore",
    "UserCodeError",
    "audit_user_feature",
    "bars_for_audit",
    "leaderboard_luck",
]
