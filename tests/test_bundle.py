"""The bundle proves itself, or is refused by name."""

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from interlock import bundle, frames
from interlock.errors import ArtifactError
from interlock.files import read_json, sha256, write_json
from tests.evaluation.world import built

ROOT = Path(__file__).parents[1]
FILES = [
    "booster.txt", "model.json", "featureset.json", "requests.json", "flights.json", "profile.json", "verdict.json", "card.md", "provenance.json",
    "requests.parquet", "features.parquet", "state.parquet", "scores.parquet", "manifest.json",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the bundle that the stages made."""
    return Path(shutil.copytree(built() / "models" / "bundle", tmp_path / "some bundle é"))


def flip(path: Path, place: int) -> None:
    """Change one bit of the byte at `place`."""
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def test_a_whole_bundle_is_accepted_and_named_by_its_manifest(folder: Path) -> None:
    """The hash of a bundle is the SHA-256 of its manifest, wherever it lies."""
    assert bundle.verify(folder) == sha256(folder / "manifest.json") == bundle.verify(built() / "models" / "bundle")


def test_a_bundle_holds_the_files_that_its_module_lists(folder: Path) -> None:
    """Every file of the bundle is named in the map at the top of its module, and the other way round."""
    found = [path.name for path in folder.rglob("*") if path.is_file()]
    assert sorted(found) == sorted(FILES)
    assert all(name in str(bundle.__doc__) for name in found if name != "flights.json")


@pytest.mark.parametrize("name", FILES)
def test_one_flipped_bit_is_refused_by_the_name_of_its_file(folder: Path, name: str) -> None:
    """At the start, at the end and at places between, in every file: refused, and it is that file that is named."""
    (path,) = folder.rglob(name)
    size = path.stat().st_size
    for place in {0, 1, size // 3, size // 2, size - 2, size - 1}:
        flip(path, place)
        with pytest.raises(ArtifactError) as refused:
            bundle.verify(folder)
        assert refused.value.found.startswith(f"{path} was altered")
        flip(path, place)
    bundle.verify(folder)


def test_any_byte_of_the_manifest_counts(folder: Path) -> None:
    """There is no byte of the manifest, be it a space, that can change unseen (every third is tried)."""
    path = folder / "manifest.json"
    for place in range(0, path.stat().st_size, 3):
        flip(path, place)
        with pytest.raises(ArtifactError, match=r"manifest\.json was altered"):
            bundle._listed(folder)
        flip(path, place)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused_by_name(folder: Path, name: str) -> None:
    """Each file of the bundle is needed."""
    (path,) = folder.rglob(name)
    path.unlink()
    with pytest.raises(ArtifactError) as refused:
        bundle.verify(folder)
    assert str(path) in refused.value.found


@pytest.mark.parametrize("name", ["extra.py", "model/booster.txt.orig", "golden/.hidden"])
def test_a_file_too_many_is_refused_by_name(folder: Path, name: str) -> None:
    """What the manifest does not list does not travel with the bundle."""
    (folder / name).write_text("x")
    with pytest.raises(ArtifactError) as refused:
        bundle.verify(folder)
    assert refused.value.found == f"{folder / name} is no part of the bundle"


@pytest.mark.parametrize("column", ["raw_score", "score"])
def test_a_score_that_is_not_reproduced_to_the_last_bit_is_refused(folder: Path, column: str) -> None:
    """With all hashes made right again, a golden score one unit in the last place off is still found, by row and column."""
    path = folder / bundle.SCORED
    nudged = frames.read(path).to_dict(as_series=False)
    nudged[column][17] = math.nextafter(nudged[column][17], math.inf)
    frames.write(pl.DataFrame(nudged), path)
    bundle.seal(folder)
    with pytest.raises(ArtifactError, match=rf"row 17: {column} is"):
        bundle.verify(folder)


def test_golden_scores_of_another_task_are_refused(folder: Path) -> None:
    """Columns that are not those of the model's task, in its order, prove nothing."""
    path = folder / bundle.SCORED
    frames.write(frames.read(path).rename({"score": "score_late"}), path)
    bundle.seal(folder)
    with pytest.raises(ArtifactError, match="has the columns raw_score, score_late, not raw_score, score"):
        bundle.verify(folder)


def test_golden_vectors_may_not_be_left_out(folder: Path) -> None:
    """Fewer scores than requests, or none at all, are refused."""
    scores = frames.read(folder / bundle.SCORED)
    for rows in (0, 99):
        frames.write(scores.head(rows), folder / bundle.SCORED)
        bundle.seal(folder)
        with pytest.raises(ArtifactError, match=rf"holds {rows} scores for 100 requests"):
            bundle.verify(folder)


def test_a_bundle_with_no_golden_request_proves_nothing(folder: Path) -> None:
    """No requests and no scores agree with each other, and are refused all the same."""
    for name in ("requests.parquet", "features.parquet", "scores.parquet"):
        frames.write(frames.read(folder / bundle.GOLDEN / name).head(0), folder / bundle.GOLDEN / name)
    bundle.seal(folder)
    with pytest.raises(ArtifactError, match="holds 0 scores for 0 requests"):
        bundle.verify(folder)


def test_a_feature_that_is_not_computed_to_the_last_bit_is_refused(folder: Path) -> None:
    """With all hashes made right again, features are computed from requests and state: one that is off is named by row."""
    path = folder / bundle.GOLDEN / "features.parquet"
    nudged = frames.read(path).to_dict(as_series=False)
    nudged["part"][17] = math.nextafter(nudged["part"][17], math.inf)
    frames.write(pl.DataFrame(nudged, schema=frames.read(path).schema), path)
    bundle.seal(folder)
    with pytest.raises(ArtifactError, match=r"features\.parquet: part of row 17 is"):
        bundle.verify(folder)


def test_golden_vectors_without_their_state_are_refused(folder: Path) -> None:
    """State belongs to the vectors: emptied and sealed again, there is nothing to compute from."""
    path = folder / bundle.GOLDEN / "state.parquet"
    frames.write(frames.read(path).head(0), path)
    bundle.seal(folder)
    with pytest.raises(ArtifactError, match="holds no state"):
        bundle.verify(folder)


def test_features_of_another_model_are_refused(folder: Path) -> None:
    """Declarations whose fingerprint is not the one that the model was trained with do not pass, hashes right or not."""
    declared = read_json(folder / bundle.FEATURESET)
    declared["request"]["types"]["its_dest"] = "Int8"
    write_json(folder / bundle.FEATURESET, declared)
    bundle.seal(folder)
    with pytest.raises(ArtifactError, match=r"featureset\.json declares other features"):
        bundle.verify(folder)


@pytest.mark.parametrize("name", ["requests", "flights"])
def test_a_contract_that_the_declarations_do_not_carry_is_refused(folder: Path, name: str) -> None:
    """Callers read it and the server checks by the declarations: sealed again with another bound, the two are told apart."""
    path = bundle.contract(folder, name)
    schema = read_json(path)
    schema["required"] = []
    path.write_text(json.dumps(schema))
    bundle.seal(folder)
    with pytest.raises(ArtifactError, match=rf"{name}\.json is another contract"):
        bundle.verify(folder)


def test_a_verdict_on_another_model_is_refused(folder: Path) -> None:
    """A verdict is bound to the hashes of the model it judged, and cannot be lent."""
    verdict = read_json(folder / bundle.VERDICT)
    (model,) = (bound for bound in verdict["binds"] if bound["name"] == "model")
    model["sha256"]["booster.txt"] = "0" * 64
    write_json(folder / bundle.VERDICT, verdict)
    bundle.seal(folder)
    with pytest.raises(ArtifactError, match=r"verdict\.json judges another model"):
        bundle.verify(folder)


def test_what_fails_half_way_leaves_the_old_bundle_and_nothing_else(folder: Path) -> None:
    """An error while a bundle is filled, or one that does not verify: the old one stays, and no partial folder."""

    def fill(leaving_out: str) -> None:
        with bundle.building(folder) as partial:
            shutil.copytree(folder, partial, dirs_exist_ok=True)
            (partial / leaving_out).unlink()

    before = bundle.verify(folder)
    with pytest.raises(FileNotFoundError):
        fill("no such file")
    with pytest.raises(ArtifactError):
        fill(bundle.SCORED)
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    assert bundle.verify(folder) == before


def test_what_a_killed_run_left_does_not_get_into_the_next_bundle(folder: Path) -> None:
    """A partial folder from a run that was killed is cleared before it is filled."""
    stale = folder.with_name(f".{folder.name}.partial") / "stale.txt"
    stale.parent.mkdir()
    stale.write_text("from a run that was killed")
    with bundle.building(folder) as partial:
        assert not list(partial.iterdir())
        shutil.copytree(folder, partial, dirs_exist_ok=True)


def test_a_bundle_built_again_from_the_same_files_is_the_same(folder: Path, tmp_path: Path) -> None:
    """Built elsewhere from the same content, the manifest has the same bytes."""
    with bundle.building(tmp_path / "other" / "place") as partial:
        shutil.copytree(folder, partial, dirs_exist_ok=True)
        (partial / bundle.MANIFEST).unlink()
    assert sha256(tmp_path / "other" / "place" / bundle.MANIFEST) == bundle.verify(folder)


def test_verifying_needs_neither_pandera_nor_the_use_case(folder: Path) -> None:
    """In an empty folder a bundle verifies without Pandera, lightgbm's Python package, SciPy or any use case being imported."""
    code = (
        "import sys; from pathlib import Path; from interlock import bundle; print(bundle.verify(Path(sys.argv[1])));"
        "print(sorted({'pandera', 'lightgbm', 'scipy', 'pandas', 'usecases', 'interlock.usecase'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-P", "-c", code, str(folder)],
        cwd=folder.parent,
        env={"PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert ran.stdout.split("\n")[:2] == [bundle.verify(folder), "[]"]


def test_a_model_that_is_not_json_is_refused_without_a_traceback(folder: Path) -> None:
    """Sealed again after the damage, a part that cannot be read is still refused by its place."""
    (folder / "model" / "model.json").write_text(json.dumps({"task": "x"}))
    bundle.seal(folder)
    with pytest.raises(ArtifactError, match="model is damaged"):
        bundle.verify(folder)
