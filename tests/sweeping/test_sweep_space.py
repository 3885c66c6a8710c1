"""What conf/sweep/ may say, and which models a space holds."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from interlock import params
from interlock.errors import ConfigError
from interlock.features.featureset import FeatureSet, Request
from interlock.files import write_json
from interlock.modeling.spec import Model
from interlock.params import convert
from interlock.sweeping.asking import Asker
from interlock.sweeping.declared import Search, load, narrowed
from interlock.sweeping.space import Space
from interlock.sweeping.trial import COMPLETE, Trial
from tests.modeled_flights import MODEL

ROOT = Path(__file__).parents[2]
BASE: Model = convert(MODEL, Model, "model")
INPUTS = ["carrier", "wind_speed", "wind_gust", "hour"]
NOTHING = FeatureSet(Request(("id",), None, {}), {}, {}, ())
HOSTILE: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown key": ({"space": {"leaves": [1, 2]}}, "space.leaves is no key of conf/model"),
    "threads": ({"space": {"threads": [1, 2]}}, "space.threads is not searched"),
    "a seed": ({"space": {"seed": [1, 2]}}, "a lucky seed is no better model"),
    "below the least": ({"space": {"num_leaves": {"low": 1, "high": 9}}}, "space.num_leaves.low: Expected `int` >= 2, found 1"),
    "above the most": ({"space": {"learning_rate": {"low": 0.1, "high": 3}}}, "space.learning_rate.high: Expected `float` <= 1"),
    "half a leaf": ({"space": {"num_leaves": [2, 3.5]}}, "space.num_leaves[1]: Expected `int`, found 3.5"),
    "no whole number": ({"space": {"num_leaves": {"low": 2, "high": 9, "step": 0.5}}}, "space.num_leaves has a step of 0.5"),
    "upside down": ({"space": {"num_leaves": {"low": 9, "high": 3}}}, "space.num_leaves is empty: low is 9, high is 3"),
    "log of nothing": ({"space": {"lambda_l1": {"low": 0, "high": 3, "log": True}}}, "which cannot begin at 0"),
    "log and step": ({"space": {"num_leaves": {"low": 2, "high": 9, "log": True, "step": 2}}}, "has both log and step"),
    "steps without end": ({"space": {"lambda_l1": {"low": 0.0, "high": 1.0, "step": 1e-300}}}, "which parts it into more than 100,000"),
    "no choices": ({"space": {"max_bin": []}}, "space.max_bin has no choices"),
    "a choice twice": ({"space": {"max_bin": [63, 63]}}, "space.max_bin names a choice twice"),
    "a misspelt end": ({"space": {"num_leaves": {"low": 2, "hihg": 9}}}, "space.num_leaves.hihg: not a known key, high is"),
    "text": ({"space": {"num_leaves": "many"}}, "space.num_leaves: Expected"),
    "truth": ({"space": {"num_leaves": True}}, "space.num_leaves: Expected"),
    "infinity": ({"space": {"lambda_l2": {"low": 0, "high": float("inf")}}}, "space.lambda_l2.high"),
    "an unknown sampler": ({"sampler": "cmaes"}, "sampler: Invalid enum value 'cmaes'"),
    "an unknown pruner": ({"pruner": {"kind": "mean"}}, "pruner.kind: Invalid enum value 'mean'"),
    "an unknown word": ({"trails": 40}, "trails: not a known key, trials is"),
    "too few": ({"trials": 1}, "trials: Expected `int` >= 2, found 1"),
    "features as text": ({"features": "all"}, "features"),
    "no mapping of a space": ({"space": [1]}, "space: Expected"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_fits_no_model_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file and the key are named, and what is wrong with it."""
    change, said = HOSTILE[name]
    monkeypatch.chdir(tmp_path)
    params.read_yaml.cache_clear()
    Path("conf/sweep").mkdir(parents=True)
    text = msgspec.json.encode({"space": {"max_bin": [63, 255]}} | change).replace(b"null", b".inf" if name == "infinity" else b"null")
    Path("conf/sweep/bad.yaml").write_bytes(text)
    with pytest.raises(ConfigError) as refused:
        load("bad", {})
    assert refused.value.found.startswith("conf/sweep/bad.yaml: ")
    assert said in refused.value.found
    assert "conf/sweep/bad.yaml" in refused.value.remedy


def test_missing_names_say_what_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a search, a key of its space and a feature; a space without anything that varies is refused."""
    monkeypatch.chdir(tmp_path)
    params.read_yaml.cache_clear()
    write_json(Path("conf/sweep/one.yaml"), {"space": {"max_bin": [63, 255], "num_leaves": 9}})
    with pytest.raises(ConfigError, match=r"conf/sweep/two\.yaml does not exist[\s\S]+there are: one"):
        load("two", {})
    search = load("one", {})
    with pytest.raises(ConfigError, match=r"space has no rounds[\s\S]+it has: max_bin, num_leaves"):
        narrowed(search, ("rounds",), "one")
    with pytest.raises(ConfigError, match="nothing that varies"):
        Space.of(narrowed(search, ("num_leaves",), "one"), BASE, INPUTS, NOTHING)
    with pytest.raises(ConfigError, match=r"features\.wind: 'gust\*' is no feature"):
        Space.of(msgspec.structs.replace(search, features={"wind": ("gust*",)}), BASE, INPUTS, NOTHING)


def test_the_default_search_fits_every_model_of_conf(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this project ships loads, varies something, and each of its ends is a model."""
    monkeypatch.chdir(ROOT)
    params.read_yaml.cache_clear()
    search = load("default", {})
    space = Space.of(search, BASE, INPUTS, NOTHING)
    for point in space.grid(2):
        convert(msgspec.to_builtins(space.model(point)), Model, "model")
    assert len(space.names) > 3


