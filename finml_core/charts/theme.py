"""The look in tokens: every colour and size that a chart uses; `.streamlit/config.toml` holds the same values."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import altair as alt

from finml_core.vocabulary import RegimeType

LIGHT = MappingProxyType(
    {
        "background": "#FFFFFF",
        "surface": "#F5F7FA",
        "border": "#D9DFE7",
        "text": "#16202C",
        "muted": "#5B6776",
        "primary": "#0B5CAD",
    }
)
DARK = MappingProxyType(
    {
        "background": "#0F141B",
        "surface": "#171E28",
        "border": "#2A3442",
        "text": "#E6EBF2",
        "muted": "#9AA7B8",
        "primary": "#6CB4F5",
    }
)

# Marks: one colour for both themes, at least 3:1 on either background.
UP, DOWN, NEUTRAL = "#0072B2", "#D55E00", "#7D8899"
MODELS = ("#0072B2", "#D55E00", "#00875F", "#C77800", "#B0508A", "#2F8FC9", "#B5407A", "#5673C4")
SPLIT_ROLES = MappingProxyType({"train": "#0072B2", "purged": "#7D8899", "test": "#C77800", "embargo": "#B0508A"})
CALIBRATION = MappingProxyType({"raw": "#7D8899", "calibrated": "#0072B2"})
REGIME_COLORS = MappingProxyType(
    {
        RegimeType.BULL_TREND.value: "#00875F",
        RegimeType.BEAR_TREND.value: "#D55E00",
        RegimeType.TRENDING.value: "#2F8FC9",
        RegimeType.RANGING.value: "#7D8899",
        RegimeType.HIGH_VOLATILITY.value: "#C77800",
        RegimeType.LOW_VOLATILITY.value: "#5673C4",
        RegimeType.CRISIS.value: "#B5407A",
    }
)
VERDICT = MappingProxyType({"passed": "#00875F", "doubtful": "#C77800", "failed": "#D55E00"})
# Names that keep their colour on every page; others take what is left, in the order met.
KNOWN_SERIES = MappingProxyType(
    {
        "naive": NEUTRAL,
        "equal_holding": NEUTRAL,
        "equal_weight": MODELS[3],
        "logistic": MODELS[0],
        "lightgbm": MODELS[1],
        "lstm": MODELS[2],
        "moving_average_cross": MODELS[5],
        "zscore_reversion": MODELS[4],
        "arbitrated": MODELS[7],
    }
)
MARKS = frozenset((UP, DOWN, NEUTRAL, *MODELS, *SPLIT_ROLES.values(), *REGIME_COLORS.values(), *VERDICT.values()))

HERO, SECONDARY = 360, 180  # px of height on a wide screen
NARROW_HERO = 260  # px of height on a phone
LEGEND_ROW = 24  # px of a row of a legend
AXES = 56  # px that titles and a time axis add to a secondary chart
NARROW = 480  # px of plot below which legends take two columns
MOST_LABELS = 5  # series that are labelled at their line ends; more get a legend

# Vega knows the page's background, so text and hairlines follow a switch of the theme without a rerun.
INK = f"(luminance(background) > 0.5 ? '{LIGHT['text']}' : '{DARK['text']}')"
FAINT_INK = f"(luminance(background) > 0.5 ? '{LIGHT['muted']}' : '{DARK['muted']}')"

_NAMES = MappingProxyType(
    {
        "lightgbm": "LightGBM",
        "lstm": "LSTM",
        "gru": "GRU",
        "xgboost": "XGBoost",
        "conv_lstm": "ConvLSTM",
        "neural_ode": "Neural ODE",
        "cpu": "CPU",
        "naive": "Base rate",
        "logistic": "Logistic",
        "moving_average_cross": "MA cross",
        "zscore_reversion": "Z-score reversion",
        **{regime.value.lower(): regime.value.replace("_", " ").capitalize() for regime in RegimeType},
    }
)


def words(name: object) -> str:
    """A column's or member's name as a reader sees it: `BULL_TREND` becomes `Bull trend`."""
    text = str(name)
    known = _NAMES.get(text.lower())
    if known:
        return known
    plain = text.replace("_", " ").strip()
    return plain[:1].upper() + plain[1:]


def regime_words() -> dict[str, str]:
    """Each regime's reading name with its colour, in the order of legends."""
    return {words(name): color for name, color in REGIME_COLORS.items()}


