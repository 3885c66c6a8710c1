"""The model card (Mitchell et al., "Model Cards for Model Reporting", 2019), filled from facts only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from interlock.catalog import Catalog

NOTHING = "None."
SHORT = 12


@dataclass(frozen=True)
class Facts:
    """What a card is made of: `reports` by name, `period` the first and the last moment asked for, where time matters."""

    usecase: str
    catalog: Catalog
    period: tuple[str, str] | None
    configuration: Mapping[str, Any]
    reports: Mapping[str, Any]
    provenance: Mapping[str, Any]


def card(facts: Facts) -> str:
    """The card as Markdown."""
    sections = {
        "Intended use": f"{facts.catalog.description}\n\nOwner: {facts.catalog.owner}.",
        "Verdict": _verdict(facts.reports["gates"]),
        "Data": _data(facts),
        "Metrics": _metrics(facts.reports["metrics"]),
        "Slices of the test rows": _slices(facts.reports["slices"]),
        "Fairness": _fairness(facts.reports["fairness"]),
        "Limits that stress found": _limits(facts.reports["stress"]),
        "Provenance": _provenance(facts.provenance),
    }
    return "\n\n".join([f"# Model card: {facts.usecase}", *(f"## {name}\n\n{text}" for name, text in sections.items())]) + "\n"


def _verdict(gates: Mapping[str, Any]) -> str:
    lines = [f"- {found['name']}: {found['words']}. {found['why']}" for found in gates["gates"]]
    return "\n".join([f"**{gates['verdict']}**", "", *(lines or ["No gate was declared."])])


def _data(facts: Facts) -> str:
    period = f"Asked from {facts.period[0]} to {facts.period[1]}." if facts.period else "Time plays no part."
    usecase = facts.configuration["usecase"]
    split = ", ".join(f"{key} {value}" for key, value in usecase["split"].items())
    rows = _table(["rows", "number"], facts.reports["metrics"]["rows"].items())
    tables = [[name, table.description, table.licence, facts.catalog.owner_of(name)] for name, table in facts.catalog.tables.items()]
    described = _table(["table", "description", "licence", "owner"], tables)
    return "\n\n".join([f"{period} World: {usecase['world']['name']}. Split: {split}.", rows, described])


def _metrics(metrics: Mapping[str, Any]) -> str:
    columns = ("validation", "test", "linear", "baseline")
    names = [name for name in metrics["test"] if not name.endswith(("_low", "_high"))]
    return _table(["metric", *columns], ([name, *(_with_interval(metrics[column], name) for column in columns)] for name in names))


def _slices(slices: Sequence[Mapping[str, Any]]) -> str:
    shown = ("rows", "base_rate", "auc", "brier", "ece")
    return _table(["slice", *shown], ([found["slice"], *(_with_interval(found, name) for name in shown)] for found in slices))


def _fairness(fairness: Mapping[str, Any]) -> str:
    if not fairness["declared"]:
        return "No protected groups were declared."
    cut = f"Selected is who scores {_text(fairness['threshold'])} or more ({fairness['chosen']}). Groups have {fairness['minimum']:,} rows at least."
    return "\n\n".join([cut, *map(_groups, fairness["attributes"])])


def _groups(attribute: Mapping[str, Any]) -> str:
    shown = ("selection_rate", "true_positive_rate", "false_positive_rate", "precision", "ece")
    groups = [[group["name"], group["rows"], *(_with_interval(group, name) for name in shown)] for group in attribute["groups"]]
    sides = [[f"**{side[:-1]}**", "", *(_with_interval(attribute[side], name) for name in shown)] for side in ("gaps", "ratios")]
    odds = f"Equalized odds: the larger gap is {_with_interval(attribute['gaps'], 'equalized_odds')}."
    small = ", ".join(f"{group['name']} ({group['rows']:,})" for group in attribute["left_out"])
    left_out = f" Too small to tell: {small}." if small else ""
    return f"{_table([attribute['name'], 'rows', *shown], [*groups, *sides])}\n\n{odds}{left_out}"


def _limits(stress: Mapping[str, Any]) -> str:
    broken = [case for case in stress["cases"] if case["violations"] or not case["rows"]]
    lines = [
        f"- {case['claim']}: broken by {case['violations']} of {case['rows']} rows, {case['tolerated']:.1%} tolerated: {case['verdict']}."
        for case in broken
    ]
    return "\n".join(lines) or NOTHING


def _provenance(provenance: Mapping[str, Any]) -> str:
    parts = ((part, name, digest[:SHORT]) for part, files in provenance["made_from"].items() for name, digest in files.items())
    return _table(["part", "file", "SHA-256"], parts)


def _with_interval(found: Mapping[str, Any], name: str) -> str:
    low, high = found.get(f"{name}_low"), found.get(f"{name}_high")
    interval = "" if low is None or high is None else f" ({_text(low)} to {_text(high)})"
    return f"{_text(found[name])}{interval}"


def _text(value: Any) -> str:
    return "–" if value is None else f"{value:.4f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_text(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
