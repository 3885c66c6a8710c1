"""A newer library in a team's project: all of it or nothing, no edit lost, and only what it changes runs again."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from interlock import pins
from interlock.cli.upgrade import upgrade
from interlock.lineage import environment
from interlock.scaffold import running
from tests.scaffold.conftest import Made
from tests.scaffold.wheels import BOOSTER, changed, newer, saved

ROOT = Path(__file__).parents[2]
MAKEFILE, GATE = "interlock/scaffold/generated/Makefile", "interlock/scaffold/generated/stages/gate.py"
OWN = "zebra==1.0 \\\n    --hash=sha256:aa\n"


def upgraded(wheel: Path, *arguments: str, code: int = 0) -> Result:
    done = CliRunner().invoke(upgrade, [str(wheel), *arguments])
    said = done.exception
    assert (getattr(said, "exit_code", getattr(said, "code", 1)) if said else 0) == code, (done.output, said)
    return done


def generated(wheel_file: str, more: bytes) -> dict[str, bytes]:
    return {wheel_file: running.wheel().files[wheel_file] + more}


def differing(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> set[str]:
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def test_it_vendors_the_wheel_and_renews_what_the_library_writes(team: Made, tmp_path: Path) -> None:
    """The old wheel goes, the new one is named with its hash, changed templates and pins are renewed, and nothing else is touched."""
    before, old = team.files(), running.wheel()
    new = changed(generated(MAKEFILE, b"\n# newer\n") | generated(BOOSTER, b"\n# newer\n"), "9.1.0")
    done = upgraded(saved(new, tmp_path / "new"))
    after = team.files()
    names = {f"vendor/{old.file}", f"vendor/{new.file}", "vendor/library.in", "vendor/generated.json", "requirements.txt", "pins.yaml"}
    assert differing(before, after) == {*names, "Makefile"}
    assert (f"vendor/{old.file}" in after, after[f"vendor/{new.file}"]) == (False, new.content)
    assert after["Makefile"].endswith(b"# newer\n")
    assert after["requirements.txt"] == before["requirements.txt"].replace(old.file.encode(), new.file.encode()).replace(
        old.sha256.encode(), new.sha256.encode()
    )
    pins.check()
    assert f"interlock {old.version} → 9.1.0" in done.output
    assert "next:\n  make" in done.output


def test_only_what_it_changed_runs_again(finished: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an upgrade DVC finds stale exactly the stages that the graph of this repository reruns for the same change, and says so.

    A replay knows that a bundle was made with other code.
    """
    team = finished.copy(tmp_path / "team")
    monkeypatch.chdir(team.folder)
    assert environment.differences(Path("models/bundle")) == []
    done = upgraded(saved(newer(), tmp_path / "new"))
    assert [said.split()[0] for said in environment.differences(Path("models/bundle"))] == ["interlock"]
    stages = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text())["stages"]
    expected = {name for name, stage in stages.items() if BOOSTER in stage["deps"]}
    assert 3 < len(expected) < len(stages)
    assert set(re.findall(r"^(\w+):$", team.dvc("status").stdout, re.MULTILINE)) == expected
    said = re.search(r"^  reruns +(.+)$", done.output, re.MULTILINE)
    assert said is not None
    assert set(said[1].split(", ")) == expected


@pytest.mark.usefixtures("team")
def test_a_wheel_with_other_words_alone_reruns_no_stage_but_its_own(tmp_path: Path) -> None:
    """A change of a module that no stage reaches reruns nothing; one of a stage's own file reruns that stage."""
    words = "interlock/cli/run.py"
    assert "no stage" in upgraded(saved(changed(generated(words, b"\n#\n"), "9.1.0"), tmp_path / "a"), "--dry-run").output
    assert re.search(r"reruns +gate$", upgraded(saved(changed(generated(GATE, b"\n#\n"), "9.1.0"), tmp_path / "b")).output, re.MULTILINE)


def test_an_edited_file_is_refused_with_its_difference(team: Made, tmp_path: Path) -> None:
    """Files that somebody edited stop the upgrade: shown is what it would change, nothing is written, and the ways out are named."""
    with Path("Makefile").open("a") as file:
        file.write("# mine\n")
    Path("stages/gate.py").unlink()
    before = team.files()
    wheel = saved(newer(), tmp_path / "new")
    done = upgraded(wheel, code=6)
    assert "\n-# mine" in done.output
    assert '\n+"""gate: every report' in done.output
    assert "edited since interlock wrote them: Makefile, stages/gate.py" in str(done.exception)
    assert "--overwrite Makefile" in str(done.exception)
    assert team.files() == before
    upgraded(wheel, "--overwrite", "Makefile", code=6)
    assert team.files() == before


@pytest.mark.usefixtures("team")
def test_an_edited_file_is_overwritten_or_kept_as_asked(tmp_path: Path) -> None:
    """`--overwrite` takes the library's file, `--keep` the edit, which the next upgrade asks about again; an equal edit is none."""
    with Path("Makefile").open("a") as file:
        file.write("# mine\n")
    with Path("tools/install.py").open("a") as file:
        file.write("# newer\n")
    installer = "interlock/scaffold/generated/tools/install.py"
    wheel = saved(changed(generated(installer, b"# newer\n"), "9.1.0"), tmp_path / "new")
    assert "keeps     Makefile" in upgraded(wheel, "--keep", "Makefile").output
    assert Path("Makefile").read_text().endswith("# mine\n")
    later = saved(newer("9.2.0"), tmp_path / "new")
    assert "tools/install.py" not in str(upgraded(later, code=6).exception)
    upgraded(later, "--overwrite", "Makefile")
    assert "# mine" not in Path("Makefile").read_text()


