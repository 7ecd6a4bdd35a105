"""The rule that follows what has moved."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from finml_core.arbitration import momentum
from finml_core.errors import ConfigError


def test_the_side_is_the_sign_of_the_move_and_its_confidence_how_rare_that_is(panel):
    opinion = momentum(panel, window=40)
    for symbol, rows in panel.groupby("symbol"):
        logs = np.log(rows["close"].to_numpy())
        own = opinion.loc[symbol]
        assert own["signal"].isna().to_numpy()[:40].all()
        for bar in range(40, len(logs), 37):
            steps = np.diff(logs[bar - 40 : bar + 1])
            z = (logs[bar] - logs[bar - 40]) / (steps.std(ddof=1) * np.sqrt(40))
            assert own["signal"].iloc[bar] == np.sign(z)
            assert own["confidence"].iloc[bar] == pytest.approx(2 * norm.cdf(abs(z)) - 1)


def test_momentum_knows_nothing_of_the_future(panel):
    early = momentum(panel[panel["ts"] <= panel["ts"].unique()[300]])
    pd.testing.assert_frame_equal(early, momentum(panel).loc[early.index])


def test_a_price_that_stands_still_has_no_side(panel):
    still = panel.assign(**dict.fromkeys(("open", "high", "low", "close"), 5.0))
    assert (momentum(still).dropna() == 0).all(axis=None)
    with pytest.raises(ConfigError, match="window"):
        momentum(panel, window=1)
