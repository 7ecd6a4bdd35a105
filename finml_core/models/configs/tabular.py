"""Settings of the models that look at one row: baselines, linear models, trees.

The defaults suit some thousands of rows with many noisy features: shallow, slow, random, shrunk.
"""

from dataclasses import dataclass

from finml_core.checks import check_at_least, check_between, check_choice, check_integer, check_positive
from finml_core.errors import ConfigError

ROW_DRAWS = ("uniform", "sequential")


@dataclass(frozen=True, kw_only=True)
class AlwaysUpConfig:
    """The forecaster who has never seen a fall."""

    confidence: float = 0.99  # probability that it states for a rise, in every row

    def __post_init__(self) -> None:
        check_between("confidence", self.confidence, 0.5, 0.9999)


@dataclass(frozen=True, kw_only=True)
class LogisticConfig:
    """Logistic regression with an L2 penalty on standardised features."""

    C: float = 0.01  # inverse strength of the penalty; small is strong
    max_iter: int = 1000  # iterations of the solver at most
    balanced: bool = False  # weigh the classes alike

    def __post_init__(self) -> None:
        check_positive("C", self.C)
        check_integer("max_iter", self.max_iter, 1)


@dataclass(frozen=True, kw_only=True)
class RidgeConfig:
    """Least squares, or logistic regression, with an L2 penalty on standardised features."""

    alpha: float = 100.0  # penalty on the sum over rows; in sight of as many rows it halves a lone feature's weight
    balanced: bool = False  # weigh the classes alike; for classification

    def __post_init__(self) -> None:
        check_positive("alpha", self.alpha)


@dataclass(frozen=True, kw_only=True)
class ElasticNetConfig:
    """The same with a penalty that is part L1, so that idle features get a weight of exactly 0."""

    alpha: float = 0.01  # penalty on the mean over rows
    l1_ratio: float = 0.5  # share of it that is L1
    max_iter: int = 2000  # iterations of the solver at most
    balanced: bool = False  # weigh the classes alike; for classification

    def __post_init__(self) -> None:
        check_positive("alpha", self.alpha)
        check_between("l1_ratio", self.l1_ratio, 0.0, 1.0)
        check_integer("max_iter", self.max_iter, 1)


@dataclass(frozen=True, kw_only=True)
class TreesConfig:
    """What all trees share."""

    balanced: bool = False  # weigh the classes alike; for classification
    increasing: tuple[str, ...] = ()  # features with which the answer may only rise
    decreasing: tuple[str, ...] = ()  # features with which it may only fall
    n_jobs: int = 1  # threads; some thousand rows gain little from a second, and lose much beside other work

    def __post_init__(self) -> None:
        check_integer("n_jobs", self.n_jobs, 1)
        both = sorted({*self.increasing} & {*self.decreasing})
        if both:
            raise ConfigError(f"{both[0]!r} is named as increasing and as decreasing; it can be one of them.")


@dataclass(frozen=True, kw_only=True)
class LightGBMConfig(TreesConfig):
    """Boosted trees that grow leaf by leaf (Ke et al., 2017)."""

    n_estimators: int = 100  # trees
    learning_rate: float = 0.03  # share of each tree that is kept
    num_leaves: int = 8  # leaves a tree
    max_depth: int = 3  # levels a tree; 0 leaves it to num_leaves
    min_child_samples: int = 200  # rows a leaf at least
    subsample: float = 0.7  # share of rows for each tree
    colsample_bytree: float = 0.5  # share of features for each tree
    reg_lambda: float = 10.0  # L2 penalty on leaf values
    max_bin: int = 63  # bins of a feature
    patience: int = 0  # trees without a better loss on the purged tail before stopping; 0 grows all

    def __post_init__(self) -> None:
        super().__post_init__()
        check_integer("n_estimators", self.n_estimators, 1)
        check_between("learning_rate", self.learning_rate, 1e-4, 1.0)
        check_integer("num_leaves", self.num_leaves, 2)
        check_integer("max_depth", self.max_depth, 0)
        check_integer("min_child_samples", self.min_child_samples, 1)
        check_between("subsample", self.subsample, 0.01, 1.0)
        check_between("colsample_bytree", self.colsample_bytree, 0.01, 1.0)
        check_at_least("reg_lambda", self.reg_lambda, 0.0)
        check_integer("max_bin", self.max_bin, 2)
        check_integer("patience", self.patience, 0)


