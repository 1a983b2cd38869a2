"""Views that cut a tensor into pieces: strides, offsets and aliasing exactly as torch's."""

from collections.abc import Iterator

from oracle.case import Call, Maker, call
from oracle.families.views import view_case


def pieces(m: Maker) -> Iterator[Call]:
    yield call(m(5, 3), 2)
    yield call(m(5, 3), 2, 1)
    yield call(m(5, 3), [1, 4])
    yield call(m(5, 3), (0, 2, 1), -1)
    yield call(m(0, 2), 3)


def pieces_refused(m: Maker) -> Iterator[Call]:
    yield call(m(5), 0)
    yield call(m(5), -1)
    yield call(m(5), [2, 2])
    yield call(m(5), [6, -1])
    yield call(m(), 1)


def sized_pieces(m: Maker) -> Iterator[Call]:
    yield call(m(5, 3), [1, 4])
    yield call(m(5, 3), (0, 2, 1), -1)


def chunks(m: Maker) -> Iterator[Call]:
    yield call(m(5, 3), 2)
    yield call(m(5, 3), 4, 1)
    yield call(m(0, 2), 3)


def chunks_refused(m: Maker) -> Iterator[Call]:
    yield call(m(5), 0)
    yield call(m(), 1)


def sections(m: Maker) -> Iterator[Call]:
    yield call(m(5, 3), 2)
    yield call(m(5, 3), 4, 1)
    yield call(m(5, 3), [1, 3])
    yield call(m(5, 3), (3, 1, -1, 9), 0)
    yield call(m(5, 3), [])


def sections_refused(m: Maker) -> Iterator[Call]:
    yield call(m(5), 0)
    yield call(m(), 1)


def along_second(m: Maker) -> Iterator[Call]:
    yield call(m(4, 6), 3)
    yield call(m(4), 2)
    yield call(m(4, 6), [1, 5])


def along_second_refused(m: Maker) -> Iterator[Call]:
    yield call(m(4, 5), 2)
    yield call(m(), 1)


def along_first(m: Maker) -> Iterator[Call]:
    yield call(m(4, 6), 2)
    yield call(m(4, 6), (1, 2))


def along_first_refused(m: Maker) -> Iterator[Call]:
    yield call(m(4), 2)
    yield call(m(4, 2), 3)


def along_third(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3, 4), 2)
    yield call(m(2, 3, 4), [1])


def along_third_refused(m: Maker) -> Iterator[Call]:
    yield call(m(4, 4), 2)
    yield call(m(2, 2, 3), 2)


def unbound(m: Maker) -> Iterator[Call]:
    yield call(m(3, 2))
    yield call(m(3, 2), 1)
    yield call(m(2, 3, 4), -2)


def unbound_refused(m: Maker) -> Iterator[Call]:
    yield call(m())
    yield call(m(2), 1)


CASES = (
    view_case("split", pieces, pieces_refused),
    view_case("split_with_sizes", sized_pieces),
    view_case("chunk", chunks, chunks_refused),
    view_case("tensor_split", sections, sections_refused),
    view_case("hsplit", along_second, along_second_refused),
    view_case("vsplit", along_first, along_first_refused),
    view_case("dsplit", along_third, along_third_refused),
    view_case("unbind", unbound, unbound_refused),
)
