"""Several leaderboards as one value: whose bars, which symbols of them, and the experiment on those."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from finml_core.checks import check_columns, check_integer
from finml_core.errors import ConfigError, DataError
from finml_core.experiments.config import ExperimentConfig
from finml_core.experiments.plain import from_plain
from finml_core.experiments.trial import fingerprint
from finml_core.experiments.yaml_text import read_yaml
from finml_core.features.registry import make_registry

BUNDLED = "bundled"


@dataclass(frozen=True, kw_only=True)
class MostTraded:
    """Symbols chosen by what was traded before anything is learnt: the largest mean of close times volume."""

    n_symbols: int = 100
    start: str = ""  # first day that counts, ISO
    end: str = ""  # last day that counts, ISO; before the first row that a model sees

    def __post_init__(self) -> None:
        check_integer("n_symbols", self.n_symbols, 1)
        if _day("start", self.start) >= _day("end", self.end):
            raise ConfigError(f"start is {self.start}, which is not before end, {self.end}.")


@dataclass(frozen=True, kw_only=True)
class Board:
    """One leaderboard: an experiment on the bars that come with the product, or on those of a file."""

    title: str = "Bundled bars"
    bars: str = BUNDLED  # or the name of a file of bars, in a folder that whoever runs it names
    most_traded: MostTraded | None = None  # takes the place of the experiment's symbols
    experiment: ExperimentConfig = field(default_factory=ExperimentConfig)

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise ConfigError("title is empty; say what the board is about.")
        if not self.bars or Path(self.bars).name != self.bars:
            raise ConfigError(f"bars is {self.bars!r}, but must be {BUNDLED!r} or a file's name without its folder.")


@dataclass(frozen=True, kw_only=True)
class Leaderboards:
    """What one file asks for."""

    boards: tuple[Board, ...] = ()

    def __post_init__(self) -> None:
        if not self.boards:
            raise ConfigError("boards is empty; describe at least one.")
        names = [board.experiment.name for board in self.boards]
        if len(set(names)) < len(names):
            raise ConfigError(f"boards name an experiment twice: {', '.join(names)}.")

    @classmethod
    def from_yaml(cls, source: str | Path) -> "Leaderboards":
        """Read a text, or the file at a Path; what is left out keeps its default.

        Raises
        ------
        ConfigError
            If the text is no YAML mapping, holds an unknown key or an impossible value.
        """
        return from_plain(cls, read_yaml(source), where="leaderboards")


def file_fingerprint(source: str | Path) -> str:
    """Sixteen hexadecimal digits of what a file, or its text, asks for; comments and the order of keys do not count."""
    return fingerprint(read_yaml(source))


def choose_symbols(board: Board, before: pd.DataFrame) -> ExperimentConfig:
    """The board's experiment on the symbols that were traded most in `before`, the bars of that span.

    Raises
    ------
    DataError
        If fewer symbols have bars in the span than are asked for.
    """
    chosen = board.most_traded
    if chosen is None:
        return board.experiment
    check_columns(before, ("symbol", "close", "volume"), what="the frame of bars")
    traded = (before["close"] * before["volume"]).groupby(before["symbol"]).mean().dropna()
    if len(traded) < chosen.n_symbols:
        raise DataError(
            f"{board.bars} has {len(traded)} symbols with a volume from {chosen.start} to {chosen.end}, but "
            f"{chosen.n_symbols} are asked for; ask for fewer."
        )
    ranked = traded.sort_index().sort_values(ascending=False, kind="stable")
    return replace(board.experiment, symbols=tuple(sorted(ranked.index[: chosen.n_symbols])))


def check_no_look_ahead(board: Board, ts: pd.Series) -> None:
    """Raise ConfigError unless symbols were chosen by bars before the first row that a model can see.

    `ts` are the stamps of the experiment's bars; a row is complete after the longest look back of its features.
    """
    if board.most_traded is None:
        return
    features = board.experiment.features
    used = [each for each in make_registry(features).values() if features.include_levels or not each.is_level]
    calendar = pd.Index(ts.unique()).sort_values()
    place = max((each.lookback for each in used), default=1) - 1
    chosen_until = _day("end", board.most_traded.end).normalize() + pd.Timedelta(days=1)
    if place < len(calendar) and calendar[place] < chosen_until:
        raise ConfigError(
            f"most_traded.end is {board.most_traded.end}, but models see rows from {calendar[place]:%Y-%m-%d} on; "
            "choose symbols by an earlier span, or let the experiment start later."
        )


def _day(name: str, value: str) -> pd.Timestamp:
    try:
        day = pd.Timestamp(value)
    except ValueError as error:
        raise ConfigError(f"{name} is {value!r}, but must be a day like 2013-12-31.") from error
    if day is pd.NaT:
        raise ConfigError(f"{name} is {value!r}, but must be a day like 2013-12-31.")
    return day
