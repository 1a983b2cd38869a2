"""Settings come from the environment, once."""

import os
from pathlib import Path

import pytest

from tensorlab.core.config import config
from tensorlab.core.device import CPU, device
from tensorlab.errors import RangeError


@pytest.fixture
def fresh(monkeypatch):
    """Settings read anew, and again afterwards."""
    ours = ("CACHE_DIR", "CACHE_MIB", "NUM_THREADS", "JIT", "TOUR_IMAGE")
    for name in (*(f"TENSORLAB_{name}" for name in ours), "XDG_CACHE_HOME", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    config.cache_clear()
    yield monkeypatch
    config.cache_clear()


def test_without_settings(fresh):
    assert config().cache_dir == Path.home() / ".cache" / "tensorlab"
    assert (config().jit, config().tour_image) == (True, "")
    assert config().cache_nbytes == 512 * 2**20
    assert config().threads == len(os.sched_getaffinity(0))


def test_the_cache_folder(fresh):
    fresh.setenv("XDG_CACHE_HOME", "/somewhere")
    assert config().cache_dir == Path("/somewhere/tensorlab")
    config.cache_clear()
    fresh.setenv("TENSORLAB_CACHE_DIR", "/else")
    assert config().cache_dir == Path("/else")
    fresh.setenv("TENSORLAB_CACHE_DIR", "/later")
    assert config().cache_dir == Path("/else")


def test_numbers(fresh):
    fresh.setenv("TENSORLAB_CACHE_MIB", "3")
    fresh.setenv("OMP_NUM_THREADS", "5")
    assert (config().cache_nbytes, config().threads) == (3 * 2**20, 5)
    config.cache_clear()
    fresh.setenv("OMP_NUM_THREADS", "4,2")
    assert config().threads == len(os.sched_getaffinity(0))
    config.cache_clear()
    fresh.setenv("TENSORLAB_NUM_THREADS", "7")
    assert config().threads == 7


@pytest.mark.parametrize(
    ("name", "text", "least"),
    [("CACHE_MIB", "-1", 0), ("CACHE_MIB", "much", 0), ("NUM_THREADS", "0", 1), ("NUM_THREADS", "1.5", 1)],
)
def test_what_should_be_a_number_is_said(fresh, name, text, least):
    fresh.setenv(f"TENSORLAB_{name}", text)
    with pytest.raises(RangeError) as caught:
        config()
    assert str(caught.value) == f"TENSORLAB_{name}: got {text!r}; takes a whole number, at least {least}"


def test_the_others(fresh):
    fresh.setenv("TENSORLAB_JIT", "0")
    fresh.setenv("TENSORLAB_TOUR_IMAGE", "cat.png")
    assert (config().jit, config().tour_image) == (False, "cat.png")


def test_the_one_device():
    assert device("cpu") == device() == CPU
    assert (str(CPU), repr(CPU)) == ("cpu", "device(type='cpu')")
    with pytest.raises(RangeError, match=r"^device: got 'cuda'; takes 'cpu'$"):
        device("cuda")
