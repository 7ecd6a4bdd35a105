"""The 14 factors by qlib from its own store; run by the Python of an environment of its own: qlib_peer.py FOLDER.

qlib's caches lock through a Redis server on this machine. Prints the seconds of a dataset read from the warm dataset
cache, the fastest of some, and of one computed without caches.
"""

import sys
import time
from pathlib import Path
from typing import Any

FACTORS = (
    *(f"$close/Ref($close,{n})-1" for n in (1, 5, 20)),
    *(f"$close/Mean($close,{n})-1" for n in (5, 20, 50)),
    *(f"($close-Mean($close,{n}))/Std($close,{n})" for n in (20, 50)),
    *(f"Std(Log($close/Ref($close,1)),{n})" for n in (20, 60)),
    *(f"$volume/Mean($volume,{n})" for n in (5, 20)),
    "$close/Max($close,20)-1",
    "$close/Min($close,20)-1",
)
WARM = 5
FIRST_DAY = bytes(4)  # number in the calendar, as a float32


def write_qlib_store(bars: Any, n_bars: int, folder: Path) -> None:
    """The store that qlib reads, of long bars in which each symbol has `n_bars`, on the same days."""
    days = bars["ts"].iloc[:n_bars].dt.strftime("%Y-%m-%d").tolist()
    names = bars["symbol"].iloc[::n_bars].tolist()
    for name in ("calendars", "instruments"):
        (folder / name).mkdir()
    (folder / "calendars" / "day.txt").write_text("\n".join(days))
    (folder / "instruments" / "all.txt").write_text("".join(f"{name}\t{days[0]}\t{days[-1]}\n" for name in names))
    for number, name in enumerate(names):
        (folder / "features" / name.lower()).mkdir(parents=True)
        for column in ("open", "high", "low", "close", "volume"):
            values = bars[column].iloc[number * n_bars : (number + 1) * n_bars].to_numpy(dtype="<f4")
            with (folder / "features" / name.lower() / f"{column}.day.bin").open("wb") as file:
                file.write(FIRST_DAY)
                file.write(values.tobytes())


def main(folder: Path) -> None:
    """Time it both ways."""
    import qlib
    from qlib.data import D

    days = (folder / "calendars" / "day.txt").read_text().split()
    qlib.init(
        provider_uri=str(folder), expression_cache="DiskExpressionCache", dataset_cache="DiskDatasetCache", kernels=2,
        skip_if_reg=False,
    )  # fmt: skip
    chosen = D.instruments("all")
    took = {}
    for name, cached, times in (("warm", 1, WARM + 1), ("uncached", 0, 1)):
        seconds = []
        for _ in range(times):
            began = time.perf_counter()
            table = D.features(chosen, list(FACTORS), start_time=days[0], end_time=days[-1], disk_cache=cached)
            seconds.append(time.perf_counter() - began)
        took[name] = min(seconds[1:] or seconds)
    print(len(table), took["warm"], took["uncached"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