def series_colors(names: Iterable[object]) -> dict[str, str]:
    """One colour a series, by reading name: known names keep theirs, others take the rest in the order met.

    Of several that say behind a dot where they are from ("LSTM · my run") the first has the known colour.
    """
    names = list(dict.fromkeys(str(name) for name in names))
    known: dict[str, str | None] = {}
    for name in names:
        bare, _, origin = name.partition(" · ")
        color = KNOWN_SERIES.get(bare.lower().replace(" ", "_"))
        known[name] = None if origin and color in known.values() else color
    taken = set(known.values())
    spare = [color for color in MODELS if color not in taken] or list(MODELS)
    unknown = [name for name in names if known[name] is None]
    colors = {name: spare[position % len(spare)] for position, name in enumerate(unknown)}
    return {words(name): known[name] or colors[name] for name in names}


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two hex colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def mix(first: str, second: str, share: float) -> str:
    """The hex colour `share` of the way from `first` to `second`."""
    pairs = zip(_channels(first), _channels(second), strict=True)
    return "#" + "".join(f"{round(255 * (a + (b - a) * share)):02X}" for a, b in pairs)


def readable(color: str, theme: Mapping[str, str]) -> str:
    """The colour moved towards the theme's text until words in it reach 4.5:1 on a pale ground of that colour."""
    ground = mix(theme["background"], color, 0.12)
    steps = (mix(color, theme["text"], step / 20) for step in range(20))
    return next((step for step in steps if contrast(step, ground) >= 4.6), theme["text"])


def sequential(theme: Mapping[str, str]) -> list[str]:
    """Ten steps of one hue, from the raised surface to the primary colour."""
    return [mix(theme["surface"], theme["primary"], step / 9) for step in range(10)]


def diverging(theme: Mapping[str, str]) -> list[str]:
    """Ten steps from the colour of falling over the raised surface to the primary colour."""
    down = [mix(DOWN, theme["surface"], step / 4.5) for step in range(5)]
    return down + [mix(theme["surface"], theme["primary"], (step + 0.5) / 4.5) for step in range(5)]


def themed(chart: Any, height: int = HERO, *, entries: int = 0) -> Any:
    """The chart with FinML's manners: no border, light horizontal grid, titles above the axis, legend below.

    Fonts and the grid come from the page; axes and legends take the muted text of the theme that is on. A hero chart is
    lower on a narrow screen. A chart below the hero's height gets the room of its axes on top, and a legend of
    `entries` names the room of its rows.
    """
    whole = height if height >= HERO else height + AXES
    low = min(whole, max(NARROW_HERO, whole - 100)) + LEGEND_ROW * -(-entries // 2)
    whole += LEGEND_ROW * (entries > 0)
    narrow = alt.param(name="height", expr=f"windowSize()[0] < 640 ? {low} : {whole}")
    # Set in place: each of Altair's own methods copies all layers, which took longer than drawing them.
    chart = _own_views(chart.copy(deep=False))
    chart.height, chart.padding = whole, {"left": 0, "top": 4, "right": 6, "bottom": 4}
    chart.config = alt.Config(**_config())
    chart.params = [*(chart.params if isinstance(chart.params, list) else []), narrow.param]
    return chart


def _own_views(chart: Any) -> Any:
    """Tie each selection to the one layer that was given it; nested layers would otherwise share it and clash."""
    if not isinstance(chart, alt.LayerChart):
        return chart
    for param in chart.params if isinstance(chart.params, list) else []:
        views = getattr(param, "views", alt.Undefined)
        if isinstance(views, list):
            param.views = [view for view in views if view.startswith(f"{param.name}_view")]
    return chart


def row_height(n_rows: int, *, row: int = 36) -> int:
    """The height of a chart with one row a name."""
    return min(720, max(72, row * n_rows))


def _config() -> dict[str, Any]:
    faint = {"labelColor": {"expr": FAINT_INK}, "titleColor": {"expr": FAINT_INK}}
    return {
        "view": {"stroke": None},
        "axis": {
            "domain": False,
            "ticks": False,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "labelPadding": 6,
            "titlePadding": 8,
            "labelOverlap": True,
            **faint,
        },
        "axisX": {"grid": False, "titleAnchor": "end"},
        "axisY": {
            "titleAngle": 0,
            "titleAnchor": "end",
            "titleAlign": "left",
            "titleBaseline": "bottom",
            "titleX": 0,
            "titleY": -10,
        },
        "legend": {
            "orient": "bottom",
            "direction": "horizontal",
            "title": None,
            "labelFontSize": 12,
            "symbolSize": 90,
            "labelLimit": 180,
            "columnPadding": 16,
            "offset": 8,
            **faint,
        },
        "line": {"strokeWidth": 1.75, "strokeJoin": "round"},
        "bar": {"cornerRadiusEnd": 1},
        "text": {"fontSize": 12},
    }


def _channels(color: str) -> tuple[float, float, float]:
    red, green, blue = (int(color[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue


def _luminance(color: str) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _channels(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
