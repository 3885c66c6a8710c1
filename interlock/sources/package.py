"""The connector `package`: data files of an installed distribution, which is never imported."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from interlock.errors import SourceError
from interlock.sources.connectors import File, Located
from interlock.sources.files import matching
from interlock.sources.spec import PackageTable


def locate(spec: PackageTable) -> Located:
    """The files of an installed distribution, with its version; raises SourceError where either is missing."""
    try:
        found = distribution(spec.package)
    except (PackageNotFoundError, ValueError) as error:
        raise SourceError(f"the package {spec.package} is not installed", "run: make") from error
    root = Path(str(found.locate_file("")))
    paths = matching(spec.path, root)
    files = [File(path.relative_to(root).as_posix(), path.stat().st_size, path) for path in paths]
    return Located(f"{spec.package}:{spec.path}", files, found.version)
