"""A good candidate of each kind of task, on real flights with a planted label that trees can tell and a line cannot."""

from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from interlock.evaluation.bootstrap import Evaluation
from interlock.evaluation.candidate import Candidate
from interlock.evaluation.gates import Gates
from interlock.evaluation.predictions import Predictions
from interlock.modeling.artifact import Artifact, digest
from interlock.modeling.booster import Booster
from interlock.modeling.dataset import Rows
from interlock.modeling.decision import Decision, Fairness
from interlock.modeling.groups import Slices
from interlock.modeling.score import Scorer
from interlock.modeling.spec import Model
from interlock.modeling.split import ByTime
from interlock.modeling.task import Binary, Multiclass, Regression, Task
from interlock.modeling.train import fit
from interlock.params import convert, read_yaml
from tests.modeled_flights import FEATURES, KEY, MODEL, SPLIT, flights

KINDS = ("binary", "multiclass", "regression")
TASKS: dict[str, Task] = {
    "binary": Binary("long"),
    "multiclass": Multiclass(("short", "middle", "long")),
    "regression": Regression("min"),
}
OTHERS: dict[str, Any] = {"parity": {"mismatches": 0}, "stress": {"failed": 0, "cases": [{"name": "a case"}]}}
FAIR = {"report": "fairness", "max": 0.6, "why": "Airports are much alike."}
_noise = pl.col("flight_id").hash(7) % 1000 / 100
_minutes = (pl.col("hour").cast(pl.Float64) - 13).abs() * 4 + pl.col("carrier").is_in(["B6", "EV", "FL"]) * 12 + _noise
LABELS = {
    "binary": _minutes > 25,
    "multiclass": pl.when(_minutes < 15).then(pl.lit("short")).when(_minutes < 25).then(pl.lit("middle")).otherwise(pl.lit("long")),
    "regression": _minutes,
}


def gates(kind: str) -> Gates:
    """The gates that a new use case of this kind begins with, and one on groups."""
    conf = Path(__file__).parents[2] / "conf/gates"
    said = {name: gate for file in ("every", kind) for name, gate in read_yaml(conf / f"{file}.yaml").items() if name != "defaults"}
    odds = {**FAIR, "metric": "attributes.origin.gaps.selection_rate"}
    crossed = {**FAIR, "metric": "attributes.origin × morning.gaps.selection_rate"}
    found: Gates = convert({**said, "odds": odds, "crossed": crossed}, Gates, "gates")
    return found


@cache
def candidate(kind: str) -> Candidate:
    """Trained once a process on every second of the flights."""
    task, split = TASKS[kind], convert(SPLIT, ByTime, "usecase.split")
    table = flights().gather_every(2).with_columns(late=LABELS[kind])
    cuts = dict(zip(("train", "validation", "test"), split.ends.values(), strict=True))
    rows, start = {}, None
    for name, end in cuts.items():
        part = table.filter(pl.col("matured_at") <= end, *([pl.col("as_of") >= start] if start else []))
        rows[name], start = Rows(name, part.select(KEY), part.select(FEATURES), part["late"]), end
    scorer = _trained(task, rows)
    test = rows["test"]
    return Candidate(
        task=task,
        slices=Slices(["origin", "morning"], 100),
        decision=Decision(threshold=35.0 if kind == "regression" else "least_cost", favourable=("long",) if kind == "multiclass" else ()),
        fairness=Fairness(["origin"], 100, (["origin", "morning"],)),
        how=Evaluation(200, 7),
        split=split,
        scorer=scorer,
        by=["flight_id"],
        outcomes=table.select(*KEY, "late", "matured_at"),
        train=rows["train"],
        holdout=rows["validation"],
        validation=_predicted(scorer, rows["validation"]),
        test=_predicted(scorer, test),
        features=test.features,
        columns=test.features.select("origin", "morning"),
    )


def _trained(task: Task, rows: dict[str, Rows]) -> Scorer:
    trained = fit(rows["train"], rows["validation"], convert(MODEL, Model, "model"), task)
    counts = {name: {"used": rows[name].key.height} for name in ("train", "validation")}
    described = Artifact(
        task=task,
        featureset="of a test",
        features=tuple(trained.encoder.names),
        rounds=trained.rounds,
        booster=digest(trained.booster),
        baselines=trained.baselines,
        rows=counts,
        calibrator=trained.calibrator,
        encoder=trained.encoder,
    )
    return Scorer(described, Booster(trained.booster))


def _predicted(scorer: Scorer, rows: Rows) -> Predictions:
    scored = rows.label.alias("label").to_frame().hstack(scorer.score(rows.features))
    return Predictions(rows.key, scored, scorer.model.task)
