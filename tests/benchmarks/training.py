"""Training against its peers in one run: python -m tests.benchmarks.training [part ...]

Parts: batches, networks, folds, cores, precision, start. Prints rates and ratios, each contender in turns after a
warm-up; quote the ratios. CPU seconds of this process are used where contenders run on one thread in it, so that other
work on the machine moves them less. darts and neuralforecast belong in an environment of their own; where they are not
installed, their lines say so.
"""

import importlib.util
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from finml_core.models import (
    ConvLSTMConfig,
    Fold,
    GRUConfig,
    LSTMConfig,
    NeuralODEConfig,
    SequenceClassifier,
    TrainConfig,
    TransformerConfig,
    fit_folds,
)
from finml_core.models.networks import make_network
from finml_core.models.networks.encoder import Encoder
from finml_core.models.training import WindowData, train_network

HIDDEN, LENGTH, BATCH = 64, 60, 256
N_FEATURES = 20
BIG_TRANSFORMER = TransformerConfig(d_model=HIDDEN, nhead=4, num_encoder_layers=2, dim_feedforward=128, dropout=0.0)
NETWORKS = {
    "LSTM": LSTMConfig(hidden_dim=HIDDEN, dropout=0.0, layer_norm=False),
    "GRU": GRUConfig(hidden_dim=HIDDEN, dropout=0.0, layer_norm=False),
    "Transformer": BIG_TRANSFORMER,
}
TRAIN = TrainConfig(epochs=1, batch_size=BATCH, device="cpu", validation_share=0.0)


class Windows(Dataset):
    """The textbook data set: one window an item."""

    def __init__(self, data: WindowData):
        self.data = data

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, item: int):
        end = int(self.data.end[item])
        return self.data.matrix[end - self.data.length + 1 : end + 1], self.data.target[item]


class AllBars(Encoder):
    """The same encoder without asking for the last bar only."""

    def forward(self, x):
        for layer in self.layers:
            x = layer(x, causal=self.is_causal)
        return x[:, -1]


def make_data(n_windows: int, n_features: int = N_FEATURES, length: int = LENGTH) -> WindowData:
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(n_windows + length - 1, n_features, generator=generator)
    target = torch.randint(0, 2, (n_windows, 1), generator=generator).float()
    return WindowData(
        matrix=matrix,
        end=torch.arange(length - 1, n_windows + length - 1),
        target=target,
        weight=torch.ones(n_windows),
        length=length,
    )


def in_turns(
    contenders: dict[str, Callable[[], object]], repeats: int = 3, clock: Callable[[], float] = time.process_time
) -> dict[str, float]:
    """Median seconds of each, of the CPU unless another clock is given, after a turn that is not counted."""
    took: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(repeats + 1):
        for name, work in contenders.items():
            started = clock()
            work()
            if turn:
                took[name].append(clock() - started)
    return {name: statistics.median(seconds) for name, seconds in took.items()}


def batches() -> None:
    """Batches from views against Dataset and DataLoader."""
    many, few = make_data(200_000, 10, 20), make_data(20_000, 10, 20)
    took = in_turns(
        {
            "views": lambda: [windows.shape for windows, _, _ in many.batches(BATCH, shuffled=True)],
            "DataLoader": lambda: [
                windows.shape for windows, _ in DataLoader(Windows(few), batch_size=BATCH, shuffle=True)
            ],
        }
    )
    ours, theirs = len(many) / took["views"], len(few) / took["DataLoader"]
    print(
        f"batches (20 bars x 10 features): views {ours / 1e6:.2f} M windows/s, DataLoader {theirs / 1e6:.3f} M", end=""
    )
    print(f": {ours / theirs:.0f}x")


def fresh(config: object) -> nn.Module:
    torch.manual_seed(0)
    return make_network(config, n_features=N_FEATURES)


def plain_loop(config: object, data: WindowData) -> None:
    """What one writes first: the same network and AdamW, a DataLoader for batches, every bar through the last layer."""
    network = fresh(config)
    if isinstance(config, TransformerConfig):
        network.encoder.__class__ = AllBars
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    for windows, target in DataLoader(Windows(data), batch_size=BATCH, shuffle=True):
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(network(windows), target).backward()
        optimizer.step()


