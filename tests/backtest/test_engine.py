import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from finml_core.backtest import BacktestConfig, CostModel, run_backtest
from finml_core.errors import ConfigError, DataError
from finml_core.schemas import adjusted, key_index

FREE = BacktestConfig(costs=CostModel.free())
COSTLY = BacktestConfig(costs=CostModel(commission_bps=3, spread_bps=6, impact_coefficient=1.0, borrow_bps_year=300))


def random_weight(bars, seed=0, scale=0.4):
    generator = np.random.default_rng(seed)
    weight = pd.Series(generator.normal(0, scale, len(bars)), index=key_index(bars))
    weight[generator.random(len(bars)) < 0.2] = 0.0
    weight[generator.random(len(bars)) < 0.1] = np.nan
    return weight


def with_dividends(bars, seed=5):
    """Bars with an adj_close that drifts away from the close, as after dividends."""
    factor = np.cumprod(1 + np.random.default_rng(seed).choice([0.0, 0.004], len(bars), p=[0.98, 0.02]))
    return bars.assign(adj_close=bars["close"] * factor / factor[-1])


def ragged(bars, seed=9):
    """The same bars with some missing, whole stretches of a symbol included."""
    keep = np.random.default_rng(seed).random(len(bars)) > 0.1
    keep[:40] = False
    return bars.loc[keep].reset_index(drop=True)


@pytest.fixture(scope="module")
def small(panel):
    return with_dividends(panel.groupby("symbol").head(160).reset_index(drop=True))


def oracle(bars, weight, config):
    """One account, bar by bar and symbol by symbol, in plain Python; costs solved by bisection."""
    costs, prices = config.costs, adjusted(bars)
    rows = {key: (price, raw) for key, price, raw in zip(key_index(bars), prices.itertuples(), bars.itertuples())}
    log_close = np.log(prices.set_index(["symbol", "ts"])["close"])
    symbols, stamps = sorted(bars["symbol"].unique()), sorted(bars["ts"].unique())
    units, last, ordered, past = (dict.fromkeys(symbols, value) for value in (0.0, 1.0, 0.0, None))
    past = {symbol: [] for symbol in symbols}
    cash, equity_line, gross_line, previous_equity = config.initial_equity, [], [], config.initial_equity
    before_ts = None
    for ts in stamps:
        days = 0.0 if before_ts is None else (ts - before_ts) / pd.Timedelta(days=1)
        short = sum(-units[s] * last[s] for s in symbols if units[s] < 0)
        borrow = short * costs.borrow_bps_year * 1e-4 / 365 * days
        price, target = {}, {}
        for s in symbols:
            has = (s, ts) in rows
            if config.fill == "next_open":
                price[s], decision = (rows[s, ts][0].open if has else last[s]), ordered[s]
            else:
                price[s], decision = (rows[s, ts][0].close if has else last[s]), weight.get((s, ts), 0.0)
            if has:
                decision = decision if np.isfinite(decision) else 0.0
                target[s] = max(-config.max_position, min(config.max_position, decision))
        equity = cash + sum(units[s] * price[s] for s in symbols)
        at_fill = equity
        drift = {s: units[s] * price[s] / equity for s in symbols}
        for s in list(target):
            is_near = target[s] != 0 and abs(target[s] - drift[s]) <= config.no_trade_band
            if is_near or (target[s] == 0 and units[s] == 0):
                del target[s]
        kept = sum(abs(drift[s]) for s in symbols if s not in target)
        wanted = sum(abs(value) for value in target.values())
        if kept + wanted > config.max_leverage and wanted > 0:
            shrink = min(1.0, max(config.max_leverage - kept, 0.0) / wanted)
            target = {s: value * shrink for s, value in target.items()}

        def price_of(s, value, ts=ts):
            raw = rows[s, ts][1]
            rate = (costs.commission_bps + costs.spread_bps / 2) * 1e-4
            volatility = np.std(past[s][-21:], ddof=1) if len(past[s]) >= 5 else 0.0
            if raw.volume > 0:
                rate += costs.impact_coefficient * volatility * min(value / (raw.close * raw.volume), 1.0) ** 0.5
            return rate * value

        low, high = 0.0, equity
        for _ in range(70):
            middle = (low + high) / 2
            left = equity - borrow - middle
            due = sum(price_of(s, abs(w * left - units[s] * price[s])) for s, w in target.items())
            low, high = (middle, high) if due > middle else (low, middle)
        left = equity - borrow - high
        for s, w in target.items():
            cash -= w * left - units[s] * price[s]
            units[s] = w * left / price[s]
        cash -= borrow + high
        for s in symbols:
            if (s, ts) in rows:
                known = log_close[s]
                position = known.index.get_loc(ts)
                if position > 0:
                    past[s].append(known.iloc[position] - known.iloc[position - 1])
                last[s], ordered[s] = rows[s, ts][0].close, weight.get((s, ts), 0.0)
        end = cash + sum(units[s] * last[s] for s in symbols)
        gross_line.append(at_fill / previous_equity * end / (at_fill - borrow - high) - 1)
        equity_line.append(end)
        previous_equity, before_ts = end, ts
    return np.array(equity_line), np.array(gross_line)


