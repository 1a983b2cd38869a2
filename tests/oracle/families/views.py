"""Views: strides, offsets and aliasing exactly as torch's."""

from collections.abc import Iterator

from oracle.case import Call, Case, Maker, call

DTYPES = ("float32", "int64", "bool", "float16")
# torch has no negative strides: what it copies for that cannot be compared by strides and offsets.
FORMS = ("plain", "strided", "offset", "permuted", "broadcast")


def view_case(name: str, samples, refused=None, **options) -> Case:
    options.setdefault("forms", FORMS)
    return Case(name, samples, dtypes=DTYPES, refused=refused, view=True, **options)


def shapes(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3, 4))
    yield call(m(5))
    yield call(m())
    yield call(m(0, 3))
    yield call(m(1, 4, 1))


def matrices(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3, 4))
    yield call(m(3, 4))
    yield call(m(0, 3))


def at_most_matrices(m: Maker) -> Iterator[Call]:
    yield call(m(3, 4))
    yield call(m(5))
    yield call(m())


def too_deep(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3, 4))


def too_flat(m: Maker) -> Iterator[Call]:
    yield call(m(3))


def two_dims(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3, 4), 0, 2)
    yield call(m(2, 3, 4), -1, 1)
    yield call(m(3, 4), 1, 1)
    yield call(m(), 0, -1)
    yield call(m(0, 3), 0, 1)


def two_dims_refused(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3), 0, 2)
    yield call(m(2, 3), -3, 0)
    yield call(m(2, 3), 0.5, 1)


def permutations(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3, 4), (2, 0, 1))
    yield call(m(2, 3, 4), (-1, 1, 0))
    yield call(m(), ())


def permutations_refused(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3), (0, 0))
    yield call(m(2, 3), (0,))
    yield call(m(2, 3), (0, 2))


def moved(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3, 4), 0, 2)
    yield call(m(2, 3, 4), (0, 1), (-1, 0))
    yield call(m(2, 3, 4), -1, 0)
    yield call(m(), 0, 0)


def moved_refused(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3), (0, 1), (0,))
    yield call(m(2, 3), (0, 0), (0, 1))
    yield call(m(2, 3), 0, 2)


def viewed(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3, 4), 6, 4)
    yield call(m(2, 3, 4), (-1, 2))
    yield call(m(2, 3, 4), [2, 1, 3, 4])
    yield call(m(0, 3), 3, 0)
    yield call(m(), 1)
    yield call(m(1), ())
    yield call(m(6), -1)


def viewed_refused(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3), 4)
    yield call(m(2, 3), -1, -1)
    yield call(m(2, 3), -2, 3)
    yield call(m(0, 3), -1, 0)
    yield call(m(2, 3), 2.0, 3)


def reshaped(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3, 4), (6, 4))
    yield call(m(2, 3, 4), (-1,))
    yield call(m(4, 6), (2, 2, 3, 2))
    yield call(m(0, 3), (3, 0))
    yield call(m(), (1, 1))


def reshaped_refused(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3), (4,))
    yield call(m(2, 3), (-1, -1))


def like_other(m: Maker) -> Iterator[Call]:
    yield call(m(2, 6), m(3, 4))
    yield call(m(4), m(2, 2))


def like_other_refused(m: Maker) -> Iterator[Call]:
    yield call(m(2, 6), m(5))
    yield call(m(2, 6), 5)


def expanded(m: Maker) -> Iterator[Call]:
    yield call(m(3, 1), 3, 4)
    yield call(m(3), (2, -1))
    yield call(m(), 2, 2)
    yield call(m(1, 3), -1, -1)
    yield call(m(1), 0)


def expanded_refused(m: Maker) -> Iterator[Call]:
    yield call(m(3), 4)
    yield call(m(3, 1), 3)
    yield call(m(3), -1, 3)


def expanded_to_other(m: Maker) -> Iterator[Call]:
    yield call(m(3, 1), m(3, 4))
    yield call(m(3), m(2, 3))


def broadcast(m: Maker) -> Iterator[Call]:
    yield call(m(3, 1), (2, 3, 4))
    yield call(m(), (2,))


def broadcast_refused(m: Maker) -> Iterator[Call]:
    yield call(m(3), (4,))


def several(m: Maker) -> Iterator[Call]:
    yield call(m(3, 1), m(4))
    yield call(m(), m(2, 1))
    yield call(m(2))


def several_refused(m: Maker) -> Iterator[Call]:
    yield call(m(3), m(4))


def squeezed(m: Maker) -> Iterator[Call]:
    yield call(m(1, 3, 1, 2))
    yield call(m(1, 3, 1, 2), 0)
    yield call(m(1, 3, 1, 2), -2)
    yield call(m(1, 3, 1, 2), 1)
    yield call(m(1, 3, 1, 2), (0, 2))
    yield call(m(1, 3, 1), (0, 1))
    yield call(m(), 0)
    yield call(m())


def squeezed_refused(m: Maker) -> Iterator[Call]:
    yield call(m(1, 3), 2)
    yield call(m(1, 3), (0, 0))


def unsqueezed(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3), 0)
    yield call(m(2, 3), 1)
    yield call(m(2, 3), -1)
    yield call(m(), 0)
    yield call(m(0, 2), 2)


