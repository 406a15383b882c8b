"""One writer for a folder, whoever and wherever the other is; a lock ends with its owner, however that
ends."""

import json
import os
import signal
import subprocess
import sys
import threading

import pytest

from sslbench.storage import lock
from sslbench.storage.lock import Lock

OWNER = """
import os, sys, time
from pathlib import Path
from sslbench.storage.lock import Lock
held = Lock(Path(sys.argv[1]))
child = os.fork() if "fork" in sys.argv else 1
if not child:
    time.sleep(60)
print(child, flush=True)
time.sleep(60)
"""

pytestmark = pytest.mark.skipif(lock.fcntl is None, reason="Windows has no such locks")


@pytest.fixture
def owner(tmp_path):
    """Starts a process that holds the lock of tmp_path; gives the process and its child's number."""
    started = []

    def start(*words):
        process = subprocess.Popen([sys.executable, "-c", OWNER, tmp_path, *words], stdout=subprocess.PIPE,
                                   text=True)
        child = int(process.stdout.readline())
        started.extend([process.pid, child] if child > 1 else [process.pid])
        return process

    yield start
    for pid in started:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def refused(folder) -> str:
    with pytest.raises(BlockingIOError) as error:
        Lock(folder)
    with pytest.raises(BlockingIOError):
        lock.check(folder)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_another_process_is_named(owner, tmp_path):
    process = owner()
    assert f"process {process.pid} is writing into {tmp_path}" in refused(tmp_path)


@pytest.mark.parametrize("words", [[], ["fork"]], ids=["alone", "with a child that lives on"])
def test_the_lock_of_a_killed_process_is_free(owner, tmp_path, words):
    process = owner(*words)
    refused(tmp_path)
    process.kill()
    lock.check(tmp_path) if process.wait() else None
    held = Lock(tmp_path)
    refused(tmp_path)
    held.release()
    assert list(tmp_path.iterdir()) == []


def test_threads_of_one_process_exclude_each_other(tmp_path):
    held, got, turns = [], [], threading.Barrier(8)

    def take():
        turns.wait()
        try:
            held.append(Lock(tmp_path))
        except BlockingIOError as error:
            got.append(str(error))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(held) == 1 and len(got) == 7 and all("this process" in said for said in got)
    held[0].release()
    Lock(tmp_path).release()


def test_a_forked_process_neither_has_nor_gives_up_the_lock(tmp_path):
    held = Lock(tmp_path)
    code = ("import sys; from pathlib import Path; from sslbench.storage.lock import Lock; "
            "Lock(Path(sys.argv[1]))")
    other = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True)
    assert other.returncode and f"process {os.getpid()} is writing" in other.stderr
    child = os.fork()
    if not child:
        held.release()
        os._exit(0)
    os.waitpid(child, 0)
    refused(tmp_path)
    held.release()


def test_the_number_of_a_process_that_ended_may_be_anothers_now(tmp_path):
    owner = lock.me()
    assert lock.alive(owner) and not lock.alive({**owner, "pid": 2**22 + 1})
    if owner["started"]:
        assert not lock.alive({**owner, "started": "1"})
    assert lock.alive({**owner, "host": "elsewhere", "pid": 2**22 + 1})  # cannot be known


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"pid": "x"}', b'{"pid": -1}', b"\xff" * 5000,
                                     json.dumps({"pid": 10**30}).encode()])
def test_a_lock_file_that_nobody_holds_is_free_whatever_it_says(tmp_path, content):
    (tmp_path / lock.NAME).write_bytes(content)
    lock.check(tmp_path)
    Lock(tmp_path).release()


@pytest.mark.parametrize("call", ["pwrite", "truncate"])
def test_a_full_disk_leaves_no_lock_and_is_said_with_its_path(tmp_path, monkeypatch, call):
    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(lock.os, call, full)
        with pytest.raises(OSError, match="No space left") as error:
            Lock(tmp_path)
    assert error.value.filename == str(tmp_path / lock.NAME) and not list(tmp_path.iterdir())
    held = Lock(tmp_path)  # in the same process
    refused(tmp_path)
    held.release()
