"""The dashboard's way in: settings of the page and the menu, nothing else."""

import streamlit as st

from pages._ui.frame import navigation, page_config

page_config()
st.session_state["routed"] = True
navigation().run()
