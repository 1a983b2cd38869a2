"""What an `ObjectRecord` and `SmallInts` say, in words: for both the HTML and the text of their views."""

from __future__ import annotations

from tensorlab.core.pyobject import ObjectRecord
from tensorlab.core.pyobject_fields import Field, Struct, article
from tensorlab.core.small_ints import Identity, SmallInts
from tensorlab.view.text import counted, grouped, nbytes

HEAD_NBYTES = 16
UNSTABLE = "differs every run"


def answer(record: ObjectRecord) -> tuple[str, str]:
    """The first line: what the object is and what its struct holds."""
    who = f"{record.label} is {article(record.kind)}"
    if record.problem:
        return f"{who} whose struct cannot be drawn", f": {record.problem}."
    rest = record.nbytes - HEAD_NBYTES
    more = f", then {record.what}" if rest or record.kind == "NoneType" else ""
    return f"{who} of {nbytes(record.nbytes)}", f": a PyObject head of {HEAD_NBYTES} B{more}."


def title(struct: Struct) -> str:
    return f"{struct.name} · {nbytes(struct.nbytes)}"


def parts(struct: Struct) -> list[tuple[str, list[Field]]]:
    """The members in the order of memory, under the struct that declares them, which has no name for gaps."""
    grouped_: list[tuple[str, list[Field]]] = []
    for field in struct.fields:
        part = field.part or (grouped_[-1][0] if grouped_ else "")
        if not grouped_ or grouped_[-1][0] != part:
            grouped_.append((part, []))
        grouped_[-1][1].append(field)
    return grouped_


def part_title(part: str, fields: list[Field]) -> str:
    return f"{part or 'members'} · {nbytes(sum(field.nbytes for field in fields))}"


def member(field: Field) -> str:
    """As C declares it: ``double ob_fval``, ``PyTypeObject *ob_type``."""
    return f"{field.ctype}{'' if field.ctype.endswith('*') else ' '}{field.name}".strip()


def in_hex(field: Field, *, addresses: bool) -> tuple[str, ...]:
    """The bytes, eight a line; what differs from run to run only where it is asked for."""
    if not field.stable and not addresses:
        return ("(an address)" if field.ctype.endswith("*") else f"({UNSTABLE})" if field.part else "(not shown)",)
    lines = [field.raw[i : i + 8].hex(" ") for i in range(0, len(field.raw), 8)] or ["no bytes"]
    if field.nbytes > len(field.raw):
        lines[-1] += " ..."
    return tuple(lines)


def means(field: Field, *, addresses: bool) -> str:
    return f"{field.value} ({field.exact})" if addresses and field.exact else field.value


def references(record: ObjectRecord, *, addresses: bool) -> list[str]:
    """Who holds the object, so that the parts make the count that was read."""
    count, referrers = record.count, record.referrers
    called = f" Names for it here: {', '.join(referrers.names)}." if referrers.names else ""
    if count.immortal:
        return [
            f"Reference count: none. From Python 3.12 on, the object is immortal: never counted, never freed.{called}"
        ]
    if count.shared:
        exact = f" It read {grouped(count.read)} just now." if addresses else ""
        return [
            f"Reference count: the whole process shares this one object, so its count is nobody's own.{exact}{called}"
        ]
    terms = [f"{counted(len(referrers.names), 'name')} ({', '.join(referrers.names)})"] if referrers.names else []
    if referrers.kept:
        terms.append(f"{referrers.kept} kept by the notebook (_, Out)")
    terms += [f"{r.count} from {r.where + ', in ' if r.where else ''}{r.kind}" for r in referrers.containers]
    if referrers.more:
        terms.append(f"{grouped(referrers.more)} from more containers")
    rest = count.outside - referrers.count
    if rest > 0:
        terms.append(f"{grouped(rest)} that cannot be found (C code, functions that are running)")
    terms.append(f"{count.ours} of this look")
    lines = [
        f"Reference count: {grouped(count.read)} as read = {' + '.join(terms)}.",
        f"sys.getrefcount said {grouped(count.getrefcount)} at that moment: its own argument is one more.",
    ]
    if record.is_temporary:
        lines.append("Nothing else refers to it: it was made for this look, and is gone after it.")
    return lines


def sizes(record: ObjectRecord) -> str:
    """How `sys.getsizeof` comes about."""
    before = record.collector_nbytes + record.pointers_nbytes
    terms = [f"{nbytes(record.nbytes)} of the struct"] if record.structs else []
    if record.collector_nbytes:
        terms.append(f"{record.collector_nbytes} B before it, links of the garbage collector")
    if record.pointers_nbytes:
        kept = " and ".join(record.kept_before)
        terms.append(f"{record.pointers_nbytes} B before it, by which {kept} are found")
    rest = record.sizeof - record.nbytes - before
    if terms and rest > 0:
        terms.append(f"{nbytes(rest)} elsewhere")
    told = f": {' + '.join(terms)}" if len(terms) > 1 and rest >= 0 else ""
    return f"sys.getsizeof says {nbytes(record.sizeof)}{told}."


def notes(record: ObjectRecord, *, addresses: bool) -> list[str]:
    lines: list[str] = []
    if record.kind == "int" and record.count.shared:
        lines.append("It is one of the small ints that CPython makes once: %pyobject --small-ints shows them.")
    if record.is_tensor and record.beside is None:
        lines.append(
            "PyTorch's tensor, THPVariable, is the same kind of struct: PyObject_HEAD, then cdata, a handle to the "
            "tensor in C++, then hooks. Import torch to see one beside this."
        )
    if not addresses and record.structs:
        lines.append("Addresses, and bytes that differ from run to run, are shown with --addresses.")
    return lines


def small_ints(record: SmallInts) -> tuple[str, str]:
    """The first line of the cache's view."""
    who = f"CPython makes the ints from {record.low} to {record.high} once"
    count = record.high - record.low + 1
    if record.step is None or record.nbytes is None:
        return who, f": {count} objects, wherever an int of such a value is needed."
    return who, f": {count} structs of {record.step} B in a row, {nbytes(record.nbytes)} of memory."


def tried(identity: Identity) -> str:
    between = "; " if identity.together else " | "
    return f"a = {identity.value}{between}b = {identity.value}"


def because(identity: Identity, record: SmallInts) -> str:
    if record.low <= identity.value <= record.high:
        return "both are the int made when Python started"
    if identity.same:
        return "one piece of code keeps equal constants once"
    return "each line made an int of its own"


def place(value: int, record: SmallInts) -> str:
    offset = record.offset(value)
    if offset is None:
        return "elsewhere: made anew each time" if not record.low <= value <= record.high else "cached"
    return f"byte {grouped(offset)} of the cache"
