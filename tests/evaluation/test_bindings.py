"""Hashes that verdicts and bundles are bound to."""

import hashlib
from pathlib import Path

import pytest

from interlock.errors import ArtifactError
from interlock.evaluation import bindings


def test_a_folder_is_bound_file_by_file(tmp_path: Path) -> None:
    """Every file below a folder is there by its path from the folder, with the SHA-256 of its content, in one order."""
    for name in ("b/c.txt", "a.txt", "b/a.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    found = bindings.folder(tmp_path)
    assert list(found.items()) == [(name, hashlib.sha256(name.encode()).hexdigest()) for name in ("a.txt", "b/a.txt", "b/c.txt")]


def test_what_is_not_there_cannot_be_bound(tmp_path: Path) -> None:
    """An absent or empty folder, or an absent file, is refused by name."""
    for missing in (tmp_path, tmp_path / "gone"):
        with pytest.raises(ArtifactError, match="holds no file"):
            bindings.folder(missing)
    with pytest.raises(ArtifactError, match=r"gone\.json does not exist"):
        bindings.files([tmp_path / "gone.json"])


def bound(**said: object) -> dict[str, object]:
    return {"binds": [{"name": name, "sha256": value} for name, value in said.items()]}


def test_a_verdict_on_another_candidate_is_told_by_what_differs() -> None:
    """Each part that is another now, that was not bound at all or in another form is named; a verdict of this candidate has none."""
    now = {"model": {"model.json": "a", "booster.txt": "b"}, "features": {"x": "c"}, "gates": "d"}
    assert bindings.differing(bound(**now), now) == []
    assert bindings.differing(bound(**{**now, "model": {"model.json": "a", "booster.txt": "z"}}), now) == ["model"]
    assert bindings.differing(bound(model=now["model"], gates="e"), now) == ["features", "gates"]
    for verdict in ({}, {"binds": None}, {"binds": [1]}, {"binds": {"model": now["model"]}}, {"binds": [{"name": "model"}]}):
        assert bindings.differing(verdict, now) == list(now)


def test_a_configuration_is_its_values() -> None:
    """The order of keys does not matter; every value and its type do."""
    said = {"auc": {"min": 0.7, "max": None}, "ece": {"max": 1}}
    assert bindings.configuration(said) == bindings.configuration({"ece": {"max": 1}, "auc": {"max": None, "min": 0.7}})
    changed = [{**said, "ece": {"max": value}} for value in (2, 1.5, "1", None)]
    assert len({bindings.configuration(section) for section in [said, *changed]}) == 5
