"""Settings of every family in one place, as an experiment file holds them."""

from dataclasses import dataclass, field

from finml_core.checks import check_integer
from finml_core.models.configs.duration import check_duration
from finml_core.models.configs.networks import (
    ConvLSTMConfig,
    GRUConfig,
    HybridConfig,
    LSTMConfig,
    NeuralODEConfig,
    TransformerConfig,
)
from finml_core.models.configs.tabular import (
    AlwaysUpConfig,
    ElasticNetConfig,
    GradientBoostingConfig,
    LightGBMConfig,
    LogisticConfig,
    RandomForestConfig,
    RidgeConfig,
    XGBoostConfig,
)
from finml_core.models.configs.training import TrainConfig


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """A model reads the settings that carry its name; `seed` rules over that in `train`."""

    seed: int = 0
    always_up: AlwaysUpConfig = field(default_factory=AlwaysUpConfig)
    logistic: LogisticConfig = field(default_factory=LogisticConfig)
    ridge: RidgeConfig = field(default_factory=RidgeConfig)
    elastic_net: ElasticNetConfig = field(default_factory=ElasticNetConfig)
    random_forest: RandomForestConfig = field(default_factory=RandomForestConfig)
    gradient_boosting: GradientBoostingConfig = field(default_factory=GradientBoostingConfig)
    lightgbm: LightGBMConfig = field(default_factory=LightGBMConfig)
    xgboost: XGBoostConfig = field(default_factory=XGBoostConfig)
    lstm: LSTMConfig = field(default_factory=LSTMConfig)
    gru: GRUConfig = field(default_factory=GRUConfig)
    transformer: TransformerConfig = field(default_factory=TransformerConfig)
    hybrid: HybridConfig = field(default_factory=HybridConfig)
    conv_lstm: ConvLSTMConfig = field(default_factory=ConvLSTMConfig)
    neural_ode: NeuralODEConfig = field(default_factory=NeuralODEConfig)
    train: TrainConfig = field(default_factory=TrainConfig)  # of every network
    sequence_length: int = 20  # bars a window, the decision bar included
    longest_gap: str | None = None  # as "10D": no window reaches over a longer one; None knows no gaps

    def __post_init__(self) -> None:
        check_integer("seed", self.seed, 0)
        check_integer("sequence_length", self.sequence_length, 1)
        if self.longest_gap is not None:
            check_duration("longest_gap", self.longest_gap)
