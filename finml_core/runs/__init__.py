"""Running experiments in processes of their own, and keeping what came out."""

from finml_core.runs.ledger import Ledger
from finml_core.runs.luck import LuckSummary, leaderboard_luck
from finml_core.runs.status import RunStatus
from finml_core.runs.store import Annotation, RunStore

__all__ = ["Annotation", "Ledger", "LuckSummary", "RunStatus", "RunStore", "leaderboard_luck"]
