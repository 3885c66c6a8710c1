"""What the commit's outputs held: found again by their hash in git, the project's DVC cache or its work tree."""

from collections.abc import Iterator
from pathlib import Path

from interlock import cache, git


def changes(output: str, md5: str, clone: Path) -> Iterator[tuple[str, Path | None, Path | None]]:
    """Each file of `output` that is not in `clone` what it was: its path, and both versions where they can be found."""
    before = _listing(output, md5) if md5.endswith(".dir") else {output: md5}
    after = dict(_hashes(clone / output, output))
    for path in sorted({*before, *after}):
        old, new = _original(Path(path), before.get(path, ""), clone), clone / path
        if before.get(path) != after.get(path) or (old and new.is_file() and old.read_bytes() != new.read_bytes()):
            yield path, old, new if new.is_file() else None


def _original(path: Path, md5: str, clone: Path) -> Path | None:
    if (content := git.committed(path)) is not None:
        kept = clone / ".dvc" / "tmp" / "committed" / path
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(content)
        return kept
    if (cached := cache.place(md5)).is_file():
        return cached
    return path if path.is_file() and cache.hashed_file(path) == md5 else None


def _listing(output: str, md5: str) -> dict[str, str]:
    if (cached := cache.place(md5)).is_file():
        return {f"{output}/{name}": found for name, found in cache.files(cached).items()}
    return dict(_hashes(Path(output), output))


def _hashes(place: Path, name: str) -> Iterator[tuple[str, str]]:
    if place.is_file():
        yield name, cache.hashed_file(place)
    elif place.is_dir():
        for file in sorted(path for path in place.rglob("*") if path.is_file()):
            yield f"{name}/{file.relative_to(place).as_posix()}", cache.hashed_file(file)
