"""What the views of objects and of small ints say, and that they survive as every view does."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
import test_view_survives as every
import view_pages as pages
from pyobject_samples import alone, items, number, samples, unlike
from view_samples import HOSTILE

from tensorlab.core.pyobject import ReferenceCount, examine
from tensorlab.core.small_ints import find_small_ints
from tensorlab.view import pyobject_words as words
from tensorlab.view.pyobject import PyObjectView, SmallIntsView
from tensorlab.view.text import at_width, columns

NAMES = sorted(samples(""))
each = pytest.mark.parametrize("name", NAMES)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our samples among those that the tests of every view draw."""
    for name, make in samples(HOSTILE).items():
        monkeypatch.setitem(every.SAMPLES, f"pyobject_{name}", make)


@each
@pytest.mark.parametrize(
    "check",
    [
        every.test_only_what_an_untrusted_page_keeps_is_used,
        every.test_words_stand_out_from_their_ground_in_every_theme,
        every.test_pictures_have_words_and_tables_have_captions,
        every.test_text_fits_a_terminal,
        every.test_both_forms_open_with_the_same_words,
        every.test_views_are_bounded,
        every.test_the_bundle_holds_both_forms,
        every.test_text_fits_a_terminal_of_80_columns,
    ],
    ids=lambda check: check.__name__.removeprefix("test_"),
)
def test_survives(name: str, check, drawn: None) -> None:
    check(f"pyobject_{name}")


@pytest.mark.parametrize("name", ["hostile", "hostile_addresses"])
def test_hostile_names_are_shown_not_obeyed(name: str, drawn: None) -> None:
    every.test_hostile_names_are_shown_not_obeyed(f"pyobject_{name}")


@pytest.mark.parametrize("name", [name for name in NAMES if name != "hostile_addresses"])
def test_data_is_json_and_stable(name: str) -> None:
    first, second = samples(HOSTILE)[name](), samples(HOSTILE)[name]()
    assert json.loads(first.to_json()) == json.loads(json.dumps(first.to_dict()))
    assert first.to_json() == second.to_json()
    assert (first.text(), first.html()) == (second.text(), second.html())
    assert re.search(r"0x[0-9a-f]{6}", first.text() + first.html() + first.to_json()) is None


def test_a_float_word_for_word() -> None:
    assert PyObjectView(number()).text().split("\n") == [
        "x is a float of 24 B: a PyObject head of 16 B, then the double 3.5.",
        "",
        "offset  where         bytes, as they lie       member                 means",
        "─" * 96,
        "PyObject_HEAD · 16 B",
        "     0  ████········  04 00 00 00 00 00 00 00  Py_ssize_t ob_refcnt   4, of which 2 by this look",
        "     8  ····████····  (an address)             PyTypeObject *ob_type  -> the type float",
        "",
        "PyFloatObject · 8 B",
        "    16  ········████  00 00 00 00 00 00 0c 40  double ob_fval         3.5",
        "",
        "Reference count: 4 as read = 2 names (x, again) + 2 of this look.",
        "sys.getrefcount said 5 at that moment: its own argument is one more.",
        "sys.getsizeof says 24 B.",
        "Addresses, and bytes that differ from run to run, are shown with --addresses.",
    ]


def test_addresses_are_shown_where_they_are_asked_for() -> None:
    record = items()
    view = PyObjectView(record, addresses=True)
    head = id(list).to_bytes(8, "little").hex(" ")
    for form in (view.text(), pages.parse(view.html()).words):
        assert head in form
        assert f"-> the type list (0x{id(list):x})" in " ".join(form.split())
    assert view.to_dict()["address"] == record.address


def test_what_cannot_be_drawn_is_said() -> None:
    view = PyObjectView(unlike())
    lines = view.text().split("\n")
    assert lines[0] == (
        "x is a float whose struct cannot be drawn: ob_fval at offset 16 reads 4.0, where Python says 3.5."
    )
    assert "offset" not in "".join(lines[1:])
    assert not pages.parse(view.html()).find("table")


def test_the_terms_of_the_count() -> None:
    record = number()
    more = replace(record, count=replace(record.count, read=9, getrefcount=10))
    assert words.references(more, addresses=False)[0] == (
        "Reference count: 9 as read = 2 names (x, again) + 5 that cannot be found (C code, functions that are running) "
        "+ 2 of this look."
    )
    immortal = replace(record, count=ReferenceCount(2**32 - 1, 2, 2**32 - 1, shared=True, immortal=True))
    assert words.references(immortal, addresses=True) == [
        "Reference count: none. From Python 3.12 on, the object is immortal: never counted, never freed. "
        "Names for it here: x, again."
    ]
    assert words.references(examine(None), addresses=False) == [
        "Reference count: the whole process shares this one object, so its count is nobody's own."
    ]


def test_sizes_add_up() -> None:
    assert words.sizes(items()) == (
        "sys.getsizeof says 120 B: 40 B of the struct + 16 B before it, links of the garbage collector + 64 B "
        "elsewhere."
    )
    assert words.sizes(number()) == "sys.getsizeof says 24 B."


def test_what_torch_has_is_told_where_it_is_not_loaded() -> None:
    notes = words.notes(alone(), addresses=True)
    assert notes == [
        "PyTorch's tensor, THPVariable, is the same kind of struct: PyObject_HEAD, then cdata, a handle to the tensor "
        "in C++, then hooks. Import torch to see one beside this."
    ]


def test_small_ints_word_for_word() -> None:
    lines = SmallIntsView(find_small_ints()).text().split("\n")
    assert lines[0] == "CPython makes the ints from -5 to 256 once: 262 structs of 32 B in a row, 8.19 KiB of memory."
    assert lines[4:8] == [
        "a = 200 | b = 200  line by line  True    both are the int made when Python started",
        "a = 200; b = 200   in one piece  True    both are the int made when Python started",
        "a = 300 | b = 300  line by line  False   each line made an int of its own",
        "a = 300; b = 300   in one piece  True    one piece of code keeps equal constants once",
    ]
    assert "300  ································  elsewhere: made anew each time" in lines
    assert lines[-2:] == [
        "Lines typed one after the other are compiled one by one, and so are a cell's statements; a",
        "function's body, or a file, is one piece.",
    ]
    far = SmallIntsView(replace(find_small_ints(), step=None), addresses=True)
    assert far.text().startswith("CPython makes the ints from -5 to 256 once: 262 objects, wherever an int")
    assert f"The first int lies at 0x{id(-5):x}." in far.text()


def test_narrow_terminals() -> None:
    with at_width(80):
        assert max(columns(line) for line in SmallIntsView(find_small_ints()).text().split("\n")) <= 80
