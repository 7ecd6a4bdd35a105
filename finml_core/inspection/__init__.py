"""What a model's skill rests on."""

from finml_core.inspection.ablation import AblationTester

__all__ = ["AblationTester"]
