"""The bundle: everything that is released, in one folder that proves itself.

model/            booster.txt, model.json
featureset.json   the feature declarations, as data
contracts/        requests.json and one <table>.json for each table that features read: JSON Schemas of a row
profile.json      what each feature looked like
verdict.json      what the gates said of this model
card.md           the model, for people
provenance.json   the hash of everything that this was made from, its configuration and its environment
golden/           requests.parquet (a hundred), the state.parquet that they need, and the features.parquet and scores.parquet
                  that they must give, bit for bit
manifest.json     the size and hash of each file above, and a hash over those; its own SHA-256 is the bundle's hash
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from interlock.errors import ArtifactError, listed
from interlock.files import by_name, read_json, sha256, whole, write_text

if TYPE_CHECKING:
    from interlock.modeling.score import Scorer

MANIFEST, MODEL = "manifest.json", "model"
FEATURESET, CONTRACTS, PROFILE, VERDICT = "featureset.json", "contracts", "profile.json", "verdict.json"
CARD, PROVENANCE = "card.md", "provenance.json"
GOLDEN, SCORED = "golden", "golden/scores.parquet"
REMEDY = "run: dvc checkout models, or package it again"
Files: TypeAlias = Mapping[str, Mapping[str, Any]]


@contextmanager
def building(folder: Path) -> Iterator[Path]:
    """An empty folder that, once the block has filled it, is sealed, verified and takes the place of `folder`: whole or not at all."""
    with whole(folder) as partial:
        yield partial
        seal(partial)
        verify(partial)


def seal(folder: Path) -> str:
    """Write the manifest of what is in `folder`; returns the bundle's hash."""
    write_text(folder / MANIFEST, _manifest({name: _entry(folder / name) for name in _names(folder)}))
    return sha256(folder / MANIFEST)


def verify(folder: Path) -> str:
    """Check a bundle from top to bottom, and return its hash: the SHA-256 of its manifest.

    Raises ArtifactError that names the first thing that differs: a file that is missing, altered or too many, parts that
    speak of different models, a golden vector that is not reproduced bit for bit. Runs no code from the bundle.
    """
    from interlock.modeling.score import Scorer

    files = _listed(folder)
    _intact(folder, files)
    scorer = Scorer.open(folder / MODEL)
    _of_one_model(folder, files, scorer)
    _reproduced(folder, scorer)
    return sha256(folder / MANIFEST)


def contract(folder: Path, name: str) -> Path:
    """The contract of a request, or of a row of a table, in a bundle."""
    return folder / CONTRACTS / f"{name}.json"


def _listed(folder: Path) -> Files:
    """The files that the manifest names; it must be the very text that `seal` writes for them."""
    path = folder / MANIFEST
    try:
        text = path.read_text(encoding="utf-8")
        files: Files = json.loads(text)["files"]
        whole = text == _manifest(files)
    except FileNotFoundError as error:
        raise ArtifactError(f"{path} does not exist", REMEDY) from error
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise ArtifactError(f"{path} was altered", REMEDY)
    return files


def _intact(folder: Path, files: Files) -> None:
    found = _names(folder)
    if missing := sorted(files.keys() - set(found)):
        raise ArtifactError(f"{folder / missing[0]} is missing", REMEDY)
    if extra := sorted(set(found) - files.keys()):
        raise ArtifactError(f"{folder / extra[0]} is no part of the bundle", REMEDY)
    for name, entry in files.items():
        if _entry(folder / name) != entry:
            raise ArtifactError(f"{folder / name} was altered: it is not the file that {MANIFEST} lists", REMEDY)


def _of_one_model(folder: Path, files: Files, scorer: "Scorer") -> None:
    from interlock.features import contracted, featureset

    declared = featureset.read(folder / FEATURESET)
    if declared.fingerprint != scorer.model.featureset:
        raise ArtifactError(f"{folder / FEATURESET} declares other features than the model was trained with", "run: make")
    for name in contracted.names(declared):
        if read_json(contract(folder, name)) != contracted.schema(declared, name):
            raise ArtifactError(f"{contract(folder, name)} is another contract than {FEATURESET} declares", "run: make")
    judged = by_name(read_json(folder / VERDICT)["binds"])["model"]["sha256"]
    if judged != {name.removeprefix(f"{MODEL}/"): entry["sha256"] for name, entry in files.items() if name.startswith(f"{MODEL}/")}:
        raise ArtifactError(f"{folder / VERDICT} judges another model than the one in the bundle", "run: make")


def _reproduced(folder: Path, scorer: "Scorer") -> None:
    from interlock import frames
    from interlock.features import featureset, golden

    expected = frames.read(folder / SCORED)
    found = scorer.score(golden.verify(folder / GOLDEN, featureset.read(folder / FEATURESET)))
    if not expected.height or expected.height != found.height:
        raise ArtifactError(f"{folder / SCORED} holds {expected.height} scores for {found.height} requests", REMEDY)
    if expected.columns != found.columns:
        raise ArtifactError(f"{folder / SCORED} has the columns {listed(expected.columns)}, not {listed(found.columns)}", REMEDY)
    for column in expected.columns:
        pairs = zip(found[column], expected[column], strict=True)
        for row, (now, then) in enumerate(pairs):
            if (now + 0.0).hex() != then.hex():
                raise ArtifactError(
                    f"{folder / SCORED}: row {row}: {column} is {now!r} here, {then!r} was recorded",
                    "score where the model was trained: the same kind of processor and the versions of pins.yaml",
                )


def _names(folder: Path) -> list[str]:
    found = (file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    return sorted(name for name in found if name != MANIFEST)


def _entry(file: Path) -> dict[str, Any]:
    return {"sha256": sha256(file), "bytes": file.stat().st_size}


def _manifest(files: Files) -> str:
    proof = hashlib.sha256(json.dumps(files).encode()).hexdigest()
    return json.dumps({"files": files, "sha256": proof}, indent=2, ensure_ascii=False) + "\n"
