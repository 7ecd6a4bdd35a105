"""How busy the devices are: sampled beside the work, thinned without losing time or peaks, honest where none is."""

import sys
import time
from types import SimpleNamespace

import pandas as pd
import pytest

from finml_core.runs.cards import Cards
from finml_core.runs.usage import USAGE, Processor, UsageRecorder, halved


class FakeError(Exception):
    """As the driver's library raises it."""


def fake_library(busy=(40, 90), fails=False):
    """Two cards, or a driver that does not answer."""

    def init():
        if fails:
            raise FakeError("Driver Not Loaded")

    def rates(handle):
        if busy[handle] is None:
            raise FakeError("GPU is lost")
        return SimpleNamespace(gpu=busy[handle])

    return SimpleNamespace(
        NVMLError=FakeError,
        nvmlInit=init,
        nvmlDeviceGetCount=lambda: len(busy),
        nvmlDeviceGetHandleByIndex=lambda number: number,
        nvmlDeviceGetUUID=lambda handle: f"GPU-{handle}abc",
        nvmlDeviceGetName=lambda handle: "Test 9000",
        nvmlDeviceGetUtilizationRates=rates,
        nvmlDeviceGetMemoryInfo=lambda handle: SimpleNamespace(used=(handle + 1) * 2**30),
    )


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        (None, {"card 0 (Test 9000)": (0.4, 1024.0), "card 1 (Test 9000)": (0.9, 2048.0)}),
        ("1", {"card 1 (Test 9000)": (0.9, 2048.0)}),
        ("GPU-0a, 7", {"card 0 (Test 9000)": (0.4, 1024.0)}),
        ("", {}),
    ],
)
def test_cards_are_those_that_the_process_may_use(visible, expected, monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", fake_library())
    environment = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    assert Cards(environment).sample() == expected


def test_without_a_driver_or_its_library_there_are_no_cards_and_the_reason_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", fake_library(fails=True))
    cards = Cards({})
    assert (cards.sample(), cards.reason) == ({}, "no NVIDIA driver answers (Driver Not Loaded)")
    monkeypatch.setitem(sys.modules, "pynvml", None)
    cards = Cards({})
    assert (cards.sample(), cards.reason) == ({}, "nvidia-ml-py is not installed")


def test_a_card_that_stops_answering_is_left_out(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", fake_library(busy=(40, None)))
    cards = Cards({})
    assert set(cards.sample()) == {"card 0 (Test 9000)"}
    assert cards.reason == "card 1 (Test 9000) stopped answering (GPU is lost)"
    assert set(cards.sample()) == {"card 0 (Test 9000)"}


def test_the_processor_tells_work_from_rest():
    processor = Processor()
    time.sleep(0.2)
    resting = processor.sample()["cpu"]
    end = time.process_time() + 0.3
    while time.process_time() < end:
        pass
    working = processor.sample()["cpu"]
    assert 0 <= resting[0] < working[0] <= 1
    assert working[1] > 10  # MiB


def test_halving_keeps_time_mean_and_peak():
    rows = [
        {"elapsed_s": 1.0, "stage": "load", "device": "cpu", "utilisation": 0.0, "memory_mib": 10.0},
        {"elapsed_s": 4.0, "stage": "train", "device": "cpu", "utilisation": 1.0, "memory_mib": 5.0},
        {"elapsed_s": 5.0, "stage": "train", "device": "cpu", "utilisation": 0.5, "memory_mib": 7.0},
    ]
    first, last = halved(rows)
    assert (first["elapsed_s"], first["utilisation"], first["memory_mib"]) == (4.0, 0.75, 10.0)
    assert last == rows[2]


def test_a_long_run_is_kept_by_few_samples_that_span_it(tmp_path):
    counts = iter(range(10_000))
    taken = []

    def sampler():
        def sample():
            taken.append(next(counts))
            return {"cpu": (0.5, 100.0 + len(taken)), "card 0": (1.0, 10.0)}

        return sample

    with UsageRecorder(tmp_path, lambda: "train", sampler=sampler, every_s=0.001, most=8):
        while len(taken) < 40:
            time.sleep(0.005)
    table = pd.read_parquet(tmp_path / "usage.parquet")
    assert tuple(table.columns) == USAGE
    assert set(table["device"]) == {"cpu", "card 0"}
    of_cpu = table[table["device"] == "cpu"]
    assert len(of_cpu) <= 8
    assert of_cpu["elapsed_s"].is_monotonic_increasing
    assert of_cpu["memory_mib"].max() == 100.0 + len(taken)  # the last sample is in
    assert (of_cpu["utilisation"] == 0.5).all()


def test_a_worker_leaves_its_use_of_devices_with_the_stages_it_went_through(store, fake, until):
    run_id = store.submit(fake(n_pieces=4, pause_s=0.4))
    until(store, run_id, "done")
    usage = store.table(run_id, "usage")
    assert "cpu" in set(usage["device"])
    assert "train" in set(usage["stage"])
    assert usage["utilisation"].between(0, 1).all()
    assert (usage["memory_mib"] > 0).all()


def test_a_run_that_fails_leaves_it_too(store, fake, until):
    run_id = store.submit(fake(fails_at=0))
    until(store, run_id, "failed")
    assert len(store.table(run_id, "usage"))
