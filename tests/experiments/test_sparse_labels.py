"""Experiments that ask about some bars only: events, and the bets of a primary strategy."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from finml_core.arbitration import momentum, moving_average_cross, zscore_reversion
from finml_core.errors import ConfigError
from finml_core.experiments import (
    ExperimentConfig,
    SplitConfig,
    ablate,
    make_dataset,
    rebacktest,
    run_experiment,
)
from finml_core.experiments import run as run_module
from finml_core.experiments.bets import PRIMARY, bet_opinion, bet_weight, primary_weight, score_bets
from finml_core.experiments.data import compute_features, rows_after
from finml_core.experiments.leak_audit import _skill as skill_of
from finml_core.experiments.outcomes import asked_rows, label_bars
from finml_core.experiments.predict import predict_out_of_sample
from finml_core.experiments.primary import BY_SIDE, CONFIDENCE, SIDE, PrimaryConfig, primary_opinion
from finml_core.experiments.trials import trial_identity
from finml_core.features import FeatureEngineer
from finml_core.labels import LabelConfig, make_labels, meta_labels, sampled_bars
from finml_core.models import ModelConfig, ModelType, RandomForestConfig
from finml_core.models.windows import WindowMap
from finml_core.schemas import key_index

EVENTS = LabelConfig(kind="triple_barrier", horizon=10, sampling="cusum", event_width=1.5, weights="uniqueness_return")
BETS = PrimaryConfig(rule="momentum", lookback=30, min_return=0.001)
KFOLD = SplitConfig(n_splits=4)
PATHS = SplitConfig(kind="combinatorial", n_splits=4, n_test_splits=2)


@pytest.fixture(scope="module")
def sparse(small) -> ExperimentConfig:
    """Events, and on them the bets of a primary strategy."""
    return replace(small, label=EVENTS, primary=BETS, split=KFOLD)


@pytest.fixture(scope="module")
def bets_run(sparse, market):
    return run_experiment(sparse, market)


def asked_bars(config: ExperimentConfig, bars: pd.DataFrame) -> pd.Series | None:
    return asked_rows(config.label, config.primary, bars)


def compute_labels(config: ExperimentConfig, bars: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series | None]:
    return label_bars(config.label, config.primary, bars)


def overlapping(train: np.ndarray, test: np.ndarray, start: np.ndarray, end: np.ndarray) -> int:
    """Pairs of a training and a test label whose closed spans touch, one by one."""
    return sum(int(((start[row] <= end[test]) & (start[test] <= end[row])).sum()) for row in train)


KINDS = {
    "events": (LabelConfig(horizon=8, sampling="cusum", event_width=2.0, decay=True), PrimaryConfig()),
    "barriers at events": (EVENTS, PrimaryConfig()),
    "lines at events": (LabelConfig(kind="trend_scanning", horizon=12, sampling="cusum"), PrimaryConfig()),
    "bets of a cross": (LabelConfig(horizon=6), PrimaryConfig(rule="moving_average_cross", fast=5, slow=30)),
    "bets on a reversion": (
        LabelConfig(kind="triple_barrier", horizon=6, weights="return_attribution"),
        PrimaryConfig(rule="zscore_reversion"),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_label_runs_from_bars_to_money_without_an_overlap(kind, small, market):
    label, primary = KINDS[kind]
    config = replace(small, label=label, primary=primary, split=PATHS if "barriers" in kind else KFOLD)
    data = make_dataset(config, market)
    start = data.samples.X.index.get_level_values("ts").to_numpy()
    end = data.samples.label_end.to_numpy()
    assert (end > start).all()
    for train, test in config.split.build().split(data.samples.X, groups=data.samples.label_end):
        assert len(train) > 50
        assert overlapping(train, test, start, end) == 0
    result = run_experiment(config, market)
    assert (result.tables["diagnostics"]["overlapping_pairs"] == 0).all()
    assert result.metrics["audit_passed"]
    asked = asked_bars(config, data.bars)
    rows = pd.MultiIndex.from_frame(result.predictions[["symbol", "ts"]])
    assert asked.loc[rows].all()
    assert set(result.predictions["y_true"].dropna()) == {0.0, 1.0}
    board = result.tables["leaderboard"].set_index("model")
    assert board.loc[["naive", "logistic", "arbitrated"], "sharpe"].notna().sum() >= 2
    assert (PRIMARY in board.index) == primary.is_there


def test_a_network_reads_all_bars_before_an_event(sparse, market, monkeypatch):
    offered, honest = [], run_module.predict_out_of_sample

    def watched(samples, *arguments, context, **others):
        offered.append((samples, context))
        return honest(samples, *arguments, context=context, **others)

    monkeypatch.setattr(run_module, "predict_out_of_sample", watched)
    run_experiment(replace(sparse, models=(ModelType.NAIVE,)), market)
    ((samples, context),) = offered
    assert context.index.equals(key_index(market))
    at = WindowMap(context).locate(samples.X.index, 40)
    assert at.is_full.mean() > 0.85
    for event, end in zip(samples.X.index[::29], at.end[::29], strict=True):
        window = context.index[at.order[end - 39 : end + 1]]
        bars = market[(market["symbol"] == event[0]) & (market["ts"] <= event[1])].tail(40)
        assert window.equals(key_index(bars))


@pytest.mark.parametrize("place", [400, 650, 900])
def test_events_sides_features_and_known_outcomes_do_not_change_with_what_follows(place, sparse, market):
    early = market[market["ts"] <= np.sort(market["ts"].unique())[place]].reset_index(drop=True)
    pd.testing.assert_series_equal(asked_bars(sparse, early), asked_bars(sparse, market).loc[key_index(early)])
    side = primary_opinion(sparse.primary, early)
    pd.testing.assert_frame_equal(side, primary_opinion(sparse.primary, market).loc[side.index])
    features = compute_features(sparse, early)
    whole = compute_features(sparse, market).loc[features.index]
    pd.testing.assert_frame_equal(features, whole, rtol=1e-7, atol=1e-9)
    columns = ["y", "label_return", "label_end"]
    known = compute_labels(sparse, early)[0][columns].dropna()
    assert len(known) > 100
    pd.testing.assert_frame_equal(known, compute_labels(sparse, market)[0].loc[known.index, columns])


def test_what_is_asked_is_an_event_at_which_the_primary_bets(small, market):
    reversion = PrimaryConfig(rule="zscore_reversion", entry=1.5)
    config = replace(small, label=EVENTS, primary=reversion)
    side = zscore_reversion(market, window=20, entry=1.5)["signal"]
    events = sampled_bars(market, EVENTS)
    asked = asked_bars(config, market)
    assert asked.equals(events & (side.abs() == 1))
    assert 0 < asked.sum() < events.sum()
    labels, _ = compute_labels(config, market)
    expected = meta_labels(market, side, EVENTS, events=asked)
    pd.testing.assert_frame_equal(labels, expected)
    data = make_dataset(config, market)
    assert data.samples.y.equals(labels["y"].reindex(data.samples.X.index))
    n_complete = data.features.notna().all(axis=1)
    assert data.samples.dropped["no event"] == (n_complete & ~asked).sum()
    assert sum(data.samples.dropped.values()) + len(data.samples) == len(market)


def test_the_rule_named_is_the_rule_asked(market):
    names = {
        "momentum": momentum(market, window=60),
        "moving_average_cross": moving_average_cross(market, fast=20, slow=100),
        "zscore_reversion": zscore_reversion(market, window=20, entry=1.0),
    }
    for name, opinion in names.items():
        pd.testing.assert_frame_equal(primary_opinion(PrimaryConfig(rule=name), market), opinion)
        first = opinion.loc["SYN00", "signal"].notna().to_numpy().argmax()
        assert first in (PrimaryConfig(rule=name).warm_up, PrimaryConfig(rule=name).warm_up - 1)
    with pytest.raises(ConfigError, match="no primary strategy"):
        primary_opinion(PrimaryConfig(), market)


def test_features_know_the_side_and_are_the_same_besides(sparse, market):
    features = compute_features(sparse, market)
    plain = FeatureEngineer(sparse.features).fit(market).transform(market)
    side = momentum(market, window=30)
    pd.testing.assert_frame_equal(features[plain.columns], plain)
    assert features[SIDE].equals(side["signal"].rename(SIDE))
    assert features[CONFIDENCE].equals(side["confidence"].rename(CONFIDENCE))
    name = plain.columns[3]
    assert features[name + BY_SIDE].to_numpy() == pytest.approx((plain[name] * side["signal"]), nan_ok=True)
    assert features.shape[1] == 2 * plain.shape[1] + 2


def test_rows_after_the_last_test_block_are_asked_ones(sparse, market):
    data = make_dataset(sparse, market)
    *_, (_, test) = sparse.split.build().split(data.samples.X, groups=data.samples.label_end)
    ahead = rows_after(data, test)
    assert 0 < len(ahead) < 40
    assert data.asked.loc[ahead.index].all()
    assert not ahead.index.isin(data.samples.X.index).any()


def test_a_position_is_the_mean_of_the_bets_still_open(sparse, bets_run, market):
    rows = bets_run.predictions.query("model == 'logistic'")
    p_cal = rows.set_index(["symbol", "ts"])["p_cal"].sort_index()
    weight = bet_weight(sparse, p_cal, market)
    side = momentum(market, window=30)["signal"]
    sizing, horizon = sparse.sizing, sparse.label.horizon
    for symbol in ("SYN00", "SYN03"):
        stamps = market.loc[market["symbol"] == symbol, "ts"].tolist()
        bets = []
        for ts in stamps:
            p = p_cal.get((symbol, ts), np.nan)
            acts = not np.isnan(p) and 2 * p - 1 > 0
            bets.append(side[symbol, ts] * min(sizing.scale * (2 * p - 1), sizing.cap) if acts else 0.0)
        expected = [sum(bets[max(0, bar - horizon + 1) : bar + 1]) / horizon for bar in range(len(stamps))]
        assert weight.loc[symbol].to_numpy() == pytest.approx(np.array(expected))
        assert np.abs(expected).max() > 0.05


def test_the_primary_alone_takes_every_bet_at_full_size(sparse, market):
    weight = primary_weight(sparse, market)
    side = momentum(market, window=30)["signal"].where(asked_bars(sparse, market), 0.0)
    own, found = side.loc["SYN01"].to_numpy(), weight.loc["SYN01"].to_numpy()
    expected = [own[max(0, bar - 9) : bar + 1].sum() / 10 * sparse.sizing.cap for bar in range(len(own))]
    assert found == pytest.approx(np.array(expected))


def test_an_opinion_lasts_until_the_next_and_no_longer_than_its_bet(sparse, bets_run, market):
    rows = bets_run.predictions.query("model == 'logistic'")
    p_cal = rows.set_index(["symbol", "ts"])["p_cal"].sort_index()
    side = momentum(market, window=30)["signal"]
    for config in (sparse, replace(sparse, primary=PrimaryConfig())):
        opinion = bet_opinion(config, p_cal, market).loc["SYN02"]
        stamps, expected, age = opinion.index, (np.nan, np.nan), 99
        for ts in stamps:
            p = p_cal.get(("SYN02", ts), np.nan)
            age += 1
            if not np.isnan(p):
                up = np.sign(p - 0.5) if not config.primary.is_there else side["SYN02", ts] * (p > 0.5)
                expected, age = (up, max(p, 1 - p) if up else 0.0), 0
            shown = expected if age < config.label.horizon else (np.nan, np.nan)
            assert opinion.loc[ts].to_numpy() == pytest.approx(np.array(shown, dtype=float), nan_ok=True)


def test_acting_is_scored_bet_by_bet(sparse, bets_run, market):
    table = score_bets(sparse, bets_run.predictions, market).set_index("model")
    pd.testing.assert_frame_equal(table.reset_index(), bets_run.tables["bets"])
    rows = bets_run.predictions.query("model == 'logistic'").dropna(subset=["y_true", "p_cal"])
    hits = misses = acted = paid = 0
    for bet in rows.itertuples():
        acts = 2 * bet.p_cal - 1 > 0
        assert bet.y_true == float(bet.label_return > 0.001)
        acted, paid = acted + acts, paid + (bet.y_true == 1)
        hits, misses = hits + (acts and bet.y_true == 1), misses + (not acts and bet.y_true == 1)
    own = table.loc["logistic"]
    assert own["n_bets"] == len(rows)
    assert own["precision"] == pytest.approx(hits / acted)
    assert own["recall"] == pytest.approx(hits / paid)
    assert hits + misses == paid
    assert own["base_rate"] == pytest.approx(paid / len(rows))
    assert own["acted"] == pytest.approx(acted / len(rows))
    whole = own["acted"] * own["return_acted"] + (1 - own["acted"]) * own["return_skipped"]
    assert whole == pytest.approx(own["return_all"])
    plain_error = np.sqrt(own["precision"] * (1 - own["precision"]) / own["n_acted"])
    assert own["precision_error"] > plain_error  # bets that overlap are fewer than they seem
    board = bets_run.tables["leaderboard"].set_index("model")
    assert board.loc["logistic", "precision"] == pytest.approx(own["precision"])
    assert np.isnan(board.loc[PRIMARY, "precision"])
    assert board.loc[PRIMARY, "kind"] == "strategy"


def test_in_a_world_where_only_some_bets_pay_models_leave_out_the_others(small, market):
    # the planted signal trends in some regimes and reverts in others: a reversion bet pays only in the latter
    config = replace(small, label=LabelConfig(horizon=5), primary=PrimaryConfig(rule="zscore_reversion"), split=KFOLD)
    result = run_experiment(config, market)
    own = result.tables["bets"].set_index("model").loc["logistic"]
    board = result.tables["leaderboard"].set_index("model")
    assert board.loc["logistic", "auc_mean"] > 0.6
    assert own["return_acted"] > own["return_all"] > own["return_skipped"]
    assert board.loc["logistic", "sharpe"] > board.loc[PRIMARY, "sharpe"]


def test_a_bet_is_left_out_but_never_turned_round(sparse, bets_run, market):
    rows = bets_run.predictions.query("model == 'logistic'")
    p_cal = rows.set_index(["symbol", "ts"])["p_cal"].sort_index()
    assert (p_cal < 0.5).any()
    hopeless = bet_weight(sparse, p_cal * 0 + 0.1, market)
    assert (hopeless == 0).all()
    side = momentum(market, window=30)["signal"]
    certain = bet_weight(replace(sparse, label=replace(EVENTS, horizon=1)), p_cal * 0 + 0.9, market)
    acted = certain[certain != 0]
    assert (np.sign(acted) == side.loc[acted.index]).all()


def test_a_slider_of_the_backtest_sizes_the_same_bets(sparse, bets_run, market):
    result, trial = rebacktest(sparse, market, bets_run.predictions, "logistic")
    pd.testing.assert_series_equal(
        result.bars["net_return"],
        bets_run.tables["equity"].query("model == 'logistic'").set_index("ts")["net_return"],
        check_names=False,
    )
    mine = {each.name: each.trial_id for each in bets_run.trials}
    assert trial.trial_id == mine["logistic"]
    assert PRIMARY in mine
    assert len(set(mine.values())) == len(mine)


def test_cutting_off_the_future_leaves_predictions_and_decisions(sparse, market):
    config = replace(
        sparse, split=SplitConfig(kind="walk_forward", train_size=150, test_size=80, step_size=80), label=EVENTS
    )
    whole = run_experiment(config, market)
    blocks = whole.tables["diagnostics"]
    end = blocks["test_end"].iloc[1]
    stamps = np.sort(market["ts"].unique())
    cut = stamps[np.searchsorted(stamps, end) + EVENTS.horizon]  # where the block's last outcome is known at the latest
    part = run_experiment(config, market[market["ts"] <= cut])
    columns = ["model", "symbol", "ts", "fold", "p_raw", "p_cal", "lower", "upper", "signal", "target_weight"]
    frames = [
        run.predictions.loc[run.predictions["ts"] <= end, columns].sort_values(columns[:3], ignore_index=True)
        for run in (part, whole)
    ]
    assert frames[0]["p_cal"].notna().sum() > 50
    pd.testing.assert_frame_equal(*frames, rtol=1e-7, atol=1e-9)
    money = [
        run.tables["equity"].loc[run.tables["equity"]["ts"] <= end].sort_values(["model", "ts"], ignore_index=True)
        for run in (part, whole)
    ]
    assert PRIMARY in set(money[0]["model"])
    pd.testing.assert_frame_equal(*money, rtol=1e-7, atol=1e-9)


def identities(config: ExperimentConfig) -> dict[str, dict]:
    return {name: trial_identity(config, "bars", name) for name in ("logistic", "zscore_reversion", "arbitrated")}


def changes(base: ExperimentConfig, **settings) -> set[str]:
    other = replace(base, **settings)
    before, after = identities(base), identities(other)
    return {name for name in before if before[name] != after[name]}


def test_what_the_outcome_is_made_of_makes_another_trial():
    base = ExperimentConfig()
    everyone = {"logistic", "zscore_reversion", "arbitrated"}
    events = replace(base, label=replace(base.label, sampling="cusum"))
    bets = replace(base, primary=PrimaryConfig(rule="momentum"))
    assert changes(base, label=events.label) == everyone
    assert changes(base, primary=bets.primary) == everyone
    assert changes(events, label=replace(events.label, event_width=9.0)) == everyone
    assert changes(events, label=replace(events.label, volatility_span=50)) == everyone
    assert changes(bets, primary=replace(bets.primary, lookback=9)) == everyone
    assert changes(bets, primary=replace(bets.primary, min_return=0.01)) == everyone
    assert changes(base, label=replace(base.label, decay=True)) == {"logistic", "arbitrated"}


def test_a_setting_that_nothing_uses_makes_none():
    base = ExperimentConfig()
    bets = replace(base, primary=PrimaryConfig(rule="momentum"))
    assert changes(base, label=replace(base.label, event_width=9.0)) == set()
    assert changes(base, primary=PrimaryConfig(lookback=9, min_return=0.01)) == set()
    assert changes(bets, primary=replace(bets.primary, slow=77, window=7)) == set()
    older = replace(base, label=replace(base.label, weights="time_decay"))
    assert changes(older, label=replace(base.label, weights="uniqueness", decay=True)) == set()
    named = trial_identity(base, "bars", "logistic")["label"]
    assert set(named) == {"kind", "horizon", "weights"}  # as it was before there were events and bets


def test_a_primary_alone_is_a_trial_of_its_own_settings():
    bets = replace(ExperimentConfig(), primary=PrimaryConfig(rule="momentum"))
    own = trial_identity(bets, "bars", PRIMARY)
    assert own == trial_identity(replace(bets, models=bets.models[:2]), "bars", PRIMARY)
    for other in (
        replace(bets, primary=replace(bets.primary, lookback=9)),
        replace(bets, label=replace(bets.label, sampling="cusum")),
        replace(bets, sizing=replace(bets.sizing, cap=0.5)),
    ):
        assert trial_identity(other, "bars", PRIMARY) != own


def test_configurations_survive_as_text_and_older_ones_keep_their_meaning(sparse):
    assert ExperimentConfig.from_yaml(sparse.to_yaml()) == sparse
    older = ExperimentConfig.from_yaml("label: {kind: triple_barrier, weights: time_decay}\nsymbols: [A]")
    assert older.label == LabelConfig(kind="triple_barrier", weights="time_decay")
    assert not older.is_sparse
    assert older.label.is_decayed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("primary: {rule: coin}", "choose one of: none, moving_average_cross, momentum"),
        ("primary: {rule: momentum, fast: 50, slow: 20}", "fast is 50, but must be below slow"),
        ("primary: {rule: momentum}\nlabel: {kind: trend_scanning}", "has no outcome for a side"),
        ("label: {sampling: cusum, event_width: 0}", "event_width"),
        ("label: {weights: luck}", "weights is 'luck'"),
    ],
)
def test_what_cannot_be_is_refused(text, words):
    with pytest.raises(ConfigError, match=words):
        ExperimentConfig.from_yaml(text)


def test_make_labels_and_the_experiment_agree_on_events(small, market):
    config = replace(small, label=EVENTS)
    labels, asked = compute_labels(config, market)
    pd.testing.assert_frame_equal(labels, make_labels(market, EVENTS))
    assert asked.equals(sampled_bars(market, EVENTS))


def test_a_forest_of_sequential_draws_runs_through_folds_and_ablation(sparse, market):
    trees = RandomForestConfig(n_estimators=10, min_child_samples=20, row_draws="sequential")
    config = replace(sparse, models=(ModelType.RANDOM_FOREST,), model=ModelConfig(random_forest=trees))
    data = make_dataset(config, market)
    splits = list(config.split.build().split(data.samples.X, groups=data.samples.label_end))[:2]
    out = predict_out_of_sample(data.samples, splits, config.models, config.model, context=data.features)
    assert out.predictions["p_raw"].between(0, 1).all()
    assert set(ablate(config, data, splits)["group"]) == {"price", "momentum", "volatility", "other"}
    uniform = replace(trees, row_draws="uniform")
    plain = replace(config, model=ModelConfig(random_forest=uniform))
    named = [trial_identity(each, "bars", "random_forest")["model"] for each in (plain, config)]
    assert "row_draws" not in named[0]  # as it was before there was a choice
    assert named[1] == {**named[0], "row_draws": "sequential"}


def test_an_audit_counts_what_is_independent_among_sparse_rows(bets_run, sparse, market):
    own = skill_of(bets_run, "real").set_index("model").loc["logistic"]
    ts = bets_run.predictions.query("model == 'logistic'").dropna(subset=["y_true"])["ts"]
    stamps = np.sort(market["ts"].unique())
    n_bars = np.searchsorted(stamps, ts.max()) - np.searchsorted(stamps, ts.min()) + 1
    n_independent = min(ts.nunique(), n_bars / sparse.label.horizon)
    assert n_independent > ts.nunique() / sparse.label.horizon
    assert own["auc_error"] == pytest.approx(np.sqrt(1 / (3 * n_independent)))
