"""Files that DVC tracks, with a real DVC."""

from pathlib import Path

import pytest

from interlock.errors import SourceError
from interlock.sources.connectors import locate
from interlock.sources.looks import look
from interlock.sources.pins import examine, moved, verify
from interlock.sources.spec import DvcTable
from tests.conftest import Run

SPEC = DvcTable(path="landing/events.csv")


@pytest.fixture
def tracked(project: Path, dvc: Run) -> Path:
    """A file under DVC, its `.dvc` beside it."""
    (project / "landing").mkdir()
    (project / SPEC.path).write_bytes(b"a,b\r\n1,2\r\n")
    dvc("add", "--quiet", SPEC.path)
    return project / SPEC.path


def test_dvc_pins_content_by_its_hash(tracked: Path, dvc: Run, tmp_path: Path) -> None:
    """The pin is the MD5 that the `.dvc` holds; content that differs from it is refused, by ingest and by a look alike."""
    pin, files = examine("events", SPEC, tmp_path)
    assert (pin.connector, pin.location) == ("dvc", SPEC.path)
    assert pin.files[0].md5 in tracked.with_name("events.csv.dvc").read_text()
    assert files == [(SPEC.path, Path(SPEC.path))]
    assert look({"events": SPEC}, {"events": pin}) == []

    tracked.write_bytes(b"a,b\n1,2\n")
    with pytest.raises(
        SourceError, match=r"table events: landing/events.csv has MD5 \w{12}, and its .dvc says \w{12}\n  → keep it by: dvc add"
    ):
        examine("events", SPEC, tmp_path)
    (finding,) = look({"events": SPEC}, {"events": pin})
    assert (finding.kind, finding.remedy) == (
        "broken",
        "keep it by: dvc add landing/events.csv, or restore it by: dvc checkout landing/events.csv",
    )

    dvc("add", "--quiet", SPEC.path)
    assert moved(pin, examine("events", SPEC, tmp_path)[0]).startswith("pinned of landing/events.csv is md5")
    with pytest.raises(SourceError, match="table events moved"):
        verify({"events": SPEC}, {"events": pin}, tmp_path)
    (finding,) = look({"events": SPEC}, {"events": pin})
    assert finding.kind == "moved"


def test_data_that_is_not_here_can_be_pulled(tracked: Path, dvc: Run) -> None:
    """A clone has the `.dvc` and not the data: the error says how to get it, and that command gets it."""
    tracked.unlink()
    with pytest.raises(
        SourceError, match=r"table events: landing/events.csv is tracked by DVC and not here\n  → run: dvc pull landing/events.csv"
    ):
        locate("events", SPEC)
    dvc("checkout", SPEC.path)
    assert locate("events", SPEC).files[0].path == Path(SPEC.path)


def test_data_that_is_not_here_is_as_pinned_where_its_dvc_says_so(tracked: Path, tmp_path: Path) -> None:
    """In a clone without data a look finds it absent; where the `.dvc` says another hash than the pin, it is broken, not merely absent."""
    pin, _ = examine("events", SPEC, tmp_path)
    tracked.unlink()
    (finding,) = look({"events": SPEC}, {"events": pin})
    assert (finding.kind, finding.remedy) == ("absent", "run: dvc pull landing/events.csv")
    said = tracked.with_name("events.csv.dvc")
    said.write_text(said.read_text().replace(str(pin.files[0].md5), "0" * 32))
    (finding,) = look({"events": SPEC}, {"events": pin})
    assert finding.kind == "broken"
    said.unlink()
    assert look({"events": SPEC}, {"events": pin})[0].kind == "broken"


def test_a_file_without_its_dvc_is_refused(folder: Path) -> None:
    """A file that DVC does not track is refused, with the command that tracks it."""
    (folder / "landing").mkdir()
    (folder / SPEC.path).write_text("a\n1\n")
    with pytest.raises(SourceError, match=r"landing/events.csv.dvc does not exist\n  → run: dvc add landing/events.csv"):
        locate("events", SPEC)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "does not say the MD5 of events.csv"),
        ("outs: [", "does not say the MD5 of events.csv"),
        ("outs:\n- {path: other.csv, md5: 0a, hash: md5}\n", "does not say the MD5 of events.csv"),
        ("outs:\n- {path: events.csv, md5: 0a}\n", "was written by DVC 2"),
    ],
)
def test_a_dvc_file_that_says_nothing_is_refused(content: str, said: str, folder: Path) -> None:
    """An empty, broken, foreign or too old `.dvc` is named, with the command that mends it."""
    (folder / "landing").mkdir()
    (folder / SPEC.path).write_text("a\n1\n")
    (folder / "landing" / "events.csv.dvc").write_text(content)
    with pytest.raises(SourceError, match=f"table events: landing/events.csv.dvc {said}"):
        locate("events", SPEC)


def test_a_tracked_folder_is_refused(tracked: Path, dvc: Run) -> None:
    """A folder that DVC tracks as one is refused, with the two ways to read it."""
    (tracked.parent / "parts").mkdir()
    (tracked.parent / "parts" / "a.csv").write_text("a\n1\n")
    dvc("add", "--quiet", "landing/parts")
    with pytest.raises(
        SourceError, match=r"landing/parts is a folder\n  → track each file by its own \.dvc, or read the folder as `files`"
    ):
        locate("events", DvcTable(path="landing/parts"))
