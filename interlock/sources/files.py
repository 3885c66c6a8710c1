"""The connector `files`: files of the project, or objects in storage, by name or by glob."""

import glob
import os
from pathlib import Path

from interlock.errors import SourceError
from interlock.sources.connectors import File, Located
from interlock.sources.spec import FilesTable


def locate(spec: FilesTable) -> Located:
    """The files that the path names, in the order of their names; raises SourceError where there are none."""
    if "://" in spec.path:
        from interlock.sources import storage

        return Located(spec.path, storage.find(spec.path))
    paths = matching(spec.path)
    if far := next((path for path in paths if not path.resolve().is_relative_to(Path.cwd())), None):
        raise SourceError(f"{far} is a link that leads out of the project", "copy the file into the project, or track it by dvc add")
    return Located(spec.path, [File(path.as_posix(), path.stat().st_size, path) for path in paths])


def matching(pattern: str, root: Path = Path()) -> list[Path]:
    """The files under `root` that `pattern` names: the file of that very name, or else a glob (`**` for folders).

    Raises SourceError where there are none, or one is no file that can be read to an end: a pipe, a broken link.
    """
    inner(pattern)
    literal = root / pattern
    found = [literal] if os.path.lexists(literal) else [root / name for name in sorted(glob.glob(pattern, root_dir=root, recursive=True))]  # noqa: PTH207 - pathlib's skips no dot files
    if odd := next((path for path in found if not path.is_file() and not path.is_dir()), None):
        raise SourceError(f"{odd.relative_to(root)} is no file: a link to nothing, a pipe or a device", "put a whole file there")
    if files := [path for path in found if path.is_file()]:
        return files
    if found:
        raise SourceError(f"{pattern} is a folder", f"name the files in it, such as {pattern.rstrip('/')}/*.parquet")
    raise SourceError(f"no file matches {pattern}", "put the file there, or mend the table's path in conf/usecase/")


def inner(path: str) -> None:
    """Raise SourceError where `path` leads out of the folder that it is relative to."""
    if Path(path).is_absolute() or ".." in Path(path).parts:
        raise SourceError(f"{path} leads out of the folder it is looked for in", "write a path within it, without .. and no / in front")
