"""docs/usecases/flights.md: what the last run found, from the reports in git."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interlock.files import by_name, read_json
from interlock.params import PARAMS, read_yaml
from tools.docs.blocks import Block, table

REPORTS = Path("reports")
METRICS = {
    "auc": "area under the ROC curve",
    "average_precision": "average precision",
    "brier": "Brier score",
    "brier_skill": "Brier skill score",
    "ece": "expected calibration error",
}
TOP = 10


def blocks() -> Mapping[str, Block]:
    return {"split": _split, "quarantine": _quarantine, "kept": _kept, "figures": _figures, "slices": _slices, "drivers": _drivers}


def _split(_: str) -> str:
    split, metrics = read_yaml(PARAMS)["usecase"]["split"], _read("metrics")
    begins = {"train": "the beginning", "validation": split["train_until"], "test": split["validation_until"]}
    rows = [
        (name, str(begin), str(split[f"{name}_until"]), f"{metrics['rows'][name]:,}", _rate(metrics, name))
        for name, begin in begins.items()
    ]
    return table(["period", "from", "until", "rows used", "late"], rows)


def _rate(metrics: Mapping[str, Any], name: str) -> str:
    return _percent(metrics[name]["base_rate"]) if name in metrics else "–"


def _quarantine(_: str) -> str:
    rows = [
        (name, str(example["row"]), f"`{rule['column']}`", f"`{rule['rule']}`".replace("|", "\\|"))
        for name, found in _read("validation")["tables"].items()
        for rule in found["rules"]
        if rule["severity"] == "quarantine"
        for example in rule["examples"]
    ]
    return table(["table", "source row", "column", "rule it breaks"], rows)


def _kept(_: str) -> str:
    """The rules whose rows stay in use, and how many break them; distributions apart."""
    rows = [
        (name, f"`{rule['rule']}`", f"`{rule['column']}`", f"{rule['rows']:,}", _share(rule["share"]), _share(rule["tolerated"]))
        for name, found in _read("validation")["tables"].items()
        for rule in found["rules"]
        if rule["severity"] != "quarantine" and rule["rule"] != "stable" and rule["rows"]
    ]
    return table(["table", "rule", "about", "rows", "share", "tolerated"], rows)


def _figures(_: str) -> str:
    metrics = _read("metrics")
    columns = ("validation", "test", "linear", "baseline")
    return table(["", *columns], ([said, *(_figure(metrics[column], name) for column in columns)] for name, said in METRICS.items()))


def _slices(_: str) -> str:
    found = [one for one in _read("slices") if one["column"] == "origin"]
    return table(
        ["origin", "rows", "late", METRICS["auc"]],
        ((one["value"], f"{one['rows']:,}", _percent(one["base_rate"]), _figure(one, "auc")) for one in found),
    )


def _drivers(_: str) -> str:
    described = by_name(_read("features"))
    rows = [
        (str(one["rank"]), f"`{one['feature']}`", described[one["feature"]]["description"], f"{one['importance']:.3f}")
        for one in _read("explain")["global"][:TOP]
    ]
    return table(["", "feature", "what it is", "mean contribution"], rows)


def _figure(found: Mapping[str, Any], name: str) -> str:
    interval = f" ({found[f'{name}_low']:.4f} to {found[f'{name}_high']:.4f})" if found.get(f"{name}_low") is not None else ""
    return f"{found[name]:.4f}{interval}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _share(share: float) -> str:
    return f"{100 * share:.2g} %"


def _read(report: str) -> Any:
    return read_json(REPORTS / f"{report}.json")
