"""The connector `files`: files of the project, or objects in storage, by name or by glob."""

import glob
from pathlib import Path

from interlock.errors import SourceError
from interlock.sources.connectors import File, Located
from interlock.sources.spec import FilesTable


def locate(spec: FilesTable) -> Located:
    """The files that the path names, in the order of their names; raises SourceError where there are none."""
    if "://" in spec.path:
        from interlock.sources import storage

        return Located(spec.path, storage.find(spec.path))
    files = [File(path.as_posix(), path.stat().st_size, path) for path in matching(spec.path)]
    return Located(spec.path, files)


def matching(pattern: str, root: Path = Path()) -> list[Path]:
    """The files under `root` that `pattern` names: the file of that very name, or else a glob (`**` for folders)."""
    literal = root / pattern
    found = [literal] if literal.exists() else [root / name for name in sorted(glob.glob(pattern, root_dir=root, recursive=True))]  # noqa: PTH207 - pathlib's skips no dot files
    if files := [path for path in found if path.is_file()]:
        return files
    if found:
        raise SourceError(f"{pattern} is a folder", f"name the files in it, such as {pattern.rstrip('/')}/*.parquet")
    raise SourceError(f"no file matches {pattern}", "put the file there, or mend the table's path in conf/usecase/")
