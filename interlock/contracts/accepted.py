"""The profile of the snapshot that was last accepted, in git: `data/accepted/<usecase>.json`, by world and table."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import polars as pl

from interlock.contracts import evidence, ledger, review
from interlock.contracts.profile import Profile, profile
from interlock.contracts.rules import Contract
from interlock.errors import ArtifactError, ContractError
from interlock.files import read_json, write_json

Accepted: TypeAlias = dict[str, Profile]
COMPARED = ("stable", "rows")
ACCEPT = "run: interlock refresh --accept"


def place(usecase: str) -> Path:
    """The file of a use case."""
    return Path("data/accepted") / f"{usecase}.json"


def load(usecase: str, world: str) -> Accepted:
    """The profiles of a world's tables, empty where none was accepted; raises ArtifactError where the file is damaged."""
    return _read(place(usecase)).get(world, {})


def begin(usecase: str) -> None:
    """Write the file, with nothing accepted, where there is none: a stage depends on it."""
    if not place(usecase).exists():
        write_json(place(usecase), {})


def accept(usecase: str, world: str, contracts: Iterable[Contract]) -> bool:
    """Accept what lies in data/raw less quarantine; False where it was accepted already.

    Raises ArtifactError where the last run was not over these rows, or of another world; ContractError where it failed for
    more than being different from the snapshot before.
    """
    last, contracts = review.read(), list(contracts)
    if evidence.ledgers(last) is None or any(not (ledger.RAW / f"{each.table}.parquet").is_file() for each in contracts):
        raise ArtifactError("the rows that were validated are not all here, in data/raw and data/quarantine", evidence.AGAIN)
    if last.world != world or {each.table for each in contracts} != set(last.tables):
        raise ArtifactError(f"{review.REPORT} is of world {last.world or 'unknown'}, and conf says {world}", "run: make")
    wrong = [each.found for each in last.findings if each.severity == "fail" and each.rule not in COMPARED]
    if wrong:
        raise ContractError(f"the last run failed, and its rows cannot be what is normal:\n  • {wrong[0]}", "mend it, and run: make")
    return save(usecase, world, {each.table: _profile(each) for each in contracts})


def save(usecase: str, world: str, profiles: Mapping[str, Profile]) -> bool:
    """Accept `profiles` for a world, and leave those of other worlds; False where they were accepted already."""
    path = place(usecase)
    worlds = _read(path)
    told = {name: _told(tables) for name, tables in sorted({**worlds, world: dict(profiles)}.items())}
    if told == {name: _told(tables) for name, tables in worlds.items()}:
        return False
    write_json(path, told)
    return True


def _profile(contract: Contract) -> Profile:
    """Of the rows in use, with the number of those that came."""
    came = int(ledger.raw(contract.table).select(pl.len()).collect().item())
    return profile(ledger.valid(contract.table), list(contract.types), came=came, plain=contract.keys)


def _told(tables: Mapping[str, Profile]) -> Any:
    return {name: msgspec.to_builtins(profile) for name, profile in sorted(tables.items())}


def _read(path: Path) -> dict[str, Accepted]:
    try:
        return msgspec.convert(read_json(path), dict[str, Accepted])
    except FileNotFoundError:
        return {}
    except (msgspec.ValidationError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{path} is damaged: {error}", f"restore it from git, or delete it and {ACCEPT}") from error