@pytest.mark.parametrize("fill", ["next_open", "same_close"])
@pytest.mark.parametrize("band", [0.0, 0.1])
@pytest.mark.parametrize("shape", ["whole", "ragged"])
def test_the_engine_agrees_with_an_account_kept_by_hand(small, fill, band, shape):
    bars = ragged(small) if shape == "ragged" else small
    weight = random_weight(bars)
    config = replace(COSTLY, fill=fill, no_trade_band=band, max_leverage=0.9, max_position=0.5)
    result = run_backtest(bars, weight, config)
    equity, gross = oracle(bars, weight, config)
    np.testing.assert_allclose(result.bars["equity"], equity, rtol=1e-10)
    np.testing.assert_allclose(result.bars["gross_return"], gross, atol=1e-10)


@pytest.mark.parametrize("config", [FREE, COSTLY, replace(COSTLY, fill="same_close", max_leverage=2.0)])
def test_cash_plus_positions_is_equity_at_every_bar(small, config):
    bars = ragged(small)
    result = run_backtest(bars, random_weight(bars), config)
    held = result.positions.groupby("ts")["value"].sum()
    np.testing.assert_allclose(result.bars["cash"] + held, result.bars["equity"], rtol=1e-12)
    np.testing.assert_allclose(result.bars["position_value"], held, rtol=1e-9, atol=1e-6)
    paid = result.cost_values.sum(axis=1)
    bought = result.trades.groupby("ts")["value"].sum().reindex(result.bars.index, fill_value=0.0)
    moved = result.bars["cash"].diff().fillna(result.bars["cash"].iloc[0] - config.initial_equity)
    np.testing.assert_allclose(moved, -paid - bought, atol=1e-5)


def test_returns_compound_to_equity_and_costs_are_what_separates_gross_from_net(small):
    result = run_backtest(small, random_weight(small), COSTLY)
    bars = result.bars
    np.testing.assert_allclose(1e6 * (1 + bars["net_return"]).cumprod(), bars["equity"], rtol=1e-12)
    np.testing.assert_allclose(bars["gross_return"] - bars["cost"], bars["net_return"], atol=1e-15)
    np.testing.assert_allclose(result.costs.sum(axis=1), bars["cost"], atol=1e-15)
    assert (result.costs >= 0).all(axis=None)
    assert (result.costs.sum() > 0).all()
    per_trade = result.trades.groupby("ts")[["commission", "spread", "impact"]].sum()
    per_bar = result.cost_values.loc[per_trade.index, per_trade.columns]
    np.testing.assert_allclose(per_trade, per_bar, rtol=1e-9)


def test_buying_and_holding_without_costs_earns_the_adjusted_price_ratio_since_the_first_fill(small):
    for symbol, own in small.groupby("symbol"):
        own = own.reset_index(drop=True)
        result = run_backtest(own, pd.Series(1.0, index=key_index(own)), FREE)
        prices = adjusted(own)
        np.testing.assert_allclose(
            result.bars["equity"].iloc[1:] / 1e6, prices["close"].iloc[1:] / prices["open"].iloc[1], rtol=1e-12
        )
        assert result.bars["equity"].iloc[0] == 1e6
        assert len(result.trades.loc[result.trades["value"].abs() > 1e-3]) == 1, symbol


