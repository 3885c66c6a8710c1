"""Leaks that are planted are found, and what is no leak is none."""

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from interlock.evaluation.leakage import alone, immature, shared
from interlock.modeling.dataset import Rows
from interlock.modeling.task import Binary, Multiclass, Regression

RANDOM = np.random.default_rng(2)
LABEL = RANDOM.random(4000) < 0.3
BINARY, COLOURS, FARE = Binary("late"), Multiclass(("red", "green", "blue")), Regression("EUR")


def rows(features: Mapping[str, object], label: "np.ndarray" = LABEL) -> tuple[Rows, Rows]:
    return few(features, label, len(label) // 2)


def few(features: Mapping[str, object], label: "np.ndarray", train: int) -> tuple[Rows, Rows]:
    """The first `train` rows to train on, and the rest."""
    frame, labels = pl.DataFrame(features), pl.Series("late", label)
    key = pl.DataFrame({"id": range(len(label))})
    return (
        Rows("train", key[:train], frame[:train], labels[:train]),
        Rows("validation", key[train:], frame[train:], labels[train:]),
    )


@pytest.mark.parametrize(
    "leak",
    [
        LABEL,
        LABEL * -7.5,
        np.where(LABEL, "yes", "no"),
        np.where(LABEL, np.nan, RANDOM.random(4000)),
        np.where(LABEL, RANDOM.normal(0, 1, 4000), np.where(RANDOM.random(4000) < 0.5, 5.0, -5.0)),
    ],
    ids=["the label", "turned around", "as text", "as what is missing", "in the middle"],
)
def test_a_feature_that_tells_the_outcome_is_found_in_any_guise(leak: "np.ndarray") -> None:
    """As itself, reversed, as text, as missing values or as a band: its AUC is nearly 1, and it is named first."""
    found = alone(BINARY, *rows({"noise": RANDOM.random(4000), "leak": leak}))
    assert found["strongest"]["name"] == found["features"][0]["name"] == "leak"
    assert found["strongest"]["auc"] > 0.99


def test_noise_is_no_leak_however_many_values_it_has() -> None:
    """A text that is another for each row, one of many levels, a constant and numbers without meaning are near a coin."""
    ids, levels = [str(number) for number in range(4000)], [str(number % 150) for number in range(4000)]
    found = alone(
        BINARY,
        *rows(
            {
                "id": ids,
                "level": levels,
                "constant": [1] * 4000,
                "noise": RANDOM.random(4000),
                "null": pl.Series([None] * 4000, dtype=pl.Float64),
            }
        ),
    )
    assert all(0.44 < one["auc"] < 0.56 for one in found["features"])


def test_a_class_that_a_feature_tells_is_found() -> None:
    """Of three colours, as a code and as another word for each: the mean AUC of one against the rest is nearly 1; noise is a coin."""
    colours = RANDOM.choice(COLOURS.classes, 4000)
    told = {"code": np.unique(colours, return_inverse=True)[1] * 3.0, "word": np.char.add("very ", colours), "noise": RANDOM.random(4000)}
    found = {one["name"]: one["auc"] for one in alone(COLOURS, *rows(told, colours))["features"]}
    assert min(found["code"], found["word"]) > 0.99
    assert 0.45 < found["noise"] < 0.55


def test_a_class_told_against_the_rest_alone_is_scikit_learns_mean_auc() -> None:
    """A feature that tells one colour of three has the mean of the one-vs-rest AUC of its bins' shares, as scikit-learn computes it."""
    colours = RANDOM.choice(COLOURS.classes, 4000)
    is_red = np.where(colours == "red", "yes", "no")
    train, validation = rows({"is_red": is_red}, colours)
    known, truth = colours[:2000], colours[2000:]
    overall = np.array([(known == name).mean() for name in COLOURS.classes])
    shares = {
        answer: ((known[is_red[:2000] == answer][:, None] == np.array(COLOURS.classes)).sum(axis=0) + overall)
        / ((is_red[:2000] == answer).sum() + 1)
        for answer in ("yes", "no")
    }
    scores = np.array([shares[answer] for answer in is_red[2000:]])
    expected = np.mean([oracle.roc_auc_score(truth == name, scores[:, k]) for k, name in enumerate(COLOURS.classes)])
    assert alone(COLOURS, train, validation)["strongest"]["auc"] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e9])
def test_a_number_that_a_feature_tells_is_found(unit: float) -> None:
    """A skewed label in any unit, as itself, turned around, as text of its level or by the place it has among all: R² is nearly 1; of noise none."""
    label = RANDOM.lognormal(0, 1, 40_000) * unit
    told = {
        "itself": label,
        "turned": -label,
        "place": np.argsort(np.argsort(label)),
        "level": np.floor(np.log2(label / unit) * 4).astype(str),
        "noise": RANDOM.random(40_000),
        "row": [str(number) for number in range(40_000)],
    }
    found = {one["name"]: one["r2"] for one in alone(FARE, *rows(told, label))["features"]}
    assert min(found[name] for name in ("itself", "turned", "place", "level")) > 0.98
    assert max(found[name] for name in ("noise", "row")) < 0.01


