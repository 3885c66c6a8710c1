"""A clean clone of the project in its small world, and what its dvc.yaml declares: for tests of the whole graph."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
USECASE = "flights"
RAN = re.compile(r"^Running stage '(\w+)':", re.MULTILINE)
RESTORED = re.compile(r"^Stage '(\w+)' is cached", re.MULTILINE)
Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Stage:
    """A stage as dvc.yaml declares it; `params` are sections by file, None the whole file."""

    name: str
    command: str
    deps: frozenset[str]
    params: Mapping[str, tuple[str, ...] | None]
    outs: frozenset[str]

    @property
    def modules(self) -> set[str]:
        return {path for path in self.deps if path.endswith(".py")}


@dataclass(frozen=True)
class Clone:
    """A project's folder, and the environment that its commands run in."""

    folder: Path
    environment: Mapping[str, str]

    def run(self, *command: str, fails: bool = False, **more: str) -> Done:
        """Run a command in the folder; it must end well, or badly where it `fails`."""
        environment = {**self.environment, **more}
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        assert bool(done.returncode) == fails, done.stdout + done.stderr
        return done

    def dvc(self, *arguments: str, fails: bool = False, **more: str) -> str:
        done = self.run(sys.executable, "-P", "-m", "dvc", *arguments, fails=fails, **more)
        return done.stdout + done.stderr

    def interlock(self, *arguments: str, fails: bool = False, **more: str) -> Done:
        return self.run(sys.executable, "-m", "interlock.cli.main", *arguments, fails=fails, **more)

    def repro(self) -> tuple[list[str], list[str]]:
        """Bring the graph up to date; the stages that ran, and those that DVC's cache of runs had."""
        said = self.dvc("repro")
        return RAN.findall(said), RESTORED.findall(said)

    def commit(self) -> None:
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--allow-empty", "--message", "change")

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace the one place in a file that says `old`."""
        text = (self.folder / path).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{path} says {old!r} {text.count(old)} times"
        (self.folder / path).write_text(text.replace(old, new), encoding="utf-8")

    def append(self, path: str, text: str) -> None:
        with (self.folder / path).open("a", encoding="utf-8") as file:
            file.write(text)

    def own(self, table: str, content: str | bytes, suffix: str = "csv") -> Path:
        """Let a table of the use case come from a file of the project with this content; to be composed."""
        path = Path("data/own", f"{table}.{suffix}")
        (self.folder / path).parent.mkdir(exist_ok=True)
        (self.folder / path).write_bytes(content.encode() if isinstance(content, str) else content)
        said = self.folder / "conf" / "usecase" / f"{USECASE}.yaml"
        conf = read_yaml(said)
        kept = {key: value for key, value in conf["tables"][table].items() if key not in {"from", "package", "path"}}
        conf["tables"][table] = {"from": "files", "path": path.as_posix(), **kept}
        with said.open("w", encoding="utf-8") as file:
            YAML().dump(conf, file)
        return self.folder / path

    def hashes(self) -> dict[str, str]:
        """The hash of every output, as dvc.lock has it."""
        found = read_yaml(self.folder / "dvc.lock")["stages"].values()
        return {out["path"]: out["md5"] for stage in found for out in stage["outs"]}

    def copy(self, folder: Path) -> "Clone":
        shutil.copytree(self.folder, folder, symlinks=True)
        return replace(self, folder=folder)


def build(place: Path) -> Clone:
    """The project's files as they are now, in a repository of their own at `place`, composed to the small world; not run."""
    clone = Clone(place / "ein Projékt", environment(place))
    listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (clone.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, clone.folder / name)
    clone.run("git", "init", "--quiet")
    clone.edit("conf/config.yaml", "experiment: null", "experiment: small")
    clone.interlock("compose")
    return clone


def environment(place: Path) -> dict[str, str]:
    """This process's environment, less what points into a project; git and DVC read no settings but the clone's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "DVC_", "PYTHON"))}
    people = {f"GIT_{role}_{what}": said for role in ("AUTHOR", "COMMITTER") for what, said in (("NAME", "T"), ("EMAIL", "t@example.com"))}
    own = {f"DVC_{kind}": str(place / kind.lower()) for kind in ("GLOBAL_CONFIG_DIR", "SYSTEM_CONFIG_DIR", "SITE_CACHE_DIR")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    return kept | people | own | {"GIT_CONFIG_GLOBAL": os.devnull, "PATH": path}


def stages(folder: Path = ROOT) -> dict[str, Stage]:
    """What dvc.yaml declares, top to bottom."""
    text = (folder / "dvc.yaml").read_text(encoding="utf-8").replace("${usecase.name}", USECASE)
    return {name: _stage(name, said) for name, said in YAML(typ="safe").load(text)["stages"].items()}


def _stage(name: str, said: Mapping[str, Any]) -> Stage:
    outs = [*said.get("outs", ()), *said.get("metrics", ())]
    return Stage(
        name, said["cmd"], frozenset(said["deps"]), dict(_params(said["params"])),
        frozenset(out if isinstance(out, str) else next(iter(out)) for out in outs),
    )  # fmt: skip


def _params(said: list[Any]) -> Iterator[tuple[str, tuple[str, ...] | None]]:
    yield "params.yaml", tuple(item for item in said if isinstance(item, str))
    for item in said:
        if not isinstance(item, str):
            yield from ((file, None if sections is None else tuple(sections)) for file, sections in item.items())


def read_yaml(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def digest(path: Path) -> str:
    """The hash of a file or folder as DVC writes it: MD5, of a folder that of the list of its files."""
    if path.is_file():
        return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    files = [{"md5": digest(file), "relpath": file.relative_to(path).as_posix()} for file in path.rglob("*") if file.is_file()]
    listed = json.dumps(sorted(files, key=lambda file: file["relpath"]), sort_keys=True)
    return hashlib.md5(listed.encode(), usedforsecurity=False).hexdigest() + ".dir"
