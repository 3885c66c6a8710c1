"""gate, on the small project."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from interlock import params
from interlock.errors import ArtifactError, ConfigError
from interlock.evaluation import bindings, reports
from interlock.evaluation.gates import Gates
from interlock.files import by_name, read_json, sha256, write_json
from stages import gate
from tests.evaluation.world import PARAMS, say, world

__all__ = ["world"]
ROOT = Path(__file__).parents[2]


def judged(world: Path, gates: dict[str, Any]) -> dict[str, Any]:
    say(world / "params.yaml", {**PARAMS, "gates": gates})
    gate.main()
    return verdict(world)


def verdict(world: Path) -> dict[str, Any]:
    """The report of the gates, its records by name."""
    found = read_json(world / "reports/gates.json")
    binds = {name: bound["sha256"] for name, bound in by_name(found["binds"]).items()}
    return {**found, "gates": by_name(found["gates"]), "binds": binds}


def hashes(world: Path) -> dict[str, str]:
    """Of the reports that gates read and that are there."""
    names = [f"reports/{name}.json" for name in ("fairness", "leakage", "metrics", "parity", "stress")]
    return {name: sha256(world / name) for name in names if (world / name).is_file()}


def test_the_good_candidate_passes(world: Path) -> None:
    """With bounds that it meets, the verdict is a pass, gate by gate."""
    found = verdict(world)
    assert found["passed"]
    assert {one["verdict"] for one in found["gates"].values()} == {"pass"}


@pytest.mark.parametrize("name", PARAMS["gates"])
def test_each_bound_just_out_of_reach_fails_it(world: Path, name: str) -> None:
    """A bound that lies a millionth beyond what is judged fails the candidate that passed, and no other gate."""
    was = verdict(world)["gates"][name]
    beyond = was["judged"] + (-1e-6 if was["kind"] == "max" else 1e-6)
    found = judged(world, {**PARAMS["gates"], name: {**PARAMS["gates"][name], was["kind"]: beyond}})
    assert [gate for gate, one in found["gates"].items() if one["verdict"] == "fail"] == [name]
    assert found["verdict"] == "fail"


def test_a_gate_on_another_report_reads_that_one(world: Path) -> None:
    """A dotted path into stress.json: the two cases that failed there fail the gate that allows none."""
    allowed = {"metric": "failed", "report": "stress", "max": 2, "why": "Known limits."}
    assert judged(world, {"stress": allowed})["passed"]
    assert not judged(world, {"stress": {**allowed, "max": 1}})["passed"]
    assert judged(world, {"share": {**allowed, "metric": "cases.blind.share"}})["gates"]["share"]["value"] == 1


def test_a_metric_that_vanished_fails(world: Path) -> None:
    """Null, misspelt, or a report that is not there at all: not enough evidence, which is no pass."""
    metrics = read_json(world / "reports/metrics.json")
    metrics["test"]["auc"] = None
    write_json(world / "reports/metrics.json", metrics)
    assert judged(world, PARAMS["gates"])["verdict"] == "not enough evidence"
    (world / "reports/metrics.json").unlink()
    found = judged(world, PARAMS["gates"])
    assert (found["verdict"], found["passed"], found["binds"]["reports"]) == ("not enough evidence", False, hashes(world))


def test_the_verdict_is_bound_to_model_data_reports_and_gates(world: Path) -> None:
    """It holds the hash of each file of the model and the features, of the reports it read, and of the gates themselves."""
    binds = verdict(world)["binds"]
    for part, folder in (("model", "models/model"), ("features", "data/features")):
        assert binds[part] == {path.name: sha256(path) for path in sorted((world / folder).iterdir())}
    assert binds["reports"] == hashes(world)
    changed = judged(world, {**PARAMS["gates"], "auc": {**PARAMS["gates"]["auc"], "min": 0.551}})["binds"]
    assert changed["gates"] != binds["gates"]
    assert judged(world, PARAMS["gates"])["binds"] == binds


@pytest.mark.parametrize(
    "part", ["models/model/model.json", "models/model/booster.txt", "data/features/features.parquet", "reports/metrics.json"]
)
def test_the_verdict_on_another_candidate_is_told(world: Path, part: str) -> None:
    """One more byte in the model, the features or a report, and the verdict is not of this candidate: the part is named."""
    gates = msgspec.to_builtins(params.load("gates", Gates))
    said, judged = read_json(world / "reports/gates.json"), list(map(Path, hashes(world)))
    assert bindings.differing(said, bindings.candidate(gates, judged)) == []
    with (world / part).open("ab") as opened:
        opened.write(b" ")
    assert bindings.differing(said, bindings.candidate(gates, judged)) == [
        {"data": "features", "models": "model"}.get(part.split("/", maxsplit=1)[0], "reports")
    ]


def test_a_verdict_of_fail_ends_well(world: Path) -> None:
    """The stage exits 0 with a failed verdict, as an experiment that failed should be seen, and 2 on gates that make no sense."""
    impossible = {"metric": "test.auc", "min": 0.99, "why": "Nobody reaches it."}
    for gates, code in (({"auc": impossible}, 0), ({"auc": {**impossible, "max": 1}}, 2)):
        say(world / "params.yaml", {**PARAMS, "gates": gates})
        ran = subprocess.run(
            [sys.executable, "-m", "stages.gate"], env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False, capture_output=True, text=True
        )
        assert ran.returncode == code
    assert "params.yaml: gates.auc: a gate has exactly one of min, max, min_gain, max_drop" in ran.stderr
    assert not read_json(world / "reports/gates.json")["passed"]


def test_a_damaged_report_is_refused_by_name(world: Path) -> None:
    """A report that is cut off cannot be judged: an error, not a verdict."""
    path = world / "reports/metrics.json"
    path.write_text(path.read_text()[:100])
    with pytest.raises(ArtifactError, match=r"reports/metrics\.json is not JSON"):
        gate.main()
    with path.open("wb") as opened:
        opened.truncate(reports.LARGEST + 1)
    with pytest.raises(ArtifactError, match=r"reports/metrics\.json has \d+ bytes, which no stage writes"):
        gate.main()
    path.unlink()
    path.mkdir()
    with pytest.raises(ArtifactError, match=r"reports/metrics\.json is no file"):
        gate.main()


def test_gates_are_read_by_their_section(world: Path) -> None:
    """A misspelt key of a gate is refused with the place to mend."""
    with pytest.raises(ConfigError, match=r"params\.yaml: gates\.auc\.minimum: not a known key"):
        judged(world, {"auc": {"metric": "test.auc", "minimum": 0.5, "why": "x"}})
