"""What the last run made and how good it is, in words, read from the reports alone."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from interlock import params
from interlock.errors import ArtifactError, printable
from interlock.evaluation.verdicts import SIGNS
from interlock.evaluation.words import baselines
from interlock.files import read_json, sha256

REPORTS = Path("reports")
MODEL = Path("models/model/model.json")
BUNDLE = Path("models/bundle")


def title() -> str:
    """The use case, and its world where that is not the full one."""
    usecase = params.read_yaml(params.PARAMS)["usecase"]
    world = usecase["world"]["name"]
    return str(usecase["name"]) + ("" if world == "full" else f" · {world} world")


def facts() -> dict[str, list[str]]:
    """A few lines under each heading; headings whose report is not there are left out.

    Raises ArtifactError where a report is not what a run writes.
    """
    found = {}
    for heading, (path, describe) in FACTS.items():
        if path.is_file():
            try:
                found[heading] = describe(read_json(path))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ArtifactError(f"{path} cannot be read: {error}", f"run: dvc repro --force, or git checkout {path}") from error
    return found


def rows(facts: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    """Each line with its heading in a column of one width; a heading stands beside its first line alone."""
    width = max(map(len, facts)) + 2
    for heading, lines in facts.items():
        for number, line in enumerate(lines):
            yield ("" if number else heading).ljust(width), line


def _data(report: Any) -> list[str]:
    return [_table(name, table) for name, table in sorted(report["tables"].items(), key=lambda item: -item[1]["rows"])]


def _table(name: str, table: Mapping[str, Any]) -> str:
    aside = f" ({table['quarantined']:,} set aside)" if table["quarantined"] else ""
    return f"{name} {table['rows']:,}{aside}"


def _features(report: Any) -> list[str]:
    rows = max((feature["rows"] for feature in report), default=0)
    return [f"{len(report)} for each of {rows:,} requests"]


def _model(report: Any) -> list[str]:
    trees = report["rounds"] * len(report["task"].get("classes", "1"))
    return [f"{trees:,} trees, trained on {report['rows']['train']['used']:,} rows"]


def _test(report: Any) -> list[str]:
    """The metrics that the kind of task is told by, beside those of the baselines on the same rows."""
    task = params.read_yaml(params.PARAMS)["usecase"]["task"]
    test, rows = report["test"], report["rows"]
    others = {printable(title): report[name] for name, title in baselines(task).items() if name in report}
    lines = []
    for key, name in METRICS[task["kind"]].items():
        base = ", ".join(f"{words} {_number(metrics[key])}" for words, metrics in others.items())
        lines.append(f"{name:<18} {_value(test, key):<26} {base}")
    return [*lines, f"{rows['test']:,} rows; {rows['without_outcome']:,} requests have no outcome"]


def _value(found: Mapping[str, Any], key: str) -> str:
    low, high = found.get(f"{key}_low"), found.get(f"{key}_high")
    between = f" ({_number(low)} to {_number(high)})" if low is not None and high is not None else ""
    return f"{_number(found[key])}{between}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}" if abs(value) < LARGE else f"{value:,.1f}"


def _stress(report: Any) -> list[str]:
    cases = report["cases"]
    broken = [f"✗ {case['claim']}" for case in cases if case["verdict"] != "pass"]
    broken += ["  see: interlock stress"] if broken else []
    return [f"{SIGNS.get(report['verdict'], '?')} {sum(case['verdict'] == 'pass' for case in cases)} of {len(cases)} cases pass", *broken]


def _gates(report: Any) -> list[str]:
    return [f"{SIGNS.get(gate['verdict'], '?')} {gate['name']}: {gate['words']}" for gate in report["gates"]] or ["none declared"]


def _bundle(_: Any) -> list[str]:
    return [f"{BUNDLE}, {sha256(BUNDLE / 'manifest.json')[:12]}"]


# NOTE: those that each kind of task is brief by; its own module would cost NumPy
METRICS = {
    "binary": {"auc": "AUC", "brier": "Brier score", "ece": "calibration error"},
    "multiclass": {"auc": "AUC", "balanced_accuracy": "balanced accuracy", "log_loss": "log loss", "ece": "calibration error"},
    "regression": {"r2": "R²", "mae": "mean error", "rmse": "root mean square"},
}
LARGE = 100
FACTS: dict[str, tuple[Path, Callable[[Any], list[str]]]] = {
    "Rows": (REPORTS / "validation.json", _data),
    "Features": (REPORTS / "features.json", _features),
    "Model": (MODEL, _model),
    "Test": (REPORTS / "metrics.json", _test),
    "Stress": (REPORTS / "stress.json", _stress),
    "Gates": (REPORTS / "gates.json", _gates),
    "Bundle": (BUNDLE / "manifest.json", _bundle),
}
