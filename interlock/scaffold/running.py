"""The library that is running, as a wheel: built where it lies in its repository, else from the files that were installed."""

import os
import subprocess
import sys
import tempfile
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from interlock.errors import ArtifactError, guard
from interlock.files import replacing
from interlock.library import NAME
from interlock.scaffold.wheel import Wheel, hashed, pack, read, recorded

PACKAGE = Path(__file__).parents[1]
METADATA = ("METADATA", "WHEEL", "entry_points.txt", "licenses/")


@cache
def wheel() -> Wheel:
    """The wheel of the running library; equal files give equal bytes, whichever way it was come by."""
    return _built(PACKAGE.parent) if (PACKAGE.parent / "tools" / "wheel.py").is_file() else _installed()


def _built(repository: Path) -> Wheel:
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-P", "-m", "hatchling", "build", "--target", "wheel", "--directory", place]
        done = subprocess.run(command, cwd=repository, env=_environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            raise ArtifactError(f"no wheel can be built in {repository}: {' '.join(last)}", f"run: make -C {repository}")
        return pack(read(next(Path(place).glob("*.whl"))).files)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HATCH"))}
    return kept | {"SOURCE_DATE_EPOCH": "1577836800"}


def _installed() -> Wheel:
    """The installed files that the distribution's RECORD lists, of the package and its metadata alone; each must be as it was."""
    try:
        found = distribution(NAME)
        folder = f"{NAME}-{found.version}.dist-info/"
        listed = recorded((found.read_text("RECORD") or "").encode())
    except PackageNotFoundError:
        listed, folder = {}, ""
    wanted = {name: said for name, said in listed.items() if _carried(name, folder) and said}
    files = {name: (PACKAGE.parent / name).read_bytes() for name in wanted if (PACKAGE.parent / name).is_file()}
    wrong = next((name for name, said in wanted.items() if name not in files or hashed(files[name]) != said), None)
    if wrong or f"{folder}METADATA" not in files:
        raise ArtifactError(f"the installed {NAME} is not as it was installed: {wrong or 'its RECORD'}", "run: rm -r .venv && make")
    return pack(files)


def _carried(name: str, folder: str) -> bool:
    own = name.startswith(f"{NAME}/") and "__pycache__" not in name
    return own or name.startswith(tuple(f"{folder}{part}" for part in METADATA))


def main() -> None:
    """Write the wheel to dist/."""
    place = Path("dist") / wheel().file
    place.parent.mkdir(exist_ok=True)
    with replacing(place) as new:
        new.write_bytes(wheel().content)
    print(place)


if __name__ == "__main__":
    guard(main)
