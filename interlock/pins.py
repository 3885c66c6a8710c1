"""pins.yaml: for each stage the versions of the packages that can change a byte of what it writes.

Versions come from requirements.txt, not from what is installed: the file is the same on every machine. DVC reads it as params.
Where the library is a package too, in a wheel that requirements.txt names, its part is one hash over the modules of it that
the stage can reach: a newer library reruns the stages whose code is another.
"""

import difflib
import hashlib
import json
import re
from pathlib import Path

from interlock import library
from interlock.closure import Code
from interlock.errors import ArtifactError, ConfigError
from interlock.files import write_text

PINS = Path("pins.yaml")
REQUIREMENTS = Path("requirements.txt")
COMMAND = "interlock pins"
HEX = 32
LINE = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(?:\s*;\s*([^\\]+))?")

# Modules whose distribution has another name.
DISTRIBUTIONS = {"hydra": "hydra-core", "ruamel": "ruamel-yaml", "sklearn": "scikit-learn", "yaml": "pyyaml"}
# Distributions that do the work of another.
CARRIERS = {"lightgbm": ("numpy", "scipy"), "polars": ("polars-runtime-32",)}
# Packages that a stage may import and that cannot change a byte of what it writes.
SILENT = {
    "click": "reads the command line",
    "dvc": "finds and moves files whose hashes are checked",
    "obstore": "fetches files whose hashes are pinned",
    "rich": "prints to the terminal",
}
HEADER = f"# The versions that can change a byte, by stage. Generated from {REQUIREMENTS} by: {COMMAND}\n"


def text() -> str:
    """The content of pins.yaml for the stages and the requirements.txt of the current folder."""
    versions, code = locked(), Code.here()
    stages = sorted(path for path in Path("stages").glob("*.py") if path.stem != "__init__")
    return HEADER + "".join(_section(path, versions, code) for path in stages)


def write() -> bool:
    """Write pins.yaml; returns whether it changed."""
    new = text()
    if changed := _current() != new:
        write_text(PINS, new)
    return changed


def check() -> None:
    """Raise ArtifactError, with the difference, where pins.yaml is out of date."""
    old, new = _current().splitlines(), text().splitlines()
    if lines := list(difflib.unified_diff(old, new, f"{PINS} (as it is)", f"{PINS} (from {REQUIREMENTS})", lineterm="", n=1)):
        raise ArtifactError(f"{PINS} is out of date:\n" + "\n".join(lines), f"run: {COMMAND}")


def locked() -> dict[str, str]:
    """The locked version of each distribution; several, where markers choose between them, as one text with the markers."""
    if not REQUIREMENTS.is_file():
        raise ConfigError(f"{REQUIREMENTS} does not exist", "run: make lock")
    found: dict[str, list[tuple[str, str]]] = {}
    for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines():
        if match := LINE.match(line):
            name, version, marker = match.groups()
            found.setdefault(_normal(name), []).append((version, (marker or "").strip()))
    return {name: ", ".join(f"{v} ; {m}" if m and len(all_) > 1 else v for v, m in all_) for name, all_ in found.items()}


def packages(stage: Path, code: Code) -> list[str]:
    """The distributions whose version can change a byte of what the stage's file writes."""
    direct = {DISTRIBUTIONS.get(name, _normal(name)) for name in code.third_party(stage)} - set(SILENT)
    return sorted(direct.union(map(_normal, code.opened(stage)), *(CARRIERS.get(name, ()) for name in direct)))


def modules(stage: Path, code: Code) -> dict[str, str]:
    """The hash over the library's modules that the stage can reach, by the library's name; empty where it reaches none of a package."""
    total = hashlib.sha256()
    paths = sorted(path for path in code.closure(stage) if path.as_posix() in code.library and code.can_matter(path))
    for path in paths:
        total.update(f"{path.as_posix()}\0".encode() + hashlib.sha256(code.read(path)).digest())
    return {library.NAME: total.hexdigest()[:HEX]} if paths else {}


def _section(stage: Path, versions: dict[str, str], code: Code) -> str:
    names = packages(stage, code)
    for name in names:
        if name not in versions:
            raise ConfigError(f"{REQUIREMENTS} does not lock {name}, which {stage} needs", "add it to pyproject.toml, and run: make lock")
    said = modules(stage, code) | {name: versions[name] for name in names}
    return "".join([f"{stage.stem}:" + ("\n" if said else " {}\n"), *(f"  {name}: {json.dumps(text)}\n" for name, text in said.items())])


def _current() -> str:
    return PINS.read_text(encoding="utf-8") if PINS.is_file() else ""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
