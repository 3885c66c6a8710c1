"""Training: LightGBM with early stopping on the validation rows, then what makes scores of its raw scores."""

import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import polars as pl

from interlock.errors import ContractError
from interlock.modeling import baselines, calibrate, odds
from interlock.modeling.baselines import Baselines
from interlock.modeling.booster import Booster
from interlock.modeling.calibrate import Calibrator
from interlock.modeling.dataset import Rows
from interlock.modeling.decision import Decision, Fairness
from interlock.modeling.encode import Encoder, Matrix
from interlock.modeling.mitigate import Thresholds
from interlock.modeling.odds import Plan
from interlock.modeling.spec import Model, parameters
from interlock.modeling.stopping import Own, Sets, Watch, watch
from interlock.modeling.task import Labels, Multiclass, Scores, Task

SHOWN = 20_000
POINTS = 200
DECIDING = "validation"
TOLD = 25  # after LightGBM has noted the metrics (20), and before it ends training by them (30)
Curve: TypeAlias = list[dict[str, float]]
Callback: TypeAlias = Callable[[Any], None]
Hear: TypeAlias = Callable[[int, float], None]
Part: TypeAlias = tuple[Matrix, Labels]


@dataclass(frozen=True)
class Trained:
    """What training learned; `booster` is LightGBM's text, cut after the best round, `curve` the metric by round."""

    encoder: Encoder
    booster: str
    rounds: int
    calibrator: Calibrator
    mitigation: Thresholds | None
    baselines: Baselines
    curve: Curve


def fit(
    train: Rows, validation: Rows, model: Model, task: Task, fairness: Fairness | None = None, decision: Decision | None = None
) -> Trained:
    """Train on `train`, and choose the number of rounds, the calibrator and the mitigation on `validation`.

    Raises ContractError where nothing can be learned from the labels, or they are no labels of the task.
    """
    columns = train.features.columns
    plan = odds.plan(model, task, fairness, decision or Decision(), columns)
    inputs = model.kept(columns, [] if fairness is None or fairness.inputs else fairness.read)
    y, y_validation = learnable(train, model, task), labels(validation, task)
    found = baselines.fit((train.features, y), (validation.features, y_validation), inputs, task)
    encoder = Encoder.fit(train.features.select(inputs))
    x_validation = encoder.matrix(validation.features)
    text, curve = boost(encoder, (encoder.matrix(train.features), y), (x_validation, y_validation), model, task)
    booster = Booster(text, threads=model.threads)
    calibrator, mitigation, _ = finish(booster, (x_validation, y_validation), validation.features, task, plan)
    return Trained(encoder, text, booster.rounds, calibrator, mitigation, found, curve)


def finish(
    booster: Booster, validation: Part, features: pl.DataFrame, task: Task, plan: Plan | None
) -> tuple[Calibrator, Thresholds | None, Scores]:
    """What makes scores of the raw scores of `booster`, fitted on the validation rows, and the scores that it gives them."""
    raw, label = booster.raw(validation[0]), validation[1]
    calibrator = calibrate.fit(raw, label, task)
    scores = calibrator.apply(raw)
    mitigation = plan.fit(scores, label, features) if plan else None
    return calibrator, mitigation, mitigation.apply(scores, features) if mitigation else scores


def learnable(rows: Rows, model: Model, task: Task) -> Labels:
    """The labels of training rows; raises ContractError where a class has none, or no tree could part them."""
    values = labels(rows, task)
    if isinstance(task, Multiclass) and (absent := sorted(set(range(len(task.classes))) - set(values.tolist()))):
        counts = ", ".join(f"{name} {int((values == place).sum())}" for place, name in enumerate(task.classes))
        found = f"the {rows.name} split has no row of the class {task.classes[absent[0]]} ({counts})"
        raise ContractError(found, "leave it out of usecase.task.classes, or move the split, in conf/usecase/")
    if len(values) < 2 * model.min_data_in_leaf:
        found = f"the {rows.name} split has {len(values)} rows with a label, too few for two leaves of {model.min_data_in_leaf}"
        raise ContractError(found, "lower model.min_data_in_leaf, or move the split in conf/usecase/")
    return values


