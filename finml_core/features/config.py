"""Which features are made, and over which windows."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from finml_core.checks import check_between, check_choice, check_integer, check_positive
from finml_core.errors import ConfigError

FAMILIES = (
    "price", "trend", "momentum", "volatility", "volume", "mean_reversion", "cross_sectional", "seasonality", "regime",
    "microstructure", "statistical",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class FeatureConfig:
    """Families and windows; all windows count bars, of any size. Lists are kept as tuples."""

    families: tuple[str, ...] = FAMILIES
    include_levels: bool = False  # also features in units of price or money

    return_windows: tuple[int, ...] = (1, 5, 10, 20)
    trend_windows: tuple[int, ...] = (5, 10, 20, 50, 200)  # means, slopes, and ratios of neighbouring means
    macd: tuple[int, int, int] = (12, 26, 9)  # fast, slow, signal
    adx_window: int = 14
    aroon_window: int = 25
    crossing_window: int = 20
    roc_windows: tuple[int, ...] = (5, 10, 20, 60)
    rsi_windows: tuple[int, ...] = (14, 28)
    stochastic_window: int = 14
    stochastic_smoothing: int = 3
    cci_window: int = 20
    acceleration_windows: tuple[int, ...] = (5, 20)
    momentum: tuple[int, int] = (21, 252)  # skipped bars, look back: 12-1 momentum of daily bars
    volatility_windows: tuple[int, ...] = (5, 10, 20, 60)
    range_windows: tuple[int, ...] = (20, 60)  # estimators from open, high, low, close
    atr_window: int = 14
    bollinger_window: int = 20
    bollinger_width: float = 2.0  # standard deviations on each side
    ewma_decay: float = 0.94
    volume_windows: tuple[int, ...] = (5, 10, 20)
    flow_window: int = 20  # on-balance volume, accumulation, volume-weighted price
    mfi_window: int = 14
    chaikin: tuple[int, int] = (3, 10)  # fast, slow
    zscore_windows: tuple[int, ...] = (5, 10, 20, 50, 200)
    extreme_windows: tuple[int, ...] = (20, 60, 252)
    half_life_window: int = 60
    variance_ratio_lags: tuple[int, ...] = (2, 5)
    variance_ratio_window: int = 60
    hurst_window: int = 100
    cross_return_windows: tuple[int, ...] = (1, 5, 20)  # what symbols are compared by, beside 12-1 momentum
    cross_volatility_windows: tuple[int, ...] = (20,)
    cross_volume_windows: tuple[int, ...] = (20,)
    market_windows: tuple[int, ...] = (60,)  # regressions on the mean of all symbols
    sectors: tuple[tuple[str, str], ...] = ()  # (symbol, sector): compares within sectors too; a mapping is taken
    strength_windows: tuple[int, ...] = (20, 60)
    efficiency_windows: tuple[int, ...] = (10, 20, 60)
    volatility_regime: tuple[int, int] = (20, 252)  # of the volatility, of the history that it is ranked in
    drawdown_window: int = 252
    quote_window: int = 20
    spread_windows: tuple[int, ...] = (20, 60)  # estimated spreads
    impact_windows: tuple[int, ...] = (20, 60)
    imbalance_windows: tuple[int, ...] = (20, 60)
    shape_windows: tuple[int, ...] = (20, 60)
    autocorrelation_lags: tuple[int, ...] = (1, 5)
    autocorrelation_windows: tuple[int, ...] = (20, 60)
    entropy_windows: tuple[int, ...] = (60,)
    quantile_windows: tuple[int, ...] = (20, 60)
    quantile_shares: tuple[float, ...] = (0.05,)  # each with its opposite; the first makes the tail ratio
    fractional_order: float = 0.4
    fractional_threshold: float = 1e-4  # smallest weight of the fractional difference

    def __post_init__(self) -> None:
        if isinstance(self.sectors, Mapping):
            object.__setattr__(self, "sectors", tuple(sorted(self.sectors.items())))
        for each in fields(self):
            if isinstance(getattr(self, each.name), list):
                object.__setattr__(self, each.name, tuple(getattr(self, each.name)))
        if isinstance(self.sectors, tuple):
            pairs = (tuple(pair) if isinstance(pair, list) else pair for pair in self.sectors)
            object.__setattr__(self, "sectors", tuple(pairs))
        self._check_families()
        for name, (least, size) in WINDOW_TUPLES.items():
            _check_windows(name, getattr(self, name), least, size)
        for name, least in WINDOWS.items():
            check_integer(name, getattr(self, name), least)
        _check_sectors(self.sectors)
        _check_shares("quantile_shares", self.quantile_shares)
        for name in ("macd", "momentum", "chaikin"):
            _check_ascending(name, getattr(self, name)[:2])
        check_positive("bollinger_width", self.bollinger_width)
        check_between("ewma_decay", self.ewma_decay, 0.01, 0.999)
        check_between("fractional_order", self.fractional_order, 0.05, 1.0)
        check_between("fractional_threshold", self.fractional_threshold, 1e-5, 0.01)

    def _check_families(self) -> None:
        if not isinstance(self.families, tuple) or not self.families:
            raise ConfigError(f"families is {self.families!r}; name at least one of: {', '.join(FAMILIES)}.")
        for family in self.families:
            check_choice("families", family, FAMILIES)
        if len(set(self.families)) < len(self.families):
            raise ConfigError(f"families is {self.families!r}, but each may be named once.")


# smallest window that the formulas allow, and the number of windows where it is fixed
WINDOW_TUPLES: dict[str, tuple[int, int | None]] = {
    "return_windows": (1, None),
    "trend_windows": (3, None),
    "macd": (1, 3),
    "roc_windows": (1, None),
    "rsi_windows": (2, None),
    "acceleration_windows": (1, None),
    "momentum": (1, 2),
    "volatility_windows": (2, None),
    "range_windows": (2, None),
    "volume_windows": (1, None),
    "chaikin": (1, 2),
    "zscore_windows": (2, None),
    "extreme_windows": (1, None),
    "variance_ratio_lags": (2, None),
    "cross_return_windows": (1, None),
    "cross_volatility_windows": (2, None),
    "cross_volume_windows": (1, None),
    "market_windows": (3, None),
    "strength_windows": (1, None),
    "efficiency_windows": (1, None),
    "volatility_regime": (2, 2),
    "spread_windows": (2, None),
    "impact_windows": (2, None),
    "imbalance_windows": (2, None),
    "shape_windows": (4, None),
    "autocorrelation_lags": (1, None),
    "autocorrelation_windows": (3, None),
    "entropy_windows": (2, None),
    "quantile_windows": (2, None),
}
WINDOWS: dict[str, int] = {
    "adx_window": 2,
    "aroon_window": 1,
    "crossing_window": 2,
    "stochastic_window": 1,
    "stochastic_smoothing": 1,
    "cci_window": 2,
    "atr_window": 1,
    "bollinger_window": 2,
    "flow_window": 1,
    "mfi_window": 1,
    "half_life_window": 3,
    "variance_ratio_window": 2,
    "hurst_window": 4,
    "drawdown_window": 1,
    "quote_window": 1,
}


def _check_windows(name: str, windows: tuple[int, ...], least: int, size: int | None) -> None:
    if not isinstance(windows, tuple):
        raise ConfigError(f"{name} is {windows!r}, but must be a tuple of whole numbers.")
    if size is not None and len(windows) != size:
        raise ConfigError(f"{name} is {windows!r}, but must have {size} numbers.")
    for window in windows:
        check_integer(name, window, least)
    if size is None and len(set(windows)) < len(windows):
        raise ConfigError(f"{name} is {windows!r}, but each window may be named once.")


def _check_sectors(sectors: tuple[tuple[str, str], ...]) -> None:
    if not isinstance(sectors, tuple):
        raise ConfigError(f"sectors is {sectors!r}, but must be a mapping of symbols to sectors, or pairs of them.")
    for pair in sectors:
        if not (isinstance(pair, tuple) and len(pair) == 2 and all(isinstance(text, str) and text for text in pair)):
            raise ConfigError(f"sectors has {pair!r}, but each entry must be a pair of texts: symbol, sector.")
    symbols = [symbol for symbol, _ in sectors]
    if len(set(symbols)) < len(symbols):
        raise ConfigError("sectors names a symbol twice, but a symbol is of one sector.")


def _check_shares(name: str, shares: tuple[float, ...]) -> None:
    if not isinstance(shares, tuple) or not shares:
        raise ConfigError(f"{name} is {shares!r}, but must be a tuple of at least one share.")
    for share in shares:
        check_between(name, share, 0.001, 0.499)
    if len(set(shares)) < len(shares):
        raise ConfigError(f"{name} is {shares!r}, but each share may be named once.")


def _check_ascending(name: str, pair: tuple[int, int]) -> None:
    if pair[0] >= pair[1]:
        raise ConfigError(f"{name} starts with {pair[0]}, {pair[1]}, but the first must be below the second.")