def unsqueezed_refused(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3), 3)
    yield call(m(2, 3), -4)


def narrowed(m: Maker) -> Iterator[Call]:
    yield call(m(4, 5), 1, 1, 3)
    yield call(m(4, 5), 0, -2, 2)
    yield call(m(4, 5), -1, 5, 0)


def narrowed_refused(m: Maker) -> Iterator[Call]:
    yield call(m(4, 5), 1, 3, 3)
    yield call(m(4, 5), 1, 0, -1)
    yield call(m(), 0, 0, 1)
    yield call(m(4), 0, 5, 0)


def selected(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3, 4), 1, 2)
    yield call(m(2, 3, 4), -1, -4)
    yield call(m(3), 0, 1)


def selected_refused(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3), 0, 2)
    yield call(m(2, 3), 2, 0)
    yield call(m(), 0, 0)


def flattened(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3, 4))
    yield call(m(2, 3, 4), 1)
    yield call(m(2, 3, 4), 0, -2)
    yield call(m(2, 3, 4), 1, 1)
    yield call(m())
    yield call(m(5))


def flattened_refused(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3, 4), 2, 1)
    yield call(m(2, 3), 0, 2)


def unflattened(m: Maker) -> Iterator[Call]:
    yield call(m(2, 6), 1, (2, 3))
    yield call(m(2, 6), -1, (-1, 2))
    yield call(m(6), 0, [6])


def unflattened_refused(m: Maker) -> Iterator[Call]:
    yield call(m(2, 6), 1, (4, 2))
    yield call(m(2, 6), 1, ())
    yield call(m(2, 6), 2, (2, 3))


def windows(m: Maker) -> Iterator[Call]:
    yield call(m(7), 0, 3, 2)
    yield call(m(2, 7), 1, 2, 1)
    yield call(m(4, 5), 0, 4, 3)
    yield call(m(4, 5), -1, 1, 2)
    yield call(m(), 0, 1, 1)


def windows_refused(m: Maker) -> Iterator[Call]:
    yield call(m(3), 0, 4, 1)
    yield call(m(3), 0, 2, 0)
    yield call(m(3), 0, -1, 1)
    yield call(m(3), 1, 1, 1)


def diagonals(m: Maker) -> Iterator[Call]:
    yield call(m(3, 4))
    yield call(m(3, 4), 1)
    yield call(m(3, 4), -2)
    yield call(m(2, 3, 4), 0, 1, 2)
    yield call(m(2, 3, 4), 1, -1, 0)
    yield call(m(3, 4), 9)


def diagonals_refused(m: Maker) -> Iterator[Call]:
    yield call(m(3, 4), 0, 1, 1)
    yield call(m(3))


def strided(m: Maker) -> Iterator[Call]:
    yield call(m(4, 5), (2, 3), (5, 1))
    yield call(m(4, 5), (2, 3), (1, 2))
    yield call(m(9), (3, 3), (2, 1))
    yield call(m(9), (2, 4), (0, 2))
    yield call(m(9), (0, 4), (1, 1))
    yield call(m(9), (), ())


def strided_refused(m: Maker) -> Iterator[Call]:
    yield call(m(4, 5), (2, 3), (50, 1))
    yield call(m(4, 5), (2,), (1, 1))
    yield call(m(4, 5), (2, 2), (-1, 1))


CASES = (
    view_case("t", at_most_matrices, too_deep),
    view_case("Tensor.t", at_most_matrices, too_deep, id="method t"),
    view_case("transpose", two_dims, two_dims_refused),
    view_case("swapaxes", two_dims, two_dims_refused),
    view_case("swapdims", two_dims, two_dims_refused),
    view_case("permute", permutations, permutations_refused),
    view_case("movedim", moved, moved_refused),
    view_case("moveaxis", moved, moved_refused),
    view_case("adjoint", matrices, too_flat),
    view_case("Tensor.view", viewed, viewed_refused),
    view_case("Tensor.view_as", like_other, like_other_refused),
    view_case("reshape", reshaped, reshaped_refused),
    view_case("Tensor.reshape_as", like_other, like_other_refused),
    view_case("Tensor.expand", expanded, expanded_refused),
    view_case("Tensor.expand_as", expanded_to_other),
    view_case("broadcast_to", broadcast, broadcast_refused),
    Case("broadcast_tensors", several, DTYPES, several_refused, forms=FORMS),
    view_case("squeeze", squeezed, squeezed_refused),
    view_case("unsqueeze", unsqueezed, unsqueezed_refused),
    view_case("narrow", narrowed, narrowed_refused),
    view_case("select", selected, selected_refused),
    view_case("flatten", flattened, flattened_refused),
    view_case("unflatten", unflattened, unflattened_refused),
    view_case("ravel", shapes),
    view_case("Tensor.unfold", windows, windows_refused),
    view_case("diagonal", diagonals, diagonals_refused),
    view_case("as_strided", strided, strided_refused, forms=("plain", "offset")),
    view_case("atleast_1d", shapes),
    view_case("atleast_2d", shapes),
    view_case("atleast_3d", shapes),
    view_case("real", shapes),
    view_case("detach", shapes, grad=False),
)