@dataclass(frozen=True, kw_only=True)
class XGBoostConfig(TreesConfig):
    """Boosted trees that grow level by level (Chen & Guestrin, 2016)."""

    n_estimators: int = 100  # trees
    learning_rate: float = 0.03  # share of each tree that is kept
    max_depth: int = 3  # levels a tree
    min_child_weight: float = 50.0  # curvature of the loss in a leaf at least; for probabilities a quarter of its rows
    subsample: float = 0.7  # share of rows for each tree
    colsample_bytree: float = 0.5  # share of features for each tree
    reg_lambda: float = 10.0  # L2 penalty on leaf values
    max_bin: int = 63  # bins of a feature
    patience: int = 0  # trees without a better loss on the purged tail before stopping; 0 grows all

    def __post_init__(self) -> None:
        super().__post_init__()
        check_integer("n_estimators", self.n_estimators, 1)
        check_between("learning_rate", self.learning_rate, 1e-4, 1.0)
        check_integer("max_depth", self.max_depth, 1)
        check_at_least("min_child_weight", self.min_child_weight, 0.0)
        check_between("subsample", self.subsample, 0.01, 1.0)
        check_between("colsample_bytree", self.colsample_bytree, 0.01, 1.0)
        check_at_least("reg_lambda", self.reg_lambda, 0.0)
        check_integer("max_bin", self.max_bin, 2)
        check_integer("patience", self.patience, 0)


@dataclass(frozen=True, kw_only=True)
class GradientBoostingConfig(TreesConfig):
    """Boosted trees on histograms, as scikit-learn grows them."""

    n_estimators: int = 100  # trees
    learning_rate: float = 0.03  # share of each tree that is kept
    num_leaves: int = 8  # leaves a tree
    max_depth: int = 3  # levels a tree; 0 leaves it to num_leaves
    min_child_samples: int = 200  # rows a leaf at least
    max_features: float = 0.5  # share of features for each division
    reg_lambda: float = 10.0  # L2 penalty on leaf values
    max_bin: int = 63  # bins of a feature
    patience: int = 0  # trees without a better loss on the purged tail before stopping; 0 grows all

    def __post_init__(self) -> None:
        super().__post_init__()
        check_integer("n_estimators", self.n_estimators, 1)
        check_between("learning_rate", self.learning_rate, 1e-4, 1.0)
        check_integer("num_leaves", self.num_leaves, 2)
        check_integer("max_depth", self.max_depth, 0)
        check_integer("min_child_samples", self.min_child_samples, 1)
        check_between("max_features", self.max_features, 0.01, 1.0)
        check_at_least("reg_lambda", self.reg_lambda, 0.0)
        check_integer("max_bin", self.max_bin, 2)
        check_between("max_bin", self.max_bin, 2, 255)
        check_integer("patience", self.patience, 0)


@dataclass(frozen=True, kw_only=True)
class RandomForestConfig(TreesConfig):
    """Trees on random rows and features, averaged (Breiman, 2001)."""

    n_estimators: int = 100  # trees
    max_depth: int = 5  # levels a tree; 0 grows them out
    min_child_samples: int = 100  # rows a leaf at least
    max_features: float = 0.2  # share of features for each division
    max_samples: float = 0.5  # share of rows drawn, with replacement, for each tree; overlapping labels repeat rows
    row_draws: str = "uniform"  # or sequential: rows whose labels overlap those drawn before come less often

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("row_draws", self.row_draws, ROW_DRAWS)
        check_integer("n_estimators", self.n_estimators, 1)
        check_integer("max_depth", self.max_depth, 0)
        check_integer("min_child_samples", self.min_child_samples, 1)
        check_between("max_features", self.max_features, 0.01, 1.0)
        check_between("max_samples", self.max_samples, 0.01, 1.0)
