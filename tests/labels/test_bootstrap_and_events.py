import numpy as np
import pandas as pd
import pytest

from finml_core.concurrency import average_uniqueness
from finml_core.errors import ConfigError, DataError
from finml_core.labels import LabelConfig, cusum_events, make_labels, sequential_bootstrap
from finml_core.labels.bootstrap import draw_chances
from finml_core.schemas import key_index

DAYS = pd.date_range("2020-01-01", periods=6).as_unit("us").rename("ts")
# AFML section 4.5.3: labels over bars 0-2, 2-3 and 4-5
FIRST, LAST = np.array([0, 2, 4]), np.array([2, 3, 5])


def test_the_chances_after_the_first_draw_are_those_of_the_book():
    assert draw_chances(FIRST, LAST, np.zeros(6)) == pytest.approx([1 / 3, 1 / 3, 1 / 3])
    second_drawn = np.array([0, 0, 1, 1, 0, 0])
    assert draw_chances(FIRST, LAST, second_drawn) == pytest.approx([5 / 14, 3 / 14, 6 / 14])


def test_draws_come_as_often_as_their_chances_say():
    label_end = pd.Series([DAYS[2], pd.NaT, DAYS[3], pd.NaT, DAYS[5], pd.NaT], index=DAYS)
    draws = np.array([sequential_bootstrap(label_end, n_draws=2, seed=seed) for seed in range(3000)])
    assert set(draws.ravel()) == {0, 2, 4}
    second = draws[draws[:, 0] == 2, 1]
    expected = {0: 5 / 14, 2: 3 / 14, 4: 6 / 14}
    for row, chance in expected.items():
        error = np.sqrt(chance * (1 - chance) / len(second))
        assert abs((second == row).mean() - chance) < 4 * error


def test_sequential_draws_overlap_less_than_plain_ones():
    generator = np.random.default_rng(0)
    stamps = pd.date_range("2020-01-01", periods=60).as_unit("us").rename("ts")
    last = np.minimum(np.arange(60) + generator.integers(1, 12, 60), 59)
    label_end = pd.Series(stamps[last], index=stamps).where(generator.random(60) < 0.4)
    rows = np.flatnonzero(label_end.notna())

    def mean_uniqueness(drawn):
        cover = np.zeros(60)
        for row in drawn:
            cover[row : last[row] + 1] += 1
        return np.mean([np.mean(1 / cover[row : last[row] + 1]) for row in drawn])

    sequential = [mean_uniqueness(sequential_bootstrap(label_end, seed=seed)) for seed in range(60)]
    plain = [mean_uniqueness(generator.choice(rows, len(rows))) for _ in range(60)]
    assert np.mean(sequential) > np.mean(plain) + 2 * np.std(plain) / np.sqrt(60)


def test_the_same_seed_draws_the_same_rows():
    label_end = pd.Series(DAYS[[2, 3, 4, 5, 5, 5]], index=DAYS)
    assert np.array_equal(sequential_bootstrap(label_end, seed=4), sequential_bootstrap(label_end, seed=4))
    assert len(sequential_bootstrap(label_end)) == 6
    with pytest.raises(DataError, match="no label"):
        sequential_bootstrap(pd.Series([pd.NaT] * 6, index=DAYS))
    with pytest.raises(ConfigError, match="n_draws"):
        sequential_bootstrap(label_end, n_draws=0)


def bars_of(close):
    ts = pd.date_range("2020-01-01", periods=len(close)).as_unit("us")
    return pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), close) | {"volume": 1.0}, index=ts)


def test_events_come_when_a_sum_passes_the_threshold():
    steps = np.array([0, 0.4, 0.4, 0.4, -0.9, -0.3, 0.2, 0.2, -0.1, 0.8])
    events = cusum_events(bars_of(np.exp(np.cumsum(steps))), 1.0)
    # up: .4 .8 1.2 (event, 0) 0 0 .2 .4 .3 1.1 (event); down: -0.9, -1.2 (event)
    assert list(np.flatnonzero(events)) == [3, 5, 9]


def test_events_agree_with_the_recursion_on_each_symbol(panel):
    volatility = panel.groupby("symbol")["close"].transform(lambda c: c.pct_change().ewm(span=50, min_periods=20).std())
    threshold = (2 * volatility).set_axis(key_index(panel))
    events = cusum_events(panel, threshold)
    assert 0.05 < events.mean() < 0.5
    for symbol, bars in panel.groupby("symbol"):
        up = down = 0.0
        returns = np.log(bars["close"]).diff().fillna(0).to_numpy()
        for row, (step, limit) in enumerate(zip(returns, threshold.loc[symbol])):
            up, down = max(0.0, up + step), min(0.0, down + step)
            expected = False
            if down < -limit:
                down, expected = 0.0, True
            elif up > limit:
                up, expected = 0.0, True
            assert events.loc[symbol].iloc[row] == expected


def test_events_before_a_cut_do_not_change_with_the_future(panel):
    cut = panel["ts"].unique()[300]
    early = cusum_events(panel[panel["ts"] <= cut], 0.05)
    pd.testing.assert_series_equal(early, cusum_events(panel, 0.05).loc[early.index])


def test_only_events_are_labelled_and_share_less(panel):
    events = cusum_events(panel, 0.05)
    config = LabelConfig(horizon=10, weights="uniqueness")
    labels = make_labels(panel, config, events=events)
    everything = make_labels(panel, config)
    assert labels["y"].notna().equals(events & everything["y"].notna())
    assert labels["sample_weight"].mean() > 2 * everything["sample_weight"].mean()
    assert labels["sample_weight"].equals(average_uniqueness(labels["label_end"]).rename("sample_weight"))


@pytest.mark.parametrize("threshold", [0.0, -0.1, np.nan])
def test_a_threshold_that_cannot_work_is_refused(threshold, panel):
    with pytest.raises(ConfigError, match="threshold"):
        cusum_events(panel, threshold)
