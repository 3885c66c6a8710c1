"""Files are whole, whoever else writes them; JSON that no reader can take is one kind of error, whatever is wrong with it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from interlock.errors import ArtifactError
from interlock.files import read_json, replacing, write_text


@pytest.mark.parametrize("text", ["", "{", "nope", "[" * 100_000, "9" * 5_000, "\ufeff{}"], ids=lambda text: text[:5])
def test_json_that_cannot_be_read_is_one_error(text: str, tmp_path: Path) -> None:
    """Empty, cut, too deep or with a number too long: each is a JSONDecodeError, never a defect."""
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(json.JSONDecodeError):
        read_json(path)


def test_of_two_writers_of_one_file_the_second_is_told(tmp_path: Path) -> None:
    """It learns which file it is, touches nothing, and the first one's file comes whole; then it is free again."""
    path = tmp_path / "a.json"
    write_text(path, "old")
    with replacing(path) as temporary:
        temporary.write_text("half")
        with pytest.raises(ArtifactError, match=r"another process is writing .*a\.json"):
            write_text(path, "other")
        assert (path.read_text(), temporary.read_text()) == ("old", "half")
    assert path.read_text() == "half"
    write_text(path, "other")
    assert (path.read_text(), [file.name for file in tmp_path.iterdir()]) == ("other", ["a.json"])


def test_what_a_failed_or_killed_writer_leaves_is_in_nobody_s_way(tmp_path: Path) -> None:
    """After an error the old file stays alone; what a killed process left, however long, goes with the next."""
    path = tmp_path / "a.json"
    write_text(path, "old")
    with pytest.raises(TypeError), replacing(path) as temporary:
        temporary.write_text(None)  # type: ignore[arg-type] # what fails
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]
    temporary.write_text("left" * 1000)
    write_text(path, "new")
    assert (path.read_text(), [file.name for file in tmp_path.iterdir()]) == ("new", ["a.json"])


WRITER = """
import sys
from pathlib import Path
from interlock.errors import ArtifactError
from interlock.files import write_text
for _ in range(300):
    try:
        write_text(Path(sys.argv[1]), sys.argv[2] * 20_000)
    except ArtifactError as error:
        assert "another process is writing" in str(error), error
"""


def test_many_writers_at_once_leave_a_whole_file(tmp_path: Path) -> None:
    """Each write succeeds or is told so, with no other error; every time the file is read it is one writer's alone."""
    path = tmp_path / "a.txt"
    write_text(path, "0" * 20_000)
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), sign], stderr=subprocess.PIPE, text=True) for sign in "abc"]
    while any(writer.poll() is None for writer in writers):
        text = path.read_text()
        assert (len(text), len(set(text))) == (20_000, 1)
    assert [writer.communicate()[1] for writer in writers] == [""] * 3
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]
