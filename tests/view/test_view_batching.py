"""The batching view: what it concludes from the points, and a chart that leaves the user's settings alone."""

from __future__ import annotations

import subprocess
import sys
from base64 import b64decode
from dataclasses import replace

import matplotlib as mpl
import pytest
import view_pages as pages
from matplotlib.colors import to_hex
from view_samples import curve, joined

from tensorlab.core.measure import BatchPoint
from tensorlab.view import plots
from tensorlab.view.batching import BatchingView
from tensorlab.view.plots import batching_figure


def points(fixed: float, item: float, *batches: int) -> list[BatchPoint]:
    times = [(b, fixed + item * b) for b in batches]
    return [BatchPoint(b, t, b / t, t, t, 10) for b, t in times]


FAST = " Time of a call, and items a second: a quarter of the calls were as fast."


def meaning(*of: BatchPoint) -> str:
    """What stands below the table, but for the sentence that every table of calls has."""
    lines = BatchingView("f", of).text().split("\n\n")[-1]
    return " ".join(lines.split("\n")).removesuffix(FAST)


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
            1.5e-3,
            1e-3,
            "A call takes about 1.5 ms before its first item, and 1 ms more for each. The items outweigh the fixed "
            "cost from the second on, so batching gains little. The line is at most 0 % off a measured point.",
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


def test_two_sizes_do_not_tell_whether_a_line_holds() -> None:
    assert meaning(*points(1e-3, 1e-6, 1, 8)) == (
        "A call takes about 1 ms before its first item, and 1 us more for each. At 1,000 items the two are equal: "
        "below that, a larger batch is nearly free. A line goes through any two points: a third would tell whether it "
        "holds."
    )


def test_a_table_of_calls_says_which_times_it_has() -> None:
    assert BatchingView("f", curve()).text().replace("\n", " ").endswith(FAST)
    assert FAST not in BatchingView("f", joined()).text().replace("\n", " ")


def test_one_size_is_no_line() -> None:
    expected = "One batch size gives no line: measure two or more to see what a call costs before its first item."
    assert meaning(*curve()[:1]) == expected


def test_times_on_no_line_tell_no_cost() -> None:
    times = [BatchPoint(b, t, b / t, t, t, 10) for b, t in ((1, 1.0), (2, 20.0), (4, 1.0), (8, 30.0))]
    assert meaning(*times) == (
        "The times lie near no line (it is up to 96 % off), so that a fixed cost cannot be told from them."
    )
    (_, time) = batching_figure(times).axes
    assert len(time.lines) == 2


def test_calls_that_stalled_are_told() -> None:
    steady = points(1e-3, 1e-3, 1, 2, 4)
    told = meaning(*steady[:2], replace(steady[2], p99_seconds=0.107))
    assert told.endswith(
        " off a measured point. Some calls took far longer than others, 107 ms and not 5 ms at batch 4: something else "
        "may be at work on this machine. Items a second leave them out."
    )
    assert "Some calls" not in meaning(*steady[:2], replace(steady[2], p99_seconds=0.05))


def test_the_first_line_is_the_gain_and_its_price() -> None:
    view = BatchingView("classify", reversed(curve()), item_nbytes=1024)
    assert pages.parse(view.html()).find("div")[1].words == (
        "classify · batch 64 does 16x the items a second of batch 1 · each call then takes 4x as long · "
        "in this process · 1 KiB an item"
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


def test_a_server_that_joins_requests_is_told_in_its_own_words() -> None:
    view = BatchingView("classify", joined(), where="through a server", item_nbytes=1024)
    root = pages.parse(view.html())
    assert root.find("div")[1].words == (
        "classify · batches of up to 16 do 8.5x the items a second of single items · half of the answers come within "
        "7.06 ms instead of 60 ms · 10 callers at a time, one item a request · through a server · 1 KiB an item"
    )
    rows = [[cell.words for cell in row.find("td")] for row in root.find("tr")][1:]
    assert rows[2] == ["4", "3.5", "5.17 ms", "583", "17.1 ms", "25.7 ms", "280"]
    (picture,) = root.find("img")
    assert picture.attributes["alt"] == (
        "Three charts. Against the largest batch that the server may make, 1 to 16, and a batch's time against its "
        "items, 5.05 ms with 1 and 5.45 ms with 9. Items a second go from 167 to 1,420; half of the answers come "
        "within 60 ms at first and 7.06 ms at last, 99 of 100 within 90 ms and 10.6 ms."
    )


def test_what_a_server_found_to_join_in_words() -> None:
    assert meaning(*joined()) == (
        "Without joining an answer comes every 6 ms, and the function is 84 % of that; the rest is the way of a "
        "request, most of which joining does not shorten. A batch takes about 5 ms before its first item, and 50 us "
        "more for each. At 100 items the two are equal: below that, a larger batch is nearly free. The line is at "
        "most 0 % off a measured point. With 10 callers no batch can hold more than 10 items."
    )
    one, *_, eight, _ = joined()
    assert meaning(replace(eight, callers=64, batch=64)).endswith(
        "Batches of up to 64 held 7.5 on average: no more were waiting when the server was free for the next."
    )
    assert meaning(replace(eight, failures=3)).endswith(
        " A line goes through any two points: a third would tell whether it holds. 3 requests failed and count nowhere "
        "else."
    )
    assert meaning(replace(one, batch=2, rows_per_batch=1.8)) == (
        "All of the server's batches held as many items, which gives no line."
    )


def test_without_a_gain_from_joining_the_first_line_says_so() -> None:
    flat = [replace(point, items_per_second=500.0 - point.batch) for point in joined()]
    start = "classify · 499 items a second with single items, and no more with larger batches · 10 callers at a"
    assert BatchingView("classify", flat).text().startswith(start)


def test_failures_have_a_column_where_there_are_any() -> None:
    one, two = joined()[:2]
    titles = BatchingView("f", [one, replace(two, failures=1234)]).text().split("\n")
    assert any(line.split()[-1] == "failed" for line in titles if line)
    assert any("1,234" in line for line in titles)


def test_the_servers_chart_has_a_mark_for_each_batch_that_it_made() -> None:
    rate, wait, cost = batching_figure(joined()).axes
    assert [axes.get_xlabel() for axes in (rate, wait, cost)] == [
        "largest batch the server may make",
        "largest batch the server may make",
        "items that it held",
    ]
    assert [list(line.get_xdata()) for line in (*rate.lines, *wait.lines)] == [[1, 2, 4, 8, 16]] * 3
    marks, fit, fixed = cost.lines
    assert list(marks.get_xdata()) == list(fit.get_xdata()) == [1, 2, 3, 4, 7, 8, 9]
    assert list(fixed.get_ydata()) == pytest.approx([5e-3, 5e-3])
    assert [text.get_text() for text in cost.texts] == ["fixed cost of a batch: 5 ms"]
    assert len(batching_figure([replace(joined()[0], batches=())]).axes) == 3


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
