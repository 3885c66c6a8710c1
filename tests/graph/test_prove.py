"""`interlock prove` on the whole graph; what it finds in one that diverges: tests/test_prove.py."""

import json

from tests.graph.clone import Clone, stages


def test_the_small_world_is_proven(clone: Clone) -> None:
    """Rebuilt at one thread in a clean clone, every output of every stage has the hash that dvc.lock has of it from as many
    threads as there are cores."""
    done = clone.interlock("prove", "--json", POLARS_MAX_THREADS="1")
    proof = json.loads(done.stdout)
    assert proof["holds"] is True
    assert proof["stages"] == {name: len(stage.outs) for name, stage in stages().items()}
    assert proof["platform"]["POLARS_MAX_THREADS"] == "1"
    assert clone.run("git", "status", "--porcelain").stdout == ""