def test_without_a_trade_equity_is_flat(small):
    for weight in (pd.Series(0.0, index=key_index(small)), pd.Series(np.nan, index=key_index(small))):
        result = run_backtest(small, weight, COSTLY)
        assert (result.bars["equity"] == 1e6).all()
        assert (result.bars[["net_return", "gross_return", "cost", "turnover", "exposure"]] == 0).all(axis=None)
        assert result.trades.empty
        assert np.isnan(result.summary["sharpe"])


@pytest.mark.parametrize("cut", [40, 90, 141])
def test_cutting_off_the_future_changes_nothing_before_it(small, cut):
    weight = random_weight(small)
    last = small["ts"].unique()[cut]
    early_bars = small.loc[small["ts"] <= last].reset_index(drop=True)
    early = run_backtest(early_bars, weight.loc[key_index(early_bars)], COSTLY)
    whole = run_backtest(small, weight, COSTLY)
    pd.testing.assert_frame_equal(early.bars, whole.bars.loc[:last], rtol=0, atol=1e-9)
    pd.testing.assert_frame_equal(early.trades, whole.trades.loc[whole.trades["ts"] <= last])


def test_a_decision_earns_nothing_before_the_next_open(small):
    weight = pd.Series(0.0, index=key_index(small))
    ts = small["ts"].unique()
    weight.loc[("S0", ts[50])] = 1.0
    result = run_backtest(small, weight, FREE)
    assert (result.bars["net_return"].loc[: ts[50]] == 0).all()
    own = adjusted(small).set_index(["symbol", "ts"]).loc["S0"]
    expected = own["close"][ts[51]] / own["open"][ts[51]] - 1
    assert result.bars["gross_return"][ts[51]] == pytest.approx(expected)
    assert result.bars["gross_return"][ts[52]] == pytest.approx(own["open"][ts[52]] / own["close"][ts[51]] - 1)
    assert (result.bars["net_return"].loc[ts[53] :] == 0).all()
    first = result.trades.iloc[0]
    assert (first["decided_at"], first["ts"]) == (ts[50], ts[51])
    assert first["weight_after"] == pytest.approx(1.0)


def test_a_signal_that_knows_its_own_bar_earns_only_where_the_fill_is_too_early(panel):
    """One bar of lag tells the worlds apart: each bar's own move is a perfect signal, too late to be traded."""
    bars = panel.sort_values(["symbol", "ts"], ignore_index=True)
    # prices move overnight and then stand still: what is known at a close is over at the next open
    close = bars["close"].to_numpy()
    still = bars.assign(open=close, high=close, low=close)
    overnight = still.groupby("symbol")["close"].pct_change(fill_method=None)
    tomorrow = overnight.groupby(still["symbol"]).shift(-1)
    weight = pd.Series(np.sign(tomorrow.to_numpy()) / 3, index=key_index(still))
    knowing = run_backtest(still, weight, replace(FREE, fill="same_close"))
    honest = run_backtest(still, weight, FREE)
    assert knowing.summary["total_return"] > 100
    assert abs(honest.bars["net_return"].mean()) < 4 * honest.bars["net_return"].std() / np.sqrt(len(honest.bars))
    assert knowing.is_optimistic
    assert knowing.summary["is_optimistic"]
    assert not honest.is_optimistic


def test_the_last_decision_is_never_filled(small):
    weight = random_weight(small)
    changed = weight.copy()
    changed.loc[pd.IndexSlice[:, small["ts"].max()]] = 1.0
    pd.testing.assert_frame_equal(run_backtest(small, weight).bars, run_backtest(small, changed).bars)


