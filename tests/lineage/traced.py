"""A project with releases in git and DVC's cache, and predictions that its features and its model made."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import polars as pl
import pytest
from ruamel.yaml import YAML

from interlock import bundle, frames, git
from interlock.contracts import ledger
from interlock.features import featureset, offline, payloads
from interlock.features.featureset import FeatureSet
from interlock.features.records import GENESIS
from interlock.files import sha256, write_json
from interlock.lock import LOCK
from interlock.params import read_yaml
from interlock.releases.registry import Registry, Release
from interlock.serving import predictions
from interlock.serving.record import Prediction, Snapshot

CACHE = Path(".dvc/cache/files/md5")
OUTPUTS = ("data/raw", "data/quarantine", "data/features", "models/bundle")
GAIN = {"name": "auc", "candidate": 0.72, "champion": 0.7, "gain": 0.02, "gain_low": 0.01, "gain_high": 0.03, "outcome": "better"}
FIRST = {
    "outcome": "first release",
    "headline": "auc",
    "rows": 1000,
    "metrics": [],
    "verdict": "first release",
    "passed": False,
    "gates": {},
}
COMPARED = {"outcome": "better", "headline": "auc", "rows": 1000, "metrics": [GAIN], "verdict": "pass", "passed": True, "gates": {}}
NOON = int(datetime(2026, 1, 2, 12, tzinfo=UTC).timestamp() * 1_000_000)


def release(version: str, cached: tuple[str, ...] = OUTPUTS, champion: str | None = None) -> Release:
    """Commit what the graph has left in the current folder, as DVC would, and release it: the first, or compared with a champion."""
    made = packaged()
    hashes = {path: cache(Path(path), keep=path in cached) for path in OUTPUTS}
    stages = {path.replace("/", "-"): {"cmd": "x", "outs": [{"path": path, "hash": "md5", "md5": found}]} for path, found in hashes.items()}
    graph = {name: {"cmd": "x", "outs": [path for path in OUTPUTS if path.replace("/", "-") == name]} for name in stages}
    write_json(Path("dvc.yaml"), {"stages": graph})
    Path(".dvc").mkdir(exist_ok=True)
    Path(".dvc/config").touch()
    Path(".dvc/.gitignore").write_text("/cache\n/config.local\n")
    with LOCK.open("w", encoding="utf-8") as opened:
        YAML(typ="safe").dump({"schema": "2.0", "stages": stages}, opened)
    git.git("add", "--all")
    git.git("commit", "--quiet", "--allow-empty", "--message", f"Make {version}")
    usecase = read_yaml(Path("params.yaml"))["usecase"]["name"]
    declared = featureset.read(Path("data/features/featureset.json"))
    waiver = {"gate": "calibration", "until": "2026-03-01", "reason": "One bin <b>holds</b> few rows."}
    comparison = FIRST if champion is None else COMPARED
    told = Release(
        usecase, version, git.head(), made, hashes["models/bundle"], "0" * 64, declared.fingerprint, "0" * 64, "0" * 64,
        champion, comparison, (waiver,), None,
    )  # fmt: skip
    Registry(usecase).write(told, f"Release {version}")
    return told


def packaged() -> str:
    """A bundle with what a trace reads of one; its hash."""
    folder = Path("models/bundle")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy("data/features/featureset.json", folder)
    gate = {"name": "auc", "verdict": "pass", "words": "test.auc is 0.75, at least 0.73 is asked", "why": "Else it is no use."}
    write_json(folder / "verdict.json", {"verdict": "pass", "passed": True, "gates": [gate]})
    kinds = {"raw": "data/raw", "quarantine": "data/quarantine", "features": "data/features"}
    write_json(folder / "provenance.json", {"made_from": {kind: hashes(Path(path)) for kind, path in kinds.items()}})
    return bundle.seal(folder)


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path) for path in sorted(folder.iterdir())}


def cache(folder: Path, *, keep: bool = True) -> str:
    """Put a folder into the cache of DVC, where it is kept; the hash under which it lies."""
    entries = []
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        entries.append({"md5": _md5(file.read_bytes()), "relpath": file.relative_to(folder).as_posix()})
        if keep:
            _put(entries[-1]["md5"], file.read_bytes())
    listing = json.dumps(sorted(entries, key=lambda entry: entry["relpath"]), sort_keys=True).encode()
    found = f"{_md5(listing)}.dir"
    if keep:
        _put(found, listing)
    return found


def predict(
    of: Release, requests: pl.DataFrame, events: Mapping[str, pl.DataFrame] | None = None, position: int = 0, chain: str = GENESIS
) -> list[str]:
    """Log a prediction for each of `requests`, made by the offline executor from the valid rows and `events`; their ids."""
    declared = featureset.read(Path("models/bundle/featureset.json"))
    values = offline.compute(declared, requests, tables(declared, events or {})).select(feature.name for feature in declared.public)
    outputs = {path: cache(Path(path), keep=False) for path in ("data/raw", "data/quarantine")}
    snapshot = Snapshot(of.commit, outputs["data/raw"], outputs["data/quarantine"], position, chain)
    asked, answered = (
        map(msgspec.json.decode, payloads.encoded(frame)) for frame in (requests.select(list(declared.request.types)), values)
    )
    made = [
        Prediction(NOON + i, "batch", of.tag, of.commit, of.bundle, of.featureset, request, value, {"raw_score": 0.1 * i, "score": 0.5}, snapshot, {})
        for i, (request, value) in enumerate(zip(asked, answered, strict=True))
    ]  # fmt: skip
    with predictions.writer() as log:
        return predictions.append(log, made)


def tables(declared: FeatureSet, events: Mapping[str, pl.DataFrame]) -> dict[str, pl.LazyFrame]:
    """The valid rows, and those that came later."""
    valid = {name: ledger.valid(name) for name in declared.tables}
    return {name: pl.concat([rows, events[name].lazy()], how="diagonal") if name in events else rows for name, rows in valid.items()}


def requests(*numbers: int) -> pl.DataFrame:
    """Requests of the training data, by their places in it."""
    asked = frames.read(Path("data/features/requests.parquet"))
    return asked[list(numbers)].drop("source_row", strict=False)


def put(content: bytes, suffix: str = "") -> str:
    """Put a file into the cache of DVC; its MD5."""
    found = _md5(content)
    _put(found + suffix, content)
    return found


def _put(found: str, content: bytes) -> None:
    place = CACHE / found[:2] / found[2:]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def author(patch: pytest.MonkeyPatch) -> None:
    """Let git know who works here, and nothing of who runs the tests."""
    for name in ("AUTHOR", "COMMITTER"):
        patch.setenv(f"GIT_{name}_NAME", "A Tester")
        patch.setenv(f"GIT_{name}_EMAIL", "tester@example.com")
    patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
