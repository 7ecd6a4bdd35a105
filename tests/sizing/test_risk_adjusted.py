import numpy as np
import pytest

from finml_core.errors import DataError
from finml_core.metrics import conditional_value_at_risk, value_at_risk
from finml_core.sizing import RiskAdjustedKelly

RETURNS = np.random.default_rng(3).standard_t(4, 500) * 0.02
BET = {"win_prob": 0.6, "win_return": 0.03, "loss_return": -0.03}


def sizing(**settings):
    return RiskAdjustedKelly(max_leverage=5.0, kelly_fraction=1.0, allow_short=True, **settings)


def test_the_size_keeps_every_limit():
    size = sizing(var_threshold=0.02, cvar_threshold=0.025).size(**BET, past_returns=RETURNS, current_drawdown=-0.1)
    assert size.fraction * value_at_risk(RETURNS) <= 0.02 + 1e-12
    assert size.fraction * conditional_value_at_risk(RETURNS) <= 0.025 + 1e-12
    assert size.fraction <= size.kelly * 0.5 + 1e-12
    assert size.fraction == pytest.approx(min(size.limits.values()))
    assert size.binding in ("var", "cvar")


def test_loose_limits_leave_the_kelly_bet_alone():
    size = sizing(var_threshold=10.0, cvar_threshold=10.0).size(**BET, past_returns=RETURNS)
    assert size.fraction == size.kelly == 5.0
    assert size.binding is None


def test_at_the_drawdown_limit_nothing_is_bet():
    size = sizing(max_drawdown_limit=0.2).size(**BET, past_returns=RETURNS, current_drawdown=-0.25)
    assert size.fraction == 0.0
    assert size.binding == "drawdown"


def test_a_short_is_held_against_the_upper_tail():
    skewed = np.r_[np.full(95, -0.001), np.full(10, 0.2)]
    bet = {"win_prob": 0.3, "win_return": 0.02, "loss_return": -0.02}
    size = sizing().size(**bet, past_returns=skewed)
    assert -size.fraction == pytest.approx(0.02 / 0.2)


def test_a_tail_that_gains_sets_no_limit():
    size = sizing().size(**BET, past_returns=np.linspace(0.001, 0.01, 50))
    assert size.fraction == 5.0
    assert size.limits["var"] == size.limits["cvar"] == np.inf


def test_too_few_returns_have_no_tail():
    with pytest.raises(DataError, match="give at least 20"):
        sizing().size(**BET, past_returns=[0.01, -0.02])
