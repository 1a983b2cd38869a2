"""Ops on lists and dicts, whose elements may be of any type: what scripted code does with Python's containers.

They have ATen's names. Values are Python's own, and so are the meanings; what Python refuses raises here too, with an
error of ours. The marks of the schemas say which ops write to a list or a dict, and which give back what was in one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tensorlab.errors import DimError, RangeError
from tensorlab.ops.number import declare_number

_ABSENT = object()


def _inside(op: str, items: Sequence[Any], index: int) -> int:
    if not -len(items) <= index < len(items):
        raise DimError(f"{op}: got index {index} into a list of {len(items)}")
    return index


def list_getitem(list: Sequence[Any], idx: int) -> Any:
    """One element.

    Raises: `DimError` if ``idx`` is outside the list.
    """
    return list[_inside("__getitem__", list, idx)]


def list_setitem(list_: list[Any], idx: int, el: Any) -> list[Any]:
    """Exchange one element.

    Raises: `DimError` if ``idx`` is outside the list.
    """
    list_[_inside("_set_item", list_, idx)] = el
    return list_


def list_slice(list_: Sequence[Any], start: int | None, end: int | None, step: int) -> list[Any]:
    """``l[start:end:step]``.

    Raises: `RangeError` for a step of 0.
    """
    if step == 0:
        raise RangeError("slice: got step 0; takes a step that is not 0")
    return list(list_[start:end:step])


def list_set_slice(list_: list[Any], start: int | None, end: int | None, step: int, other: list[Any]) -> None:
    """``l[start:end:step] = other``.

    Raises: `RangeError` where a step asks for as many elements as it leaves out, and there are not.
    """
    try:
        list_[start:end:step] = other
    except ValueError as error:
        raise RangeError(f"set_slice: {error}") from None


def list_delete(self: list[Any], idx: int) -> None:
    """``del l[idx]``.

    Raises: `DimError` if ``idx`` is outside the list.
    """
    del self[_inside("Delete", self, idx)]


def list_append(self: list[Any], el: Any) -> list[Any]:
    """Add one element at the end."""
    self.append(el)
    return self


def list_extend(self: list[Any], other: Iterable[Any]) -> None:
    """Add the elements of another list at the end."""
    self.extend(other)


def list_insert(self: list[Any], idx: int, el: Any) -> None:
    """Put an element before a place."""
    self.insert(idx, el)


def list_pop(self: list[Any], idx: int) -> Any:
    """Take an element out.

    Raises: `DimError` if ``idx`` is outside the list.
    """
    if not self:
        raise DimError("pop: got an empty list")
    return self.pop(_inside("pop", self, idx))


def list_remove(self: list[Any], el: Any) -> None:
    """Take the first element out that is equal.

    Raises: `RangeError` where there is none.
    """
    if el not in self:
        raise RangeError(f"remove: {el!r} is not in the list")
    self.remove(el)


def list_index(self: list[Any], el: Any) -> int:
    """Where the first element is that is equal.

    Raises: `RangeError` where there is none.
    """
    if el not in self:
        raise RangeError(f"index: {el!r} is not in the list")
    return self.index(el)


def list_sort(self: list[Any], reverse: bool) -> None:  # noqa: FBT001 - the schema's order
    """Order a list in place."""
    self.sort(reverse=reverse)


def list_sorted(input: Iterable[Any]) -> list[Any]:
    """The elements in order."""
    return sorted(input)


def list_sum(self: Iterable[Any]) -> Any:
    """The sum of numbers."""
    return sum(self)


def list_min(self: Sequence[Any]) -> Any:
    """The smallest element.

    Raises: `RangeError` for an empty list.
    """
    if not self:
        raise RangeError("min: got an empty list")
    return min(self)


def list_max(self: Sequence[Any]) -> Any:
    """The largest element.

    Raises: `RangeError` for an empty list.
    """
    if not self:
        raise RangeError("max: got an empty list")
    return max(self)


# Overloads for elements of any type. What may be an element that was there before carries the list's mark.
for _schema, _rule in (
    ("len.t(t[] a) -> int", len),
    ("__getitem__.any(t[] list, int idx) -> t", list_getitem),
    ("_set_item.t(t(a!)[] l, int idx, t el) -> t(a!)[]", list_setitem),
    ("slice.t(t[] l, int? start=None, int? end=None, int step=1) -> t[]", list_slice),
    ("tensorlab::set_slice.t(t(a!)[] l, int? start, int? end, int step, t[] other) -> ()", list_set_slice),
    ("Delete.t(t(a!)[] self, int idx) -> ()", list_delete),
    ("append.t(t(a!)[] self, t el) -> t(a!)[]", list_append),
    ("extend.t(t(a!)[] self, t[] other) -> ()", list_extend),
    ("insert.t(t(a!)[] self, int idx, t el) -> ()", list_insert),
    ("pop.t(t(a!)[] self, int idx=-1) -> t", list_pop),
    ("remove.t(t(a!)[] self, t el) -> ()", list_remove),
    ("reverse.t(t(a!)[] self) -> ()", list.reverse),
    ("clear.t(t(a!)[] self) -> ()", list.clear),
    ("copy.t(t[] self) -> t[]", list),
    ("list.t(t[] l) -> t[]", list),
    ("index.t(t[] self, t el) -> int", list_index),
    ("count.t(t[] self, t el) -> int", lambda self, el: self.count(el)),
    ("add.t(t[] a, t[] b) -> t[]", lambda a, b: [*a, *b]),
    ("add_.t(t(a!)[] self, t[] b) -> t(a!)[]", lambda self, b: (self.extend(b), self)[1]),
    ("mul.left_t(t[] l, int n) -> t[]", lambda a, n: list(a) * n),
    ("mul.right_t(int n, t[] l) -> t[]", lambda n, a: list(a) * n),
    ("eq.t(t[] a, t[] b) -> bool", lambda a, b: list(a) == list(b)),
    ("ne.t(t[] a, t[] b) -> bool", lambda a, b: list(a) != list(b)),
    ("__contains__.t(t[] l, t item) -> bool", lambda a, item: item in a),
    ("__is__.any(t? a, NoneType b) -> bool", lambda a, b: a is b),
    ("__isnot__.any(t? a, NoneType b) -> bool", lambda a, b: a is not b),
    ("prim::unchecked_unwrap_optional.any(t? a) -> t", lambda a: a),
):
    declare_number(_schema, _rule)

for _type in ("int", "float", "bool", "str"):
    declare_number(f"sort.{_type}({_type}(a!)[] self, bool reverse=False) -> ()", list_sort)
    declare_number(f"sorted.{_type}({_type}[] input) -> {_type}[]", list_sorted)
for _type in ("int", "float", "bool"):
    _number = "int" if _type == "bool" else _type
    declare_number(f"sum.{_type}({_type}[] self) -> {_number}", list_sum)
    declare_number(f"any.{_type}({_type}[] self) -> bool", any)
    declare_number(f"all.{_type}({_type}[] self) -> bool", all)
    declare_number(f"prim::min.{_type}_list({_type}[] self) -> {_type}", list_min)
    declare_number(f"prim::max.{_type}_list({_type}[] self) -> {_type}", list_max)


# -- dicts


def dict_getitem(self: dict[Any, Any], key: Any) -> Any:
    """The value under a key.

    Raises: `RangeError` where there is none.
    """
    found = self.get(key, _ABSENT)
    if found is _ABSENT:
        raise RangeError(f"__getitem__: {key!r} is not in the dict")
    return found


def dict_setitem(list_: dict[Any, Any], idx: Any, v: Any) -> None:
    """Put a value under a key."""
    list_[idx] = v


def dict_delete(self: dict[Any, Any], key: Any) -> None:
    """``del d[key]``.

    Raises: `RangeError` where there is no such key.
    """
    dict_pop(self, key)


def dict_pop(self: dict[Any, Any], key: Any) -> Any:
    """Take a key and its value out.

    Raises: `RangeError` where there is no such key.
    """
    if key not in self:
        raise RangeError(f"pop: {key!r} is not in the dict")
    return self.pop(key)


def dict_popitem(self: dict[Any, Any]) -> tuple[Any, Any]:
    """Take the last key and its value out.

    Raises: `RangeError` for an empty dict.
    """
    if not self:
        raise RangeError("popitem: got an empty dict")
    return self.popitem()


def _listed(method: Callable[[dict[Any, Any]], Iterable[Any]]) -> Callable[[dict[Any, Any]], list[Any]]:
    return lambda self: list(method(self))


for _key in ("str", "int", "float", "bool"):
    _dict = f"Dict({_key}, t)"
    _written = f"{_dict}(a!)"
    for _schema, _rule in (
        (f"len.Dict_{_key}({_dict} self) -> int", len),
        (f"__getitem__.Dict_{_key}({_dict} self, {_key} key) -> t", dict_getitem),
        (f"_set_item.{_key}({_written} l, {_key} idx, t v) -> ()", dict_setitem),
        (f"__contains__.{_key}({_dict} dict, {_key} key) -> bool", lambda dict, key: key in dict),
        (f"get.{_key}({_dict} self, {_key} key) -> t?", dict.get),
        (f"get.default_{_key}({_dict} self, {_key} key, t default_value) -> t", dict.get),
        (f"setdefault.{_key}({_written} self, {_key} key, t default_value) -> t", dict.setdefault),
        (f"keys.{_key}({_dict} self) -> {_key}[]", _listed(dict.keys)),
        (f"values.{_key}({_dict} self) -> t[]", _listed(dict.values)),
        (f"items.{_key}({_dict} self) -> Tuple({_key}, t)[]", _listed(dict.items)),
        (f"Delete.Dict_{_key}({_written} self, {_key} key) -> ()", dict_delete),
        (f"pop.Dict_{_key}({_written} self, {_key} key) -> t", dict_pop),
        (f"pop.Dict_default_{_key}({_written} self, {_key} key, t default_value) -> t", dict.pop),
        (f"popitem.{_key}({_written} self) -> Tuple({_key}, t)", dict_popitem),
        (f"update.{_key}({_written} self, {_dict} to_add) -> ()", lambda self, to_add: self.update(to_add)),
        (f"clear.{_key}({_written} self) -> ()", dict.clear),
        (f"copy.Dict_{_key}({_dict} self) -> {_dict}", dict.copy),
        (f"eq.Dict_{_key}({_dict} a, {_dict} b) -> bool", lambda a, b: a == b),
        (f"ne.Dict_{_key}({_dict} a, {_dict} b) -> bool", lambda a, b: a != b),
    ):
        declare_number(_schema, _rule)
