"""Waivers: what may be written, what is read, and which count."""

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import ArtifactError, ConfigError
from interlock.evaluation import waiver_file
from interlock.evaluation.waiver_file import LARGEST, Waiver, alone, made
from interlock.evaluation.waivers import MOST_DAYS, add, counts, model_hash, read
from interlock.project import SCRATCH

TODAY = date(2030, 1, 31)
MODEL, OTHER = "a" * 64, "0" * 64
VERDICT = {
    "gates": {
        "auc": {"verdict": "fail"},
        "ece": {"verdict": "not enough evidence"},
        "parity": {"verdict": "pass"},
        "champion": {"verdict": "judged at release"},
    }
}
ENTRY = f"- {{gate: auc, reason: Winter, owner: team, expires: 2030-02-01, model: {MODEL}}}\n"
TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\ufeff"), min_size=1, max_size=40).filter(
    str.strip
)


def waiver(**said: Any) -> Waiver:
    return Waiver(**{"gate": "auc", "reason": "Winter", "owner": "team", "expires": TODAY, "model": MODEL, **said})


def test_no_file_is_no_waiver(tmp_path: Path) -> None:
    """And so is one that is empty."""
    assert read(tmp_path / "waivers.yaml") == []
    (tmp_path / "waivers.yaml").write_text("# none\n")
    assert read(tmp_path / "waivers.yaml") == []


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3), st.integers(0, MOST_DAYS))
def test_what_was_written_is_read(tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, str]], days: int) -> None:
    """Whatever people write as reason and owner, in the order of writing; what stood in the file before stays as it was."""
    path = tmp_path_factory.mktemp("w") / "waivers.yaml"
    every = []
    for number, (reason, owner) in enumerate(said):
        one = waiver(reason=reason, owner=owner, expires=TODAY + timedelta(days), model=f"{number:064}")
        before = path.read_text() if path.exists() else ""
        add(one, VERDICT, TODAY, path)
        every.append(one)
        assert path.read_text().startswith(before)
    assert read(path) == every


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"gate": "beauty"}, "there is no gate 'beauty'"),
        ({"gate": "parity"}, r"gate parity did not fail \(pass\)"),
        ({"gate": "champion"}, r"gate champion did not fail \(judged at release\)"),
        ({"expires": TODAY - timedelta(1)}, "2030-01-30 ends in the past"),
        ({"expires": TODAY + timedelta(MOST_DAYS + 1)}, "ends more than 90 days ahead"),
        ({"reason": "Twice"}, "gate auc is waived for this model already"),
    ],
    ids=str,
)
def test_what_cannot_be_waived_is_refused_and_nothing_is_written(tmp_path: Path, said: dict[str, Any], words: str) -> None:
    """An unknown gate, one that did not fail, a day that is past or too far, or a second waiver of one gate and model."""
    path = tmp_path / "waivers.yaml"
    path.write_text(ENTRY)
    with pytest.raises(ConfigError, match=words):
        add(waiver(**said), VERDICT, TODAY, path)
    assert path.read_text() == ENTRY
    assert {file.name for file in tmp_path.iterdir()} <= {"waivers.yaml", SCRATCH.name}


WRITER = """
import sys
from datetime import date
from pathlib import Path
from interlock.evaluation.waivers import Waiver, add
for number in range(10):
    model = sys.argv[2] * 32 + f"{number:032}"
    add(Waiver("auc", "Winter", "team", date(2030, 1, 31), model), {"gates": {"auc": {"verdict": "fail"}}}, date(2030, 1, 31), Path(sys.argv[1]))
"""


def test_no_waiver_is_lost_where_several_are_written_at_once(tmp_path: Path) -> None:
    """Three processes write ten each: every process ends well, and all thirty stand in the file."""
    path = tmp_path / "waivers.yaml"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), sign], stderr=subprocess.PIPE, text=True) for sign in "abc"]
    assert [(writer.communicate()[1], writer.returncode) for writer in writers] == [("", 0)] * 3
    assert sorted(one.model for one in read(path)) == sorted(sign * 32 + f"{number:032}" for sign in "abc" for number in range(10))


