"""Files of one's own: uploaded, read as said, mapped, looked at, checked, and only then stored."""

import streamlit as st

from finml_core.bars import guess_mapping, preview
from pages._ui import load, text, upload
from pages._ui.frame import show_errors
from pages._ui.market import writes

PREVIEW_ROWS = 8


@st.fragment
def show() -> None:
    """Five steps, each with its result below it."""
    writes.redraw()
    with show_errors():
        _steps()
    writes.told()


def _steps() -> None:
    st.markdown("**1. Files**")
    files = st.file_uploader(
        "Files of bars",
        type=upload.TYPES,
        accept_multiple_files=True,
        key="ingest_file",
        help="One row a bar: a time, open, high, low, close, volume, and a symbol where a file holds several.",
    )
    if not files:
        st.caption(
            "CSV (also zipped), Parquet, Feather or Arrow; one file for all symbols or one a symbol. "
            "Nothing is stored before the last step."
        )
        return
    paths = upload.keep(files)
    st.markdown("**2. How they are to be read**")
    options = upload.options_form()
    if options is None:
        return
    first = paths[0]
    columns = upload.columns(first)
    st.markdown("**3. Which column is which**")
    st.caption(
        f"Guessed from the {text.counted(len(columns), 'column')} of {first.name}"
        + (f", the first of {len(paths)} files. " if len(paths) > 1 else ". ")
        + "Fields with a star are needed."
    )
    mapping = upload.mapping_form(columns, guess_mapping(columns), first.parent.name)
    source = first if len(paths) == 1 else paths
    st.markdown("**4. As it would be stored**")
    rows = preview(source, mapping, options, n=PREVIEW_ROWS)
    st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        placeholder=text.MISSING,
        alt=f"The first rows of {first.name} as bars",
    )
    aside = int(rows["reason"].notna().sum())
    if aside:
        st.caption(f"{aside} of these {len(rows)} rows would be kept aside, for the reason in their last column.")
    st.markdown("**5. Check, then store**")
    conflict = st.segmented_control(
        "Where a bar is stored already",
        list(upload.CONFLICTS),
        format_func=upload.CONFLICTS.get,
        default="error",
        required=True,
        key="ingest_conflict",
    )
    how = {"mapping": mapping, "options": options, "on_conflict": conflict}
    label = first.name if len(paths) == 1 else f"{len(paths)} files"
    with st.container(horizontal=True):
        is_dry = st.button("Check only", key="ingest_dry", icon=":material/fact_check:")
        is_real = st.button("Check and store", type="primary", key="ingest_commit", icon=":material/save:")
    if is_dry:
        with st.spinner(f"Checking {label}", show_time=True):
            report = load.bar_store().ingest(source, dry_run=True, **how)
        upload.show(report)
    if is_real:
        writes.ingest(source, label, **how)
