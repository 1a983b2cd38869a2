"""The batching view: what it concludes from the points, and a chart that leaves the user's settings alone."""

from __future__ import annotations

import subprocess
import sys
from base64 import b64decode

import matplotlib as mpl
import pytest
import view_pages as pages
from matplotlib.colors import to_hex
from view_samples import curve

from tensorlab.core.measure import BatchPoint
from tensorlab.view import plots
from tensorlab.view.batching import BatchingView
from tensorlab.view.plots import batching_figure


def points(fixed: float, item: float, *batches: int) -> list[BatchPoint]:
    times = [(b, fixed + item * b) for b in batches]
    return [BatchPoint(b, t, b / t, t, t, 10) for b, t in times]


def meaning(*of: BatchPoint) -> str:
    lines = BatchingView("f", of).text().split("\n\n")[-1]
    return " ".join(lines.split("\n"))


@pytest.mark.parametrize(
    ("fixed", "item", "expected"),
    [
        (
            4e-4,
            2e-5,
            "A call takes about 400 us before its first item, and 20 us more for each. At 20 items the two are equal: "
            "below that, a larger batch is nearly free. The line is at most 0 % off a measured point.",
        ),
        (
            1e-5,
            1e-3,
            "A call takes about 10 us before its first item, and 1 ms more for each. The items outweigh the fixed cost "
            "from the first on, so batching gains little. The line is at most 0 % off a measured point.",
        ),
        (
            -1e-4,
            1e-3,
            "Each item takes about 1 ms; a fixed cost of the call does not show, so batching gains little. "
            "The line is at most 0 % off a measured point.",
        ),
        (
            1e-3,
            -1e-6,
            "A call takes about 1 ms, however many items it carries. The line is at most 0 % off a measured point.",
        ),
    ],
)
def test_the_fit_in_words(fixed: float, item: float, expected: str) -> None:
    assert meaning(*points(fixed, item, 1, 2, 4, 8)) == expected


def test_one_size_is_no_line() -> None:
    expected = "One batch size gives no line: measure two or more to see what a call costs before its first item."
    assert meaning(*curve()[:1]) == expected


def test_the_first_line_is_the_gain_and_its_price() -> None:
    view = BatchingView("classify", reversed(curve()), where="through a server", item_nbytes=1024)
    assert pages.parse(view.html()).find("div")[1].words == (
        "classify · batch 64 does 16x the items a second of batch 1 · each call then takes 4x as long · "
        "through a server · 1 KiB an item"
    )
    flat = BatchingView("f", [BatchPoint(1, 1.0, 1.0, 1.0, 1.0, 5), BatchPoint(2, 2.5, 0.8, 2.5, 2.5, 5)])
    assert flat.text().startswith("f · 1 items a second at batch 1, and no more at any other · in this process\n")
    assert BatchingView("f", []).text() == "f · nothing was measured · in this process"


def test_the_table_holds_the_numbers_of_the_chart() -> None:
    root = pages.parse(BatchingView("classify", curve()).html())
    rows = [[cell.words for cell in row.find("td")] for row in root.find("tr")][1:]
    assert rows[0] == ["1", "420 us", "420 us", "2,380", "420 us", "630 us", "100"]
    assert len(rows) == len(curve())
    (picture,) = root.find("img")
    assert picture.attributes["alt"] == (
        "Two charts against batch size 1 to 64. Items a second go from 2,380 to 38,100; half of the calls end within "
        "420 us at first and 1.68 ms at last, 99 of 100 within 630 us and 2.52 ms."
    )


def test_the_chart_has_a_ground_of_its_own_and_words_as_words() -> None:
    root = pages.parse(BatchingView("classify", curve()).html())
    source = root.find("img")[0].attributes["src"].removeprefix("data:image/svg+xml;base64,")
    drawing = b64decode(source).decode()
    assert "fill: #ffffff" in drawing
    for words in ("items a second", "time of one call", "items in a batch", "calls within", "fixed cost of a call"):
        assert words in drawing
    assert len(drawing) < 30_000


def test_a_figure_is_drawn_in_our_settings_and_leaves_the_users_alone() -> None:
    with mpl.rc_context({"axes.facecolor": "#123456", "lines.linewidth": 9, "text.usetex": False}):
        before = dict(mpl.rcParams)
        figure = batching_figure(curve())
        plots.figure_html(figure, "words")
        assert dict(mpl.rcParams) == before
        left, right = figure.axes
        assert to_hex(left.get_facecolor()) == "#ffffff"
        assert left.lines[0].get_linewidth() == 1.5
    assert [list(line.get_xdata()) for line in left.lines] == [[p.batch for p in curve()]]
    assert [to_hex(line.get_color()) for line in right.lines] == ["#d55e00", "#0072b2", "#000000", "#000000"]
    assert [line.get_marker() for line in right.lines[:2]] == ["^", "o"]


def test_one_point_is_a_figure_too() -> None:
    (left, _) = batching_figure(curve()[:1]).axes
    assert list(left.lines[0].get_ydata()) == [curve()[0].items_per_second]


def test_views_load_nothing_heavy_until_a_chart_is_drawn() -> None:
    code = (
        "import sys, tensorlab.view.batching, tensorlab.view.plots, tensorlab.view.storage\n"
        "heavy = {'matplotlib', 'IPython', 'grpc'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "from tensorlab.core.measure import BatchPoint\n"
        "tensorlab.view.batching.BatchingView('f', [BatchPoint(1, 1., 1., 1., 1., 1)]).html()\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