def test_who_does_not_stop_writing_is_not_waited_for_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other is told that another process writes, and that nothing was written; afterwards it can write."""
    monkeypatch.setattr(waiver_file, "PATIENCE", 0.1)
    path = tmp_path / "waivers.yaml"
    with alone(path), pytest.raises(ArtifactError, match=r"another process is writing .*waivers\.yaml"):
        add(waiver(), VERDICT, TODAY, path)
    assert not path.exists()
    add(waiver(), VERDICT, TODAY, path)
    assert read(path) == [waiver()]


@pytest.mark.parametrize(
    "said",
    [
        {"reason": ""},
        {"reason": "  "},
        {"reason": "two\nlines"},
        {"owner": "\x1b[31m"},
        {"owner": ""},
        {"owner": "x" * 1001},
        {"expires": "soon"},
        {"model": "abc"},
    ],
    ids=str,
)
def test_a_waiver_says_why_who_and_until_when(said: dict[str, str]) -> None:
    """An empty or endless text, or a day that is none, is refused by its name."""
    with pytest.raises(ConfigError, match=f"the waiver's {next(iter(said))} must be"):
        made(**{"gate": "auc", "reason": "Winter", "owner": "team", "expires": "2030-02-01", "model": MODEL, **said})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gates: {}", "holds dict, not a list of waivers"),
        ("- 1", "entry 1: Expected `object`"),
        (ENTRY.replace("owner: team", "owners: team"), r"entry 1: .*(missing required field `owner`|unknown field `owners`)"),
        (ENTRY + ENTRY.replace("Winter", "''").replace("auc", "ece"), "entry 2: (reason: Expected|reason says)"),
        (ENTRY.replace("2030-02-01", "soon"), "entry 1: expires: Invalid RFC3339"),
        (ENTRY.replace("2030-02-01", "20300201"), "entry 1: expires: Expected `date`"),
        (ENTRY.replace(MODEL, "abc"), "entry 1: model: Expected `str` matching"),
        (ENTRY.replace("gate: auc", "gate: 1"), "entry 1: gate: Expected `str`"),
        (ENTRY + ENTRY, "entry 2: gate auc is waived for the same model before"),
        ("- {gate: auc, gate: ece}", "is not YAML"),
        ("- !!python/object/apply:os.getcwd []", "is not YAML"),
        ("- [", "is not YAML"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_file_that_makes_no_sense_is_refused_by_entry_and_key(tmp_path: Path, text: str, words: str) -> None:
    """Whatever is wrong, the error names the file, the entry and the key, and nothing in it counts."""
    path = tmp_path / "waivers.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=rf"waivers\.yaml.*{words}"):
        read(path)


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """A folder, a file that is no text, or one that is far too large."""
    path = tmp_path / "waivers.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        read(path)
    path.write_text("#" * (LARGEST + 1))
    with pytest.raises(ConfigError, match="bytes"):
        read(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        read(path)


def test_a_file_that_is_written_in_another_way_is_not_spoiled(tmp_path: Path) -> None:
    """Entries in one bracket cannot be added to: the error shows what to write, and the file stays."""
    path = tmp_path / "waivers.yaml"
    path.write_text(text := f"[{ENTRY[2:].strip()}]\n")
    with pytest.raises(ConfigError, match=r"(is not YAML|is not written entry by entry)"):
        add(waiver(gate="ece"), VERDICT, TODAY, path)
    assert path.read_text() == text


@pytest.mark.parametrize(
    ("said", "counted", "words"),
    [
        ({}, True, "waived until 2030-01-31 by team: Winter"),
        ({"expires": TODAY + timedelta(MOST_DAYS)}, True, "waived until 2030-05-01"),
        ({"expires": TODAY - timedelta(1)}, False, "its waiver expired on 2030-01-30"),
        ({"expires": TODAY + timedelta(MOST_DAYS + 1)}, False, "is for more than 90 days, until 2030-05-02"),
        ({"model": OTHER}, False, "its waiver is for another model"),
        ({"gate": "ece"}, False, "not waived"),
    ],
    ids=str,
)
def test_a_waiver_counts_for_its_gate_its_model_and_until_its_day(said: dict[str, Any], counted: bool, words: str) -> None:
    """On its last day it counts, on the next no more; for another model or gate never, and the words say why."""
    found = counts([waiver(**said)], VERDICT, MODEL, TODAY)
    assert found.keys() == {"auc", "ece"}
    assert found["auc"].counts == counted
    assert words in found["auc"].words
    listed = {"gates": [{"name": name, **gate} for name, gate in VERDICT["gates"].items()]}
    assert counts([waiver(**said)], listed, MODEL, TODAY) == found


def test_a_verdict_that_is_bound_to_no_model_waives_nothing() -> None:
    """The hash is of model.json, as reports/gates.json binds it; where it is not there, that is an error."""
    assert model_hash({"binds": [{"name": "model", "sha256": {"model.json": MODEL}}]}) == MODEL
    unbound: list[dict[str, Any]] = [
        {},
        {"binds": []},
        {"binds": [{"name": "model", "sha256": {}}]},
        {"binds": {"model": 1}},
        {"binds": [{"name": "model"}]},
    ]
    for verdict in unbound:
        with pytest.raises(ArtifactError, match="does not say which model"):
            model_hash(verdict)
