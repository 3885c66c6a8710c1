"""A waiver as it stands in waivers.yaml: what it holds, read strictly and written so that it is read again."""

from __future__ import annotations

import fcntl
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta
from ruamel.yaml import YAML

from interlock.errors import ArtifactError, ConfigError
from interlock.params import UNREADABLE, Section
from interlock.project import SCRATCH

LARGEST = 2**20
MOST_LETTERS = 1000
PATIENCE = 10.0
# NOTE: in one line, without what a terminal obeys: such characters do not survive every writer and reader of YAML
Text: TypeAlias = Annotated[str, Meta(min_length=1, max_length=MOST_LETTERS, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]*$")]


class Waiver(Section, frozen=True):
    """The name of the gate, why and by whom it is waived, the last day on which it counts, and the SHA-256 of the model's model.json.

    That file names its booster's hash, so it stands for the whole model: another training needs another waiver.
    """

    gate: Text
    reason: Text
    owner: Text
    expires: date
    model: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]

    def __post_init__(self) -> None:
        if blank := [name for name in ("gate", "reason", "owner") if not getattr(self, name).strip()]:
            raise ValueError(f"{blank[0]} says nothing")


def made(*, gate: str, reason: str, owner: str, expires: str, model: str) -> Waiver:
    """A waiver of what a person says; raises ConfigError where a text is empty or the day is none."""
    try:
        return msgspec.convert({"gate": gate, "reason": reason, "owner": owner, "expires": expires, "model": model}, Waiver)
    except msgspec.ValidationError as error:
        key = str(error).partition(" - at `$.")[2].rstrip("`") or str(error).partition(" ")[0]
        asked = {"expires": "a day such as 2030-12-31", "model": "the SHA-256 of a file"}.get(
            key, f"words in one line, {MOST_LETTERS} letters at most"
        )
        raise ConfigError(f"the waiver's {key} must be {asked}", "say it again, with --waive, --reason, --owner and --until") from error


def _waiver(path: Path, number: int, entry: Any) -> Waiver:
    try:
        return msgspec.convert(entry, Waiver)
    except msgspec.ValidationError as error:
        said, _, place = str(error).partition(" - at `$.")
        key = f"{place.rstrip('`')}: " if place else ""
        raise ConfigError(
            f"{path}: entry {number}: {key}{said}", f"mend {path}; its keys are: {', '.join(Waiver.__struct_fields__)}"
        ) from error


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """While the block runs no other process is in one for `path`; raises ArtifactError where that takes too long."""
    lock, until = path.parent / SCRATCH / f"{path.name}.lock", time.monotonic() + PATIENCE
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as held:
        while not _locked(held.fileno()):
            if time.monotonic() > until:
                raise ArtifactError(f"another process is writing {path}", "wait until it has ended, and run again")
            time.sleep(0.02)
        yield


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def text_of(path: Path) -> str:
    if not path.exists():
        return ""
    try:
        if path.stat().st_size > LARGEST:
            raise ConfigError(f"{path} has {path.stat().st_size} bytes", "delete the waivers that have expired")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", f"restore it with: git checkout -- {path}") from error


def parsed(text: str, path: Path) -> list[Waiver]:
    try:
        found = YAML(typ="safe").load(text) or []
    except UNREADABLE as error:
        raise ConfigError(f"{path} is not YAML: {error}", "mend the line named above") from error
    if not isinstance(found, list):
        raise ConfigError(f"{path} holds {type(found).__name__}, not a list of waivers", f"mend {path}, or delete it")
    return [_waiver(path, number, entry) for number, entry in enumerate(found, start=1)]


def entry(waiver: Waiver) -> str:
    writer, text = YAML(typ="safe"), io.StringIO()
    writer.default_flow_style = writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    writer.allow_unicode, writer.width = True, 10 * MOST_LETTERS
    writer.dump([msgspec.structs.asdict(waiver)], text)
    return text.getvalue()