def networks() -> None:
    """LSTM, GRU and Transformer against a plain loop, and against darts and neuralforecast where there are any."""
    for name, config in NETWORKS.items():
        data = make_data(2560 if name == "Transformer" else 5120)
        contenders = {
            "ours": lambda config=config, data=data: train_network(fresh(config), data, None, TRAIN),
            "plain loop": lambda config=config, data=data: plain_loop(config, data),
        }
        contenders |= peers(name, len(data))
        rates = {who: len(data) / seconds for who, seconds in in_turns(contenders).items()}
        others = "; ".join(
            f"{who} {rate:,.0f} (ours {rates['ours'] / rate:.2f}x)" for who, rate in rates.items() if who != "ours"
        )
        print(f"{name} (hidden {HIDDEN}, {LENGTH} bars, batch {BATCH}): ours {rates['ours']:,.0f} windows/s; {others}")


def peers(name: str, n_windows: int) -> dict[str, Callable[[], object]]:
    """One epoch of each peer's own model of this kind on as many windows, where the peer is installed."""
    found: dict[str, Callable[[], object]] = {}
    if importlib.util.find_spec("darts") is None:
        print("darts is not installed: no comparison (pip install darts==0.48.1, in an environment of its own)")
    else:
        found["darts"] = darts_epoch(name, n_windows)
    if importlib.util.find_spec("neuralforecast") is None:
        print("neuralforecast is not installed: no comparison (neuralforecast==3.3.0, in an environment of its own)")
    else:
        found["neuralforecast"] = neuralforecast_epoch(name, n_windows)
    return found


def darts_epoch(name: str, n_windows: int) -> Callable[[], object]:
    """darts trains on one series with past covariates; made anew in each turn."""
    from darts import TimeSeries
    from darts.models import BlockRNNModel, TransformerModel

    generator = np.random.default_rng(0)
    n_rows = n_windows + LENGTH
    series = TimeSeries.from_values(generator.normal(size=n_rows).astype(np.float32))
    covariates = TimeSeries.from_values(generator.normal(size=(n_rows, N_FEATURES - 1)).astype(np.float32))
    common = {
        "input_chunk_length": LENGTH,
        "output_chunk_length": 1,
        "batch_size": BATCH,
        "n_epochs": 1,
        "dropout": 0.0,
        "pl_trainer_kwargs": {"accelerator": "cpu", "enable_progress_bar": False, "logger": False},
    }

    def run() -> None:
        if name == "Transformer":
            model = TransformerModel(d_model=HIDDEN, nhead=4, num_encoder_layers=2, num_decoder_layers=2, **common)
        else:
            model = BlockRNNModel(model=name, hidden_dim=HIDDEN, n_rnn_layers=1, **common)
        model.fit(series, past_covariates=covariates, verbose=False)

    return run


def neuralforecast_epoch(name: str, n_windows: int) -> Callable[[], object]:
    """neuralforecast counts steps, not epochs, and draws its windows from one long series."""
    from neuralforecast import NeuralForecast
    from neuralforecast.models import GRU, LSTM, VanillaTransformer

    generator = np.random.default_rng(0)
    n_rows = n_windows + LENGTH
    hist = [f"x{number}" for number in range(N_FEATURES - 1)]
    frame = pd.DataFrame(generator.normal(size=(n_rows, N_FEATURES - 1)), columns=hist)
    frame["y"] = generator.normal(size=n_rows)
    frame["unique_id"], frame["ds"] = "a", np.arange(n_rows)
    common = {
        "h": 1,
        "input_size": LENGTH,
        "max_steps": n_windows // BATCH,
        "windows_batch_size": BATCH,
        "accelerator": "cpu",
        "enable_progress_bar": False,
        "logger": False,
    }

    def run() -> None:
        if name == "Transformer":
            model = VanillaTransformer(hidden_size=HIDDEN, n_head=4, encoder_layers=2, decoder_layers=1, **common)
        else:
            kind = LSTM if name == "LSTM" else GRU
            model = kind(encoder_hidden_size=HIDDEN, encoder_n_layers=1, hist_exog_list=hist, **common)
        NeuralForecast(models=[model], freq=1).fit(frame)

    return run


