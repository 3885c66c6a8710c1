"""A project for a use case of a stranger: what they write, composed, pinned and taken through every stage in one process."""

import math
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl
from click.testing import CliRunner

from interlock import bundle, compose, files, frames
from interlock.cli.parity import parity as command
from interlock.contracts import ledger
from interlock.evaluation.verdicts import PASS, UNJUDGED
from interlock.features import featureset
from interlock.files import read_json, write_text
from interlock.notebook import Project, inside
from interlock.params import load
from interlock.sources import refresh
from interlock.sources.spec import Tables, World
from tests.features import brute

ROOT = Path(__file__).parents[2]
STAGES = ("ingest", "validate", "featurize", "parity", "train", "score", "evaluate", "stress", "explain", "gate", "package")
CONFIG = """
defaults:
  - usecase: {name}
  - model: default
  - gates: ${{usecase}}
  - _self_
  - experiment: null
"""
MODEL = {
    "rounds": 30, "early_stopping": 10, "learning_rate": 0.1, "num_leaves": 7, "min_data_in_leaf": 20, "feature_fraction": 0.9,
    "bagging_fraction": 0.9, "bagging_freq": 1, "lambda_l1": 0.0, "lambda_l2": 1.0, "max_bin": 63, "cat_smooth": 10.0, "cat_l2": 10.0,
    "threads": 2, "seed": 7, "exclude": [], "mitigation": None,
}  # fmt: skip
GATES = """
parity: {report: parity, metric: mismatches, max: 0, why: Features must be the same online.}
auc: {metric: test.auc, min: 0.6, why: Better than a coin.}
"""


@dataclass(frozen=True)
class Written:
    """What a team writes: the four files of the use case by name, and its part of conf, with tables in data/own/."""

    name: str
    conf: str
    code: Mapping[str, str]
    gates: str = GATES
    rounds: int = 30
    model: Mapping[str, int] = field(default_factory=dict)

    def into(self, folder: Path) -> None:
        """Write it, and what any project has."""
        for name, text in self.code.items():
            write_text(folder / "usecases" / self.name / f"{name}.py", text)
        write_text(folder / "conf/config.yaml", CONFIG.format(name=self.name))
        write_text(folder / f"conf/usecase/{self.name}.yaml", self.conf)
        write_text(folder / f"conf/gates/{self.name}.yaml", self.gates)
        files.write_json(folder / "conf/model/default.yaml", {**MODEL, "rounds": self.rounds, **self.model})
        for name in ("pins.yaml", "dvc.yaml"):
            shutil.copy(ROOT / name, folder)


def run(folder: Path, *stages: str) -> None:
    """Compose and pin the project in `folder`, and run `stages` one after the other; all of them where none is named."""
    with inside(folder):
        compose.write(compose.compose())
        refresh.refresh(load("usecase.name", str), load("usecase.tables", Tables), load("usecase.world", World), lambda _: None)
        for stage in stages or STAGES:
            import_module(f"stages.{stage}").main()


def report(folder: Path, name: str) -> Any:
    return read_json(folder / f"reports/{name}.json")


def features(folder: Path) -> pl.DataFrame:
    """Requests beside their features and outcomes, as `featurize` wrote them."""
    requests, values, outcomes = (frames.read(folder / f"data/features/{name}.parquet") for name in ("requests", "features", "outcomes"))
    joined = requests.hstack([column for column in values if column.name not in requests.columns])
    return joined.hstack([column for column in outcomes if column.name not in joined.columns])


def agrees(folder: Path, *fails: str) -> None:
    """Every stage did its part: nothing differs online, the bundle proves itself, scores are those of a request, and all gates
    pass but those that are meant to fail (`fails`)."""
    parity, metrics = report(folder, "parity"), report(folder, "metrics")
    assert (parity["equal"], parity["mismatches"], parity["missing"], parity["extra"], parity["first"]) == (True, 0, 0, 0, [])
    assert parity["rows"] > 0
    failing = {gate["name"]: gate["words"] for gate in report(folder, "gates")["gates"] if gate["verdict"] not in {PASS, *UNJUDGED}}
    assert set(failing) == set(fails), failing
    assert report(folder, "gates")["passed"] == (not fails)
    assert metrics["test"].get("auc", 1.0) > 0.6
    assert metrics["test"].get("r2", 1.0) > 0.1
    assert report(folder, "stress")["verdict"] == "pass", report(folder, "stress")
    assert report(folder, "explain")["global"]
    with inside(folder):
        assert len(bundle.verify(Path("models/bundle"))) == 64
        done = CliRunner().invoke(command, ["--all", "--store", "memory"])
    assert done.exit_code == 0, done.output
    predicted = frames.read(folder / "data/predictions/test.parquet").drop("label").head(40)
    key = [name for name in predicted.columns if not name.startswith(("raw_score", "score"))]
    asked = frames.read(folder / "data/features/requests.parquet").join(predicted, on=key, how="semi", maintain_order="left")
    assert Project.open(folder).score(asked).select(predicted.columns).equals(predicted.join(asked, on=key, how="semi"))


def by_brute_force(folder: Path, every: int) -> None:
    """Every so many requests: each public feature is what an oracle finds in the raw rows that are valid."""
    declared = featureset.read(folder / "data/features/featureset.json")
    with inside(folder):
        tables = {name: ledger.valid(name).collect().to_dicts() for name in declared.tables}
    asked = frames.read(folder / "data/features/requests.parquet").gather_every(every)
    found = features(folder).gather_every(every)
    for row, expected in zip(found.to_dicts(), brute.features(declared, asked.to_dicts(), tables), strict=True):
        for feature in declared.public:
            made, wanted = (_plain(each[feature.name]) for each in (row, expected))
            assert brute.same(made, wanted), (feature, row, wanted)


def _plain(value: Any) -> Any:
    """What a table of features keeps of a value: a zero has no sign, and NaN nothing inside."""
    return ("NaN" if math.isnan(value) else value + 0.0) if isinstance(value, float) else value
