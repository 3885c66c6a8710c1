"""What the wheel holds beside the package: the files of this repository that a team's own project is made from.

A build hook of hatchling. Stages, installer, conf and graph are taken from where they stand here, so there is one source of each.
"""

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLACE = "interlock/scaffold"
# What `interlock upgrade` renews, and what is given once and is the team's from then on.
GENERATED = [
    "stages/*.py", "tools/install.py", ".gitattributes", ".dvcignore", ".dvc/.gitignore",
    "tools/setup.mk", "tools/review.py", "tools/comment.py", ".github/workflows/report.yml", ".github/workflows/comment.yml",
]  # fmt: skip
GIVEN = [
    "conf/gates/every.yaml", "conf/gates/binary.yaml", "conf/gates/multiclass.yaml", "conf/gates/regression.yaml",
    "conf/model/*.yaml", "conf/sweep/*.yaml", "conf/experiment/small.yaml", ".gitignore", ".dvc/config",
]  # fmt: skip


class Hook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds those files to a wheel; an editable install has them in the tree."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        root = Path(self.root)
        self.scratch = Path(tempfile.mkdtemp())
        made = {
            "generated/dvc.yaml.jinja": graph(_read(root / "dvc.yaml")),
            "given/conf/config.yaml.jinja": config(_read(root / "conf/config.yaml")),
        }
        for name, text in made.items():
            (self.scratch / name).parent.mkdir(parents=True, exist_ok=True)
            (self.scratch / name).write_text(text, encoding="utf-8")
            build_data["force_include"][str(self.scratch / name)] = f"{PLACE}/{name}"
        for kind, patterns in {"generated": GENERATED, "given": GIVEN}.items():
            for path in (path for pattern in patterns for path in sorted(root.glob(pattern))):
                build_data["force_include"][str(path)] = f"{PLACE}/{kind}/{path.relative_to(root).as_posix()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - hatchling's signature
        if version != "editable":
            shutil.rmtree(self.scratch, ignore_errors=True)


def graph(text: str) -> str:
    """dvc.yaml without the library's modules among the deps, which pins.yaml stands for where it is a package, and with a name to fill in."""
    text = re.sub(r"^ +- interlock/\S+\.py\n", "", text, flags=re.MULTILINE)
    text = _once(r"^# The graph, .*?(?=^# its environment)", HEAD, text)
    return _once(r"^artifacts:\n.*?(?=^\S)", ARTIFACT, text)


def config(text: str) -> str:
    """conf/config.yaml with a use case to fill in, and no experiment."""
    return _once(r"(?<=- experiment: ).*$", "null", _once(r"(?<=- usecase: ).*$", "{{ usecase }}", text, 0), 0)


HEAD = """\
# The graph, top to bottom. Written by interlock; `interlock upgrade` renews it. A stage's file is stages/<name>.py.
# Its deps are that file, the use case's files, and its data; the library's code that it can reach, as a hash, and
"""
ARTIFACT = """artifacts:
  {{ usecase }}:
    path: models/bundle
    type: model
    desc: {{ description | tojson }}

"""


def _once(pattern: str, new: str, text: str, flags: int = re.DOTALL) -> str:
    text, found = re.subn(pattern, lambda _: new, text, flags=flags | re.MULTILINE)
    if found != 1:
        raise ValueError(f"{pattern} is found {found} times, and should be once")
    return text


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
