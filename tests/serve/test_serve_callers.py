"""Callers in another process: what they send, what they say, and that they are gone afterwards. No time is asserted."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from serve_rig import WAIT_SECONDS, row_model, rows, until

from tensorlab.errors import ServeError
from tensorlab.serve import LoadResult, Server, callers, crowd
from tensorlab.serve.crowd import Crowd

NOWHERE = "127.0.0.1:1"


def npy(*arrays):
    file = io.BytesIO()
    for array in arrays:
        np.lib.format.write_array(file, np.asarray(array))
    return file.getvalue()


@pytest.fixture
def say(monkeypatch, capsys):
    """Run the program here on some input: its status, the lines it wrote, and what it complained of."""

    def run(given, *arguments):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(given))))
        status = callers.main(arguments)
        out, err = capsys.readouterr()
        return status, out.splitlines(), err

    return run


def test_a_loop_a_line(say):
    seen = []

    def keep(arrays):
        seen.extend(arrays[0][:, 0].tolist())
        return [arrays[0]]

    with Server([row_model(keep, name="one"), row_model(name="two")]) as server:
        status, (ready, *loops), err = say(npy(rows(1, 2, 3)) + b"one 0.001\ntwo 0.001\n", server.address, "2")
        answered = sum(record.rows for record in server.records("two"))
    assert (status, ready, err) == (0, "ready", "")
    one, two = (LoadResult.from_dict(json.loads(loop)) for loop in loops)
    assert (one.concurrency, one.failures) == (2, {})
    assert len(one.latencies) == len(seen) >= 2
    assert seen[:2] == [1.0, 2.0] or seen[:2] == [2.0, 1.0]
    assert len(two.latencies) == answered


def test_rows_go_out_in_turn_and_come_round(say):
    seen = []

    def keep(arrays):
        seen.append(arrays[0][0].tolist())
        return [arrays[0]]

    with Server([row_model(keep, max_batch_size=1)]) as server:
        status, _, _ = say(npy(rows(1, 2)) + b"double 0.01\n", server.address, "1")
    assert status == 0
    assert seen == [[1.0, 1.0], [2.0, 2.0]] * (len(seen) // 2) + [[1.0, 1.0]] * (len(seen) % 2)


def test_failures_are_in_the_result(say):
    with Server([row_model(lambda arrays: 1 / 0)]) as server:
        status, (_, loop), _ = say(npy(rows(1)) + b"double 0.001\n", server.address, "1")
    result = json.loads(loop)
    assert status == 0
    assert (result["latencies"], result["p50"], result["p99"]) == ([], None, None)
    assert list(result["failures"]) == ["INTERNAL"]


@pytest.mark.parametrize(
    ("given", "arguments", "text"),
    [
        (b"", ("10.0.0.1:80", "1"), "address '10.0.0.1:80'; takes one on loopback with its port, as 127.0.0.1:8001"),
        (b"", ("localhost", "1"), "address 'localhost'; takes one on loopback with its port, as 127.0.0.1:8001"),
        (b"", (NOWHERE, "0"), "0 callers; takes 1 to 1024"),
        (b"", (NOWHERE, "1", "--inputs", "0"), "0 inputs; takes 1 to 64"),
        (
            npy(rows(1), rows(1, 2)),
            (NOWHERE, "1", "--inputs", "2"),
            "the arrays have shapes (1, 2), (2, 2); takes as many rows of each, at least one",
        ),
        (npy(1.0), (NOWHERE, "1"), "the arrays have shapes (); takes as many rows of each, at least one"),
        (npy(rows()), (NOWHERE, "1"), "the arrays have shapes (0, 2); takes as many rows of each, at least one"),
        (npy(rows(1)) + b"double\n", (NOWHERE, "1"), "line 'double'; takes MODEL SECONDS, the seconds above 0, to 600"),
        (npy(rows(1)) + b"a nan\n", (NOWHERE, "1"), "line 'a nan'; takes MODEL SECONDS, the seconds above 0, to 600"),
        (npy(rows(1)) + b"a 1 2\n", (NOWHERE, "1"), "line 'a 1 2'; takes MODEL SECONDS, the seconds above 0, to 600"),
    ],
)
def test_what_it_cannot_do(say, given, arguments, text):
    status, _, err = say(given, *arguments)
    assert (status, err) == (2, f"callers: {text}\n")


def test_input_that_is_no_array(say):
    status, out, err = say(b"\x93NUMPY is not it", NOWHERE, "1")
    assert (status, out) == (2, [])
    assert err.startswith("callers: standard input begins with no 1 arrays in the .npy format: ")


def test_objects_are_not_unpickled(say):
    file = io.BytesIO()
    np.lib.format.write_array(file, np.array([print], dtype=object), allow_pickle=True)
    status, _, err = say(file.getvalue(), NOWHERE, "1")
    assert status == 2
    assert "Object arrays cannot be loaded when allow_pickle=False" in err


def test_a_process_of_its_own():
    with Server([row_model()]) as server:
        with Crowd(server.address, [rows(1, 2, 3)], callers=3) as those:
            pid = those.pid
            results = [those.run("double", 0.001) for _ in range(2)]
            assert pid != os.getpid()
        assert sum(record.rows for record in server.records("double")) == sum(len(r.latencies) for r in results)
    assert all(result.concurrency == 3 and len(result.latencies) >= 3 and not result.failures for result in results)
    assert those.pid is None
    with pytest.raises(ChildProcessError):  # neither running nor a zombie
        os.waitpid(pid, os.WNOHANG)
    with pytest.raises(ServeError) as caught:
        those.run("double", 0.001)
    assert str(caught.value) == "Crowd: the callers are not there; use `with Crowd(...) as crowd:`"


def test_what_the_process_cannot_do_is_an_error_here():
    with Server([row_model()]) as server, Crowd(server.address, [rows(1)], callers=1) as those:
        with pytest.raises(ServeError) as caught:
            those.run("other", 0.001)
        address = server.address
    assert str(caught.value) == (
        f"callers of {address}: ModelMetadata at {address}: NOT_FOUND: no model 'other'; this server has double"
    )


def test_an_interrupt_leaves_no_process(monkeypatch):
    pids = []

    def interrupted(self, order, seconds):
        pids.append(self.pid)
        raise KeyboardInterrupt

    monkeypatch.setattr(Crowd, "_ask", interrupted)
    with pytest.raises(KeyboardInterrupt), Crowd(NOWHERE, [rows(1)], callers=1):
        pass
    with pytest.raises(ChildProcessError):
        os.waitpid(pids[0], os.WNOHANG)


def test_a_process_that_does_not_answer_in_time_is_ended(monkeypatch):
    monkeypatch.setattr(crowd, "_START_SECONDS", 0.0)
    with pytest.raises(ServeError) as caught, Crowd(NOWHERE, [rows(1)], callers=1):
        pass
    assert str(caught.value) == f"callers of {NOWHERE}: no answer within 0 s"


def test_an_interpreter_that_is_not_there(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ServeError) as caught, Crowd(NOWHERE, [rows(1)], callers=1):
        pass
    assert str(caught.value) == (
        "callers: '/nowhere/python' cannot be started: [Errno 2] No such file or directory: '/nowhere/python'"
    )


def test_the_process_ends_when_whoever_started_it_is_gone():
    script = (
        "import os, signal, numpy as np\n"
        "from tensorlab.serve.crowd import Crowd\n"
        f"with Crowd({NOWHERE!r}, [np.ones((1, 2), np.float32)], callers=1) as those:\n"
        "    print(those.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    parent = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, timeout=WAIT_SECONDS)
    assert parent.returncode < 0
    until(lambda: not running(int(parent.stdout)))


def running(pid):
    """Whether a process is there and is more than what its parent has yet to look at."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state.rpartition(")")[2].split()[0] != "Z"
