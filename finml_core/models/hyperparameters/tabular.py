"""Sliders of the models that look at one row."""

from collections.abc import Mapping

from finml_core.models.configs.tabular import ROW_DRAWS
from finml_core.models.hyperparameters.slider import Hyperparameter
from finml_core.models.types import ModelType


def _whole(family: str, name: str, label: str, low: int, high: int, step: int, help: str) -> Hyperparameter:
    return Hyperparameter(
        name=name, label=label, kind="int", path=(family, name), low=low, high=high, step=step, help=help
    )


def _share(family: str, name: str, label: str, low: float, help: str) -> Hyperparameter:
    return Hyperparameter(
        name=name, label=label, kind="float", path=(family, name), low=low, high=1.0, step=0.05, help=help
    )


def _factor(family: str, name: str, label: str, low: float, high: float, step: float, help: str) -> Hyperparameter:
    return Hyperparameter(
        name=name, label=label, kind="log", path=(family, name), low=low, high=high, step=step, help=help
    )


def _trees(family: str) -> Hyperparameter:
    return _whole(family, "n_estimators", "Trees", 10, 1000, 10, "Trees at most.")


def _rate(family: str) -> Hyperparameter:
    return _factor(family, "learning_rate", "Learning rate", 0.005, 0.3, 1.25, "Share of each tree that is kept.")


def _depth(family: str, low: int = 0) -> Hyperparameter:
    rest = "; 0 sets no bound." if low == 0 else "."
    return _whole(family, "max_depth", "Depth", low, 12, 1, f"Levels a tree at most{rest}")


def _leaf_rows(family: str) -> Hyperparameter:
    return _whole(family, "min_child_samples", "Rows a leaf", 10, 1000, 10, "Rows that a leaf needs at least.")


def _penalty(family: str) -> Hyperparameter:
    return Hyperparameter(
        name="reg_lambda", label="L2 penalty", kind="float", path=(family, "reg_lambda"), low=0.0, high=100.0, step=1.0,
        help="Pull of the leaf values towards 0.",
    )  # fmt: skip


def _patience(family: str) -> Hyperparameter:
    text = "Trees without a better loss on the held-out tail before growth stops; 0 grows all."
    return _whole(family, "patience", "Patience (trees)", 0, 100, 5, text)


def _row_share(family: str) -> Hyperparameter:
    return _share(family, "subsample", "Share of rows", 0.1, "Rows drawn for each tree.")


def _feature_share(family: str) -> Hyperparameter:
    return _share(family, "colsample_bytree", "Share of features", 0.1, "Features drawn for each tree.")


def _division_share(family: str) -> Hyperparameter:
    return _share(family, "max_features", "Share of features", 0.05, "Features drawn for each division.")


TABULAR_SLIDERS: Mapping[ModelType, tuple[Hyperparameter, ...]] = {
    ModelType.NAIVE: (),
    ModelType.ALWAYS_UP: (),
    ModelType.LOGISTIC: (
        _factor("logistic", "C", "Inverse penalty C", 1e-4, 10.0, 2.0, "Small values shrink the weights harder."),
    ),
    ModelType.RIDGE: (
        _factor("ridge", "alpha", "Penalty", 0.1, 1e5, 2.0, "As many rows as this halve a lone feature's weight."),
    ),
    ModelType.ELASTIC_NET: (
        _factor("elastic_net", "alpha", "Penalty", 1e-4, 0.3, 1.5, "On the mean over rows; large drops more features."),
        _share("elastic_net", "l1_ratio", "Share of L1", 0.0, "1 only drops features, 0 only shrinks them."),
    ),
    ModelType.RANDOM_FOREST: (
        _trees("random_forest"),
        _depth("random_forest"),
        _leaf_rows("random_forest"),
        _division_share("random_forest"),
        _share("random_forest", "max_samples", "Share of rows", 0.05, "Rows drawn for each tree."),
        Hyperparameter(
            name="row_draws", label="Draws of rows", kind="choice", path=("random_forest", "row_draws"),
            choices=ROW_DRAWS,
            help="Sequential: rows whose labels overlap those drawn before come less often (AFML 4.5).",
        ),
    ),
    ModelType.GRADIENT_BOOSTING: (
        _trees("gradient_boosting"),
        _rate("gradient_boosting"),
        _whole("gradient_boosting", "num_leaves", "Leaves", 2, 64, 1, "Leaves a tree at most."),
        _depth("gradient_boosting"),
        _leaf_rows("gradient_boosting"),
        _division_share("gradient_boosting"),
        _penalty("gradient_boosting"),
        _patience("gradient_boosting"),
    ),
    ModelType.LIGHTGBM: (
        _trees("lightgbm"),
        _rate("lightgbm"),
        _whole("lightgbm", "num_leaves", "Leaves", 2, 64, 1, "Leaves a tree at most."),
        _depth("lightgbm"),
        _leaf_rows("lightgbm"),
        _row_share("lightgbm"),
        _feature_share("lightgbm"),
        _penalty("lightgbm"),
        _patience("lightgbm"),
    ),
    ModelType.XGBOOST: (
        _trees("xgboost"),
        _rate("xgboost"),
        _depth("xgboost", low=1),
        Hyperparameter(
            name="min_child_weight", label="Curvature a leaf", kind="float", path=("xgboost", "min_child_weight"),
            low=1.0, high=250.0, step=1.0, help="For probabilities near a half this is a quarter of its rows.",
        ),
        _row_share("xgboost"),
        _feature_share("xgboost"),
        _penalty("xgboost"),
        _patience("xgboost"),
    ),
}  # fmt: skip
