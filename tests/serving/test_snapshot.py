"""The source rows of a commit: their hashes are DVC's own, and they must be what a version reads."""

import hashlib
import shutil
from pathlib import Path

import polars as pl
import pytest

from interlock import git
from interlock.cache import hashed
from interlock.errors import ContractError, GitError
from interlock.features import featureset
from interlock.past import Past
from interlock.serving.snapshot import Rows
from tests.serving.released import deployed

__all__ = ["deployed"]
pytestmark = pytest.mark.usefixtures("deployed")


def test_the_hash_of_a_folder_is_that_of_dvc() -> None:
    """Of every folder that the graph writes, nested ones too; None of one that is missing."""
    for path in ("data/raw", "data/quarantine", "data/features", "models/bundle"):
        assert hashed(Path(path)) == Past(git.head()).output(path)


def test_rows_of_the_work_tree_and_of_its_commit_are_the_same() -> None:
    """Those that lie here, and those fetched by hash: the same tables without what is in quarantine, of whichever commit."""
    features = featureset.read(Path("data/features/featureset.json"))
    here, there = Rows.checked_out(), Rows.at(git.head())
    assert (here.commit, here.raw, here.quarantine) == (there.commit, there.raw, there.quarantine)
    for name, rows in here.valid(features).items():
        assert rows.collect().equals(there.valid(features)[name].collect())
    shutil.rmtree("data/quarantine")
    with pytest.raises(GitError, match=r"data/quarantine is not that of commit .* \(it is missing, "):
        Rows.checked_out()


def test_what_brings_the_rows_back_is_what_can() -> None:
    """A checkout where this clone's cache has them whole; a pull where it lacks any file, as in a fresh clone."""
    shutil.rmtree("data/raw")
    with pytest.raises(GitError, match=r"data/raw .*\n.*: dvc checkout;"):
        Rows.checked_out()
    cache = Path(".dvc/cache/files/md5")
    md5 = hashlib.md5(Path("data/quarantine/events.parquet").read_bytes(), usedforsecurity=False).hexdigest()
    shutil.rmtree("data/quarantine")
    whole = Past(git.head()).folder("data/raw")
    shutil.copytree(whole, "data/raw")
    (cache / md5[:2] / md5[2:]).unlink()
    for _ in range(2):
        with pytest.raises(GitError, match=r"data/quarantine .*\n.*: dvc pull data/raw data/quarantine;"):
            Rows.checked_out()
        shutil.rmtree(cache, ignore_errors=True)


def test_rows_that_a_version_cannot_read_are_told_by_table_and_column() -> None:
    """A column that is gone, or of another type, before anything is computed."""
    features = featureset.read(Path("data/features/featureset.json"))
    path = Path("data/raw/events.parquet")
    whole = pl.read_parquet(path)
    for changed, said in (
        (whole.drop("amount"), "amount of commit .* is not there, this version reads Float64"),
        (whole.cast({"amount": pl.Float32}), "amount of commit .* is Float32"),
    ):
        changed.write_parquet(path)
        rows = Rows(git.head(), "", "", (Path("data/raw"), Path("data/quarantine")))
        with pytest.raises(ContractError, match=f"events.{said}"):
            rows.valid(features)


def test_a_commit_that_the_clone_lacks_is_told() -> None:
    with pytest.raises(GitError, match="commit 0123456789ab is not in this clone"):
        Rows.at("0123456789ab" * 3 + "0123")
