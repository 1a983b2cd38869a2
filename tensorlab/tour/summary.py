"""What a tour found, as a record that travels in a notebook's output under a MIME type of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeVar

from tensorlab.tour.errors import TourError

if TYPE_CHECKING:
    from tensorlab.jit.records import PassRecord

MIME = "application/vnd.tensorlab.summary+json"


@dataclass(frozen=True, slots=True)
class PassLine:
    """What one pass did."""

    name: str
    changed: bool
    rewrites: int
    refusals: int
    nodes_before: int
    nodes_after: int
    seconds: float

    @classmethod
    def of(cls, record: PassRecord) -> PassLine:
        """The line of a pass's record; rewrites are counted as a limit counts them (`PassRecord.count`)."""
        return cls(
            name=record.name,
            changed=record.changed,
            rewrites=record.count,
            refusals=len(record.refusals),
            nodes_before=record.nodes_before,
            nodes_after=record.nodes_after,
            seconds=record.seconds,
        )


@dataclass(frozen=True, slots=True)
class Times:
    """Measured time of one call in three forms, and of copying the same ``nbytes`` bytes."""

    eager_seconds: float
    interpreted_seconds: float
    compiled_seconds: float
    copy_seconds: float
    nbytes: int


@dataclass(frozen=True, slots=True)
class BatchPoint:
    """One point of the batching curve."""

    batch: int
    seconds: float
    items_per_second: float


@dataclass(frozen=True, slots=True)
class Summary:
    """A tour in one record; as the last value of a cell it is both its text and its data."""

    function: str
    graph_before: str
    graph_after: str
    passes: tuple[PassLine, ...]
    times: Times
    batching: tuple[BatchPoint, ...]
    image: str

    def to_dict(self) -> dict[str, Any]:
        """The record as JSON takes it."""
        return asdict(self) | {
            "passes": [asdict(p) for p in self.passes],
            "batching": [asdict(p) for p in self.batching],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Summary:
        """Read what `to_dict` wrote.

        Raises: `TourError`, naming the place, if a key is missing, unknown, or holds the wrong kind of value.
        """
        _check_keys(cls, data, "the summary")
        for key in ("function", "graph_before", "graph_after", "image"):
            if not isinstance(data[key], str):
                raise TourError(f"summary: {key} is {type(data[key]).__name__}, not a string")
        return cls(
            function=data["function"],
            graph_before=data["graph_before"],
            graph_after=data["graph_after"],
            passes=_rows(PassLine, data["passes"], "passes"),
            times=_row(Times, data["times"], "times"),
            batching=_rows(BatchPoint, data["batching"], "batching"),
            image=data["image"],
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        from tensorlab.tour.text import format_summary

        return {"text/plain": format_summary(self), MIME: self.to_dict()}


Row = TypeVar("Row", PassLine, Times, BatchPoint)


def _check_keys(kind: type, data: object, where: str) -> None:
    wanted = [field.name for field in fields(kind)]
    if not isinstance(data, Mapping):
        raise TourError(f"summary: {where} is {type(data).__name__}, not an object")
    missing = [name for name in wanted if name not in data]
    unknown = [str(name) for name in data if name not in wanted]
    if missing:
        raise TourError(f"summary: {where} lacks {', '.join(missing)}")
    if unknown:
        raise TourError(f"summary: {where} does not take {', '.join(unknown)}")


def _row(kind: type[Row], data: Any, where: str) -> Row:
    _check_keys(kind, data, where)
    for field in fields(kind):
        value, place = data[field.name], f"summary: {where}.{field.name}"
        # Annotations are strings in this module: the table below is their meaning in JSON.
        wanted = {"str": str, "bool": bool, "int": int, "float": (int, float)}[str(field.type)]
        if not isinstance(value, wanted) or (isinstance(value, bool) and field.type != "bool"):
            raise TourError(f"{place} is {value!r}, not of type {field.type}")
        if isinstance(value, int | float) and not (isfinite(value) and value >= 0):
            raise TourError(f"{place} is {value!r}, not a finite number from 0 up")
    return kind(**data)


def _rows(kind: type[Row], data: Any, where: str) -> tuple[Row, ...]:
    if not isinstance(data, Sequence) or isinstance(data, str):
        raise TourError(f"summary: {where} is {type(data).__name__}, not a list")
    return tuple(_row(kind, item, f"{where}[{index}]") for index, item in enumerate(data))
