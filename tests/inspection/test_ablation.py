import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import get_scorer

from finml_core.errors import ConfigError, DataError
from finml_core.inspection import AblationTester
from finml_core.splits import PurgedKFold

N = 500


class Line:
    """Least squares, a hundred times quicker than an estimator with checks."""

    def fit(self, X, y):
        self.slope = np.linalg.lstsq(np.column_stack([np.ones(len(X)), X]), y, rcond=None)[0]
        return self

    def predict(self, X):
        return self.slope[0] + X.to_numpy() @ self.slope[1:]


def likeness(model, X, y) -> float:
    """Correlation of forecast and outcome, a scorer."""
    return float(np.corrcoef(model.predict(X), y)[0, 1])


FAMILIES = {"planted": ["a0", "a1"], "noise": ["b0", "b1"], "more noise": ["c0", "c1"], "still noise": ["d0"]}


def world(seed: int, strength: float = 0.5) -> tuple[pd.DataFrame, pd.Series, list]:
    """Outcomes that follow two features; five others know nothing."""
    generator = np.random.default_rng(seed)
    index = pd.bdate_range("2015-01-01", periods=N, name="ts")
    columns = [column for family in FAMILIES.values() for column in family]
    X = pd.DataFrame(generator.normal(size=(N, len(columns))), index=index, columns=columns)
    y = pd.Series((strength * (X["a0"] - X["a1"]) + generator.normal(size=N) > 0).astype(float), index=index)
    return X, y, list(PurgedKFold(n_splits=8, purge_gap=1).split(X))


def ablation(scorer=likeness, **settings) -> AblationTester:
    return AblationTester(scorer=scorer, **settings)


def test_the_planted_family_is_found_and_noise_is_not():
    n_worlds, false_share = 60, []
    for seed in range(n_worlds):
        table = ablation().run(Line, *world(seed), FAMILIES).set_index("group")
        assert table.index[0] == "planted"
        assert table.loc["planted", "found"]
        assert table.loc["planted", "lower"] > 0
        false_share.append((table["found"].sum() - 1) / table["found"].sum())
    assert np.mean(false_share) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / n_worlds)


def test_where_nothing_is_planted_nothing_is_found():
    found = [ablation().run(Line, *world(seed, 0.0), FAMILIES)["found"].any() for seed in range(100)]
    assert np.mean(found) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 100)


def test_numbers_are_those_of_the_definition_written_out():
    X, y, splits = world(0)
    table = (
        ablation(get_scorer("roc_auc"), confidence=0.95)
        .run(LogisticRegression, X, y, splits, FAMILIES)
        .set_index("group")
    )
    lost = []
    for train, test in splits:
        scores = []
        for columns in (list(X.columns), [c for c in X.columns if c not in FAMILIES["planted"]]):
            model = LogisticRegression().fit(X[columns].iloc[train], y.iloc[train])
            scores.append(get_scorer("roc_auc")(model, X[columns].iloc[test], y.iloc[test]))
        lost.append(scores[0] - scores[1])
    ratio = np.mean([len(test) / len(train) for train, test in splits])
    error = np.std(lost, ddof=1) * np.sqrt(1 / 8 + ratio)
    row = table.loc["planted"]
    assert row["importance"] == pytest.approx(np.mean(lost))
    assert row["error"] == pytest.approx(error)
    assert row["upper"] - row["importance"] == pytest.approx(stats.t(7).ppf(0.975) * error)
    assert row["p_value"] == pytest.approx(stats.t(7).sf(np.mean(lost) / error))
    assert row["score"] - row["score_without"] == pytest.approx(row["importance"])


def test_any_estimator_any_score_single_features_and_weights():
    X, y, splits = world(1)
    weight = pd.Series(np.linspace(0.5, 1.5, N), index=X.index)
    told = []
    table = AblationTester(scorer=get_scorer("neg_mean_squared_error")).run(
        Ridge,
        X,
        X["a0"] * 2 + y,
        splits,
        fit_arguments=lambda train: {"sample_weight": weight.iloc[train].to_numpy()},
        tell=lambda share, words: told.append((share, words)),
    )
    assert next(iter(table["group"])) == "a0"
    assert set(table["group"]) == set(X.columns)
    assert told[0] == (0.0, "all features, fold 1")
    assert len(told) == 8 * (1 + X.shape[1])
    assert [share for share, _ in told] == sorted(share for share, _ in told)


def test_a_column_that_nothing_looks_at_has_no_importance():
    X, y, splits = world(2)
    table = ablation().run(Line, X.assign(flat=0.0), y, splits, {"flat": ["flat"]})
    assert table.loc[0, ["importance", "error", "p_value"]].tolist() == pytest.approx([0, 0, 1])
    assert not table.loc[0, "found"]


def test_what_cannot_be_ablated_is_refused():
    X, y, splits = world(3)
    with pytest.raises(DataError, match="'nobody', which is no column"):
        ablation().run(Line, X, y, splits, {"a": ["nobody"]})
    with pytest.raises(DataError, match="has 7 of 7 columns"):
        ablation().run(Line, X, y, splits, {"all": list(X.columns)})
    with pytest.raises(ConfigError, match="1 split is too few"):
        ablation().run(Line, X, y, splits[:1], FAMILIES)
    with pytest.raises(ConfigError, match="choose one of"):
        ablation(correction="none")
