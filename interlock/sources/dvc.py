"""The connector `dvc`: a file with a `.dvc` beside it, whose hash is what the content must have."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from interlock.errors import SourceError
from interlock.sources.connectors import File, Located
from interlock.sources.files import inner
from interlock.sources.spec import DvcTable


def locate(spec: DvcTable) -> Located:
    """The file, with the MD5 that its `.dvc` promises; raises SourceError where one of the two is missing."""
    inner(spec.path)
    path = Path(spec.path)
    md5 = promised(path)
    if path.is_dir():
        raise SourceError(f"{path} is a folder", "track each file by its own .dvc, or read the folder as `files` by a glob")
    if not path.is_file():
        raise SourceError(f"{path} is tracked by DVC and not here", f"run: dvc pull {path}")
    return Located(spec.path, [File(path.as_posix(), path.stat().st_size, path, md5=md5)])


def promised(path: Path) -> str:
    """The MD5 that the `.dvc` of a file says; raises SourceError where there is none, or it says none."""
    tracked = path.with_name(f"{path.name}.dvc")
    try:
        outs: list[dict[str, Any]] = YAML(typ="safe").load(tracked.read_text(encoding="utf-8"))["outs"]
        out = next(out for out in outs if Path(out["path"]).name == path.name)
        kind, md5 = out.get("hash", "md5-dos2unix"), str(out["md5"])
    except FileNotFoundError as error:
        raise SourceError(f"{tracked} does not exist", f"run: dvc add {path}") from error
    except (YAMLError, OSError, UnicodeDecodeError, RecursionError, AttributeError, KeyError, TypeError, StopIteration) as error:
        raise SourceError(f"{tracked} does not say the MD5 of {path.name}", f"run: dvc add {path}") from error
    if kind != "md5":
        raise SourceError(f"{tracked} was written by DVC 2, which hashed text in another way", "run: dvc cache migrate --dvc-files")
    return md5
