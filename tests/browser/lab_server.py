"""A JupyterLab of our own: its HOME, settings and trust database lie in a folder of the test."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SETTINGS = {
    "apputils-extension/themes": {"theme": "JupyterLab Light"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    # Each cell is in the page, also those far below.
    "notebook-extension/tracker": {"windowingMode": "none"},
}
FLAGS = (
    "--no-browser",
    "--allow-root",
    "--ip=127.0.0.1",
    "--ServerApp.port_retries=0",
    "--IdentityProvider.token=",
    "--LabApp.expose_app_in_browser=True",
    "--LabApp.extension_manager=readonly",
)
_PATIENCE = 120.0


def settle(home: Path) -> None:
    """Write the settings into a new HOME."""
    for name, values in SETTINGS.items():
        path = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")


def put(home: Path, name: str, notebook: Any, *, trusted: bool) -> None:
    """Write a notebook where the server serves from, and sign it or not."""
    import nbformat
    from nbformat.sign import NotebookNotary

    folder = home / "served"
    folder.mkdir(exist_ok=True)
    nbformat.write(notebook, folder / name)
    if trusted:
        data = home / "data"
        data.mkdir(exist_ok=True)
        notary = NotebookNotary(data_dir=str(data))
        notary.sign(nbformat.read(folder / name, as_version=4))
        notary.store.close()


@contextmanager
def lab(home: Path) -> Iterator[str]:
    """The address of a JupyterLab that runs as long as the block."""
    folders = {
        "HOME": home,
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        "IPYTHONDIR": home / "ipython",
    }
    port = _free_port()
    command = [sys.executable, "-m", "jupyterlab", *FLAGS, f"--port={port}", f"--ServerApp.root_dir={home / 'served'}"]
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, env={**os.environ, **{k: str(v) for k, v in folders.items()}}, stdout=log, stderr=log
        )
        try:
            _wait(f"http://127.0.0.1:{port}/api/status", process, home / "server.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()  # the server ends its kernels
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=10):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab does not answer at {address}:\n{log.read_text(errors='replace')[-2000:]}")
