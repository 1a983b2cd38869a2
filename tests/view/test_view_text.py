"""Numbers, tables and strips for the terminal."""

from __future__ import annotations

import pytest

from tensorlab.core.footprint import Footprint, Run
from tensorlab.view import text
from tensorlab.view.text import Column


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "0 B"),
        (4, "4 B"),
        (1023, "1,023 B"),
        (1024, "1 KiB"),
        (616448, "602 KiB"),
        (1023 * 1024, "0.999 MiB"),
        (1_237_000, "1.18 MiB"),
        (77 * 10**6, "73.4 MiB"),
        (5 << 40, "5 TiB"),
    ],
)
def test_sizes_have_three_figures_and_binary_units(count: int, expected: str) -> None:
    assert text.nbytes(count) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0 ns"), (3.2e-9, "3.2 ns"), (6.2e-7, "620 ns"), (9.999e-7, "1 us"), (0.0380, "38 ms"), (1.234, "1.23 s")],
)
def test_times_have_three_figures_and_the_unit_that_suits(value: float, expected: str) -> None:
    assert text.seconds(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0"), (1.1249, "1.12"), (38, "38"), (0.0449, "0.0449"), (12_345, "12,300"), (999.6, "1,000"), (-2.5, "-2.5")],
)
def test_three_figures(value: float, expected: str) -> None:
    assert text.significant(value) == expected
    assert text.ratio(1.1249) == "1.12x"


def test_counts_and_lists_read_as_words() -> None:
    assert (text.counted(1, "node"), text.counted(2000, "node")) == ("1 node", "2,000 nodes")
    assert text.counted(2, "pass", "passes") == "2 passes"
    assert [text.listed(["a", "b", "c", "d"][:n], 3) for n in range(5)] == [
        "",
        "a",
        "a and b",
        "a, b and c",
        "a, b and 2 more",
    ]


def test_invisible_characters_are_shown() -> None:
    assert text.visible("a\nb\x00\u202ec d") == "a\\nb\\x00\\u202ec d"
    assert text.visible("größe ✓") == "größe ✓"


def test_width_counts_columns_of_a_terminal() -> None:
    assert (text.columns("abc"), text.columns("日本"), text.columns("e\u0301")) == (3, 4, 1)
    assert text.padded("日", 4) == "日  "
    assert text.shortened("日本語", 5) == "日本…"


def test_long_lines_break_at_spaces_and_words_that_are_too_long_break_anywhere() -> None:
    assert text.wrapped("one two three", 8, "  ") == ["one two", "  three"]
    assert text.wrapped("  kept as it is", 40) == ["  kept as it is"]
    assert text.wrapped("    far in, and on", 12, "  ") == ["    far in,", "  and on"]
    assert text.wrapped("abcdefghij", 4, ">") == ["abcd", ">efg", ">hij"]
    assert text.wrapped("xyz abcdefghij", 4) == ["xyz", "abcd", "efgh", "ij"]


def test_a_table_aligns_wraps_and_has_headings() -> None:
    lines = text.table(
        [Column("name", most=6), Column("size", "right")],
        ["A  first", ("a", "4 B"), ("long name", "602 KiB"), "B", (("x", "y"), "")],
    )
    assert lines == [
        "name     size",
        "─────────────",
        "A  first",
        "a         4 B",
        "long  602 KiB",
        "name",
        "",
        "B",
        "x",
        "y",
    ]


def test_bars_show_eighths_and_something_is_never_nothing() -> None:
    assert [text.bar(f, 4) for f in (0.0, 1e-9, 0.5, 0.53125, 1.0, 7.0)] == ["", "▏", "██", "██▏", "████", "████"]


def test_a_strip_says_full_part_or_none() -> None:
    assert text.strip(Footprint(0, (), 16), 16, 4) == "████"
    assert text.strip(Footprint(4, (), 6), 16, 4) == "·█▒·"
    assert text.strip(Footprint(0, (Run(8, 2),), 1), 16, 4) == "▒▒▒▒"
    assert text.strip(Footprint(1, (), 1), 2, 8) == "····████"
    assert text.strip(Footprint(0, (), 0), 16, 4) == "····"
    assert text.strip(Footprint(0, (), 0), 0, 4) == "····"


def test_a_table_that_is_too_wide_wraps_where_it_may() -> None:
    heads = (Column("name", wraps=True), Column("bar"), Column("what it is", wraps=True))
    with text.at_width(80):
        lines = text.table(heads, [["a" * 8, "#" * 50, "some words that take more than there is"]])
    assert lines == [
        f"name      bar{' ' * 49}what it is",
        "─" * 77,
        f"aaaaaaaa  {'#' * 50}  some words that",
        f"{' ' * 62}take more than",
        f"{' ' * 62}there is",
    ]