def labels(rows: Rows, task: Task) -> Labels:
    """The labels of `rows` as the task knows them; raises ContractError where they are all the same, or not the task's."""
    values = task.labels(rows.label)
    if (values == values[0]).all():
        found = f"the {rows.name} split has these labels: {rows.label[0]} ({len(values)} rows): there is nothing to learn"
        raise ContractError(found, "move the split, or widen the world, in conf/usecase/")
    return values


@dataclass(frozen=True)
class Binned:
    """Training rows in LightGBM's bins, which models that bin alike can share, and the rows that each training watches."""

    data: Any
    sets: Sets
    watched: list[Any]


def boost(encoder: Encoder, train: Part, validation: Part, model: Model, task: Task) -> tuple[str, Curve]:
    """The booster's text, cut after its best round, and the metric by round: of the validation rows and of some training rows.

    Raises ContractError where LightGBM can make no trees of the rows.
    """
    data, sets = binning(encoder, train, model, task), shown(train, validation)
    with progress(model.rounds) as hear:
        return grow(Binned(data, sets, watched(data, sets, model, task)), model, task, hear)


def binning(encoder: Encoder, train: Part, model: Model, task: Task) -> Any:
    """LightGBM's data set of the training rows; it is binned when it is first used."""
    # NOTE: threads that wait sleep: on a shared machine spinning ones take twice the time, on an idle one nothing is lost.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    import lightgbm as lgb

    return lgb.Dataset(*train, feature_name=encoder.names, categorical_feature=encoder.text, params=parameters(model, task))


def shown(train: Part, validation: Part) -> Sets:
    """The rows by which the metric of each round is told: some of training, and those of validation, which decide."""
    some = slice(None, None, math.ceil(len(train[1]) / SHOWN))
    # NOTE: by this name, LightGBM's own for the training rows, early stopping leaves it out of account.
    return {"training": (train[0][some], train[1][some]), DECIDING: validation}


def watched(data: Any, sets: Sets, model: Model, task: Task) -> list[Any]:
    """The `sets` as LightGBM's own, binned as `data` is, where its own metric decides."""
    return watch(task.stops, sets, model.early_stopping, model.threads).watched(data)


def grow(binned: Binned, model: Model, task: Task, hear: Hear) -> tuple[str, Curve]:
    """What `boost` says, of rows that are binned as `model` asks; `hear` is told each round and its metric of the validation rows."""
    import lightgbm as lgb

    settings, sets = parameters(model, task), binned.sets
    stop = watch(task.stops, sets, model.early_stopping, model.threads)
    with refused():
        callbacks = [*stop.callbacks, _teller(stop, hear)]
        booster = lgb.train(
            settings, binned.data, model.rounds, binned.watched, list(sets), callbacks=callbacks, keep_training_booster=True
        )
    best = stop.best(booster)
    return booster.model_to_string(num_iteration=best), thin(stop.curves, best)


def _teller(stop: Own | Watch, hear: Hear) -> Callback:
    def tell(env: Any) -> None:
        hear(env.iteration + 1, stop.curves[DECIDING][-1])

    tell.__dict__["order"] = TOLD
    return tell


@contextmanager
def refused() -> Iterator[None]:
    """What LightGBM says where it does not train, as a ContractError."""
    from lightgbm.basic import LightGBMError

    try:
        yield
    except LightGBMError as error:
        remedy = "look at the smallest and the greatest outcome, the names of the features, and what conf/model/ says"
        raise ContractError(f"LightGBM cannot train on these rows: {error}", remedy) from error


def thin(curves: dict[str, list[float]], best: int) -> Curve:
    """Some 200 rounds of the curves as records, the first, the best and the last among them."""
    last = len(next(iter(curves.values())))
    kept = {1, best, last, *range(1, last + 1, math.ceil(last / POINTS))}
    return [{"round": n, **{name: values[n - 1] for name, values in curves.items()}} for n in sorted(kept)]


@contextmanager
def progress(rounds: int) -> Iterator[Hear]:
    """Who is told each round, and shows it where a terminal does."""
    if not sys.stderr.isatty():
        yield lambda _, __: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"train: at most {rounds} rounds", total=rounds)
        yield lambda done, _: bar.update(task, completed=done)
