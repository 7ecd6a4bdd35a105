"""Controls of a pipeline: experiments whose answer is known, run through the very code that makes the claims."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from finml_core.experiments.predict import Split, predict_out_of_sample
from finml_core.experiments.score import score_folds
from finml_core.experiments.twin import permuted_rows
from finml_core.metrics import auc
from finml_core.models import ModelConfig, ModelType
from finml_core.samples import Samples

Predict = Callable[
    [Samples, Sequence[Split]], pd.DataFrame
]  # out-of-sample rows: symbol, ts, model, fold, y_true, p_raw
Check = dict[str, Any]  # check, verdict, value, reason
PASSED, DOUBTFUL, FAILED = "passed", "doubtful", "failed"

ORACLE = "the_outcome_itself"
SEEN = 0.95  # AUC that a feature which is the outcome must lead to
LOOKALIKE = 0.3  # distance of one feature's AUC from 0.5 beyond which it looks like the outcome
SAME = 1e-9  # probabilities that differ by no more are the same
ERRORS = 3.0  # standard errors that chance may reach
MOST_FOLDS = 3  # that are trained again to see whether test rows matter


def probe_of(models: Sequence[ModelType]) -> ModelType:
    """The model that is trained for the controls: one that can learn rows by heart, if the experiment has one."""
    tabular = [model for model in models if not model.is_baseline and not model.is_sequence]
    return next((model for model in tabular if model.draws), tabular[0] if tabular else ModelType.LOGISTIC)


def make_predict(model: ModelType, config: ModelConfig) -> Predict:
    """The experiment's own fold loop, for one model."""
    return lambda samples, splits: predict_out_of_sample(samples, splits, [model], config).predictions