@pytest.mark.usefixtures("team")
def test_packages_of_the_project_stay_locked(tmp_path: Path) -> None:
    """What the project locks beside the library's packages is kept, in its place, and locking anew is advised."""
    lock = Path("requirements.txt")
    lock.write_text(lock.read_text() + OWN)
    done = upgraded(saved(newer(), tmp_path / "new"))
    assert lock.read_text().endswith(OWN)
    assert "make lock" in done.output


def test_a_dry_run_writes_nothing(team: Made, tmp_path: Path) -> None:
    """`--dry-run` says what would change; `--json` says it to a program; no file is touched."""
    before, wheel = team.files(), saved(newer(), tmp_path / "new")
    assert "writes    vendor/interlock-9.1.0" in upgraded(wheel, "--dry-run").output
    assert YAML(typ="safe").load(upgraded(wheel, "--dry-run", "--json").output)["after"] == "9.1.0"
    assert team.files() == before


@pytest.mark.parametrize(
    ("edits", "version", "said"),
    [
        ({}, "", "is the wheel that the project has"),
        ({}, "0.0.9", "is older than"),
        ({"interlock/scaffold/requirements.txt": None}, "9.0.0", "carries nothing to make a project from"),
        ({"interlock/scaffold/generated/../../evil": b""}, "9.0.0", "outside of the project"),
        ({"interlock/scaffold/generated//evil": b""}, "9.0.0", "outside of the project"),
        ({"interlock/scaffold/generated/.git/hooks/post-checkout": b""}, "9.0.0", "files in .git/ are not the library's to write"),
        ({"interlock/scaffold/generated/.venv/bin/python": b""}, "9.0.0", "files in .venv/ are not the library's to write"),
        ({"interlock/scaffold/generated/usecases/churn/more.py": b""}, "9.0.0", "files in usecases/ are not the library's to write"),
        ({"interlock/scaffold/generated/..\\evil": b""}, "9.0.0", "outside of the project"),
        ({"interlock/scaffold/generated/\x1b[31m": b""}, "9.0.0", "outside of the project"),
        ({"interlock/scaffold/generated/x.py": b"\xff"}, "9.0.0", "x.py of the wheel is no text"),
        ({"interlock/scaffold/generated/x.jinja": b"{{ 1/0 }}"}, "9.0.0", "cannot be filled in: division by zero"),
        ({"interlock/scaffold/generated/dvc.yaml.jinja": b"[1"}, "9.0.0", "dvc.yaml is not YAML, before or after"),
        ({"interlock/scaffold/generated/x.jinja": b"{{ unheard_of }}"}, "9.0.0", "cannot be filled in"),
        ({"interlock/scaffold/generated/x.jinja": b"{{ ''.__class__.__mro__ }}"}, "9.0.0", "cannot be filled in"),
        ({"METADATA": b"Requires-Python: >=4"}, "9.0.0", "needs Python >=4"),
        ({"METADATA": b"Requires-Python: four"}, "9.0.0", "metadata that cannot be read: Invalid specifier: 'four'"),
        ({"METADATA": b"\xff"}, "9.0.0", "metadata that cannot be read"),
    ],
)  # fmt: skip
def test_a_wheel_that_does_not_fit_is_refused(team: Made, tmp_path: Path, edits: dict[str, bytes | None], version: str, said: str) -> None:
    """The same wheel, an older one, one without templates or that reaches outside, or for another Python changes nothing."""
    before = team.files()
    metadata = f"interlock-{running.wheel().version}.dist-info/METADATA"
    if other := edits.pop("METADATA", None):
        edits[metadata] = running.wheel().files[metadata].replace(b"Requires-Python: >=3.11", other)
    wheel = changed(edits, version)
    assert said in str(upgraded(saved(wheel, tmp_path / "new"), code=6).exception)
    assert team.files() == before


@pytest.mark.usefixtures("team")
def test_an_older_wheel_comes_by_request(tmp_path: Path) -> None:
    """`--downgrade` goes back to an older version."""
    upgraded(saved(newer("0.0.9"), tmp_path / "new"), "--downgrade")
    assert Path("vendor/interlock-0.0.9-py3-none-any.whl").is_file()


@pytest.mark.usefixtures("team")
def test_the_vendored_wheel_is_the_one_that_was_locked() -> None:
    """Pins are read from the wheel that requirements.txt names: one with another hash is refused, by what brings it back."""
    [wheel] = Path("vendor").glob("*.whl")
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    with pytest.raises(Exception, match=r"is not the wheel that requirements.txt names\n  → run: git checkout -- vendor/"):
        pins.check()


def test_the_librarys_own_repository_is_not_upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the library lies in the tree there is nothing to vendor, and the message says what to do instead."""
    monkeypatch.chdir(ROOT)
    assert "git pull" in str(upgraded(saved(newer(), tmp_path), code=6).exception)
