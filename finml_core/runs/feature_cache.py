"""The features that this deployment keeps on disk, and how much of it they may take."""

import os
from pathlib import Path

from finml_core.errors import ConfigError
from finml_core.features import FeatureCache

FOLDER = "features"  # in FINML_HOME; may be deleted at any time
LIMIT, LIMIT_GB = "FINML_FEATURE_CACHE_GB", 4.0


def feature_cache(home: Path) -> FeatureCache:
    """The cache of the deployment at `home`, shared by its server and its workers.

    Raises
    ------
    ConfigError
        If the setting FINML_FEATURE_CACHE_GB is no number of at least 0.
    """
    return FeatureCache(home / FOLDER, max_bytes=most_bytes())


def most_bytes() -> int:
    """What FINML_FEATURE_CACHE_GB allows (4 where it is unset; 0 keeps nothing), in bytes."""
    text = os.environ.get(LIMIT, "").strip()
    try:
        limit_gb = float(text) if text else LIMIT_GB
    except ValueError:
        limit_gb = -1.0
    if not 0 <= limit_gb < float("inf"):
        raise ConfigError(f"{LIMIT} is {text!r}, but must be a number of gigabytes of at least 0; 0 keeps nothing.")
    return int(limit_gb * 1e9)
