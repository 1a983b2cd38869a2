"""Settings come from the environment, once."""

from pathlib import Path

import pytest

from tensorlab.core.config import config
from tensorlab.core.device import CPU, device
from tensorlab.errors import RangeError


@pytest.fixture
def fresh(monkeypatch):
    """Settings read anew, and again afterwards."""
    for name in ("TENSORLAB_CACHE_DIR", "XDG_CACHE_HOME", "TENSORLAB_JIT", "TENSORLAB_TOUR_IMAGE"):
        monkeypatch.delenv(name, raising=False)
    config.cache_clear()
    yield monkeypatch
    config.cache_clear()


def test_without_settings(fresh):
    assert config().cache_dir == Path.home() / ".cache" / "tensorlab"
    assert (config().jit, config().tour_image) == (True, "")


def test_the_cache_folder(fresh):
    fresh.setenv("XDG_CACHE_HOME", "/somewhere")
    assert config().cache_dir == Path("/somewhere/tensorlab")
    config.cache_clear()
    fresh.setenv("TENSORLAB_CACHE_DIR", "/else")
    assert config().cache_dir == Path("/else")
    fresh.setenv("TENSORLAB_CACHE_DIR", "/later")
    assert config().cache_dir == Path("/else")


def test_the_others(fresh):
    fresh.setenv("TENSORLAB_JIT", "0")
    fresh.setenv("TENSORLAB_TOUR_IMAGE", "cat.png")
    assert (config().jit, config().tour_image) == (False, "cat.png")


def test_the_one_device():
    assert device("cpu") == device() == CPU
    assert (str(CPU), repr(CPU)) == ("cpu", "device(type='cpu')")
    with pytest.raises(RangeError, match=r"^device: got 'cuda'; takes 'cpu'$"):
        device("cuda")
