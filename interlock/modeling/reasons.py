"""Why one row scores as it does: the way from the expected raw score to its own, feature by feature, and in words."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from interlock.features.featureset import About, FeatureSet
from interlock.modeling.attributed import Attributed
from interlock.modeling.explain import Record
from interlock.modeling.task import Binary, Multiclass, Task

SPOKEN = 3
SEPARATED, LEAST = 1000, 5e-7


def reasons(found: Attributed, row: int, place: int, features: FeatureSet, top: int) -> Record:
    """The scores at `place` of a row, and its `top` features with their parts of the raw one, in order; the others are added up.

    Of several classes the raw score is centred, so that a part above 0 makes the class likelier among them.
    `total` is the raw score up to and with a feature's part, so that the last total and the others make the raw score.
    """
    task, values = found.scorer.model.task, found.features.row(row, named=True)
    parts = found.contributions(row, place)
    total = expected = float(found.parts[row, place, -1])
    steps = []
    for name, part in parts[:top]:
        total += part
        about = _about(features, name)
        said = {"feature": name, "description": about.description, "unit": about.unit, "value": values[name]}
        steps.append({**said, "contribution": part, "total": total})
    return {
        "class": task.classes[place] if isinstance(task, Multiclass) else None,
        "expected_raw_score": expected,
        "steps": steps,
        "others": {"features": len(parts[top:]), "contribution": math.fsum(part for _, part in parts[top:])},
        "raw_score": float(found.raw[row, place]),
        "score": float(found.scored[task.final[place]][row]),
    }


def words(told: Mapping[str, Any], task: Task, apart: tuple[float, float], split: str, shown: Mapping[str, str]) -> str:
    """One sentence: how the score compares, what it rests on most and what speaks against it.

    `apart` are the shares of the split's rows that score lower and higher, `shown` each step's value as it is to be read.
    """
    high = apart[0] >= apart[1]
    than = f"than for {_share(max(apart))} of the {split} rows"
    what = f"“{_outcome(told, task)}” is {'more' if high else 'less'} likely" if not _numeric(task) else "higher" if high else "lower"
    same = [step for step in told["steps"] if (step["contribution"] > 0) == high and step["contribution"]]
    other = [step for step in told["steps"] if (step["contribution"] < 0) == high and step["contribution"]]
    because = f", because {_said(same, shown)}" if same else ""
    return f"{what} {than}{because}{f'; despite {_said(other, shown)}' if other else ''}"


def figure(value: float, decimals: int = 3, *, sign: bool = False) -> str:
    """A score, raw or not, a part of one or an outcome: with separators from a thousand on, and digits enough where it is small."""
    size = abs(value) if abs(value) >= LEAST or math.isnan(value) else 0.0
    digits = decimals if size >= 0.1 or not size or math.isnan(size) else max(decimals, 1 - math.floor(math.log10(size)))
    text = f"{size:,.0f}" if round(size, 2) >= SEPARATED else f"{size:.{digits}f}"
    return f"{'−' if value < 0 and size else '+' if sign and not math.isnan(value) else ''}{text}"


def signed(part: float) -> str:
    """A part of a raw score with its sign."""
    return figure(part, 2, sign=True)


def _about(features: FeatureSet, name: str) -> About:
    feature = features.by_name.get(name)
    return About() if feature is None else feature.about


def _numeric(task: Task) -> bool:
    return not isinstance(task, Binary | Multiclass)


def _outcome(told: Mapping[str, Any], task: Task) -> str:
    return str(told["class"]) if told["class"] is not None else str(getattr(task, "positive", ""))


def _share(share: float) -> str:
    return "all" if share >= 1 else f"{math.floor(share * 1000) / 10:g} %"


def _said(steps: Sequence[Mapping[str, Any]], shown: Mapping[str, str]) -> str:
    return ", ".join(f"{step['feature']} = {shown[step['feature']]} ({signed(step['contribution'])})" for step in steps[:SPOKEN])
