"""The DVC cache of this clone and the hashes it is kept by, read without DVC, whose import takes longer than most questions."""

import hashlib
import json
from configparser import ConfigParser
from configparser import Error as ConfigError
from pathlib import Path

DVC = Path(".dvc")


def place(md5: str) -> Path:
    """Where the cache keeps what has this hash."""
    return _folder() / "files/md5" / md5[:2] / md5[2:]


def has(found: str) -> bool:
    """Whether the cache has a folder, by the hash that DVC knows it by, with all of its files."""
    return place(found).is_file() and all(place(md5).is_file() for md5 in files(place(found)).values())


def files(listing: Path) -> dict[str, str]:
    """The hash of each file of a folder, by a listing of it."""
    return {entry["relpath"]: entry["md5"] for entry in json.loads(listing.read_bytes())}


def listing(folder: Path) -> str:
    """The files of a folder and their hashes, as DVC writes them down."""
    names = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    return json.dumps([{"md5": hashed_file(folder / name), "relpath": name} for name in names], sort_keys=True)


def hashed(folder: Path) -> str:
    """The hash under which DVC keeps a folder: of its listing."""
    return f"{hashlib.md5(listing(folder).encode(), usedforsecurity=False).hexdigest()}.dir"


def hashed_file(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _folder() -> Path:
    """The folder of the cache, where DVC's configuration puts it: `cache.dir`, relative to .dvc."""
    read = ConfigParser(interpolation=None)
    try:
        read.read([DVC / "config", DVC / "config.local"], encoding="utf-8")
    except (ConfigError, UnicodeError):
        return DVC / "cache"
    return DVC / read.get("cache", "dir", fallback="cache")