def folds() -> None:
    """45 folds of one small network: one program against separate fits, a thread a core, in seconds to wait."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    generator = np.random.default_rng(0)
    n_rows = 1100
    index = pd.MultiIndex.from_product([["A"], pd.bdate_range("2010-01-01", periods=n_rows)], names=["symbol", "ts"])
    X = pd.DataFrame(generator.normal(size=(n_rows, N_FEATURES)), index=index)
    X.columns = [f"feature_{number}" for number in range(N_FEATURES)]
    y = pd.Series(generator.integers(0, 2, n_rows), index=index)
    rows = [slice(10 * number, 600 + 10 * number) for number in range(45)]
    parts = [Fold(X=X.iloc[part], y=y.iloc[part]) for part in rows]
    cases = [
        (LSTMConfig(hidden_dim=16), 256), (LSTMConfig(hidden_dim=16), 64),
        (LSTMConfig(hidden_dim=32), 256), (LSTMConfig(hidden_dim=32), 64), (LSTMConfig(hidden_dim=64), 256),
        (GRUConfig(hidden_dim=16), 256), (GRUConfig(hidden_dim=16), 64),
        (GRUConfig(hidden_dim=32), 256), (GRUConfig(hidden_dim=64), 256), (GRUConfig(hidden_dim=64), 64),
        (TransformerConfig(d_model=16, nhead=2, dim_feedforward=32), 256), (TransformerConfig(), 64),
        (ConvLSTMConfig(), 64), (NeuralODEConfig(hidden_dim=16), 256),
    ]  # fmt: skip
    for network, batch_size in cases:
        train = replace(TRAIN, epochs=2, batch_size=batch_size, validation_share=0.15)

        def fit(together: bool, network: object = network, train: TrainConfig = train) -> None:
            models = [
                SequenceClassifier(network=network, train=replace(train, seed=seed), sequence_length=20)
                for seed in range(45)
            ]
            fit_folds(models, parts, context=X, together=together)

        ways = {"together": lambda: fit(True), "apart": lambda: fit(False)}
        took = in_turns(ways, repeats=1, clock=time.perf_counter)
        width = getattr(network, "d_model", None) or network.hidden_dim
        print(
            f"45 folds, {type(network).__name__.removesuffix('Config')} {width}, batch {batch_size}: together "
            f"{took['together']:.1f} s, apart {took['apart']:.1f} s: {took['apart'] / took['together']:.2f}x",
            flush=True,
        )
    torch.set_num_threads(n_threads)


def cores() -> None:
    """Folds too large for one program: a thread a core, recurrent ones in bfloat16 too, against one after another.

    Seconds of the wall: it needs a machine with idle cores. Peers have one process and all threads, as they come.
    """
    n_threads = os.cpu_count() or 1
    torch.set_num_threads(n_threads)
    generator = np.random.default_rng(0)
    n_folds, n_rows = 2 * n_threads, 2560 + LENGTH
    index = pd.MultiIndex.from_product([["A"], pd.bdate_range("2010-01-01", periods=n_rows)], names=["symbol", "ts"])
    X = pd.DataFrame(generator.normal(size=(n_rows, N_FEATURES)), index=index)
    X.columns = [f"feature_{number}" for number in range(N_FEATURES)]
    y = pd.Series((X["feature_0"] + generator.normal(size=n_rows) > 0).astype(float), index=index)
    for name, config in NETWORKS.items():
        losses: dict[str, float] = {}

        def fit(way: str, at_once: int, low: bool, config: object = config, losses: dict = losses) -> None:
            train = replace(TRAIN, validation_share=0.2, bfloat16_on_cpu=low)
            models = [
                SequenceClassifier(network=config, train=replace(train, seed=seed), sequence_length=LENGTH)
                for seed in range(n_folds)
            ]
            fit_folds(models, [Fold(X=X, y=y)] * n_folds, context=X, together=False, at_once=at_once)
            losses[way] = statistics.fmean(model.history_[-1]["validation_loss"] for model in models)

        ways = {"one after another": (1, False), "a thread a core": (n_threads, False)}
        if name != "Transformer":  # slower in it
            ways["a thread a core, bfloat16"] = (n_threads, True)
        contenders: dict[str, Callable[[], object]] = {
            way: lambda way=way, settings=settings, fit=fit: fit(way, *settings) for way, settings in ways.items()
        }
        n_windows = int(0.8 * 2560)
        for who, epoch in peers(name, n_windows).items():
            contenders[who] = lambda epoch=epoch: [epoch() for _ in range(n_folds)]
        took = in_turns(contenders, repeats=1, clock=time.perf_counter)
        best = list(ways)[-1]
        print(f"{n_folds} folds of a {name}, {n_threads} cores, load {os.getloadavg()[0]:.1f}: ", end="")
        print(
            "; ".join(
                f"{who} {seconds:.1f} s ({seconds / took[best]:.2f}x{_loss(losses, who)})"
                for who, seconds in took.items()
            ),
            flush=True,
        )
    torch.set_num_threads(1)


def _loss(losses: dict[str, float], who: str) -> str:
    return f", validation loss {losses[who]:.5f}" if who in losses else ""


STARTED = """
import sys, time
from dataclasses import replace
from pathlib import Path
from finml_core.runs import worker

