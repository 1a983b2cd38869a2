"""Strips of bytes: to scale where they can be, stripes where they cannot, small always."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from tensorlab.core.footprint import Footprint, Run
from tensorlab.view.svg import HEIGHT, WIDTH, footprint_strip

BAR = re.compile(r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)h-\3z")


def bars(footprint: Footprint, size: int, width: float = WIDTH, *, enlarged: bool = False) -> list[tuple[float, float]]:
    drawing = footprint_strip(footprint, size, "#3d7fc4", width=width, enlarged=enlarged)
    root = ElementTree.fromstring(drawing)
    assert root.attrib["viewBox"] == f"0 0 {WIDTH} {HEIGHT}"
    return [(float(x), float(w)) for x, _, w, _ in BAR.findall(drawing)]


def test_pieces_far_apart_are_each_drawn_to_scale() -> None:
    assert bars(Footprint(0, (), 100), 100, 200) == [(0, 200)]
    assert bars(Footprint(25, (), 50), 100, 200) == [(50, 100)]
    assert bars(Footprint(0, (Run(4, 25),), 10), 100, 200) == [(0, 20), (50, 20), (100, 20), (150, 20)]


def test_channels_of_an_image_interleave_in_the_picture_as_in_memory() -> None:
    pixels = 600 * 512
    red, green, blue = (bars(Footprint(c, (Run(pixels, 3),), 1), pixels * 3) for c in range(3))
    for first, second in ((red, green), (green, blue)):
        for (x, width), (following, _) in zip(first[:15], second[:15], strict=True):
            assert x + width == pytest.approx(following, abs=0.02)
    assert sum(width for _, width in red) == pytest.approx(WIDTH / 3, rel=0.05)


def test_a_region_too_narrow_for_stripes_has_as_much_ink() -> None:
    half = Footprint(0, (Run(50, 2),), 1)
    ((x, width),) = bars(half, 1000)
    assert (x, width) == (0, pytest.approx(99 / 1000 * WIDTH * 50 / 99, abs=0.01))


@pytest.mark.parametrize("start", [0, 499_999_999, 999_999_999])
def test_a_single_byte_can_be_seen_and_stays_in_the_frame(start: int) -> None:
    ((x, width),) = bars(Footprint(start, (), 1), 1_000_000_000)
    assert width >= 1.5
    assert x >= 0
    assert x + width <= WIDTH


def test_no_bytes_are_an_empty_frame() -> None:
    assert bars(Footprint(0, (), 0), 100) == []
    assert bars(Footprint(0, (), 0), 0) == []


def test_an_enlarged_storage_has_a_dashed_frame_around_its_bytes() -> None:
    drawing = footprint_strip(Footprint(0, (), 4), 4, "#3d7fc4", width=80, enlarged=True)
    assert 'stroke-dasharray="3 3"' in drawing
    assert BAR.findall(drawing) == [("2", "3", "76", "8")]
    assert "dasharray" not in footprint_strip(Footprint(0, (), 4), 4, "#3d7fc4")


@pytest.mark.parametrize(
    "footprint",
    [
        Footprint(0, (Run(10**6, 1000),), 500),
        Footprint(0, (Run(60, 10**7), Run(10**6, 9)), 3),
        Footprint(7, (Run(100, 10**7), Run(1000, 9001), Run(90, 99)), 1),
        Footprint(0, (Run(1000, 7001), Run(1000, 6007)), 5000),
    ],
)
def test_a_strip_is_small_whatever_the_footprint(footprint: Footprint) -> None:
    size = 10**9
    drawing = footprint_strip(footprint, size, "#3d7fc4")
    drawn = bars(footprint, size)
    assert drawn
    assert len(drawn) <= 160
    assert len(drawing) < 4000
    assert all(x >= 0 and x + width <= WIDTH + 0.02 for x, width in drawn)
