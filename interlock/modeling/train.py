"""Training: LightGBM with early stopping on the validation rows, then a calibrator over their raw scores."""

import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from interlock.errors import ContractError
from interlock.modeling import calibrate, linear
from interlock.modeling.artifact import Baselines
from interlock.modeling.booster import Booster
from interlock.modeling.calibrate import Calibrator
from interlock.modeling.dataset import Rows
from interlock.modeling.encode import Encoder
from interlock.modeling.spec import Model, parameters
from interlock.modeling.task import Task

SHOWN = 20_000
POINTS = 200
FEW = 5
Array: TypeAlias = NDArray[np.float64]
Curve: TypeAlias = list[dict[str, float]]
Callback: TypeAlias = Callable[[Any], None]


@dataclass(frozen=True)
class Trained:
    """What training learned; `booster` is LightGBM's text, cut after the best round, `curve` the metric by round."""

    encoder: Encoder
    booster: str
    rounds: int
    calibrator: Calibrator
    baselines: Baselines
    curve: Curve


def fit(train: Rows, validation: Rows, model: Model, task: Task) -> Trained:
    """Train on `train`, and choose the number of rounds and the calibrator on `validation`.

    Raises ContractError where a split's labels are all the same, or are no labels of the task.
    """
    encoder = Encoder.fit(train.features.select(model.kept(train.features.columns)))
    x, y = encoder.matrix(train.features), labels(train, task)
    x_validation, y_validation = encoder.matrix(validation.features), labels(validation, task)
    text, curve = boost(encoder, (x, y), (x_validation, y_validation), model, task)
    booster = Booster(text, threads=model.threads)
    calibrator = calibrate.fit(booster.raw(x_validation), y_validation)
    straight = linear.fit((train.features.select(encoder.names), y), (validation.features.select(encoder.names), y_validation))
    return Trained(encoder, text, booster.rounds, calibrator, Baselines(math.fsum(y) / len(y), straight), curve)


def labels(rows: Rows, task: Task) -> Array:
    """The labels of `rows` as numbers; raises ContractError where they are all the same, or not the task's."""
    counts = rows.label.value_counts().sort(rows.label.name).rows()
    few = [f"{label} ({count} rows)" for label, count in counts[:FEW]] + ["…"] * (len(counts) > FEW)
    found = f"the {rows.name} split has these labels: {', '.join(few)}"
    values = task.labels(rows.label).astype(np.float64)
    if len(counts) < 2:
        raise ContractError(f"{found}: there is nothing to learn", "move the split, or widen the world, in conf/usecase/")
    return values


def boost(encoder: Encoder, train: tuple[Array, Array], validation: tuple[Array, Array], model: Model, task: Task) -> tuple[str, Curve]:
    """The booster's text, cut after its best round, and the metric by round: of the validation rows and of some training rows."""
    # NOTE: threads that wait sleep: on a shared machine spinning ones take twice the time, on an idle one nothing is lost.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    import lightgbm as lgb

    settings = parameters(model, task)
    # NOTE: by this name, LightGBM's own for the training rows, early stopping leaves it out of account.
    names = ["training", "validation"]
    data = lgb.Dataset(*train, feature_name=encoder.names, categorical_feature=encoder.text, params=settings)
    some = slice(None, None, math.ceil(len(train[1]) / SHOWN))
    watched = [data.create_valid(train[0][some], train[1][some]), data.create_valid(*validation)]
    history: dict[str, dict[str, list[float]]] = {}
    with progress(model.rounds) as shown:
        callbacks: list[Callback] = [lgb.early_stopping(model.early_stopping, verbose=False), lgb.record_evaluation(history), *shown]
        booster = lgb.train(settings, data, model.rounds, watched, names, callbacks=callbacks, keep_training_booster=True)
    curves = {name: history[name][task.stops] for name in names}
    return booster.model_to_string(num_iteration=booster.best_iteration), thin(curves, booster.best_iteration)


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
