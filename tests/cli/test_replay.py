"""What `interlock replay` says, and which predictions it chooses, held against reading all of them."""

from hashlib import blake2b
from pathlib import Path

import pytest

from interlock.cli.replay import chosen
from interlock.serving import predictions
from tests.serving.released import deployed, interlock, requests

__all__ = ["deployed"]
LOG = Path("online/predictions")


@pytest.fixture
def made(deployed: Path) -> list[predictions.Logged]:
    """Twenty predictions, the second of which was erased."""
    requests(20).write_parquet(deployed / "a.parquet")
    done = interlock("score", "a.parquet", "scores.parquet")
    assert done.code == 0, done
    with predictions.writer() as log:
        log.erase([2])
    return list(predictions.every(LOG))


def test_an_erased_prediction_is_told_in_words(made: list[predictions.Logged]) -> None:
    """Nothing is said of a version, which its record held; beside others only those that were made again have one."""
    done = interlock("replay", made[1].id)
    assert (done.code, done.out.splitlines()[0]) == (6, "✗ 0 of 1 predictions made again to the last bit")
    assert "its payload was erased" in done.out
    both = interlock("replay", made[0].id, made[1].id)
    assert both.out.splitlines()[0] == "✗ 1 of 2 predictions of churn@v1.0.0 made again to the last bit"


def test_a_sample_is_the_smallest_hashes_of_what_is_not_erased(made: list[predictions.Logged]) -> None:
    """And only of those that were made in a time, where one is named; what is not chosen is not read."""
    there = [each for each in made if each.prediction]
    nearest = sorted(there, key=lambda each: blake2b(each.id.encode()).digest())[:7]
    found = list(chosen((), 7, None, None, LOG))
    assert [each.id for each in found] == [each.id for each in sorted(nearest, key=lambda each: each.position)]
    assert not any("prediction" in vars(each) for each in found)
    assert len(list(chosen((), None, None, None, LOG))) == 20
