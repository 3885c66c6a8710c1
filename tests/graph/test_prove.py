"""`interlock prove` on the whole graph: what it proves, and what it finds."""

import json

from tests.graph.clone import Clone, stages

CLOCKED = "scored.with_columns(score=scored['score'] * (__import__('time').time_ns() % 997 / 997))"


def test_the_small_world_is_proven(clone: Clone) -> None:
    """Rebuilt at one thread in a clean clone, every output of every stage has the hash that dvc.lock has of it from as many
    threads as there are cores."""
    done = clone.interlock("prove", "--json", POLARS_MAX_THREADS="1")
    proof = json.loads(done.stdout)
    assert proof["holds"] is True
    assert proof["stages"] == {name: len(stage.outs) for name, stage in stages().items()}
    assert proof["platform"]["POLARS_MAX_THREADS"] == "1"
    assert clone.run("git", "status", "--porcelain").stdout == ""


def test_a_clock_in_a_stage_is_found(clone: Clone) -> None:
    """A stage that lets the clock into a column is named, with the file, the column and the first row that differ."""
    clone.edit("stages/score.py", "frames.write(scored,", f"frames.write({CLOCKED},")
    clone.dvc("repro", "score")
    clone.commit()
    done = clone.interlock("prove", fails=True)
    assert done.returncode == 6
    assert "stage score diverges first" in done.stdout
    assert "  data/predictions/test.parquet\n    column score differs in " in done.stdout
    assert "first in row " in done.stdout
    assert "and after it: evaluate" in done.stdout
