"""A model.json that contradicts itself is refused with the key that does, whatever was edited."""

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlock.errors import ArtifactError, ContractError
from interlock.files import read_json, write_text
from interlock.modeling import artifact
from interlock.modeling.artifact import MODEL
from interlock.modeling.score import Scorer
from tests.examples import fewer
from tests.modeled_flights import TASKS
from tests.modeling.examples import built

REMOVED, TWICE = object(), object()
VALUES = [
    REMOVED, TWICE, None, True, [], {}, "", "x", "origin", -1, 0, 1, 2, 0.5, 5e-324, 1e308, -1e308, 10**18, 10**400, [1, 2, 3], [None], [{}],
]  # fmt: skip
FREE = {"calibrator", "encoder", "mitigation"}
MITIGATION = {"attributes": ["origin"], "threshold": 0.3, "groups": [{"values": ["JFK"], "threshold": 0.2}], "others": 0.35}


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every part of a value of JSON; of a list the first two and the last."""
    if path:
        yield path
    keys = (
        list(value)
        if isinstance(value, dict)
        else sorted({0, 1, len(value) - 1} & set(range(len(value))))
        if isinstance(value, list)
        else []
    )
    for key in keys:
        yield from paths(value[key], (*path, key))


def edited(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy with another value, or none, or the same twice, at a place."""
    result = copy.deepcopy(value)
    place = result
    for key in path[:-1]:
        place = place[key]
    if new is REMOVED:
        del place[path[-1]]
    elif new is TWICE and isinstance(place, list):
        place.append(place[path[-1]])
    elif new is not TWICE:
        place[path[-1]] = new
    return result


def described(name: str) -> Any:
    """The model.json of a task, or of the first one with a mitigation."""
    found = read_json(built(name.removeprefix("fair ")).folder / MODEL)
    return {**found, "mitigation": MITIGATION} if name.startswith("fair ") else found


def opened(said: Any, name: str, folder: Path) -> Scorer:
    """The model of a task, of which model.json says something else, in JSON as anybody would write it."""
    shutil.copy(built(name.removeprefix("fair ")).folder / artifact.BOOSTER, folder)
    write_text(folder / MODEL, json.dumps(said))
    return Scorer.open(folder)


@pytest.mark.parametrize("name", [*TASKS, "fair binary"])
def test_any_edit_is_refused_or_scores_all_rows(name: str, tmp_path: Path) -> None:
    """Some part replaced, left out or doubled: refused by name, or every row has finite scores, and the same ones as before where the
    edit was not of what makes them."""
    said = described(name)
    features = built(name.removeprefix("fair ")).test.features.head(40)
    scorer = opened(said, name, tmp_path)
    before, ways = scorer.score(features).to_numpy(), list(paths(said))

    @settings(max_examples=fewer(4), suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(ways), st.sampled_from(VALUES))
    def tried(path: tuple[Any, ...], new: Any) -> None:
        try:
            scorer = opened(edited(said, path, new), name, tmp_path)
            found = scorer.score(features).to_numpy()
            baselines = scorer.model.baselines.scores(features)
        except (ArtifactError, ContractError):
            return
        assert np.isfinite(found).all()
        assert all(each.shape[0] == 40 and np.isfinite(each).all() for each in baselines.values())
        assert path[0] in FREE or found.tobytes() == before.tobytes()

    tried()


