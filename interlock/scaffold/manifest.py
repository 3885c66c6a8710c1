"""vendor/generated.json: which files of a project are written by the library, with the hash that each was written with."""

import json
from collections.abc import Mapping
from hashlib import sha256
from json import JSONDecodeError
from pathlib import Path

import msgspec

from interlock.errors import ArtifactError
from interlock.files import read_json
from interlock.params import Section

PLACE = Path("vendor/generated.json")


class Manifest(Section, frozen=True):
    """The version that wrote the files, what the templates were filled in with, and each file's SHA-256."""

    version: str
    about: dict[str, str]
    files: dict[str, str]


def of(version: str, about: Mapping[str, str], files: Mapping[str, str]) -> Manifest:
    return Manifest(version, dict(about), {name: hashed(text.encode()) for name, text in files.items()})


def read() -> Manifest:
    """The manifest of the project in the current folder; raises ArtifactError where it has none that can be read."""
    try:
        return msgspec.convert(read_json(PLACE), Manifest)
    except FileNotFoundError:
        remedy = "only a project that `interlock new` made is upgraded so; the library's own repository by: git pull"
        raise ArtifactError(f"{PLACE} does not exist", remedy) from None
    except (JSONDecodeError, UnicodeError, msgspec.ValidationError) as error:
        raise ArtifactError(f"{PLACE} cannot be read: {error}", f"run: git checkout -- {PLACE}") from None


def text(manifest: Manifest) -> str:
    return json.dumps(msgspec.to_builtins(manifest), indent=2, ensure_ascii=False) + "\n"


def hashed(content: bytes) -> str:
    return sha256(content).hexdigest()
