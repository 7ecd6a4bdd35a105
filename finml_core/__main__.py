"""FinML without a browser: `python -m finml_core run examples/direction_5d.yaml`."""

import argparse
import sys
import time
from pathlib import Path

from finml_core.errors import FinmlError
from finml_core.runs.home import DEFAULT_EXPERIMENT, home


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when done, 1 when a run failed, 2 when the input is wrong."""
    options = _parser().parse_args(arguments)
    try:
        return options.action(options)
    except FinmlError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped.", file=sys.stderr)
        return 130


def prepare(options: argparse.Namespace) -> int:
    from finml_core.bars import BarStore
    from finml_core.experiments import ExperimentConfig
    from finml_core.runs.first_start import first_start

    added, run_id = first_start(home(), ExperimentConfig.from_yaml(DEFAULT_EXPERIMENT))
    n_symbols = len(BarStore(home() / "market.duckdb").symbols())
    print(f"{'Bundled bars ingested.' if added else 'The store is ready.'} {n_symbols} symbols in {home()}.")
    if run_id:
        print(f"The first experiment is queued as {run_id}; it runs beside the dashboard.")
    return 0


def ingest(options: argparse.Namespace) -> int:
    from finml_core.bars import BarStore, IngestOptions

    settings = {
        "symbol": options.symbol,
        "time_zone": options.time_zone,
        "day_first": options.day_first,
        "decimal": options.decimal,
        "stamp": options.stamp,
        "bar_size": options.bar_size,
    }
    chosen = IngestOptions(**{name: value for name, value in settings.items() if value is not None})
    store = BarStore(home() / "market.duckdb")
    report = store.ingest(
        options.file,
        mapping=_mapping(options.map),
        options=chosen,
        on_conflict=options.on_conflict,
        dry_run=options.dry_run,
    )
    print(
        f"{report.rows_read} rows read, {report.inserted} inserted, {report.replaced} replaced, "
        f"{report.skipped} skipped, {sum(report.quarantined.values())} quarantined in {report.seconds:.2f} s"
        + (" (dry run: nothing stored)" if report.dry_run else "")
    )
    for reason, count in report.quarantined.items():
        print(f"  quarantined: {count} {reason}")
    for note in report.notes:
        print(f"  note: {note}")
    return 0


def run(options: argparse.Namespace) -> int:
    from finml_core.experiments import ExperimentConfig

    store, run_id = _run_to_the_end(ExperimentConfig.from_yaml(options.file))
    if run_id is None:
        return 1
    print(_board(store, run_id))
    return 0


def leaderboard(options: argparse.Namespace) -> int:
    from finml_core.errors import RunError
    from finml_core.runs.boards import make_leaderboards

    try:
        print(make_leaderboards(options.file, home(), _follow_aside, options.data))
    except RunError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def certify(options: argparse.Namespace) -> int:
    from finml_core.experiments import ExperimentConfig, audit_settings

    config = ExperimentConfig.from_yaml(options.file)
    store, run_id = _run_to_the_end(audit_settings(config, n_twins=options.twins, ablation=options.ablation))
    if run_id is None:
        return 1
    certificate = store.document(run_id, "certificate")
    for check in certificate["checks"]:
        print(f"  {'ok  ' if check['passed'] else 'LEAK'}  {check['check']}: {check['reason']}")
    print(f"{certificate['verdict']}: {'; '.join(certificate['reasons'])}")
    return 1 if certificate["verdict"] == "failed" else 0


def runs(options: argparse.Namespace) -> int:
    from finml_core.runs import RunStore

    listed = RunStore(home()).list()
    if not listed:
        print(f"no runs in {home()}; start one: python -m finml_core run examples/direction_5d.yaml")
    for status in listed:
        print(f"{status.run_id}  {status.state:<9}  {status.created}  {status.name}  {status.error or ''}".rstrip())
    return 0


def audit(options: argparse.Namespace) -> int:
    import pandas as pd

    from finml_core.bars import BarStore, bundled_bars
    from finml_core.errors import DataError
    from finml_core.runs import UserCodeError, audit_user_feature, bars_for_audit
    from finml_core.runs.files import read_source
    from finml_core.schemas import as_bars

    source = read_source(options.file)
    path = home() / "market.duckdb"
    if options.bars:
        try:
            bars = as_bars(pd.read_parquet(options.bars))
        except (OSError, ValueError) as error:
            raise DataError(f"{options.bars} cannot be read as bars: {error}") from error
    else:
        bars = BarStore(path).load() if path.exists() else bundled_bars()
    names = options.symbols.split(",") if options.symbols else sorted(bars["symbol"].unique())[:5]
    chosen = bars[bars["symbol"].isin(names)]
    if chosen.empty:
        raise DataError(f"there are no bars of {', '.join(names)}.")
    try:
        table = audit_user_feature(
            source, bars_for_audit(chosen), n_cuts=options.cuts, timeout_s=options.timeout, memory_mb=options.memory
        )
    except UserCodeError as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    shown = ["feature", "verdict", "failed_tests", "first_symbol", "first_offence", "max_difference", "forgets_after"]
    print(f"{len(bars_for_audit(chosen))} bars of {', '.join(names)}")
    print(table[shown].to_string(index=False, na_rep=""))
    failed = int((~table["passed"]).sum())
    print(f"{failed} of {len(table)} features use what they cannot know." if failed else "No feature sees the future.")
    return 1 if failed else 0


def _run_to_the_end(config):
    """Submit an experiment and follow it: the store and the id of the run, None if it was not done."""
    from finml_core.bars import BarStore, prepare_store
    from finml_core.runs import RunStore

    prepare_store(BarStore(home() / "market.duckdb"))
    store = RunStore(home())
    run_id = store.submit(config)
    print(f"run {run_id}")
    status = _follow(store, run_id)
    if status.state == "done":
        return store, run_id
    print(f"{status.state}: {status.error or status.message}", file=sys.stderr)
    return store, None


def _follow_aside(store, run_id):
    """Follow a run on the standard error, so that the output holds the result alone."""
    print(f"run {run_id}", file=sys.stderr)
    return _follow(store, run_id, sys.stderr)


def _follow(store, run_id, stream=None):
    """Print each new message of a run until it ends."""
    said = ""
    while True:
        status = store.status(run_id)
        if status.message and status.message != said:
            said = status.message
            print(f"  {status.fraction:4.0%}  {said}", file=stream, flush=True)
        if status.state not in ("queued", "running"):
            return status
        time.sleep(0.3)


def _board(store, run_id: str) -> str:
    table = store.table(run_id, "leaderboard")
    columns = ["model", "auc_mean", "auc_deviation", "log_loss_cal", "ece_cal", "sharpe_annual", "sharpe_error_annual"]
    luck = store.luck(run_id)
    shown = table[columns].merge(luck[["model", "dsr"]], on="model", how="left")
    trials, effective = (int(luck[name].max()) if len(luck) else 0 for name in ("n_trials", "n_effective"))
    counted = f"DSR counts {trials} trials, worth {effective} independent ones."
    return f"{shown.round(3).to_string(index=False, na_rep='')}\n{counted}"


def _mapping(pairs: list[str]) -> dict[str, str | None] | None:
    from finml_core.errors import ConfigError

    mapping: dict[str, str | None] = {}
    for pair in pairs:
        name, separator, column = pair.partition("=")
        if not separator or not name:
            raise ConfigError(f"--map is {pair!r}, but must be like close=Last, or volume= where there is none.")
        mapping[name] = column or None
    return mapping or None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m finml_core", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    command = commands.add_parser(
        "prepare", help="on the first start: ingest the bundled bars, queue the default experiment"
    )
    command.set_defaults(action=prepare)

    command = commands.add_parser("ingest", help="add bars of a file, a folder or a zip archive to the store")
    command.add_argument(
        "file", type=Path, help="CSV, CSV.gz, zip of CSV, Parquet, Feather, Arrow, or a folder of them"
    )
    command.add_argument("--symbol", help="the symbol of a file that has no such column (default: the file's name)")
    command.add_argument(
        "--map", action="append", default=[], metavar="NAME=COLUMN", help="which column is which; volume= for none"
    )
    command.add_argument("--time-zone", help="zone of stamps that name none (default UTC)")
    dates = command.add_mutually_exclusive_group()
    dates.add_argument("--day-first", action="store_const", const=True, help="dates are written 31/12/2019")
    dates.add_argument("--month-first", dest="day_first", action="store_const", const=False, help="or 12/31/2019")
    command.add_argument("--decimal", choices=[".", ","], help="what stands before the decimals (default .)")
    command.add_argument("--stamp", choices=["close", "open"], help="what a stamp marks (default close)")
    command.add_argument("--bar-size", metavar="1min", help="length of a bar, needed where stamps mark its open")
    command.add_argument(
        "--on-conflict", choices=["error", "skip", "replace"], default="error", help="bars that are stored already"
    )
    command.add_argument("--dry-run", action="store_true", help="check and report, store nothing")
    command.set_defaults(action=ingest)

    command = commands.add_parser("run", help="run an experiment file, follow it, print its leaderboard")
    command.add_argument("file", type=Path)
    command.set_defaults(action=run)

    command = commands.add_parser("leaderboard", help="run every board of a file, tell all of them in Markdown")
    command.add_argument("file", type=Path)
    command.add_argument("--data", type=Path, metavar="FOLDER", help="of named files of bars (or FINML_MARKET_DATA)")
    command.set_defaults(action=leaderboard)

    command = commands.add_parser("audit", help="does a Python file's feature(bars) see the future? exit code 1 if so")
    command.add_argument("file", type=Path)
    command.add_argument("--symbols", help="like AAPL,MSFT (default: the store's first five, or bundled bars)")
    command.add_argument("--bars", type=Path, metavar="PARQUET", help="a file of bars instead of the store")
    command.add_argument("--cuts", type=int, default=3, help="places at which the future is cut off (default 3)")
    command.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS")
    command.add_argument("--memory", type=int, default=2048, metavar="MB")
    command.set_defaults(action=audit)

    command = commands.add_parser(
        "certify", help="run an experiment file and its noise twin, try every leak, print the certificate"
    )
    command.add_argument("file", type=Path)
    command.add_argument("--twins", type=int, default=1, help="whole runs on bars without history (default 1)")
    command.add_argument("--ablation", action="store_true", help="also leave out each family of features in turn")
    command.set_defaults(action=certify)

    command = commands.add_parser("runs", help="list the runs")
    command.set_defaults(action=runs)
    return parser


if __name__ == "__main__":
    sys.exit(main())