def test_a_number_whose_outliers_a_feature_tells_is_found() -> None:
    """Where one row in fifty is a hundred times the others, a feature that names these has an R² near 1, though it orders few rows."""
    far = RANDOM.random(4000) < 0.02
    label = np.where(far, 100.0, RANDOM.random(4000))
    found = alone(FARE, *rows({"far": np.where(far, "yes", "no"), "noise": RANDOM.random(4000)}, label))
    assert found["strongest"]["name"] == "far"
    assert found["strongest"]["r2"] > 0.98


def test_a_number_told_by_levels_has_scikit_learns_r2_of_their_means() -> None:
    """Each level of 20 rows or more scores by its mean."""
    levels, label = RANDOM.choice(["a", "b", "c"], 2000), RANDOM.normal(0, 1, 2000)
    label = label + (levels == "a") * 3
    train, validation = rows({"level": levels}, label)
    means = {level: label[:1000][levels[:1000] == level].mean() for level in "abc"}
    expected = oracle.r2_score(label[1000:], [means[level] for level in levels[1000:]])
    assert alone(FARE, train, validation)["strongest"]["r2"] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("dealt", range(5))
@pytest.mark.parametrize("size", [50, 100, 157, 300])
def test_a_label_among_few_rows_is_found_and_noise_is_not(size: int, dealt: int) -> None:
    """From 50 rows on: as itself, turned around, as any monotone number or as a text; what has no meaning stays far from the bound."""
    random = np.random.default_rng([size, dealt])
    count = size * 4 // 3
    late, colour = random.permutation(np.arange(count) % 5 == 0), random.permutation(np.arange(count) % 3)
    noise = {"noise": random.random(count), "id": [str(row) for row in range(count)], "level": random.integers(0, 8, count).astype(str)}
    flag = {"itself": late * 1.0, "turned": late * -7.5, "text": np.where(late, "y", "n")}
    code = {"itself": colour * 3.0, "turned": -colour, "text": np.char.add("very ", np.array(COLOURS.classes)[colour])}
    found = [
        (alone(BINARY, *few({**flag, **noise}, late, size)), "auc", 0.85),
        (alone(COLOURS, *few({**code, **noise}, np.array(COLOURS.classes)[colour], size)), "auc", 0.85),
    ]
    for fare in (random.normal(0, 1, count), random.lognormal(0, 1, count), random.poisson(4, count).astype(float)):
        told = {"itself": fare, "turned": -fare, "cubed": fare**3, "bent": np.exp(-fare / 3)}
        found.append((alone(FARE, *few({**told, **noise}, fare, size)), "r2", 0.5))
    for one, headline, most in found:
        values = {each["name"]: each[headline] for each in one["features"]}
        assert max(values.pop(name) for name in noise) < most
        assert min(values.values()) > 0.95, values


def test_what_lies_beyond_all_training_rows_is_as_the_outermost_of_them() -> None:
    """A validation row below the least value that training saw is scored as that one is, not as a row that nothing is known of."""
    values = np.concatenate([np.arange(100), np.arange(-50, 50)]).astype(float)
    found = alone(BINARY, *rows({"leak": values}, values < 10))
    assert found["strongest"]["auc"] == 1


@given(
    st.lists(st.integers(0, 20), max_size=8, unique=True),
    st.lists(st.integers(0, 20), max_size=8, unique=True),
    st.lists(st.integers(0, 20), min_size=1, max_size=8, unique=True),
)
def test_shared_keys_are_those_of_sets(train: list[int], validation: list[int], test: list[int]) -> None:
    """Keys in two splits count once for each repetition, and the ids are those of test rows that training knew."""
    keys = {
        name: pl.DataFrame({"id": ids}, schema={"id": pl.Int64})
        for name, ids in (("train", train), ("validation", validation), ("test", test))
    }
    found = shared(keys, ["id"])
    assert found["keys"] == len(train) + len(validation) + len(test) - len({*train, *validation, *test})
    assert found["ids"] == len(set(train) & set(test))
    assert found["ids_share"] == pytest.approx(len(set(train) & set(test)) / len(test))


def test_an_id_may_come_again_at_another_time() -> None:
    """The same id asked about twice is no shared key, and is counted as an id that training knew."""
    keys = {name: pl.DataFrame({"as_of": [time], "id": ["a"]}) for time, name in enumerate(("train", "validation", "test"))}
    assert shared(keys, ["id"]) == {"keys": 0, "ids": 1, "ids_share": 1.0}


def test_rows_whose_outcome_came_late_are_counted_by_split() -> None:
    """Known after the end of its own period, or at no known time; on the very end is in time, and a split without an end has none late."""
    ends = {"train": datetime(2020, 1, 3, tzinfo=UTC), "test": datetime(2020, 1, 5, tzinfo=UTC)}
    times = [datetime(2020, 1, day, tzinfo=UTC) for day in (2, 3, 4, 5, 6)]
    outcomes = pl.DataFrame({"id": range(6), "matured_at": [*times, None]})
    keys = {"train": pl.DataFrame({"id": [0, 1, 2]}), "validation": pl.DataFrame({"id": [4]}), "test": pl.DataFrame({"id": [3, 4, 5]})}
    assert immature(outcomes, ends, keys) == {"train": 1, "validation": 0, "test": 2}
    assert immature(outcomes.drop("matured_at"), ends, keys) == {"train": 0, "validation": 0, "test": 0}
    assert immature(outcomes, {}, keys) == {"train": 0, "validation": 0, "test": 0}
