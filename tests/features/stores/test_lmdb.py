"""The embedded store: growth, damage, readers of other processes, copies."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

from interlock.errors import ArtifactError
from interlock.features.stores.lmdb import Lmdb
from interlock.features.stores.store import Reads, walk

ROOT = Path(__file__).parents[3]
SMALL = 1 << 16


def batch(number: int, size: int = 200) -> list[tuple[bytes, bytes]]:
    return [(b"%06d-%04d" % (number, i), os.urandom(100)) for i in range(size)]


def test_the_map_grows_when_it_is_full(tmp_path: Path) -> None:
    """A map of 64 kB takes megabytes, and everything that was written is there."""
    opened = Lmdb(tmp_path, SMALL)
    for number in range(100):
        opened.write(batch(number))
    assert opened.size().entries == 20_000
    assert opened.env.info()["map_size"] > SMALL
    opened.close()
    assert Lmdb(tmp_path, SMALL).size().entries == 20_000


def test_a_reader_follows_a_map_that_grew_in_another_process(tmp_path: Path) -> None:
    """A process that opened a small map reads and writes on after another one let it grow."""
    opened = Lmdb(tmp_path, SMALL)
    opened.write([(b"a", b"1")])
    code = (
        "import sys; from pathlib import Path; from interlock.features.stores.lmdb import Lmdb\n"
        "Lmdb(Path(sys.argv[1]), 1 << 16).write([(b'%06d' % n, b'v' * 100) for n in range(20_000)])\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=True)
    assert opened.read(Reads(gets=[b"a", b"019999"])).gets == [b"1", b"v" * 100]
    opened.write([(b"b", b"2")])
    assert opened.size().entries == 20_002


def test_threads_read_while_the_map_grows(tmp_path: Path) -> None:
    """No thread is in the map while its size changes: every read of three threads finds what is there from the beginning."""
    opened = Lmdb(tmp_path, SMALL)
    opened.write([(b"a", b"1")])
    found: list[bool] = []
    done = False

    def read() -> None:
        while not done:
            found.append(opened.read(Reads(gets=[b"a"], seeks=[b"0"])).gets == [b"1"])
            time.sleep(0.0002)

    threads = [Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(20):
        opened.write(batch(number))
    done = True
    for thread in threads:
        thread.join()
    assert all(found)
    assert opened.size().entries == 4_001


def test_what_is_not_an_lmdb_is_refused(tmp_path: Path) -> None:
    """A file of another kind in the place of the store ends with its folder and the next step."""
    (tmp_path / "data.mdb").write_bytes(b"no such thing" * 1000)
    with pytest.raises(ArtifactError, match="is not an online store"):
        Lmdb(tmp_path)


def test_a_backup_is_the_state_of_one_moment(tmp_path: Path) -> None:
    """Copied while a thread writes batches, each copy holds a number of whole batches."""
    opened = Lmdb(tmp_path / "store")
    done = False

    def write() -> None:
        number = 0
        while not done:
            opened.write(batch(number, 20))
            number += 1

    thread = Thread(target=write)
    thread.start()
    counts = []
    for number in range(5):
        opened.backup(tmp_path / str(number))
        copy = Lmdb(tmp_path / str(number))
        counts.append(sum(len(page) for page in walk(copy, b"0", b"9")))
        copy.close()
        time.sleep(0.02)
    done = True
    thread.join()
    assert counts == sorted(counts)
    assert all(count % 20 == 0 for count in counts)
    assert counts[-1] > counts[0]


def test_a_killed_writer_leaves_whole_batches(tmp_path: Path) -> None:
    """After kill -9 at any moment the store holds the batches that were acknowledged, and at most the one after."""
    code = (
        "import sys; from pathlib import Path; from interlock.features.stores.lmdb import Lmdb\n"
        "opened = Lmdb(Path(sys.argv[1]), 1 << 16)\n"
        "for n in range(10**6):\n"
        "    opened.write([(b'%06d-%02d' % (n, i), b'v' * 50) for i in range(20)]); print(n, flush=True)\n"
    )
    for pause in (0.05, 0.12, 0.2):
        place = tmp_path / str(pause)
        with subprocess.Popen([sys.executable, "-c", code, str(place)], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(pause)
            process.send_signal(signal.SIGKILL)
            told = int(process.stdout.read().split()[-1])
        entries = Lmdb(place).size().entries
        assert entries in {20 * (told + 1), 20 * (told + 2)}
