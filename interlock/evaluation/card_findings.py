"""The sections of the model card that reports fill: metrics, decision, slices, fairness, leaks, limits and drivers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from interlock.evaluation.markdown import NOTHING, figure, plain, sure, table
from interlock.evaluation.verdicts import PASS

TOP = 10
KINDS = {
    "binary": ("base_rate", "auc", "brier", "ece"),
    "multiclass": ("accuracy", "balanced_accuracy", "auc", "ece"),
    "regression": ("mean", "r2", "mae", "bias"),
}
SIDES = ("gaps", "ratios")


def metrics(found: Mapping[str, Any]) -> str:
    """Every metric beside validation and baselines, and what is gained over each."""
    columns = ("validation", "test", "linear", "baseline")
    names = [name for name in found["test"] if not name.endswith(("_low", "_high"))]
    measured = table(["metric", *columns], ([name, *(sure(found[column], name) for column in columns)] for name in names))
    gains = {gain["name"]: gain for gain in found.get("gain") or []}
    rows = [
        [name, *(sure(gain[name], "gain") for gain in gains.values())] for name in names if all(name in gain for gain in gains.values())
    ]
    if not gains or not rows:
        return measured
    over = table(["metric", *(f"over {name}" for name in gains)], rows)
    return f"{measured}\n\nWhat the model gains on the same rows; above 0 it is better.\n\n{over}"


def decision(report: Mapping[str, Any], fair: Mapping[str, Any]) -> str:
    """What is selected, and what that does to the test rows of a binary task."""
    found = report.get("decision")
    if not found:
        return _rule(fair)
    names = [name for name in found if name not in {"threshold", "chosen"} and not name.endswith(("_low", "_high"))]
    return "\n\n".join([_rule(found), table(["on the test rows", "value"], ([name, sure(found, name)] for name in names))])


def _rule(said: Mapping[str, Any]) -> str:
    if said.get("favourable"):
        return f"Selected is whose likeliest class is one of: {', '.join(map(plain, said['favourable']))}."
    if said.get("threshold") is None:
        return ""
    return f"Selected is who scores {figure(said['threshold'])} or more ({plain(said.get('chosen') or 'stated')})."


def slices(every: Sequence[Mapping[str, Any]], kind: str) -> str:
    """The metrics that are asked first, of each slice."""
    shown = ("rows", *KINDS[kind])
    return table(["slice", *shown], ([found["slice"], *(sure(found, name) for name in shown)] for found in every)) if every else NOTHING


def fairness(report: Mapping[str, Any]) -> str:
    """Rates of each protected group, with what lies between them."""
    if not report["declared"]:
        return "No protected groups were declared."
    least = f"Groups have {report['minimum']:,} rows at least"
    head = least + (f", those that are compared {report['compared']:,}." if report["compared"] > report["minimum"] else ".")
    return "\n\n".join([head, *map(_groups, report["attributes"])])


def _groups(attribute: Mapping[str, Any]) -> str:
    rates = [name for name in attribute["gaps"] if not name.endswith(("_low", "_high")) and name != "equalized_odds"]
    groups = [[group["name"], group["rows"], *(sure(group, name) for name in rates)] for group in attribute["groups"]]
    sides = [[f"**{side[:-1]}**", "", *(sure(attribute[side], name) for name in rates)] for side in SIDES]
    odds = f"Equalized odds: the larger gap is {sure(attribute['gaps'], 'equalized_odds')}."
    small = ", ".join(f"{plain(group['name'])} ({group['rows']:,})" for group in attribute["left_out"])
    left_out = f" Too small to tell: {small}." if small else ""
    apart = ", ".join(plain(group["name"]) for group in attribute["groups"] if not group["compared"])
    left_out = (f" Measured, and too few rows to be compared: {apart}." if apart else "") + left_out
    return f"{table([attribute['name'], 'rows', *rates], [*groups, *sides], marked=len(groups))}\n\n{odds}{left_out}"


def leakage(report: Mapping[str, Any]) -> str:
    """What the model could have known, and how much one feature tells."""
    shared, strongest = report["shared"], report["alone"]["strongest"]
    lines = [
        f"- Rows whose whole key lies in two splits, or twice in one: {figure(shared['keys'])}.",
        f"- Test rows whose id trained the model: {figure(shared['ids'])}.",
        f"- Rows whose outcome was known only after the end of their split: {figure(report['immature']['rows'])}.",
        *(
            f"- The feature that tells most by itself: {plain(strongest['name'])}, {plain(name)} {figure(value)} on the validation rows."
            for name, value in strongest.items()
            if name != "name" and value is not None
        ),
    ]
    return "\n".join(lines)


def limits(stress: Mapping[str, Any]) -> str:
    """What rows broke, or no row could try, and how far scores moved in the rest."""
    cases = stress["cases"]
    broken = [case for case in cases if case["violations"] or case["verdict"] != PASS]
    rest = [case for case in cases if case not in broken]
    return "\n\n".join(["\n".join(map(_limit, broken)) or NOTHING, *_kept(rest)])


def _limit(case: Mapping[str, Any]) -> str:
    broken = f"broken by {case['violations']:,} of {case['rows']:,} rows, {case['tolerated']:.1%} tolerated"
    mean = case.get("on_average")
    moved = "" if mean is None else f"; scores move by {figure(case.get('mean_move'))} on average, {figure(mean)} tolerated"
    return f"- {plain(case['claim'])}: {broken}{moved}: {case['verdict']}."


def _kept(cases: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    moved = max((case["largest_move"] for case in cases if case.get("largest_move") is not None), default=None)
    if cases:
        far = "" if moved is None else f" The largest move of a score in them was {figure(moved)}."
        yield f"Claims that no row broke: {len(cases):,}.{far}"


def drivers(explain: Mapping[str, Any], features: Any) -> str:
    """The features whose contributions to the raw score are largest, with what they are."""
    about = {one["name"]: one for one in features} if isinstance(features, list) else {}
    described = [(one, about.get(one["feature"]) or {}) for one in explain["global"][:TOP]]
    rows = [[one["feature"], told.get("description") or "", told.get("unit") or "", one["importance"]] for one, told in described]
    head = f"The mean absolute contribution to the raw score, of {explain['rows']:,} test rows."
    return f"{head}\n\n{table(['feature', 'what it is', 'unit', 'contribution'], rows)}"
