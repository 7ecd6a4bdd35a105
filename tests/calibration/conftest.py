"""Out-of-fold predictions whose distortion is known."""

import numpy as np
import pandas as pd
import pytest

from finml_core.numerics import expit, logit


@pytest.fixture(scope="session")
def predictions() -> pd.DataFrame:
    """Two symbols x 600 bars in 5 folds; stated log-odds are three times too large; treat as read-only."""
    generator = np.random.default_rng(4)
    ts = pd.bdate_range("2015-01-01", periods=605).astype("datetime64[us]")
    frame = pd.DataFrame(
        {
            "symbol": np.tile(["A", "B"], 600),
            "ts": np.repeat(ts[:600], 2),
            "label_end": np.repeat(ts[5:], 2),
            "fold": np.repeat(np.arange(5), 240),
        }
    )
    true_p = expit(generator.normal(0, 0.7, len(frame)))
    frame["y_true"] = (generator.random(len(frame)) < true_p).astype(float)
    frame["p_raw"] = expit(3 * logit(true_p))
    frame["label_return"] = 0.01 * (true_p - 0.5) + generator.normal(0, 0.02, len(frame))
    return frame
