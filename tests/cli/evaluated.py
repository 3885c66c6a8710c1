"""Projects as a run leaves them, with the reports alone: made-up figures of every kind of task, in the shapes that stages write."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from ruamel.yaml import YAML

from interlock import params
from interlock.evaluation import bindings
from interlock.evaluation.gates import Gates, judge
from interlock.files import listed, sha256, write_json

CLASSES = ["walk", "cycle", "bus", "train", "car alone", "car shared"]
NAMED = "an_hour_a_week_ago"
UNITS: dict[str, Any] = {
    "regression": {"kind": "regression", "unit": "people/h", "baseline": NAMED},
    "multiclass": {"kind": "multiclass", "classes": CLASSES},
}
TASKS: dict[str, Any] = {"binary": {"kind": "binary", "positive": "employed"}, **UNITS}
TEST: dict[str, dict[str, float]] = {
    "binary": {
        "base_rate": 0.61,
        "auc": 0.861,
        "average_precision": 0.9,
        "log_loss": 0.44,
        "brier": 0.143,
        "brier_skill": 0.4,
        "ece": 0.011,
    },
    "multiclass": {"accuracy": 0.71, "balanced_accuracy": 0.66, "macro_f1": 0.65, "auc": 0.91, "log_loss": 0.8, "brier": 0.4, "ece": 0.021},
    "regression": {"mean": 412.5, "r2": 0.83, "rmse": 141.2, "mae": 88.12, "bias": -4.2, "calibration_error": 12.3},
}
HEADLINE = {"binary": "auc", "multiclass": "auc", "regression": "r2"}


def sure(name: str, value: float, by: float = 0.02) -> dict[str, float]:
    """A metric with its interval."""
    return {name: value, f"{name}_low": value - by * abs(value), f"{name}_high": value + by * abs(value)}


def reports(kind: str, *, groups: bool = True) -> dict[str, Any]:
    """Every report that a candidate of this kind has, less the verdict."""
    return {
        "metrics": metrics(kind),
        "slices": slices(kind),
        "fairness": fairness() if groups else {"declared": False, "threshold": None, "minimum": None, "attributes": []},
        "leakage": leakage(HEADLINE[kind]),
        "stress": stress(),
        "explain": explain(kind),
        "parity": {"equal": True, "rows": 1000, "mismatches": 0},
        "features": [
            {"name": "age", "description": "Age in years", "unit": "a", "rows": 9},
            {"name": "sex", "description": "Sex", "rows": 9},
        ],
        "learning_curve": [
            {"round": k, "training": 0.7 + 0.1 * k / (k + 9), "validation": 0.69 + 0.08 * k / (k + 9)} for k in range(1, 90, 2)
        ],
        **curves(kind),
    }


def metrics(kind: str) -> dict[str, Any]:
    test, rows = TEST[kind], {"requests": 120_000, "without_outcome": 90, "train": 70_000, "validation": 20_000, "test": 29_000, "gap": 910}
    measured = {name: end for metric, value in test.items() for name, end in sure(metric, value).items()}
    named = {"named": {"rows": 29_000, **{name: value * 0.8 for name, value in test.items()}}} if "baseline" in TASKS[kind] else {}
    over = ("base_rate", "linear", *named)
    gains = {name: {metric: sure("gain", 0.01 + place / 300, 0.9) for place, metric in enumerate(test)} for name in over}
    chosen = {"threshold": 0.42, "chosen": "least_cost", "selected": 0.55, "precision": 0.81, "recall": 0.84, "false_positive_rate": 0.29}
    decision = {**chosen, **sure("cost", 0.31), "cost_of_none": 0.61, "cost_of_all": 0.39}
    return {
        "rows": rows,
        "validation": {"rows": 20_000, **measured},
        "test": {"rows": 29_000, **measured},
        "baseline": {"rows": 29_000, **{name: value * 0.6 for name, value in test.items()}},
        "linear": {"rows": 29_000, **{name: value * 0.9 for name, value in test.items()}},
        **named,
        "gain": listed(gains),
        "decision": decision if kind == "binary" else None,
        "worst_slice": {"slice": "sex = 2", "rows": 900, **sure(HEADLINE[kind], 0.7)},
        "rescored": {"rows": 500, "different": 0},
    }


def slices(kind: str, values: Iterable[str] = ("1", "2", "(others)")) -> list[dict[str, Any]]:
    rest = {name: end for metric, value in TEST[kind].items() for name, end in sure(metric, value).items()}
    found = [("sex", value) for value in values] + [("race × sex", f"{race} × {sex}") for race in range(1, 9) for sex in (1, 2)]
    return [
        {
            "slice": f"{column} = {value}",
            "column": column,
            "value": value,
            "values": 7 if value == "(others)" else 1,
            "rows": 900 + 37 * place,
        }
        | rest
        | sure(HEADLINE[kind], 0.7 + 0.013 * (place % 9), 0.05)
        for place, (column, value) in enumerate(found)
    ]


def fairness(names: Iterable[str] = ("SEX", "RAC1P"), least: int = 500) -> dict[str, Any]:
    """Groups of 3,700 rows and fewer, of which those of `least` rows are compared."""
    rates = {"selection_rate": 0.5, "true_positive_rate": 0.8, "false_positive_rate": 0.3, "precision": 0.81, "ece": 0.02}

    def group(name: str, place: int) -> dict[str, Any]:
        ends = {key: end for rate, value in rates.items() for key, end in sure(rate, value * (1 - 0.04 * place), 0.06).items()}
        return {"name": name, "rows": 4000 - 300 * place, "compared": 4000 - 300 * place >= least} | ends

    between = {key: end for rate in (*rates, "equalized_odds") for key, end in sure(rate, 0.06, 0.3).items()}
    ratios = {key: end for rate in (*rates, "equalized_odds") for key, end in sure(rate, 0.83, 0.05).items()}
    attributes = [
        {
            "name": name,
            "groups": [group(str(k), k) for k in range(1, 3 + 2 * place)],
            "left_out": [{"name": "4", "rows": 4}],
            "gaps": between,
            "ratios": ratios,
        }
        for place, name in enumerate(names)
    ]
    return {"declared": True, "threshold": 0.42, "chosen": "least_cost", "minimum": 500, "compared": least, "attributes": attributes}


def leakage(metric: str) -> dict[str, Any]:
    alone = [{"name": f"feature_number_{k}_of_a_long_name", metric: 0.72 - 0.008 * k} for k in range(25)]
    return {
        "alone": {"strongest": alone[0], "features": alone},
        "shared": {"keys": 0, "ids": 12, "ids_share": 0.0004},
        "immature": {"train": 0, "validation": 0, "test": 0, "rows": 0},
    }


def stress() -> dict[str, Any]:
    broken = {
        "key": {"as_of": "2018-01-01", "id": 17},
        "change": {"age": "17 → 71", "sex": "1 → 2"},
        "class": None,
        "before": 0.41,
        "after": 0.12,
    }
    cases = {
        "missing": {
            "verdict": "pass",
            "claim": "Missing values leave the score a probability",
            "rows": 2000,
            "violations": 0,
            "share": 0.0,
            "examples": [],
        },
        "older": {
            "verdict": "fail",
            "claim": "An older person is no less likely",
            "rows": 2000,
            "violations": 310,
            "share": 0.155,
            "examples": [broken],
        },
        "blind": {
            "verdict": "not enough evidence",
            "claim": "Sex does not matter",
            "rows": 0,
            "violations": 0,
            "share": None,
            "examples": [],
        },
    }
    return {
        "verdict": "fail",
        "failed": 1,
        "rows": 2000,
        "cases": [
            {**case, "tolerated": 0.05, "on_average": None, "mean_move": 0.02, "largest_move": 0.31, "kind": "direction"}
            for case in listed(cases)
        ],
    }


def explain(kind: str) -> dict[str, Any]:
    names = ("age", "school", "sex")
    drivers = [{"rank": k, "feature": name, "importance": 0.5 / k, "gain": 9.0, "splits": 12} for k, name in enumerate(names, 1)]
    parts = [("age", 41.5, 0.7), ("school", None, -0.4), ("sex", "2", 0.2)]
    way = [{"feature": name, "value": value, "contribution": part} for name, value, part in parts]
    of = f"_{CLASSES[2]}" if kind == "multiclass" else ""
    said = {"class": CLASSES[2]} if of else {}
    rows = [
        {"id": k, f"raw_score{of}": 1.2, f"score{of}": 0.768, **said, "expected_raw_score": 0.5, "contributions": way} for k in range(3)
    ]
    more = {"feature": "sex", "share": 0.4, "share_of_all": 0.18}
    sliced = {"slice": "sex = 2", "rows": 300, "distance": 0.3, "more": more}
    classes = [{"class": name, "expected_raw_score": 0.1, "features": drivers} for name in (CLASSES if of else [])]
    return {
        "rows": 2000,
        "expected_raw_score": None if of else 0.5,
        "global": drivers,
        "classes": classes,
        "slices": [{**sliced, "column": "sex", "value": "2", "features": drivers}],
        "different": [sliced],
        "highest": rows,
        "lowest": rows[:1],
    }


def curves(kind: str) -> dict[str, Any]:
    """The chart data of every kind; `[]` where they do not apply."""
    empty = ("roc", "precision_recall", "calibration", "score_distribution", "gain", "thresholds", "residuals", "confusion", "classes")
    return {**{name: [] for name in empty}, **{"binary": _binary, "multiclass": _multiclass, "regression": _regression}[kind]()}


def _binary() -> dict[str, Any]:
    steps = [k / 100 for k in range(101)]
    return {
        "roc": [{"false_positive_rate": x, "true_positive_rate": x**0.3, "threshold": 1 - x} for x in steps],
        "precision_recall": [{"recall": x, "precision": 1 - 0.39 * x**2, "threshold": 1 - x} for x in steps[1:]],
        "calibration": _calibrated(1.0),
        "score_distribution": [{"score": x + 0.01, "positives": x / 25, "negatives": (1 - x) / 25} for x in steps[:100:2]],
        "gain": [{"targeted": x, "found": x**0.6, "perfect": min(1.0, x / 0.61), "lift": x**-0.4 if x else None} for x in steps],
        "thresholds": [
            {
                "threshold": x,
                "selected": 1 - x,
                "precision": 0.61 + 0.38 * x,
                "recall": 1 - x**2,
                "false_positive_rate": (1 - x) ** 2,
                "cost": 0.3 + (x - 0.42) ** 2,
            }
            for x in steps[::-1]
        ],
    }


def _multiclass() -> dict[str, Any]:
    def part(actual: int, predicted: int) -> float:
        return 0.7 if actual == predicted else 0.3 / (len(CLASSES) - 1)

    cells = [(one, other) for one in range(len(CLASSES)) for other in range(len(CLASSES))]
    return {
        "calibration": _calibrated(1.0),
        "confusion": [
            {"actual": CLASSES[a], "predicted": CLASSES[p], "rows": round(900 * part(a, p)), "share": part(a, p)} for a, p in cells
        ],
        "classes": [
            {"class": name, "rows": 900, **sure("precision", 0.6 + k / 20), **sure("recall", 0.75 - k / 20), **sure("auc", 0.9)}
            for k, name in enumerate(CLASSES)
        ],
    }


def _regression() -> dict[str, Any]:
    return {
        "calibration": _calibrated(900.0),
        "score_distribution": [{"score": 30.0 * k, "predicted": 0.3 / (k + 2), "actual": 0.35 / (k + 2.5)} for k in range(40)],
        "residuals": [
            {"predicted": 45.0 * k, "mean": 3.0 - k, "p10": -10.0 - 9 * k, "p50": 1.0 - k, "p90": 12.0 + 8 * k, "rows": 1450}
            for k in range(1, 21)
        ],
    }


def _calibrated(top: float) -> list[dict[str, Any]]:
    means = [top * (k + 0.5) / 10 for k in range(10)]
    return [{"predicted": x, "perfect": x, "rows": 2900, **sure("observed", x * (1.1 - 0.2 * x / top), 0.05)} for x in means]


def project(folder: Path, kind: str, said: dict[str, Any] | None = None, *, name: str = "commuters") -> Path:
    """A project of this kind in `folder`: params.yaml and reports/, the verdict given by `gates` on them."""
    headline = HEADLINE[kind]
    gates = {
        "good": {"metric": f"test.{headline}", "min": 0.7, "why": "Less is of no use."},
        "odds": {
            "report": "fairness",
            "metric": "attributes.SEX.gaps.equalized_odds",
            "max": 0.05,
            "why": "Errors may not fall on one sex.",
        },
        "champion": {"metric": f"test.{headline}", "max_drop": 0.01, "against": "champion", "why": "Never worse."},
    }
    tables = {"persons": {"description": "Persons who were asked.", "licence": "public domain", "fresh": None}}
    usecase = {
        "name": name,
        "task": TASKS[kind],
        "world": {"name": "full", "keep": {}},
        "split": {"by": "time", "train_until": "2017-01-01T00:00:00Z", "test_until": "2019-01-01T00:00:00Z"},
        "catalog": {"owner": "people-team", "description": "What a person does.", "tables": tables},
    }
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "params.yaml").open("w", encoding="utf-8") as opened:
        YAML(typ="safe").dump({"usecase": usecase, "model": {"rounds": 300}, "gates": gates}, opened)
    found = said or reports(kind)
    for report, value in found.items():
        write_json(folder / "reports" / f"{report}.json", value)
    write_json(folder / "reports" / "gates.json", _verdict(folder, name, gates, found))
    return folder


def _verdict(folder: Path, name: str, said: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    gates: Gates = params.convert(said, Gates, "gates")
    judged = judge(gates, found)
    names = [report for report in ("metrics", "fairness") if report in found]
    binds: dict[str, dict[str, Any]] = {
        "reports": {"sha256": {f"reports/{one}.json": sha256(folder / "reports" / f"{one}.json") for one in names}},
        "gates": {"sha256": bindings.configuration(msgspec.to_builtins(gates))},
    }
    return {"usecase": name, **judged, "gates": listed(judged["gates"]), "binds": listed(binds)}