def test_doubled_costs_lower_net_and_leave_gross_alone(small):
    weight = random_weight(small).fillna(0.0)
    costs = COSTLY.costs
    doubled = CostModel(**{name: 2 * getattr(costs, name) for name in costs.__dataclass_fields__})
    free, once, twice = (
        run_backtest(small, weight, BacktestConfig(costs=c)) for c in (CostModel.free(), costs, doubled)
    )
    np.testing.assert_allclose(once.bars["gross_return"], free.bars["gross_return"], atol=1e-12)
    np.testing.assert_allclose(twice.bars["gross_return"], free.bars["gross_return"], atol=1e-12)
    paid = once.bars["cost"] > 0
    assert (twice.bars["net_return"] < once.bars["net_return"])[paid].all()
    assert paid.mean() > 0.9


def test_reversed_signals_reverse_each_gross_return(small):
    """Exactly where a position is set and marked at closes; at opens up to the drift of weights within a bar."""
    weight = random_weight(small)
    for fill, tolerance in (("same_close", 1e-12), ("next_open", 2e-3)):
        config = replace(FREE, fill=fill, max_leverage=3.0)
        up, down = (run_backtest(small, sign * weight, config).bars["gross_return"] for sign in (1, -1))
        np.testing.assert_allclose(up, -down, atol=tolerance)
        assert up.abs().max() > 5 * tolerance


def test_from_open_to_open_reversed_signals_reverse_the_return_exactly(small):
    weight = random_weight(small).fillna(0.0)
    config = replace(FREE, max_leverage=3.0)
    up, down = (run_backtest(small, sign * weight, config).account.equity_at_fill for sign in (1, -1))
    np.testing.assert_allclose(np.diff(up) / up[:-1], -np.diff(down) / down[:-1], atol=1e-12)


def test_prices_times_ten_change_no_return(small):
    weight = random_weight(small)
    prices = ["open", "high", "low", "close", "adj_close"]
    dearer = small.assign(**{name: small[name] * 10 for name in prices}, volume=small["volume"] / 10)
    pd.testing.assert_frame_equal(
        run_backtest(small, weight, COSTLY).bars, run_backtest(dearer, weight, COSTLY).bars, rtol=1e-9, atol=1e-9
    )


def test_limits_hold_at_every_fill(small):
    config = replace(FREE, max_leverage=0.8, max_position=0.3)
    result = run_backtest(small, random_weight(small, scale=1.0), config)
    after = result.trades["weight_after"].abs()
    assert after.max() <= 0.3 + 1e-12
    assert after.groupby(result.trades["ts"]).sum().max() <= 0.8 + 1e-9


def test_a_position_near_its_target_is_left_alone_and_an_exit_is_not(small):
    own = small.loc[small["symbol"] == "S0"].reset_index(drop=True)
    weight = pd.Series(0.5, index=key_index(own))
    weight.iloc[100:] = 0.0
    result = run_backtest(own, weight, replace(FREE, no_trade_band=0.6))
    assert result.trades.empty
    result = run_backtest(own, weight, replace(FREE, no_trade_band=0.3))
    assert list(result.trades["decided_at"]) == [own["ts"][0], own["ts"][100]]
    assert result.positions["units"].iloc[-1] == 0


def test_a_symbol_without_a_bar_keeps_its_position_at_its_last_close(small):
    ts = small["ts"].unique()
    gap = (small["symbol"] == "S1") & small["ts"].isin(ts[50:60])
    bars = small.loc[~gap].reset_index(drop=True)
    weight = pd.Series(0.3, index=key_index(bars))
    held = run_backtest(bars, weight, FREE).positions.set_index(["symbol", "ts"]).loc["S1"]
    assert (held.loc[ts[49] : ts[59], ["units", "price"]] == held.loc[ts[49], ["units", "price"]]).all(axis=None)


def test_shorts_pay_for_borrowing_by_calendar_days(small):
    own = small.loc[small["symbol"] == "S0"].reset_index(drop=True)
    config = BacktestConfig(costs=replace(CostModel.free(), borrow_bps_year=365.0))
    result = run_backtest(own, pd.Series(-0.5, index=key_index(own)), config)
    days = result.bars.index.to_series().diff().dt.days
    short = -result.bars["position_value"].shift()
    np.testing.assert_allclose(result.cost_values["borrow"].iloc[2:], (short * days * 1e-4).iloc[2:], rtol=1e-12)
    assert days.max() == 3
    bought = run_backtest(own, pd.Series(0.5, index=key_index(own)), config)
    assert (bought.cost_values == 0).all(axis=None)


