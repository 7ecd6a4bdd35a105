"""The process that does one study: `python -m finml_core.runs.study_worker FOLDER`."""

import sys

from finml_core.runs.worker import Trade, main


def study_trade() -> Trade:
    """The tools of a study; what it sets out to score is noted by none, since only what it shows when done counts."""
    from finml_core.bars import load_snapshot
    from finml_core.experiments import StudyConfig, run_study
    from finml_core.runs.feature_cache import feature_cache

    return Trade(
        read_config=StudyConfig.from_yaml,
        load_bars=load_snapshot,
        plan_trials=lambda config, bars: (),
        run_experiment=run_study,
        feature_cache=feature_cache,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], study_trade))
