"""The synthetic market's planted signal is found from past returns alone, almost as well as knowing it would allow.

In a market that only ranges, the next bar rises with probability Phi(score), score = -strength * tanh(return of the
last five bars over its usual deviation), as finml_core.bars.synthetic says: a network that sees five returns can
represent it. Test rows count by that probability instead of by their drawn outcome, so no luck moves an AUC here.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from finml_core.bars import SyntheticConfig, simulate_bars
from finml_core.models import (
    ConvLSTMConfig,
    GRUConfig,
    HybridConfig,
    LSTMConfig,
    NeuralODEConfig,
    SequenceClassifier,
    TrainConfig,
    TransformerConfig,
)

NETWORKS = {
    "lstm": LSTMConfig(hidden_dim=16, dropout=0.0),
    "gru": GRUConfig(hidden_dim=16, dropout=0.0),
    "transformer": TransformerConfig(d_model=16, nhead=2, num_encoder_layers=1, dim_feedforward=32, dropout=0.0),
    "hybrid": HybridConfig(hidden_dim=16, nhead=2, dim_feedforward=16, dropout=0.0),
    "conv_lstm": ConvLSTMConfig(hidden_dim=8, segment=2, dropout=0.0),
    "neural_ode": NeuralODEConfig(hidden_dim=8, flow_dim=8, dropout=0.0),
}
EPOCHS = {"lstm": 8, "gru": 8, "transformer": 8, "hybrid": 5, "conv_lstm": 4, "neural_ode": 5}
TRAIN = TrainConfig(batch_size=128, learning_rate=1e-2, device="cpu")


@dataclass(frozen=True)
class Planted:
    """Returns, what followed, and the probability with which it rose."""

    X: pd.DataFrame
    y: pd.Series
    p_true: pd.Series
    is_train: np.ndarray
    is_test: np.ndarray


@pytest.fixture(scope="module")
def planted() -> Planted:
    """Twenty symbols x 1200 bars in one regime; the last 40 % of the time is for testing."""
    market = simulate_bars(
        SyntheticConfig(n_symbols=20, n_bars=1200, seed=3, regimes=("RANGING",), signal_strength=1.0)
    )
    log_return = np.log(market.bars.set_index(["symbol", "ts"])["close"]).groupby("symbol").diff()
    following = log_return.groupby("symbol").shift(-1)
    ts = log_return.index.get_level_values("ts")
    is_early = ts < ts.unique()[720]
    return Planted(
        X=log_return.fillna(0.0).to_frame("log_return"),
        y=(following > 0).astype(float),
        p_true=pd.Series(norm.cdf(market.signal["score"].to_numpy()), index=log_return.index),
        is_train=is_early & following.notna().to_numpy(),
        is_test=~is_early & following.notna().to_numpy(),
    )


def expected_auc(p_true, stated) -> float:
    """AUC of `stated` on rows that are each p_true of a rise and 1 - p_true of a fall."""
    outcome = np.repeat([1, 0], len(p_true))
    return roc_auc_score(outcome, np.tile(stated, 2), sample_weight=np.concatenate([p_true, 1 - p_true]))


def test_an_expected_auc_counts_every_pair_by_its_probability():
    generator = np.random.default_rng(0)
    p_true = generator.uniform(0.2, 0.8, 30)
    stated = np.round(3 * p_true + generator.normal(size=30), 1)  # some alike
    won = (stated[:, None] > stated) + 0.5 * (stated[:, None] == stated)
    pairs = np.outer(p_true, 1 - p_true)
    assert expected_auc(p_true, stated) == pytest.approx((won * pairs).sum() / pairs.sum())


def test_outcomes_come_true_as_often_as_the_bound_believes(planted):
    p, y = planted.p_true[planted.is_test].to_numpy(), planted.y[planted.is_test].to_numpy()
    for low, high in [(0.0, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 1.0)]:
        rows = (p > low) & (p <= high)
        # symbols of a day share a third of their variance: an effective row is some 7 of them
        error = np.sqrt(7 * p[rows].mean() * (1 - p[rows].mean()) / rows.sum())
        assert y[rows].mean() == pytest.approx(p[rows].mean(), abs=4 * error)
    assert expected_auc(p, p) == pytest.approx(roc_auc_score(y, p), abs=0.02)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_finds_the_planted_signal_within_two_hundredths_of_the_bayes_bound(name, planted):
    train = replace(TRAIN, epochs=EPOCHS[name])
    model = SequenceClassifier(network=NETWORKS[name], train=train, sequence_length=6)
    model.fit(planted.X[planted.is_train], planted.y[planted.is_train], context=planted.X)
    stated = model.predict_proba(planted.X[planted.is_test], planted.X)[:, 1]
    p_true = planted.p_true[planted.is_test].to_numpy()
    bound = expected_auc(p_true, p_true)
    assert bound > 0.65
    assert bound - 0.02 < expected_auc(p_true, stated) <= bound
