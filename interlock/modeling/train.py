"""Training: LightGBM with early stopping on the validation rows, then what makes scores of its raw scores."""

import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from interlock.errors import ContractError
from interlock.modeling import baselines, calibrate, odds
from interlock.modeling.baselines import Baselines
from interlock.modeling.booster import Booster
from interlock.modeling.calibrate import Calibrator
from interlock.modeling.dataset import Rows
from interlock.modeling.decision import Decision, Fairness
from interlock.modeling.encode import Encoder, Matrix
from interlock.modeling.mitigate import Thresholds
from interlock.modeling.spec import Model, parameters
from interlock.modeling.stopping import watch
from interlock.modeling.task import Labels, Multiclass, Task

SHOWN = 20_000
POINTS = 200
Curve: TypeAlias = list[dict[str, float]]
Callback: TypeAlias = Callable[[Any], None]
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
    raw = booster.raw(x_validation)
    calibrator = calibrate.fit(raw, y_validation, task)
    mitigation = plan.fit(calibrator.apply(raw), y_validation, validation.features) if plan else None
    return Trained(encoder, text, booster.rounds, calibrator, mitigation, found, curve)


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


def boost(encoder: Encoder, train: Part, validation: Part, model: Model, task: Task) -> tuple[str, Curve]:
    """The booster's text, cut after its best round, and the metric by round: of the validation rows and of some training rows.

    Raises ContractError where LightGBM can make no trees of the rows.
    """
    # NOTE: threads that wait sleep: on a shared machine spinning ones take twice the time, on an idle one nothing is lost.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    import lightgbm as lgb

    settings = parameters(model, task)
    some = slice(None, None, math.ceil(len(train[1]) / SHOWN))
    # NOTE: by this name, LightGBM's own for the training rows, early stopping leaves it out of account.
    sets = {"training": (train[0][some], train[1][some]), "validation": validation}
    data = lgb.Dataset(*train, feature_name=encoder.names, categorical_feature=encoder.text, params=settings)
    stop = watch(task.stops, sets, model.early_stopping, model.threads)
    with progress(model.rounds) as shown, refused():
        callbacks = [*stop.callbacks, *shown]
        booster = lgb.train(settings, data, model.rounds, stop.watched(data), list(sets), callbacks=callbacks, keep_training_booster=True)
    best = stop.best(booster)
    return booster.model_to_string(num_iteration=best), thin(stop.curves, best)


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
def progress(rounds: int) -> Iterator[list[Callback]]:
    """The callback that shows how far training is; none where no terminal shows it."""
    if not sys.stderr.isatty():
        yield []
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"train: at most {rounds} rounds", total=rounds)
        yield [lambda env: bar.update(task, completed=env.iteration + 1)]
