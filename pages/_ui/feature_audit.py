"""The audits of the page Features: the certificate of ours, and a reader's own feature."""

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from finml_core.errors import FinmlError
from finml_core.experiments import CODE_VERSION
from finml_core.experiments.feature_study import AUDIT_CUTS
from finml_core.report import features as reports
from pages._ui import feature_studies as studies
from pages._ui import tables, text
from pages._ui.feature_studies import Key
from pages._ui.frame import verdict

TEMPLATE = '''def feature(bars):
    """bars has symbol, ts, open, high, low, close, volume; give back one value a bar."""
    close = bars.groupby("symbol")["close"]
    return close.pct_change(20)
'''


def certificate(key: Key) -> None:
    """Every feature computed again on other histories; the text to keep."""
    audit, bars = studies.audit(key), studies.audit_bars(key)
    _judgement(audit)
    facts = {
        "bars": f"{len(bars)} of {', '.join(dict.fromkeys(bars['symbol']))}, {bars['ts'].min()} to {bars['ts'].max()}",
        "data version": key.version,
        "code": CODE_VERSION,
        "tests": f"repeat, truncation at {AUDIT_CUTS} places, append, start at 2 places",
        "made": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    }
    st.caption(
        f"Computed again on {text.thousands(len(bars))} bars: once more, with the future cut off, with wild bars "
        "added, with a later start. High autocorrelation is no proof of a look ahead (any moving average has it)."
    )
    st.download_button(
        "Download certificate",
        data=reports.certificate(audit, facts),
        file_name="causality_certificate.md",
        mime="text/markdown",
        on_click="ignore",
        icon=":material/verified:",
        key="features_certificate",
    )
    _audit_table(audit, "feature_audit")


def audit_mine(key: Key) -> None:
    """A reader's own feature, judged in a process of its own."""
    st.markdown(
        "Bring a Python file with `def feature(bars)`: it is computed on other histories of the same bars in a "
        "separate process, with limits on time and memory, and never sees the store."
    )
    if not studies.user_code_allowed():
        st.info(
            f"This server runs no code of its readers. Whoever runs it can allow that by starting it with "
            f"`{studies.ALLOWED}=1`, where every reader may be trusted with the machine. On your own machine: "
            "`python -m finml_core audit FILE` does the same.",
            icon=":material/lock:",
        )
        return
    with st.form("features_own", border=False):
        source = st.text_area("Python", TEMPLATE, height=180, key="features_source")
        asked = st.form_submit_button("Audit this feature", type="primary")
    if not asked:
        return
    try:
        audit = studies.audit_source(key, source)
    except FinmlError as error:
        verdict("failed", str(error))
        return
    _judgement(audit)
    _audit_table(audit, "own_audit")


def _judgement(audit: pd.DataFrame) -> None:
    failed, doubtful = (int((audit["verdict"] == word).sum()) for word in ("failed", "doubtful"))
    state = "failed" if failed else "doubtful" if doubtful else "passed"
    first = audit.loc[audit["first_offence"].notna()].sort_values("first_offence").head(1)
    where = "".join(
        f" {row.feature} changed first at {row.first_offence:%Y-%m-%d %H:%M} of {row.first_symbol or 'the asset'}, by "
        + ("a missing value." if row.max_difference == float("inf") else f"up to {text.compact(row.max_difference)}.")
        for row in first.itertuples()
    )
    verdict(
        state,
        f"{len(audit) - failed - doubtful} of {len(audit)} unchanged on other histories, {doubtful} depend on where "
        f"history begins, {failed} use what they cannot know.{where}",
    )


def _audit_table(audit: pd.DataFrame, name: str) -> None:
    tables.show(
        audit.sort_values(["passed", "verdict", "feature"]),
        ("feature", "verdict", "failed_tests", "first_offence", "first_symbol", "max_difference", "forgets_after",
         "autocorrelation"),
        alt="Audit of each feature",
        labels={
            "verdict": "Verdict",
            "failed_tests": "Failed tests",
            "first_offence": st.column_config.DatetimeColumn("First changed at", format="YYYY-MM-DD HH:mm"),
            "first_symbol": "of",
            "forgets_after": st.column_config.NumberColumn(
                "Start forgotten after", format="%d bars", help="Bars until a later start of history no longer shows"
            ),
            "autocorrelation": st.column_config.NumberColumn(
                "Lag-1 autocorrelation", format="%.3f", help="High is a hint at most: any moving average has it"
            ),
        },
        download=name,
    )  # fmt: skip
