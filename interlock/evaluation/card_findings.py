"""The sections of the model card that reports fill: metrics, decision, slices, fairness, leaks, limits and drivers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from interlock.evaluation.markdown import NOTHING, figure, plain, sure, table
from interlock.evaluation.verdicts import PASS
from interlock.evaluation.words import apart, baselines, compared, over, rated

TOP = 10
KINDS = {
    "binary": ("base_rate", "auc", "brier", "ece"),
    "multiclass": ("accuracy", "balanced_accuracy", "auc", "ece"),
    "regression": ("mean", "r2", "mae", "bias"),
}
SIDES = ("gaps", "ratios")


def metrics(found: Mapping[str, Any], task: Mapping[str, Any]) -> str:
    """Every metric beside validation and baselines, and what is gained over each."""
    titles = {"validation": "validation", "test": "test", **baselines(task)}
    columns = [name for name in titles if name in found]
    names = [name for name in found["test"] if not name.endswith(("_low", "_high"))]
    measured = table(
        ["metric", *(titles[name] for name in columns)], ([name, *(sure(found[column], name) for column in columns)] for name in names)
    )
    gains = {gain["name"]: gain for gain in found.get("gain") or []}
    rows = [
        [name, *(sure(gain[name], "gain") for gain in gains.values())] for name in names if all(name in gain for gain in gains.values())
    ]
    if not gains or not rows:
        return measured
    gained = table(["metric", *(f"over {over(name, task)}" for name in gains)], rows)
    return f"{measured}\n\nWhat the model gains on the same rows; above 0 it is better.\n\n{gained}"


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


def fairness(report: Mapping[str, Any], task: Mapping[str, Any]) -> str:
    """Rates of each protected group, with what lies between them."""
    if not report["declared"]:
        return "No protected groups were declared."
    least = f"Groups have {report['minimum']:,} rows at least"
    head = least + (f", those that are compared {report['compared']:,}." if report["compared"] > report["minimum"] else ".")
    return "\n\n".join([head, *(_groups(attribute, task) for attribute in report["attributes"])])


def _groups(attribute: Mapping[str, Any], task: Mapping[str, Any]) -> str:
    rates = [name for name in attribute["gaps"] if not name.endswith(("_low", "_high")) and name != "equalized_odds"]
    groups = [[group["name"], group["rows"], *(sure(group, name) for name in rates)] for group in attribute["groups"]]
    heads = [attribute["name"], "rows", *(rated(name, task) for name in rates)]
    told = table(heads, [*groups, *_between(attribute, rates)], marked=len(groups))
    odds = f"Equalized odds: the larger gap is {sure(attribute['gaps'], 'equalized_odds')}{_beyond(attribute['groups'])}."
    return f"{told}\n\n{odds}{_left_out(attribute)}"


def _between(attribute: Mapping[str, Any], rates: Sequence[str]) -> Iterator[list[Any]]:
    """Gap and ratio of the groups that are compared, each beside that of all which are measured where these are more."""
    groups = attribute["groups"]
    few, all_of = compared(groups), len(groups)
    for place, side in enumerate(SIDES):
        of = "" if few == all_of else f" of {few} of {all_of} groups"
        yield [f"**{side[:-1]}{of}**", "", *(sure(attribute[side], name) for name in rates)]
        if few < all_of:
            yield [f"{side[:-1]} of all {all_of}", "", *(figure(apart(groups, name)[place]) for name in rates)]


def _beyond(groups: Sequence[Mapping[str, Any]]) -> str:
    few, gap = compared(groups), apart(groups, "equalized_odds")[0]
    return "" if few == len(groups) else f" between {few} of {len(groups)} groups; between all {len(groups)} it is {figure(gap)}"


def _left_out(attribute: Mapping[str, Any]) -> str:
    """The groups that are not compared, and those that are not measured."""
    few = ", ".join(f"{plain(group['name'])} ({group['rows']:,})" for group in attribute["groups"] if group["compared"] is False)
    small = ", ".join(f"{plain(group['name'])} ({group['rows']:,})" for group in attribute["left_out"])
    return (f" Measured, and too few rows to be compared: {few}." if few else "") + (f" Too small to tell: {small}." if small else "")


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