def learn():
    trade = worker.experiment_trade()

    def run_experiment(config, bars, *, progress, should_stop, **others):
        seen = {"stage": "", "asked": 0}

        def report(event):
            seen.update(stage=event["stage"], asked=0)
            progress(event)

        def asked():
            seen["asked"] += 1
            if seen["stage"] == "train" and seen["asked"] == 2:  # the report itself asks once, then the first batch
                print(time.time() - float(sys.argv[2]), time.process_time())
                sys.stdout.flush()
                (Path(sys.argv[1]) / "cancel").touch()
            return should_stop()

        return trade.run_experiment(config, bars, progress=report, should_stop=asked, **others)

    return replace(trade, run_experiment=run_experiment)

worker.execute(Path(sys.argv[1]), learn)
"""


def start() -> None:
    """A worker's start to its first batch: bundled bars, all features, one LSTM; computed features, then kept ones."""
    import subprocess
    import tempfile
    from pathlib import Path

    from finml_core.bars import BarStore, prepare_store
    from finml_core.experiments import ExperimentConfig
    from finml_core.models import ModelType
    from finml_core.runs import RunStore

    config = ExperimentConfig.from_yaml(Path("examples/direction_5d.yaml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        prepare_store(BarStore(home / "market.duckdb"))
        store = RunStore(home)
        for seed, what in enumerate(("features computed", "features kept", "features kept")):
            chosen = replace(config, models=(ModelType.LSTM,), model=replace(config.model, seed=seed))
            run_id = store.submit(chosen, launch=False)
            command = [sys.executable, "-c", STARTED, str(home / "runs" / run_id), str(time.time())]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            wall, cpu = done.stdout.splitlines()[0].split()
            print(f"start of a worker to its first batch, {what}: {float(wall):.2f} s, {float(cpu):.2f} s of CPU")


def precision() -> None:
    """bfloat16 on this CPU, and the last layer's query for the last bar only."""
    data, held_out = make_data(5120), make_data(1024)
    for name in ("LSTM", "Transformer"):
        losses = {}

        def run(low: bool, name: str = name, losses: dict = losses) -> None:
            config = replace(TRAIN, bfloat16_on_cpu=low, epochs=1)
            losses[low] = train_network(fresh(NETWORKS[name]), data, held_out, config).history[-1]["validation_loss"]

        took = in_turns({"float32": lambda: run(False), "bfloat16": lambda: run(True)}, repeats=2)
        print(
            f"{name}: bfloat16 {took['float32'] / took['bfloat16']:.2f}x float32, validation loss {losses[True]:.5f} "
            f"and {losses[False]:.5f}"
        )

    def encode(kind: type) -> None:
        network = fresh(BIG_TRANSFORMER)
        network.encoder.__class__ = kind
        train_network(network, make_data(2560), None, TRAIN)

    took = in_turns({"last": lambda: encode(Encoder), "all": lambda: encode(AllBars)})
    print(f"Transformer: asking for the last bar only {took['all'] / took['last']:.2f}x asking for all")


PARTS = {
    "batches": batches, "networks": networks, "folds": folds, "cores": cores, "precision": precision, "start": start,
}  # fmt: skip


def main() -> None:
    torch.set_num_threads(1)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"torch {torch.__version__}, one thread, {os.cpu_count()} cores, load {load:.1f}")
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()


if __name__ == "__main__":
    main()
