"""DVC's own commands on this graph: experiments, and what they show a person."""

import csv
import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.graph.clone import RAN, RESTORED, Clone, read_yaml, stages

STAGES = stages()
BEFORE_TRAIN = ["ingest", "validate", "featurize", "parity"]
FIGURES, OTHERS, LONGEST = 100, 50, 40
FROM_TRAIN = [name for name in STAGES if name not in BEFORE_TRAIN]


def experiment(clone: Clone, choice: str) -> tuple[list[str], list[str]]:
    said = clone.dvc("exp", "run", "-S", choice)
    return RAN.findall(said), RESTORED.findall(said)


def test_an_experiment_reruns_what_it_changes(clone: Clone) -> None:
    """Another learning rate reruns `train` and what follows, and going back runs nothing. What it changed is shown: in the
    metrics, the parameters, the table of experiments and the plots."""
    before = clone.hashes()
    assert experiment(clone, "model.learning_rate=0.03") == (FROM_TRAIN, [])
    metrics = json.loads(clone.dvc("metrics", "diff", "--json"))
    assert metrics["reports/metrics.json"]["test.auc"].keys() == {"old", "new", "diff"}
    parameters = json.loads(clone.dvc("params", "diff", "--json"))
    assert {file: list(keys) for file, keys in parameters.items()} == {"params.yaml": ["model.learning_rate"]}
    shown = next(csv.DictReader(clone.dvc("exp", "show", "--csv", "--no-pager").splitlines()))
    assert shown["model.learning_rate"] == "0.03"
    assert float(shown["test.auc"]) > 0.6
    plots = clone.dvc("plots", "diff", "--out", "plots")
    assert "plots/index.html" in plots
    assert "WARNING" not in plots
    assert experiment(clone, "model.learning_rate=0.05") == ([], FROM_TRAIN)
    assert clone.hashes() == before
    assert clone.dvc("metrics", "diff") == ""


def test_the_graph_is_drawn(finished: Clone) -> None:
    """`dvc dag` names every stage, and `train` stands after `featurize`."""
    drawn = finished.dvc("dag", "--mermaid")
    names = {name: node for node, name in (line.strip().rstrip('"]').split('["') for line in drawn.splitlines() if '["' in line)}
    assert set(names) == set(STAGES)
    assert f"{names['featurize']}-->{names['train']}" in drawn


def leaves(found: Any) -> Iterator[Any]:
    """Every figure in nested mappings."""
    if isinstance(found, Mapping):
        for value in found.values():
            yield from leaves(value)
    else:
        yield found


def test_metrics_and_plots_are_worth_showing(clone: Clone) -> None:
    """`dvc metrics show` gives the metrics and few other figures, no texts; every plot that dvc.yaml declares is drawn, without a
    warning, and nothing else."""
    shown = json.loads(clone.dvc("metrics", "show", "--json"))[""]["data"]
    metrics = {name: found["data"] for name, found in shown.items()}
    assert set(metrics["reports/metrics.json"]) == {
        "rows",
        "validation",
        "test",
        "baseline",
        "linear",
        "worst_slice",
        "rescored",
        "decision",
    }
    assert len(list(leaves(metrics["reports/metrics.json"]))) < FIGURES
    assert len([value for name, found in metrics.items() if name != "reports/metrics.json" for value in leaves(found)]) < OTHERS
    assert [value for value in leaves(metrics) if isinstance(value, str) and len(value) > LONGEST] == []
    plots = json.loads(clone.dvc("plots", "show", "--json"))
    assert plots.get("errors", []) == []
    declared = {name for plot in read_yaml(clone.folder / "dvc.yaml")["plots"] for name in plot}
    assert {name for name, drawn in plots["data"].items() if drawn} == declared
    clone.dvc("plots", "show", "--out", "plots")
    assert (clone.folder / "plots/index.html").read_text().count("ROC curve (test)") == 1
