"""Intervals that keep what they promise."""

import numpy as np
import pytest

from finml_core.calibration import SplitConformal, conformal_quantile, cross_fit_intervals
from finml_core.errors import ConfigError, DataError


def test_of_99_scores_the_90th_smallest_is_taken():
    # Lei et al. (2018): rank ceil((99 + 1) * 0.9) = 90
    scores = np.random.default_rng(0).permutation(np.arange(1, 100))
    assert conformal_quantile(scores, 0.1) == 90


@pytest.mark.parametrize(("n_scores", "expected"), [(0, np.inf), (8, np.inf), (9, 9.0), (10, 10.0), (19, 18.0)])
def test_too_few_scores_give_an_infinite_width(n_scores, expected):
    assert conformal_quantile(np.arange(1.0, n_scores + 1), 0.1) == expected


@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.2, 0.3])
def test_the_rank_is_exact_for_all_counts(alpha):
    from fractions import Fraction

    keep = 1 - Fraction(str(alpha))
    for n_scores in range(1, 200):
        rank = -((-(n_scores + 1) * keep.numerator) // keep.denominator)
        expected = rank if rank <= n_scores else np.inf
        assert conformal_quantile(np.arange(1.0, n_scores + 1), alpha) == expected


def test_coverage_on_exchangeable_data_is_as_promised():
    generator = np.random.default_rng(1)
    covered = []
    for _ in range(400):
        forecast, noise = generator.normal(size=130), generator.standard_t(4, size=130)
        band = SplitConformal(0.2).fit(forecast[:30], (forecast + noise)[:30])
        lower, upper = band.predict(forecast[30:])
        covered.append(((lower <= (forecast + noise)[30:]) & ((forecast + noise)[30:] <= upper)).mean())
    # exactly ceil(31 * 0.8) / 31 = 25 / 31 in expectation; the mean over 400 draws has an error of 0.004
    assert np.mean(covered) == pytest.approx(25 / 31, abs=0.015)


def test_bounds_lie_at_one_distance_around_the_forecast():
    band = SplitConformal(0.5).fit(np.zeros(3), [1.0, -2.0, 3.0])
    assert (band.radius_, band.n_scores_) == (2.0, 3)
    lower, upper = band.predict([10.0])
    assert (lower[0], upper[0]) == (8.0, 12.0)


def test_cross_fitted_intervals_cover_their_share(predictions):
    bounds = cross_fit_intervals(predictions, alpha=0.2)
    given = bounds["lower"].notna()
    assert list(predictions.loc[~given, "fold"].unique()) == [0]
    covered = predictions["label_return"].between(bounds["lower"], bounds["upper"])[given].mean()
    assert covered == pytest.approx(0.8, abs=0.05)
    # a higher probability asks for a higher return
    middle = bounds.mean(axis=1)
    assert np.corrcoef(middle[given], predictions.loc[given, "p_raw"])[0, 1] > 0.5


def test_the_line_never_sees_the_errors_that_it_is_judged_by(predictions):
    # outcomes between the two parts reach into the second one: they belong to neither
    block = predictions[predictions["fold"] == 1]
    known = predictions[predictions["label_end"] < block["ts"].min()]
    stamps = known["ts"].unique()
    border = stamps[int(0.6 * len(stamps))]
    between = known.index[(known["ts"] < border) & (known["label_end"] >= border)]
    assert len(between) == 10
    wild = predictions.copy()
    wild.loc[between, "label_return"] = 5.0
    expected = cross_fit_intervals(predictions).loc[block.index]
    np.testing.assert_array_equal(cross_fit_intervals(wild).loc[block.index], expected)


def test_calibrated_probabilities_may_be_read_instead(predictions):
    twin = predictions.assign(p_cal=predictions["p_raw"])
    expected = cross_fit_intervals(predictions)
    np.testing.assert_array_equal(cross_fit_intervals(twin, probability="p_cal"), expected)


def test_a_constant_probability_gives_the_mean_return(predictions):
    flat = cross_fit_intervals(predictions.assign(p_raw=0.5))
    middle = flat.mean(axis=1)[predictions["fold"] == 4]
    assert middle.nunique() == 1
    assert abs(middle.iloc[0]) < 0.003


def test_few_earlier_rows_leave_intervals_missing_or_infinite(predictions):
    assert cross_fit_intervals(predictions, min_samples=5000).isna().all(axis=None)
    # of the 15 bars known before the second fold 4 draw the line and 6 x 2 rows give errors: too few for 95 %
    short = predictions.iloc[:80].assign(fold=np.repeat([0, 1], 40))
    assert np.isinf(cross_fit_intervals(short, alpha=0.05, min_samples=5).iloc[40:]).all(axis=None)
    assert np.isfinite(cross_fit_intervals(short, alpha=0.1, min_samples=5).iloc[40:]).all(axis=None)
    assert (
        cross_fit_intervals(predictions.iloc[:40].assign(fold=np.repeat([0, 1], 20)), min_samples=5)
        .isna()
        .all(axis=None)
    )


def test_what_cannot_work_is_refused():
    with pytest.raises(ConfigError, match="alpha is 1"):
        conformal_quantile([1.0], 1.0)
    with pytest.raises(DataError, match="1 of 2 scores are missing"):
        conformal_quantile([1.0, np.nan], 0.1)
    with pytest.raises(DataError, match="one length"):
        SplitConformal().fit([1.0], [1.0, 2.0])
