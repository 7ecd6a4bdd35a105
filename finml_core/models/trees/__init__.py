"""Models made of trees; each loads its library when it is fitted."""

from finml_core.models.trees.forest import RandomForestClassifier, RandomForestRegressor
from finml_core.models.trees.histogram import GradientBoostingClassifier, GradientBoostingRegressor
from finml_core.models.trees.light import LightGBMClassifier, LightGBMRegressor
from finml_core.models.trees.xgb import XGBoostClassifier, XGBoostRegressor

__all__ = [
    "GradientBoostingClassifier",
    "GradientBoostingRegressor",
    "LightGBMClassifier",
    "LightGBMRegressor",
    "RandomForestClassifier",
    "RandomForestRegressor",
    "XGBoostClassifier",
    "XGBoostRegressor",
]