def test_a_ruined_account_closes_for_good(small):
    own = small.loc[small["symbol"] == "S0"].reset_index(drop=True).drop(columns="adj_close")
    prices = ["open", "high", "low", "close"]
    own.loc[80:, prices] *= 3.0
    config = BacktestConfig(max_leverage=2.0, max_position=2.0)
    result = run_backtest(own, pd.Series(-1.0, index=key_index(own)), config)
    assert result.summary["is_ruined"]
    assert (result.positions["units"].iloc[81:] == 0).all()
    assert (result.bars["net_return"].iloc[82:] == 0).all()


def test_a_plain_frame_of_one_asset_takes_weights_by_ts(small):
    own = small.loc[small["symbol"] == "S0"].reset_index(drop=True)
    weight = random_weight(own)
    plain = own.drop(columns="symbol").set_index("ts")
    by_ts = run_backtest(plain, weight.droplevel("symbol"), COSTLY)
    pd.testing.assert_frame_equal(by_ts.bars, run_backtest(own, weight, COSTLY).bars)


def test_missing_volume_leaves_impact_out_and_says_so(small):
    weight = random_weight(small)
    result = run_backtest(small.assign(volume=np.nan), weight, COSTLY)
    assert result.costs["impact"].sum() == 0
    assert result.summary["trades_without_volume"] == result.summary["n_trades"] > 0
    assert run_backtest(small, weight, COSTLY).summary["trades_without_volume"] == 0


def test_four_symbols_over_nine_years_take_less_than_three_tenths_of_a_second():
    generator = np.random.default_rng(0)
    close = 100 * np.exp(np.cumsum(generator.normal(0, 0.01, (4, 2200)), axis=1)).ravel()
    ts = np.tile(pd.bdate_range("2005-01-03", periods=2200), 4)
    prices = dict.fromkeys(("open", "high", "low", "close"), close)
    bars = pd.DataFrame({"symbol": np.repeat(list("ABCD"), 2200), "ts": ts, **prices, "volume": 1e6})
    weight = random_weight(bars)
    run_backtest(bars, weight)  # compiles, where it has not been done yet
    start = time.perf_counter()
    run_backtest(bars, weight).bars  # noqa: B018
    assert time.perf_counter() - start < 0.3


def test_the_order_of_rows_does_not_matter(small):
    weight = random_weight(small)
    shuffled = small.sample(frac=1.0, random_state=4)
    pd.testing.assert_frame_equal(
        run_backtest(shuffled, weight.sample(frac=1.0, random_state=5)).bars, run_backtest(small, weight).bars
    )


def test_the_input_is_left_as_it_was(small):
    bars, weight = small.copy(deep=True), random_weight(small)
    kept = weight.copy(deep=True)
    run_backtest(bars, weight, COSTLY).summary  # noqa: B018
    pd.testing.assert_frame_equal(bars, small)
    pd.testing.assert_series_equal(weight, kept)


def test_broken_input_is_refused_with_its_place(small):
    weight = pd.Series(0.0, index=key_index(small))
    with pytest.raises(DataError, match="no bars"):
        run_backtest(small.iloc[:0], weight.iloc[:0])
    with pytest.raises(DataError, match=r"open of S0 at 2015-01-0\d .* is 0\.0"):
        run_backtest(small.assign(open=np.where(small.index == 2, 0.0, small["open"])), weight)
    with pytest.raises(DataError, match="name no bar"):
        run_backtest(small, weight.rename(index={"S0": "XX"}))
    with pytest.raises(DataError, match="no level `symbol`"):
        run_backtest(small, weight.loc["S0"])
    with pytest.raises(ConfigError, match="fill is 'yesterday'"):
        BacktestConfig(fill="yesterday")
