"""Loading and unloading the extension."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tensorlab.magics.session import session_of

SILENT = """
import sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
before = set(sys.modules)
shell.run_line_magic("load_ext", "tensorlab")
heavy = {"numba", "numpy", "matplotlib", "grpc", "google.protobuf", "llvmlite"}
assert not heavy & (set(sys.modules) - before), heavy & set(sys.modules)
assert shell.find_line_magic("storage") is not None
"""


def snapshot(ip) -> dict[str, object]:
    return {
        "magics": {kind: dict(table) for kind, table in ip.magics_manager.magics.items()},
        "registry": dict(ip.magics_manager.registry),
        "configurables": list(ip.configurables),
        "matchers": list(ip.Completer.custom_matchers),
        "transformers": list(ip.input_transformers_cleanup),
        "events": {name: list(callbacks) for name, callbacks in ip.events.callbacks.items()},
        "names": set(ip.user_ns),
    }


def test_load_is_silent_and_cheap(tmp_path) -> None:
    """In a process of its own, where nothing heavy is loaded yet."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SILENT],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "IPYTHONDIR": str(tmp_path)},
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_load_and_unload_leave_the_shell_as_it_was(fresh) -> None:
    fresh.run("%load_ext storemagic")  # what loads extensions is loaded lazily itself
    before = snapshot(fresh.ip)
    fresh.ip.run_line_magic("load_ext", "tensorlab")
    assert snapshot(fresh.ip) != before
    fresh.ip.run_line_magic("unload_ext", "tensorlab")
    assert snapshot(fresh.ip) == before


def test_second_load_changes_nothing(fresh, capsys: pytest.CaptureFixture[str]) -> None:
    import tensorlab

    tensorlab.load_ipython_extension(fresh.ip)
    first = snapshot(fresh.ip)
    tensorlab.load_ipython_extension(fresh.ip)
    assert snapshot(fresh.ip) == first
    tensorlab.unload_ipython_extension(fresh.ip)
    tensorlab.unload_ipython_extension(fresh.ip)
    assert session_of(fresh.ip) is None
    assert capsys.readouterr().out == ""


def test_reload(fresh) -> None:
    fresh.ip.run_line_magic("load_ext", "tensorlab")
    fresh.ip.run_line_magic("reload_ext", "tensorlab")
    assert session_of(fresh.ip) is not None
    assert fresh.value("%storage").report.storages == ()
    fresh.ip.run_line_magic("unload_ext", "tensorlab")


def test_settings_that_cannot_be(plain) -> None:
    plain.ip.config.Tensorlab.style = "3"
    try:
        with pytest.warns(UserWarning) as caught:
            plain.value("%load_ext tensorlab")
        assert [str(w.message) for w in caught] == [
            "tensorlab takes its own settings: The 'style' trait of a Tensorlab instance expected any of "
            "['2', '1.0'], not the str '3'."
        ]
        session = session_of(plain.ip)
        assert session is not None
        assert session.style == "2"
        plain.value("%unload_ext tensorlab")
    finally:
        del plain.ip.config["Tensorlab"]
