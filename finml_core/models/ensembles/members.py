"""How an ensemble talks to members of any family."""

from collections.abc import Callable
from dataclasses import replace
from inspect import signature
from typing import Any

from sklearn.base import clone

from finml_core.errors import ConfigError
from finml_core.models.configs import TrainConfig


def taken(method: Callable[..., Any], **offered: Any) -> dict[str, Any]:
    """Those of the offered arguments that the method takes, and that are there."""
    parameters = signature(method).parameters
    return {name: value for name, value in offered.items() if name in parameters and value is not None}


def fitted(estimator: Any, X: Any, y: Any, sample_weight: Any, **offered: Any) -> Any:
    """A clone fitted on these rows; `label_end` and `context` go to models that take them."""
    model = clone(estimator)
    return model.fit(X, y, sample_weight=sample_weight, **taken(model.fit, **offered))


def with_seed(estimator: Any, seed: int) -> Any:
    """A clone that draws from another seed.

    Raises
    ------
    ConfigError
        For a model that draws nothing.
    """
    model = clone(estimator)
    parameters = model.get_params(deep=False)
    if "seed" in parameters:
        return model.set_params(seed=seed)
    if "train" in parameters:
        return model.set_params(train=replace(parameters["train"] or TrainConfig(), seed=seed))
    raise ConfigError(f"{type(model).__name__} draws nothing, so that seeds make no difference; fit it once.")