def line(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda said: {
        "baselines": {**said["baselines"], "linear": {**said["baselines"]["linear"], **change(said["baselines"]["linear"])}}
    }


TABLE = {"type": "table", "raw": [0.0], "probability": [0.5]}
CONTRADICTIONS: list[tuple[str, str, Callable[[Any], Any]]] = [
    ("calibrator", "binary", lambda _: {"calibrator": {"type": "link", "link": "identity"}}),
    ("calibrator", "binary", lambda said: {"calibrator": {"type": "classes", "tables": [said["calibrator"]] * 2}}),
    ("calibrator", "multiclass", lambda _: {"calibrator": TABLE}),
    ("calibrator", "multiclass", lambda _: {"calibrator": {"type": "classes", "tables": [TABLE] * 2}}),
    ("calibrator", "poisson", lambda _: {"calibrator": {"type": "link", "link": "identity"}}),
    ("calibrator", "squared", lambda _: {"calibrator": {"type": "link", "link": "exp"}}),
    ("calibrator", "binary", lambda _: {"task": TASKS["multiclass"]}),
    ("calibrator", "binary", lambda _: {"task": TASKS["absolute"]}),
    ("baselines.base_rate", "binary", lambda said: {"baselines": {**said["baselines"], "base_rate": 1.5}}),
    ("baselines.base_rate", "binary", lambda said: {"baselines": {**said["baselines"], "base_rate": [0.5, 0.5]}}),
    ("baselines.base_rate", "multiclass", lambda said: {"baselines": {**said["baselines"], "base_rate": [0.5, 0.5]}}),
    ("baselines.base_rate", "multiclass", lambda said: {"baselines": {**said["baselines"], "base_rate": [0.5, 0.5, 0.5]}}),
    ("baselines.base_rate", "squared", lambda said: {"baselines": {**said["baselines"], "base_rate": [1.0]}}),
    ("baselines.linear", "binary", line(lambda said: {"weights": said["weights"] * 2})),
    ("baselines.linear", "binary", line(lambda said: {"weights": [said["weights"][0][:-1]]})),
    ("baselines.linear", "binary", line(lambda said: {"weights": [[10**400, *said["weights"][0][1:]]]})),
    ("baselines.linear", "binary", line(lambda said: {"features": said["features"][::-1]})),
    ("baselines.linear", "binary", line(lambda _: {"calibrator": {"type": "columns", "tables": [TABLE] * 3}})),
    ("baselines.linear", "squared", line(lambda _: {"calibrator": TABLE})),
    ("baselines.named", "squared", lambda said: {"baselines": {**said["baselines"], "named": None}}),
    ("baselines.named", "absolute", lambda said: {"baselines": {**said["baselines"], "named": {"feature": "air", "otherwise": 0.0}}}),
    ("mitigation", "squared", lambda _: {"mitigation": MITIGATION}),
    ("attribute", "binary", lambda _: {"mitigation": {**MITIGATION, "attributes": [], "groups": []}}),
    ("features", "binary", lambda said: {"features": said["features"][::-1]}),
    ("features", "binary", lambda said: {"encoder": {"columns": said["encoder"]["columns"][:-1]}}),
    ("encoder", "binary", lambda said: {"encoder": {"columns": [{**said["encoder"]["columns"][0], "levels": ["AA", "AA"]}, *said["encoder"]["columns"][1:]]}}),
    ("rows", "binary", lambda _: {"rows": {}}),
    ("rows", "binary", lambda _: {"rows": {"train": {"used": 10**18}, "validation": {"used": 1}}}),
    ("rows", "binary", lambda _: {"rows": {"train": {"used": 5}, "validation": {"used": 5, "unlabelled": -5}}}),
    ("rows", "binary", lambda _: {"rows": {"train": {"asked": 9, "used": 5, "unlabelled": 1, "immature": 1}, "validation": {"used": 1}}}),
    ("rows", "binary", lambda _: {"rows": {"train": {"used": 5}}}),
]  # fmt: skip


@pytest.mark.parametrize(("key", "name", "change"), CONTRADICTIONS, ids=[f"{key}-{name}" for key, name, _ in CONTRADICTIONS])
def test_what_contradicts_the_rest_is_named(key: str, name: str, change: Callable[[Any], Any], tmp_path: Path) -> None:
    """Its key and the step; the file as it was is a model."""
    said = described(name)
    opened(said, name, tmp_path)
    with pytest.raises(ArtifactError, match=rf"is damaged: .*{key}(.|\n)*run: dvc checkout"):
        opened({**said, **change(said)}, name, tmp_path)
