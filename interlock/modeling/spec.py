"""The model's hyperparameters, each within the range that means something, and LightGBM's form of them."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from interlock.errors import ConfigError
from interlock.modeling.stopping import LOSSES
from interlock.modeling.task import Task
from interlock.params import Section

Count: TypeAlias = Annotated[int, Meta(ge=1, le=1_000_000)]
Fraction: TypeAlias = Annotated[float, Meta(gt=0, le=1)]
Penalty: TypeAlias = Annotated[float, Meta(ge=0, le=1e6)]

OWN = {"rounds", "early_stopping", "threads", "exclude", "mitigation"}
FIXED = {"deterministic": True, "force_row_wise": True, "feature_pre_filter": False, "verbosity": -1}


class Model(Section, frozen=True):
    """LightGBM's parameters by its own names, less the features to `exclude`.

    `threads` stands here because it can change a tree: it is never the number of cores. `mitigation` is what is done about
    scores that err more often of one protected group than of another.
    """

    rounds: Annotated[int, Meta(ge=1, le=100_000)]
    early_stopping: Annotated[int, Meta(ge=1, le=100_000)]
    learning_rate: Fraction
    num_leaves: Annotated[int, Meta(ge=2, le=131_072)]
    min_data_in_leaf: Count
    feature_fraction: Fraction
    bagging_fraction: Fraction
    bagging_freq: Annotated[int, Meta(ge=0, le=100_000)]
    lambda_l1: Penalty
    lambda_l2: Penalty
    max_bin: Annotated[int, Meta(ge=2, le=65_535)]
    cat_smooth: Penalty
    cat_l2: Penalty
    threads: Annotated[int, Meta(ge=1, le=256)]
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    exclude: tuple[str, ...]
    mitigation: Literal["equalized_odds"] | None = None

    def kept(self, features: Sequence[str], protected: Sequence[str] = ()) -> list[str]:
        """The `features` that are neither excluded nor `protected`, in their order.

        Raises ConfigError where `exclude` names what is no feature, or where none is left.
        """
        if unknown := [name for name in self.exclude if name not in features]:
            raise ConfigError(f"model.exclude: {unknown[0]!r} is not a feature", f"mend conf/model/; known are: {', '.join(features)}")
        kept = [name for name in features if name not in {*self.exclude, *protected}]
        if not kept:
            raise ConfigError(
                f"model.exclude and usecase.fairness leave none of {len(features)} features", "mend conf/model/ or conf/usecase/"
            )
        return kept


def parameters(model: Model, task: Task) -> dict[str, Any]:
    """What LightGBM is given for `model` and `task`; its other seeds follow from `seed`."""
    said = {name: value for name, value in msgspec.structs.asdict(model).items() if name not in OWN}
    return {**task.objective, "metric": "none" if task.stops in LOSSES else task.stops, "num_threads": model.threads, **said, **FIXED}
