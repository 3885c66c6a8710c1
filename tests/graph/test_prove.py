"""`interlock prove` on the whole graph: what it proves, and what it finds."""

import json

import pytest

from tests.graph.clone import Clone, stages


@pytest.mark.parametrize("threads", ["1", "2"])
def test_the_small_world_is_proven(threads: str, clone: Clone) -> None:
    """Rebuilt in a clean clone, at one thread and at two, every output of every stage has the hash of dvc.lock."""
    done = clone.interlock("prove", "--json", POLARS_MAX_THREADS=threads)
    proof = json.loads(done.stdout)
    assert proof["holds"] is True
    assert proof["stages"] == {name: len(stage.outs) for name, stage in stages().items()}
    assert proof["platform"]["POLARS_MAX_THREADS"] == threads
    assert clone.run("git", "status", "--porcelain").stdout == ""


def test_a_clock_in_a_stage_is_found(clone: Clone) -> None:
    """A stage that lets the clock into a column, or a report, is named, with the file and the place in it."""
    clone.edit("stages/score.py", 'rows.label.alias("label"), ', 'rows.label.alias("label"), _moment(), ')
    clone.append("stages/score.py", "")
    text = (clone.folder / "stages/score.py").read_text()
    head, tail = text.split("def main()")
    moment = (
        "def _moment() -> object:\n    import time\n\n    import polars as pl\n\n    return pl.lit(time.time_ns()).alias('made_at')\n\n\n"
    )
    (clone.folder / "stages/score.py").write_text(f"{head}{moment}def main(){tail}")
    clone.dvc("repro", "score")
    clone.dvc("repro", "explain")
    clone.commit()
    done = clone.interlock("prove", fails=True)
    assert done.returncode == 6
    assert "stage score diverges first" in done.stdout
    assert "data/predictions/" in done.stdout
    assert "column made_at differs" in done.stdout
