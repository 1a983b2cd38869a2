"""Which image the tour takes, and what it says about one that it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tensorlab.core.config import config
from tensorlab.tour import image_path, load_image
from tensorlab.tour.errors import TourInputError

PIXELS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [9, 8, 7]], [[1, 2, 3], [4, 5, 6]]], dtype=np.uint8)


def save(path: Path, pixels: np.ndarray, **options: object) -> Path:
    Image.fromarray(pixels).save(path, **options)
    return path


def test_pixels_of_an_rgb_file(tmp_path: Path) -> None:
    loaded = load_image(save(tmp_path / "a.png", PIXELS))
    assert loaded.dtype == np.uint8
    assert loaded.flags.writeable
    assert loaded.flags.owndata
    np.testing.assert_array_equal(loaded, PIXELS)


def test_path_may_be_a_string(tmp_path: Path) -> None:
    np.testing.assert_array_equal(load_image(str(save(tmp_path / "a.png", PIXELS))), PIXELS)


def test_grey_is_widened(tmp_path: Path) -> None:
    grey = PIXELS[:, :, 0]
    np.testing.assert_array_equal(load_image(save(tmp_path / "a.png", grey)), np.repeat(grey[:, :, None], 3, axis=2))


def test_palette_is_looked_up(tmp_path: Path) -> None:
    Image.fromarray(PIXELS).quantize(6).save(tmp_path / "a.gif")
    np.testing.assert_array_equal(load_image(tmp_path / "a.gif"), PIXELS)


def test_transparency_is_laid_over_white(tmp_path: Path) -> None:
    alpha = np.full((3, 2, 1), 255, dtype=np.uint8)
    alpha[0, 0] = 0
    expected = PIXELS.copy()
    expected[0, 0] = 255
    np.testing.assert_array_equal(load_image(save(tmp_path / "a.png", np.dstack([PIXELS, alpha]))), expected)


def test_orientation_tag_is_followed(tmp_path: Path) -> None:
    tags = Image.Exif()
    tags[0x0112] = 6  # the camera was held a quarter turn to the left
    turned = load_image(save(tmp_path / "a.png", PIXELS, exif=tags))
    np.testing.assert_array_equal(turned, np.rot90(PIXELS, -1))


def test_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "nothing.jpg"
    with pytest.raises(TourInputError) as caught:
        load_image(path)
    assert str(caught.value) == f"{path}: no such file"
    assert isinstance(caught.value, ValueError)


def test_folder(tmp_path: Path) -> None:
    with pytest.raises(TourInputError) as caught:
        load_image(tmp_path)
    assert str(caught.value) == f"{tmp_path}: not a file"


@pytest.mark.parametrize("content", [b"", b"hello, world\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"])
def test_file_that_is_no_image(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(TourInputError) as caught:
        load_image(path)
    assert str(caught.value) == f"{path}: not an image that can be read"


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "bmp", "tif"])
def test_truncated_at_every_length(tmp_path: Path, suffix: str) -> None:
    """A cut file is refused with a line about it, or (where only the end marker is lost) read; it never raises else."""
    whole = save(tmp_path / f"whole.{suffix}", np.tile(PIXELS, (4, 4, 1))).read_bytes()
    path = tmp_path / f"cut.{suffix}"
    refused = 0
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        try:
            assert load_image(path).shape == (12, 8, 3)
        except TourInputError as error:
            refused += 1
            assert str(error).startswith(f"{path}: ")
            assert "\n" not in str(error)
    assert refused > 0


def test_wide_samples_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", np.full((2, 2), 40000, dtype=np.uint16))
    with pytest.raises(TourInputError) as caught:
        load_image(path)
    assert str(caught.value) == f"{path}: an image of mode I;16; the tour takes 8 bits a sample, such as RGB"


def test_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 2)
    path = save(tmp_path / "a.png", PIXELS)
    with pytest.raises(TourInputError) as caught:
        load_image(path)
    assert str(caught.value).startswith(f"{path}: too large an image: ")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """An environment to change, which the settings are read from again."""
    config.cache_clear()
    yield monkeypatch
    config.cache_clear()


def test_sample_photograph_is_the_default(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("TENSORLAB_TOUR_IMAGE", raising=False)
    assert image_path().name == "grace_hopper.jpg"
    assert load_image(image_path()).shape == (600, 512, 3)


def test_configured_image(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("TENSORLAB_TOUR_IMAGE", "/some/photo.png")
    assert image_path() == Path("/some/photo.png")