def held_out_rows_teach_nothing(predict: Predict, samples: Samples, splits: Sequence[Split]) -> Check:
    """Scalers, selectors and models fitted inside the fold: what stands in test rows must not change their forecast.

    The outcomes of all test rows are turned round, and the features of the later half of them replaced; the forecasts
    of the earlier half must stay as they are.
    """
    chosen = [splits[place] for place in sorted({0, len(splits) // 2, len(splits) - 1})[:MOST_FOLDS]]
    worst = 0.0
    for train, test in chosen:
        ts = samples.X.index[test].get_level_values("ts")
        late = test[ts > ts.sort_values()[len(ts) // 2]]
        early = samples.X.index[np.setdiff1d(test, late)]
        before = _p_raw(predict(samples, [(train, test)]), early)
        after = _p_raw(predict(_disturbed(samples, test, late), [(train, test)]), early)
        worst = max(worst, float(np.abs(before - after).max()))
    is_clean = worst <= SAME
    return {
        "check": "fitted_inside_folds",
        "verdict": PASSED if is_clean else FAILED,
        "value": worst,
        "reason": f"nothing that stands in test rows changes a forecast ({len(chosen)} folds trained again)"
        if is_clean
        else f"a forecast moves by {worst:.3f} when other test rows change: something is fitted on them",
    }


def outcome_is_seen(predict: Predict, samples: Samples, splits: Sequence[Split], seed: int) -> Check:
    """Oracle control: with the outcome among the features, the pipeline must score near 1 and the scan must name it."""
    noise = np.random.default_rng(seed).normal(0, 0.01, len(samples))
    cheating = replace(samples, X=samples.X.assign(**{ORACLE: samples.y.to_numpy() + noise}))
    score = mean_auc(predict(cheating, splits))
    is_seen = score >= SEEN and ORACLE in lookalikes(cheating)
    return {
        "check": "oracle",
        "verdict": PASSED if is_seen else FAILED,
        "value": score,
        "reason": f"a feature that is the outcome is named, and leads to an AUC of {score:.3f}"
        if is_seen
        else f"a feature that is the outcome leads to an AUC of only {score:.3f}: these tests could not see a leak",
    }


def no_feature_is_the_outcome(samples: Samples) -> Check:
    """No single feature tells the outcome better than any honest one could."""
    found = lookalikes(samples)
    return {
        "check": "lookalikes",
        "verdict": FAILED if found else PASSED,
        "value": float(len(found)),
        "reason": f"alone it tells nearly every outcome: {', '.join(found[:5])}"
        if found
        else f"none of {samples.X.shape[1]} features is the outcome in disguise",
    }


def lookalikes(samples: Samples) -> list[str]:
    """Features whose own AUC is further from 0.5 than LOOKALIKE."""
    y = samples.y.to_numpy()
    return [str(name) for name, values in samples.X.items() if abs(auc(y, values.to_numpy()) - 0.5) > LOOKALIKE]


def noise_has_no_skill(
    predict: Predict, samples: Samples, splits: Sequence[Split], seed: int, n_repeats: int = 3
) -> Check:
    """With features that are noise the score must fall to chance."""
    scores = []
    for repeat in range(n_repeats):
        noise = np.random.default_rng((seed, repeat)).normal(size=samples.X.shape)
        blind = replace(samples, X=pd.DataFrame(noise, index=samples.X.index, columns=samples.X.columns))
        scores.append(mean_auc(predict(blind, splits)))
    return _at_chance("no_skill", scores, _chance_error(samples, splits), "features of noise")


def shuffled_labels_have_no_skill(
    predict: Predict, samples: Samples, splits: Sequence[Split], seed: int, n_repeats: int = 3
) -> Check:
    """With outcomes dealt out anew over time, one deal for all symbols, the score must fall to chance."""
    keys = samples.X.index.to_frame(index=False)
    scores = []
    for repeat in range(n_repeats):
        source = permuted_rows(keys["symbol"], keys["ts"], seed + repeat)
        dealt = {
            name: pd.Series(getattr(samples, name).to_numpy()[source], index=samples.X.index)
            for name in ("y", "label_return")
        }
        scores.append(mean_auc(predict(replace(samples, **dealt), splits)))
    return _at_chance("shuffled_labels", scores, _chance_error(samples, splits), "shuffled outcomes")


def mean_auc(predictions: pd.DataFrame) -> float:
    """AUC within folds, averaged."""
    return float(score_folds(predictions)["auc"].mean())


def auc_error(n_independent: float) -> float:
    """Standard error of an AUC without skill from so many independent outcomes, half of them rises."""
    return float(np.sqrt(1 / (3 * max(n_independent, 1.0))))


def _chance_error(samples: Samples, splits: Sequence[Split]) -> float:
    """Symbols of one timestamp move together, so only timestamps count as independent."""
    tested = np.unique(np.concatenate([test for _, test in splits]))
    return auc_error(samples.X.index[tested].get_level_values("ts").nunique())


def _at_chance(check: str, scores: list[float], error: float, what: str) -> Check:
    mean = float(np.mean(scores))
    limit = ERRORS * error / np.sqrt(len(scores))
    is_chance = abs(mean - 0.5) <= limit
    return {
        "check": check,
        "verdict": PASSED if is_chance else FAILED,
        "value": mean,
        "reason": f"{what} score an AUC of {mean:.3f}, "
        + (
            f"within {limit:.3f} of chance"
            if is_chance
            else f"further from chance than {limit:.3f}: rows of the test are known in training"
        ),
    }


def _disturbed(samples: Samples, test: np.ndarray, late: np.ndarray) -> Samples:
    X, y = samples.X.to_numpy(dtype=float).copy(), samples.y.to_numpy(dtype=float).copy()
    X[late] = 100.0 - 10.0 * X[late]
    y[test] = 1.0 - y[test]
    return replace(
        samples,
        X=pd.DataFrame(X, index=samples.X.index, columns=samples.X.columns),
        y=pd.Series(y, index=samples.y.index, name=samples.y.name),
    )


def _p_raw(predictions: pd.DataFrame, rows: pd.MultiIndex) -> np.ndarray:
    return predictions.set_index(["symbol", "ts"])["p_raw"].reindex(rows).to_numpy()
