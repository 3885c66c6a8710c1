"""Why the model scores as it does."""

from typing import TYPE_CHECKING

import numpy as np
import pytest

from interlock.errors import ArtifactError
from interlock.modeling.explain import check, explain

if TYPE_CHECKING:
    from tests.modeling.conftest import Example


def test_importance_is_the_mean_absolute_contribution(example: "Example") -> None:
    """For 500 real rows, as NumPy computes it from LightGBM's own contributions; highest first, every feature once."""
    features = example.test.features.head(500)
    found = explain(example.scorer, example.test.key.head(500), features)["global"]
    theirs = np.abs(example.oracle.predict(example.trained.encoder.matrix(features), pred_contrib=True)).mean(axis=0)
    expected = dict(zip(example.trained.encoder.names, theirs, strict=False))
    assert {one["feature"]: one["importance"] for one in found} == pytest.approx(expected, rel=1e-12)
    assert [one["feature"] for one in found] == sorted(expected, key=lambda name: -expected[name])
    assert [one["rank"] for one in found] == list(range(1, 10))


def test_examples_are_the_rows_that_score_highest_and_lowest(example: "Example") -> None:
    """Each with its key, its scores, and the features, by their own values, that weigh most."""
    key, features = example.test.key.head(500), example.test.features.head(500)
    report = explain(example.scorer, key, features)
    scored = example.scorer.score(features)
    assert [row["raw_score"] for row in report["highest"]] == scored["raw_score"].sort(descending=True).head(3).to_list()
    assert [row["raw_score"] for row in report["lowest"]] == scored["raw_score"].sort().head(3).to_list()
    row = key["flight_id"].to_list().index(report["highest"][0]["flight_id"])
    assert report["highest"][0]["as_of"] == key["as_of"][row].isoformat()
    parts = report["highest"][0]["contributions"]
    assert all(part["value"] == features[part["feature"]][row] for part in parts)
    assert [abs(part["contribution"]) for part in parts] == sorted((abs(part["contribution"]) for part in parts), reverse=True)


def test_contributions_that_do_not_add_up_are_refused(example: "Example") -> None:
    """The parts of every row sum to its raw score, and one that is off by a millionth is noticed."""
    features = example.test.features.head(100)
    parts, raw = example.scorer.contributions(features), example.scorer.score(features)["raw_score"].to_list()
    check(parts, raw)
    parts[42, 3] += 1e-6
    with pytest.raises(ArtifactError, match="row 42: contributions add up to"):
        check(parts, raw)
    parts[42, 3] = np.nan
    with pytest.raises(ArtifactError, match="row 42"):
        check(parts, raw)