def test_groups_of_features_go_in_and_out() -> None:
    """A feature is out where one of its groups is, patterns and names alike; those of no group stay as conf/model says."""
    said: dict[str, tuple[str, ...]] = {"wind": ("wind_*",), "gusts": ("wind_gust",)}
    search = Search(space={"num_leaves": [2, 15]}, features=said)
    base = msgspec.structs.replace(BASE, exclude=("hour", "wind_gust"))
    space = Space.of(search, base, INPUTS, NOTHING)
    both = {"num_leaves": 2, "features.wind": True, "features.gusts": True}
    assert space.model(both).exclude == ("hour",)
    assert space.model({**both, "features.gusts": False}).exclude == ("hour", "wind_gust")
    assert space.model({**both, "features.wind": False}).exclude == ("hour", "wind_speed", "wind_gust")
    assert space.point() is None  # wind_gust alone is out, and wind_speed in: both groups are called out, which would take it too
    inside = Space.of(search, msgspec.structs.replace(BASE, exclude=("wind_gust", "wind_speed")), INPUTS, NOTHING)
    assert inside.point() == {"num_leaves": 15, "features.wind": False, "features.gusts": False}


@given(st.data())
def test_every_point_is_a_model_and_reads_the_same_again(data: st.DataObject) -> None:
    """Whatever range is declared, what is asked for lies within it, survives JSON unchanged, and is a model that conf could say."""
    low = data.draw(st.floats(1e-6, 0.9))
    high = data.draw(st.floats(low, 1.0).filter(lambda end: end > low))
    leaves = data.draw(st.integers(2, 1000))
    space: dict[str, Any] = {
        "learning_rate": {"low": low, "high": high, "log": data.draw(st.booleans())},
        "num_leaves": {"low": leaves, "high": leaves + data.draw(st.integers(1, 1000)), "log": data.draw(st.booleans())},
    }
    search = Search(space=space, sampler=data.draw(st.sampled_from(["tpe", "random"])), seed=data.draw(st.integers(0, 2**31 - 1)))
    asker = Asker(search, Space.of(search, BASE, INPUTS, NOTHING))
    points = asker.ask([], range(3))
    assert points[0] == {}
    assert points == asker.ask([], range(3))
    for point in points[1:]:
        assert low <= point["learning_rate"] <= high
        assert leaves <= point["num_leaves"] <= space["num_leaves"]["high"]
        assert msgspec.json.decode(msgspec.json.encode(point)) == point
        convert(msgspec.to_builtins(asker.space.model(point)), Model, "model")


def test_a_grid_takes_every_combination_once() -> None:
    """Choices as they are, ranges from end to end in equal steps or factors; numbers that fall together count once."""
    space = {"num_leaves": {"low": 4, "high": 64, "log": True}, "max_bin": [63, 255], "bagging_freq": {"low": 1, "high": 2}}
    search = Search(space=space, sampler="grid", points=3)
    made = Space.of(search, BASE, INPUTS, NOTHING)
    points = made.grid(3)
    assert [point["num_leaves"] for point in points[::4]] == [4, 16, 64]
    assert len(points) == len({tuple(point.values()) for point in points}) == 3 * 2 * 2
    assert Asker(search, made).ask([], range(1, 13)) == points
    assert made.combinations(3) == 12
    assert made.grid(3, 5) == points[:5]


def test_a_grid_beyond_what_memory_holds_is_asked_from_its_front() -> None:
    """Seven keys of a hundred points each are never all made."""
    space: dict[str, Any] = {key: {"low": 0.01, "high": 0.9} for key in ("learning_rate", "feature_fraction", "bagging_fraction")}
    space |= {key: {"low": 1.0, "high": 90.0} for key in ("lambda_l1", "lambda_l2", "cat_smooth", "cat_l2")}
    search = Search(space=space, sampler="grid", points=100)
    made = Space.of(search, BASE, INPUTS, NOTHING)
    assert made.combinations(100) == 100**7
    assert len(Asker(search, made).ask([], range(4))) == 4


@given(st.integers(1, 200_000), st.integers(1_000, 200_000), st.integers(0, 99))
@example(10_000, 30_000, 0)
def test_points_of_steps_are_asked_from_again(first: int, wide: int, seed: int) -> None:
    """Of six digits as of one: what was tried lies on a step, the next batch follows from it, and the last step is among them."""
    low, step = first / 1e6, wide / 1e6
    search = Search(space={"learning_rate": {"low": low, "high": 0.9, "step": step}}, seed=seed, sampler="random")
    asker = Asker(search, Space.of(search, BASE, INPUTS, NOTHING))
    points = asker.ask([], range(4))
    done = [Trial(number, point, COMPLETE, values=(0.5,)) for number, point in enumerate(points)]
    for point in [*points[1:], *asker.ask(done, range(4, 8))]:
        steps = (point["learning_rate"] - low) / step
        assert steps == pytest.approx(round(steps), abs=1e-6)
        assert low <= point["learning_rate"] <= 0.9
    (reached,) = (each for name, each in asker.distributions().items() if name == "learning_rate")
    assert reached.high == pytest.approx((first + (900_000 - first) // wide * wide) / 1e6)  # type: ignore[attr-defined]
