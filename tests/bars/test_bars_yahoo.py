"""Downloads say at once why they cannot be; what comes is raw bars with adj_close."""

import socket
import sys
from types import SimpleNamespace

import pandas as pd
import pytest

from finml_core.bars import download_bars
from finml_core.errors import ConfigError, DataError


@pytest.fixture
def reachable(monkeypatch):
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: SimpleNamespace(close=lambda: None))


@pytest.fixture
def package(monkeypatch):
    """A stand-in that answers for ABC only and remembers what it was asked."""
    asked = {}
    days = pd.date_range("2020-01-01", periods=3, name="Date")
    columns = pd.MultiIndex.from_product([["ABC"], ["Open", "High", "Low", "Close", "Adj Close", "Volume"]])

    def download(names, **options):
        asked.update(names=names, **options)
        return pd.DataFrame([[10.0, 11.0, 9.0, 10.0, 5.0, 100.0]] * 3, index=days, columns=columns)

    monkeypatch.setitem(sys.modules, "yfinance", SimpleNamespace(download=download))
    return asked


def test_downloaded_bars_are_raw_and_ready_to_ingest(reachable, package, store):
    bars = download_bars("ABC", "2020-01-01", "2020-01-03")
    assert store.ingest(bars).inserted == 3
    assert store.load("ABC")["adj_close"].tolist() == [5.0] * 3
    assert package["end"] == pd.Timestamp("2020-01-04")
    assert package["auto_adjust"] is False


def test_a_symbol_without_bars_is_named(reachable, package):
    with pytest.raises(DataError, match="no bars of XYZ"):
        download_bars(["ABC", "XYZ"])


def test_without_the_package_or_a_network_it_says_so(monkeypatch, package):
    def refuse(*_, **__):
        raise OSError("no route")

    monkeypatch.setattr(socket, "create_connection", refuse)
    with pytest.raises(DataError, match=r"cannot be reached \(no route\)"):
        download_bars("ABC")
    monkeypatch.setitem(sys.modules, "yfinance", None)
    with pytest.raises(DataError, match="pip install yfinance"):
        download_bars("ABC")
    with pytest.raises(ConfigError, match="interval is '1m'"):
        download_bars("ABC", interval="1m")
