"""Each symbol among all that have a bar at the same time; alone it stands in the middle, at its own mean."""

from collections.abc import Callable
from dataclasses import dataclass

from finml_core.features import cross_section, measures
from finml_core.features.config import FeatureConfig
from finml_core.features.cross_section import Arguments, Sectors
from finml_core.features.expression import Expression
from finml_core.features.families.momentum import JEGADEESH, skipped_momentum
from finml_core.features.families.volume import dollar_volume, volume_ratio
from finml_core.features.feature import Feature
from finml_core.features.panel import Panel
from finml_core.features.rolling import rolling_mean
from finml_core.features.segment import Segment
from finml_core.typing import Columns

KAKUSHADZE = "Kakushadze (2016), Wilmott 2016(84), 72-81"
SHARPE = "Sharpe (1964), Journal of Finance 19(3), 425-442"
ANG = "Ang, Hodrick, Xing and Zhang (2006), Journal of Finance 61(1), 259-299"
ONE_BAR: Arguments = (("window", 1),)


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """What symbols are compared by."""

    name: str
    windows: tuple[int, ...]
    is_of: str  # the feature, or what else is compared, as formulas call it
    lookback: int
    rule: Callable[..., Expression]
    reference: str = KAKUSHADZE
    inputs: tuple[str, ...] = ("close",)
    arguments: Arguments

    def called(self, what: str) -> str:
        """Name of a feature: windows last."""
        return "_".join([self.name, what, *map(str, self.windows)])


def features(config: FeatureConfig) -> list[Feature]:
    """Features of the family `cross_sectional`; sector-neutral ones where the configuration knows sectors."""
    made = [feature for quantity in _quantities(config) for feature in _places(quantity, config.sectors)]
    return made + [feature for window in config.market_windows for feature in _to_market(window)]


def _quantities(config: FeatureConfig) -> list[Quantity]:
    skip, length = config.momentum
    return [
        *(
            Quantity(
                name="return",
                windows=(window,),
                is_of=f"log_return_{window}",
                lookback=window + 1,
                rule=measures.log_return,
                arguments=(("window", window),),
            )
            for window in config.cross_return_windows
        ),
        *(
            Quantity(
                name="volatility",
                windows=(window,),
                is_of=f"realized_volatility_{window}",
                lookback=window + 1,
                rule=measures.return_deviation,
                arguments=(("window", window),),
            )
            for window in config.cross_volatility_windows
        ),
        *(
            Quantity(
                name=name,
                windows=(window,),
                is_of=is_of.format(window),
                lookback=window,
                rule=rule,
                inputs=inputs,
                arguments=(("window", window),),
            )
            for window in config.cross_volume_windows
            for name, is_of, rule, inputs in (
                ("volume", "volume_ratio_{}", volume_ratio, ("volume",)),
                ("dollar_volume", "the mean of dollar_volume over {} bars", mean_money, ("close", "volume")),
            )
        ),
        Quantity(
            name="momentum",
            windows=(skip, length),
            is_of=f"momentum_{skip}_{length}",
            lookback=length + 1,
            rule=skipped_momentum,
            reference=JEGADEESH,
            arguments=(("skip", skip), ("window", length)),
        ),
    ]


def _places(quantity: Quantity, sectors: Sectors) -> list[Feature]:
    made = [
        _place(quantity, "rank", f"rank of {quantity.is_of} among the symbols of the same time, 1 the least", ()),
        _place(quantity, "percentile", f"(rank - 1/2) / count of {quantity.is_of} among the symbols of its time", ()),
    ]
    less_mean = f"{quantity.is_of} less its mean over the symbols of the same time"
    has_unit = quantity.rule is mean_money
    if not has_unit:
        made.append(_place(quantity, "demeaned", less_mean, ()))
    if sectors:
        share = f"(rank - 1/2) / count of {quantity.is_of} among the symbols of its time and sector"
        made.append(_place(quantity, "percentile", share, sectors))
        if not has_unit:
            made.append(_place(quantity, "demeaned", f"{less_mean} and sector", sectors))
    return made


def _place(quantity: Quantity, what: str, formula: str, sectors: Sectors) -> Feature:
    return Feature(
        name=quantity.called(f"sector_{what}" if sectors else what),
        family="cross_sectional",
        formula=formula,
        reference=quantity.reference,
        lookback=quantity.lookback,
        inputs=quantity.inputs,
        is_level=what == "rank",  # its size is the number of symbols; the percentile is the same without it
        compares_symbols=True,
        parameters={"quantity": quantity, "sectors": sectors},
        part=what,
        rule=place,
    )


def _to_market(window: int) -> list[Feature]:
    common = {
        "family": "cross_sectional",
        "lookback": window + 1,
        "compares_symbols": True,
        "parameters": {"window": window},
        "rule": to_market,
    }
    line = f"log_return_1 on its mean over the symbols of the same time, {window} bars"
    return [
        Feature(
            name=f"beta_{window}",
            formula=f"slope of {line}; 1 where the mean is constant",
            reference=SHARPE,
            part="beta",
            **common,
        ),
        Feature(
            name=f"market_residual_{window}",
            formula=f"log_return_1 - beta_{window} x its mean over the symbols of the same time",
            reference=SHARPE,
            part="residual",
            **common,
        ),
        Feature(
            name=f"residual_volatility_{window}",
            formula=f"standard deviation (n - 2) of the residuals of {line}",
            reference=ANG,
            part="deviation",
            **common,
        ),
    ]


def mean_money(segment: Segment, window: int) -> Expression:
    """Mean money traded a bar."""
    return rolling_mean(dollar_volume(segment), window)


def place(panel: Panel, columns: Columns, quantity: Quantity, sectors: Sectors) -> None:
    """Rank, percentile and demeaned value among the symbols of the same time, and sector if there are sectors."""
    cross_section.compare(panel, columns, quantity.rule, quantity.arguments, sectors)


def to_market(panel: Panel, columns: Columns, window: int) -> None:
    """How much of the market's one-bar return a symbol takes part in, what that leaves, and how much it varies."""
    cross_section.to_market(panel, columns, measures.log_return, ONE_BAR, window)
