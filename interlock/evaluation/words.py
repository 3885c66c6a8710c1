"""What the card, the page, the terminal and the end of a run say alike: baselines by name, settings in a line, gaps of all groups."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from interlock.evaluation.paths import number

ALWAYS = {"binary": "base rate", "multiclass": "class shares", "regression": "mean"}
GAINED = {"base_rate": "baseline"}
ODDS = ("true_positive_rate", "false_positive_rate")
Apart = tuple[float | None, float | None]


def baselines(task: Mapping[str, Any]) -> dict[str, str]:
    """The title of each baseline by its key in reports/metrics.json: one score for all, a line, a feature that is a forecast by itself."""
    always = "median" if task.get("loss") == "absolute" else ALWAYS.get(str(task.get("kind")), "one score for all")
    return {"baseline": always, "linear": "a line", "named": str(task.get("baseline") or "a feature")}


def over(gain: str, task: Mapping[str, Any]) -> str:
    """What a gain of reports/metrics.json is over, as its baseline is titled."""
    return baselines(task).get(GAINED.get(gain, gain), gain)


def rated(rate: str, task: Mapping[str, Any]) -> str:
    """What a rate of a group is called; an error of calibration is in the unit of the label where that is a number."""
    unit = f", {task['unit']}" if task.get("unit") else ""
    return f"calibration error{unit}" if rate == "ece" else rate


def settings(said: Mapping[str, Any]) -> str:
    """Settings in one line, those within others in brackets."""
    return ", ".join(f"{str(name).replace('_', ' ')} {setting(value)}" for name, value in said.items())


def setting(value: Any) -> str:
    """A value, of which none is made a line of Python."""
    if isinstance(value, Mapping) and value:
        return f"({settings(value)})"
    if isinstance(value, list | tuple) and value:
        return f"({', '.join(map(setting, value))})"
    return "none" if value is None or value in ({}, [], ()) else str(value)


def compared(groups: Sequence[Mapping[str, Any]]) -> int:
    """How many of the measured groups have the rows to be compared."""
    return sum(group.get("compared") is not False for group in groups)


def apart(groups: Sequence[Mapping[str, Any]], rate: str) -> Apart:
    """Gap and ratio of a rate between all measured groups that have one, whether they are compared or not; None where fewer than two do."""
    if rate == "equalized_odds":
        gaps, ratios = zip(*(apart(groups, one) for one in ODDS), strict=True)
        return max(_known(gaps), default=None), min(_known(ratios), default=None)
    values = _known(number(group.get(rate)) for group in groups)
    if len(values) < 2:
        return None, None
    return max(values) - min(values), min(values) / max(values) if max(values) > 0 else None


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]
