"""Where bars, runs and trials lie, and the experiment that a first start runs."""

import os
from pathlib import Path

DEFAULT_EXPERIMENT = Path(__file__).resolve().parents[2] / "examples" / "direction_5d.yaml"


def home() -> Path:
    """The folder that FINML_HOME names, or `data` in the working folder."""
    return Path(os.environ.get("FINML_HOME", "data"))
