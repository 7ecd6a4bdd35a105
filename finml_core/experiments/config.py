"""One experiment as a value: frozen, checked when made, YAML both ways."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import yaml

from finml_core.arbitration import ArbitratorConfig
from finml_core.backtest import BacktestConfig
from finml_core.calibration import CALIBRATORS
from finml_core.checks import check_at_least, check_between, check_choice, check_integer, check_positive
from finml_core.errors import ConfigError
from finml_core.experiments.plain import from_plain, to_plain
from finml_core.experiments.primary import PrimaryConfig
from finml_core.experiments.yaml_text import read_yaml
from finml_core.features import FeatureConfig
from finml_core.labels import LabelConfig
from finml_core.models import ModelConfig, ModelType
from finml_core.regimes import RuleConfig
from finml_core.splits import CombinatorialPurgedCV, PurgedKFold, WalkForwardCV

Splitter = PurgedKFold | WalkForwardCV | CombinatorialPurgedCV
SPLIT_KINDS = ("purged_kfold", "walk_forward", "combinatorial")
MOST_SEEDS = 50
MOST_FITS = 500  # of one model: folds of a combinatorial split times seeds
UP_OR_DOWN = ("direction", "triple_barrier", "trend_scanning")  # labels of which 1 says up and 0 down


@dataclass(frozen=True, kw_only=True)
class SplitConfig:
    """How the past is divided into what a model learns from and what it is judged on."""

    kind: Literal["purged_kfold", "walk_forward", "combinatorial"] = "purged_kfold"
    n_splits: int = 5  # folds of purged_kfold, blocks of combinatorial
    n_test_splits: int = 2  # blocks that each fold tests, combinatorial
    train_size: int = 756  # timestamps, walk_forward
    test_size: int = 252  # timestamps, walk_forward
    step_size: int = 252  # timestamps, walk_forward
    expanding: bool = True  # walk_forward keeps all of the past, or slides
    embargo_pct: float = 0.01  # share of the timestamps after each test block

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, SPLIT_KINDS)
        check_integer("n_splits", self.n_splits, 2)
        check_integer("n_test_splits", self.n_test_splits, 1)
        check_integer("train_size", self.train_size, 1)
        check_integer("test_size", self.test_size, 1)
        check_integer("step_size", self.step_size, 1)
        check_between("embargo_pct", self.embargo_pct, 0.0, 0.5)
        if self.step_size < self.test_size:
            raise ConfigError(
                f"step_size is {self.step_size}, below test_size, {self.test_size}: blocks would overlap and a bar "
                "would be predicted twice. Use a step of at least the test size."
            )
        if self.kind == "combinatorial":
            _check_fits(self)

    @property
    def n_paths(self) -> int:
        """Out-of-sample histories that the folds can be put together to."""
        splitter = self.build()
        return splitter.n_paths if isinstance(splitter, CombinatorialPurgedCV) else 1

    def build(self) -> Splitter:
        """The splitter of these settings; it purges from the label ends that it is given."""
        if self.kind == "purged_kfold":
            return PurgedKFold(n_splits=self.n_splits, embargo_pct=self.embargo_pct)
        if self.kind == "combinatorial":
            return CombinatorialPurgedCV(self.n_splits, self.n_test_splits, embargo_pct=self.embargo_pct)
        return WalkForwardCV(
            train_size=self.train_size,
            test_size=self.test_size,
            step_size=self.step_size,
            embargo_pct=self.embargo_pct,
            expanding=self.expanding,
        )


@dataclass(frozen=True, kw_only=True)
class CalibrationConfig:
    """How raw probabilities become stated ones, from earlier out-of-fold predictions only."""

    method: str = "sigmoid"
    min_samples: int = 200  # earlier out-of-fold predictions before p_cal is given at all
    alpha: float = 0.1  # share of outcomes that intervals may miss

    def __post_init__(self) -> None:
        check_choice("method", self.method, CALIBRATORS)
        check_integer("min_samples", self.min_samples, 10)
        check_between("alpha", self.alpha, 0.01, 0.5)


@dataclass(frozen=True, kw_only=True)
class SizingConfig:
    """From a probability to a share of the symbol's slice of capital."""

    scale: float = 5.0  # weight for each unit of edge, 2 p - 1
    cap: float = 1.0  # largest weight in a symbol's own slice
    min_edge: float = 0.0  # |2 p - 1| below this means flat

    def __post_init__(self) -> None:
        check_positive("scale", self.scale)
        check_between("cap", self.cap, 0.01, 10.0)
        check_between("min_edge", self.min_edge, 0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class RuleStrategyConfig:
    """The two strategies that need no training."""

    fast: int = 20  # bars, moving-average cross
    slow: int = 100  # bars, moving-average cross
    window: int = 20  # bars, z-score reversion
    entry: float = 1.0  # deviations from the mean, z-score reversion

    def __post_init__(self) -> None:
        check_integer("fast", self.fast, 1)
        check_integer("slow", self.slow, 2)
        check_integer("window", self.window, 2)
        check_at_least("entry", self.entry, 0.0)
        if self.fast >= self.slow:
            raise ConfigError(f"fast is {self.fast}, but must be below slow, which is {self.slow}.")


@dataclass(frozen=True, kw_only=True)
class AuditConfig:
    """Whether a run also audits itself: the same again on noise twins, and controls whose answer is known."""

    enabled: bool = False
    n_twins: int = 1  # whole runs on bars whose timestamps' returns are permuted
    ablation: bool = False  # leave out each family of features in turn
    seed: int = 0

    def __post_init__(self) -> None:
        check_integer("n_twins", self.n_twins, 1)
        check_between("n_twins", self.n_twins, 1, 10)
        check_integer("seed", self.seed, 0)


@dataclass(frozen=True, kw_only=True)
class ExperimentConfig:
    """Everything that a run needs beside the bars; the same configuration on the same bars is the same run."""

    name: str = "direction_5d"
    symbols: tuple[str, ...] = ("AAPL", "GOOG", "IBM", "MSFT")
    start: str | None = None  # first day, ISO; None takes all
    end: str | None = None  # last day, ISO; None takes all
    features: FeatureConfig = field(default_factory=FeatureConfig)
    label: LabelConfig = field(default_factory=LabelConfig)
    primary: PrimaryConfig = field(default_factory=PrimaryConfig)  # who chooses the side, if not the models
    split: SplitConfig = field(default_factory=SplitConfig)
    models: tuple[ModelType, ...] = (ModelType.NAIVE, ModelType.LOGISTIC, ModelType.LIGHTGBM, ModelType.LSTM)
    model: ModelConfig = field(default_factory=ModelConfig)
    n_seeds: int = 1  # trainings of each model that draws; scores are spread over them, decisions use their mean
    calibration: CalibrationConfig = field(default_factory=CalibrationConfig)
    regimes: RuleConfig = field(default_factory=RuleConfig)
    rules: RuleStrategyConfig = field(default_factory=RuleStrategyConfig)
    arbitration: ArbitratorConfig = field(default_factory=ArbitratorConfig)
    sizing: SizingConfig = field(default_factory=SizingConfig)
    backtest: BacktestConfig = field(default_factory=BacktestConfig)
    audit: AuditConfig = field(default_factory=AuditConfig)

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ConfigError("name is empty; give the experiment a name.")
        if not self.symbols:
            raise ConfigError("symbols is empty; name at least one symbol.")
        if len(set(self.symbols)) < len(self.symbols):
            raise ConfigError(f"symbols names one twice: {', '.join(self.symbols)}.")
        if not self.models:
            raise ConfigError(f"models is empty; choose from: {', '.join(ModelType)}.")
        if len(set(self.models)) < len(self.models):
            raise ConfigError(f"models names one twice: {', '.join(self.models)}.")
        check_integer("n_seeds", self.n_seeds, 1)
        check_between("n_seeds", self.n_seeds, 1, MOST_SEEDS)
        if self.split.kind == "combinatorial":
            _check_fits(self.split, self.n_seeds)
        if self.label.kind not in UP_OR_DOWN:
            raise ConfigError(
                f"label.kind is {self.label.kind!r}, but an experiment predicts up or down; "
                f"choose one of: {', '.join(UP_OR_DOWN)}."
            )
        if self.primary.is_there and self.label.kind == "trend_scanning":
            raise ConfigError(
                f"primary.rule is {self.primary.rule!r}, but a line of trend_scanning has no outcome for a side; "
                "choose label.kind direction or triple_barrier."
            )
        start, end = _day("start", self.start), _day("end", self.end)
        if start and end and start >= end:
            raise ConfigError(f"start is {self.start}, which is not before end, {self.end}.")

    @property
    def is_sparse(self) -> bool:
        """Whether only some bars are asked about: those of events, or at which the primary strategy bets."""
        return self.primary.is_there or self.label.sampling != "every_bar"

    def to_yaml(self) -> str:
        """The whole configuration as text, defaults written out."""
        return yaml.safe_dump(to_plain(self), sort_keys=False, allow_unicode=True)

    def to_plain(self) -> dict[str, Any]:
        """The whole configuration as plain mappings."""
        return to_plain(self)

    @classmethod
    def from_yaml(cls, source: str | Path) -> "ExperimentConfig":
        """Read a configuration from text, or from the file at a Path; what is left out keeps its default.

        Raises
        ------
        ConfigError
            If the text is no YAML mapping, holds an unknown key or an impossible value.
        """
        return from_plain(cls, read_yaml(source))

    def with_symbols(self, symbols: tuple[str, ...]) -> "ExperimentConfig":
        """The same experiment on other symbols."""
        return replace(self, symbols=tuple(symbols))


def audit_settings(config: ExperimentConfig, **changes: Any) -> ExperimentConfig:
    """The same experiment as a run that audits itself; `changes` are those of AuditConfig."""
    return replace(config, audit=AuditConfig(**{"enabled": True, **changes}))


def _check_fits(split: SplitConfig, n_seeds: int = 1) -> None:
    n_folds = split.build().get_n_splits()
    if n_folds * n_seeds > MOST_FITS:
        seeds = f" times {n_seeds} seeds" if n_seeds > 1 else ""
        raise ConfigError(
            f"{n_folds} choices of {split.n_test_splits} out of {split.n_splits} blocks{seeds} are "
            f"{n_folds * n_seeds} fits of each model; {MOST_FITS} are the most. Use fewer blocks, test fewer at "
            "a time, or train fewer seeds: 10 blocks of which 2 are tested make 45 fits."
        )


def _day(name: str, value: str | None) -> Any:
    import pandas as pd

    if value is None:
        return None
    try:
        return pd.Timestamp(value)
    except ValueError as error:
        raise ConfigError(f"{name} is {value!r}, but must be a day like 2012-03-31.") from error
