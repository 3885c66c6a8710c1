"""dvc.lock as a graph."""

from pathlib import Path

import pytest

from interlock import lock
from interlock.errors import GitError

LOCK = b"""
schema: '2.0'
stages:
  package:
    cmd: c
    deps: [{path: models/model, md5: m.dir}, {path: reports/a.json, md5: r}]
    outs: [{path: models/bundle, md5: b.dir}]
  train:
    cmd: c
    deps: [{path: data/made/part.parquet, md5: p}, {path: train.py, md5: t}]
    params: {params.yaml: {model: {seed: 7}}}
    outs: [{path: models/model, md5: m.dir}]
  make:
    cmd: c
    outs: [{path: data/made, md5: d.dir}]
  judge:
    cmd: c
    deps: [{path: models/model, md5: m.dir}]
    outs: [{path: reports/a.json, md5: r}]
"""


def test_stages_come_in_the_order_they_run() -> None:
    """Whatever their order in the file, a stage comes after those that write what it reads, be it a part of what they write."""
    stages = lock.read(LOCK, "here")
    assert list(stages) == ["make", "train", "judge", "package"]
    assert stages["train"].inputs == {"data/made/part.parquet": "p", "train.py": "t"}
    assert stages["train"].params == {"params.yaml": {"model": {"seed": 7}}}


def test_what_a_stage_writes_is_told_from_what_is_given() -> None:
    """A path is produced where it is an output, lies in one or holds one."""
    stages = lock.read(LOCK, "here")
    assert [lock.produced(stages, path) for path in ("data/made", "data/made/x", "models", "train.py", "data/made2")] == [True] * 3 + [
        False
    ] * 2


@pytest.mark.parametrize("content", [None, b"", b"schema: '2.0'\n", b"schema: '2.0'\nstages: {}\n"])
def test_an_empty_lock_is_refused(content: bytes | None) -> None:
    """A missing or empty dvc.lock is refused with where, and what to run."""
    with pytest.raises(GitError, match=f"here holds no {Path('dvc.lock')}"):
        lock.read(content, "here")
