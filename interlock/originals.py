"""What the commit's outputs held: found again by their hash in git, the project's DVC cache or its work tree."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from interlock import git


def changes(output: str, md5: str, clone: Path) -> Iterator[tuple[str, Path | None, Path | None]]:
    """Each file of `output` that is not in `clone` what it was: its path, and both versions where they can be found."""
    cache = _cache()
    before = _listing(output, md5, cache) if md5.endswith(".dir") else {output: md5}
    after = dict(_hashes(clone / output, output))
    for path in sorted({*before, *after}):
        old, new = _original(Path(path), before.get(path, ""), cache, clone), clone / path
        if before.get(path) != after.get(path) or (old and new.is_file() and old.read_bytes() != new.read_bytes()):
            yield path, old, new if new.is_file() else None


def _original(path: Path, md5: str, cache: Path, clone: Path) -> Path | None:
    if (content := git.committed(path)) is not None:
        kept = clone / ".dvc" / "tmp" / "committed" / path
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(content)
        return kept
    if (cached := _cached(md5, cache)).is_file():
        return cached
    return path if path.is_file() and _md5(path) == md5 else None


def _listing(output: str, md5: str, cache: Path) -> dict[str, str]:
    if (cached := _cached(md5, cache)).is_file():
        return {f"{output}/{entry['relpath']}": entry["md5"] for entry in json.loads(cached.read_bytes())}
    return dict(_hashes(Path(output), output))


def _hashes(place: Path, name: str) -> Iterator[tuple[str, str]]:
    if place.is_file():
        yield name, _md5(place)
    elif place.is_dir():
        for file in sorted(path for path in place.rglob("*") if path.is_file()):
            yield f"{name}/{file.relative_to(place).as_posix()}", _md5(file)


def _cached(md5: str, cache: Path) -> Path:
    return cache / "files" / "md5" / md5[:2] / md5[2:]


def _cache() -> Path:
    done = subprocess.run([sys.executable, "-P", "-m", "dvc", "cache", "dir"], capture_output=True, text=True, check=False)
    return Path(done.stdout.strip() or ".dvc/cache")


def _md5(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
