"""The text of a loop in Python in, its text in LLVM's language out, without Numba.

Loops are written in a small part of Python: numbers, elements at addresses, ``for`` over ranges, ``if``. What Numba
makes of that part is known, and written here block by block: optimised by LLVM, the machine code is the same to the
byte, at a fiftieth of the time. A loop with anything else in it raises `UnknownError`, and is Numba's.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from tensorlab.core.loop_blocks import Blocks
from tensorlab.core.loop_text import folded, is_choice, only_function, vectors_a_turn, written_out
from tensorlab.core.loop_values import FLOATS, LLVM, UnknownError, Value, number

_ADDRESSES = {
    **{f"{name}_at": name for name in ("uint8", "int8", "int16", "int32", "int64", "float32", "float64")},
    "bool_at": "uint8",
}
_VIEWS = (("float32", "int32"), ("int32", "float32"), ("float64", "int64"), ("int64", "float64"))
_PURE = " readonly nounwind"  # as Numba declares what it calls of C's library


class LoopCode:
    """Writes the function ``loop`` of a module for one signature."""

    def __init__(self, source: str, signature: str, name: str) -> None:
        self._name = name
        self._kinds = signature.removeprefix("void(").removesuffix(")").replace(" ", "").split(",")
        self._function = only_function(source)
        self._variables: dict[str, str] = {}  # kinds, by name
        self._names: dict[str, str] = {}  # kinds under names of the text's own, `f = np.float32`
        self._loops: list[str] = []  # where `break` goes
        self._lines = source.splitlines()
        self.blocks = Blocks()

    def text(self) -> str:
        """The function in LLVM's language; what it calls besides is in ``blocks.helpers``.

        Raises: `UnknownError` for what only Numba knows.
        """
        arguments = [a.arg for a in self._function.args.args]
        if len(arguments) != len(self._kinds):
            raise UnknownError("a signature for other arguments")
        self.blocks.begin("B0")
        for name, kind in zip(arguments, self._kinds, strict=True):
            self._assign(name, Value(kind, f"%arg.{name}"))
        self._statements(self._function.body)
        if not self.blocks.ended:
            self.blocks.leave()
        given = [f"{LLVM[kind]} %arg.{name}" for name, kind in zip(arguments, self._kinds, strict=True)]
        return self.blocks.function(self._name, given)

    # Statements

    def _statements(self, body: list[ast.stmt]) -> None:
        for statement in body:
            if self.blocks.ended:
                raise UnknownError("what is never reached")
            self._statement(statement)

    def _statement(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Attribute(value=ast.Name(id="np"), attr=kind)) if (
                kind in LLVM
            ):
                self._names[name] = kind
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self._assign(name, self._value(value))
            case ast.Assign(targets=[ast.Subscript() as target], value=value):
                self._store(target, self._value(value))
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                found = self._load(name)
                self._assign(name, self._binary(op, found, self._value(value)))
            case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=args), orelse=[]):
                self._for(name, args, statement)
            case ast.If(test=test, body=body, orelse=orelse):
                self._if(test, body, orelse)
            case ast.Expr(value=ast.Call(func=ast.Name(id="call_at"), args=[place, ast.Tuple(elts=parts)])):
                self._call_at(place, parts)
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                pass
            case ast.Return(value=None):
                self.blocks.leave()
            case ast.Break():
                self.blocks.go(self._loops[-1])
            case _:
                raise UnknownError(type(statement).__name__)

    def _assign(self, name: str, value: Value) -> None:
        known = self._variables.get(name)
        if known is None:
            self._variables[name] = value.kind
            self.blocks.slot(value.type, f"%v.{name}")
        elif known != value.kind:
            raise UnknownError(f"{name} as {known} and as {value.kind}")
        self.blocks.put(value, f"%v.{name}")

    def _load(self, name: str) -> Value:
        kind = self._variables.get(name)
        if kind is None:
            raise UnknownError(name)
        return self.blocks.got(kind, f"%v.{name}")

    def _for(self, name: str, args: list[ast.expr], loop: ast.For) -> None:
        found = [self._whole(a) for a in args]
        one = number(1, "int64")
        if len(found) == 1:
            found = [number(0, "int64"), found[0], one]
        start, stop, step = [*found, one][:3]
        if not step.text.removeprefix("-").isdigit() or step.text == "0":
            raise UnknownError("a step that is not written out")
        value, head, after = self.blocks.begin_turns(start, stop, step)
        self._assign(name, value)
        vectors = vectors_a_turn(self._lines[loop.lineno - 1])
        self._loops.append(after)
        self._statements(loop.body)
        self._loops.pop()
        self.blocks.back(head, vectors)
        self.blocks.begin(after)

    def _if(self, test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt]) -> None:
        blocks = self.blocks
        then, other, after = blocks.label(), blocks.label(), blocks.label()
        self._branch(test, then, other if orelse else after)
        goes_on = not orelse
        for label, part in ((then, body), (other, orelse)):
            if part:
                blocks.begin(label)
                self._statements(part)
                goes_on = goes_on or not blocks.ended
                blocks.go(after)
        if goes_on:
            blocks.begin(after)

    def _branch(self, test: ast.expr, then: str, other: str) -> None:
        match test:
            case ast.BoolOp(op=op, values=values):
                if any(isinstance(v, (ast.BoolOp, ast.UnaryOp)) for v in values):
                    raise UnknownError("a condition of conditions")  # Python turns some of their jumps round
                for part in values[:-1]:
                    following = self.blocks.label()
                    self._branch(part, *((following, other) if isinstance(op, ast.And) else (then, following)))
                    self.blocks.begin(following)
                self._branch(values[-1], then, other)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self._branch(operand, other, then)
            case _:
                self.blocks.branch(self.blocks.numbers.cast(self._value(test), "bool"), then, other)

    def _call_at(self, place: ast.expr, parts: list[ast.expr]) -> None:
        address = self._whole(place)
        values = [self._value(p) for p in parts]
        if any(v.type == "ptr" or v.kind == "bool" for v in values):
            raise UnknownError("a call with an address or a truth")
        function = self.blocks.numbers.make("int64*", f"inttoptr {address} to ptr")
        self.blocks.numbers.lines.append(f"call void {function.text}({', '.join(map(str, values))})")

    # Expressions

    def _value(self, node: ast.expr) -> Value:
        numbers, known = self.blocks.numbers, folded(node)
        subject = node if known is None else ast.Constant(known)
        match subject:
            case ast.Name(id=name):
                return self._load(name)
            case ast.Attribute(value=ast.Name(id="np"), attr="inf" | "nan" as name):
                return number(getattr(np, name), "float64")
            case ast.Constant(value=bool() as value):
                return number(value, "bool")
            case ast.Constant(value=int() as value):
                return Value("int64", str(value), value)
            case ast.Constant(value=float() as value):
                return number(value, "float64")
            case ast.BinOp(left=left, op=op, right=right):
                a = self._value(left)
                return self._binary(op, a, self._value(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                a = self._value(left)
                return numbers.compare(type(op).__name__, a, self._value(right))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return numbers.negative(self._value(operand))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return numbers.make("bool", f"xor {numbers.cast(self._value(operand), 'bool')}, true")
            case ast.IfExp():
                return self._either(subject)
            case ast.BoolOp():
                return self._truth(subject)
            case ast.Subscript():
                place, kind = self._place(subject)
                return self.blocks.got(kind, place)
            case ast.Call(keywords=[]):
                return self._call(subject)
            case _:
                raise UnknownError(type(node).__name__)

    def _binary(self, op: ast.operator, a: Value, b: Value) -> Value:
        numbers, name = self.blocks.numbers, type(op).__name__
        if name != "Div":
            return numbers.binary(name, a, b)
        kind = numbers.common(a, b)
        if kind not in FLOATS:
            raise UnknownError("a quotient of integers")
        return self.blocks.quotient(numbers.cast(a, kind), numbers.cast(b, kind))

    def _whole(self, node: ast.expr) -> Value:
        """An index, a number of turns, an address."""
        value = self._value(node)
        if value.type == "ptr" or value.kind in (*FLOATS, "bool"):
            raise UnknownError(f"{value.kind} as a whole number")
        return self.blocks.numbers.cast(value, "int64")

    def _place(self, node: ast.Subscript) -> tuple[str, str]:
        base = self._value(node.value)
        if not base.kind.endswith("*"):
            raise UnknownError("an index into a number")
        kind, index = base.kind[:-1], self._whole(node.slice)
        return self.blocks.numbers.make(base.kind, f"getelementptr {LLVM[kind]}, {base}, {index}").text, kind

    def _store(self, target: ast.Subscript, value: Value) -> None:
        place, kind = self._place(target)
        self.blocks.put(self.blocks.numbers.cast(value, kind), place)

    def _either(self, node: ast.IfExp) -> Value:
        """A choice: without a jump where both are there already and one comparison decides, as `lowering` says."""
        if is_choice(node):
            test, a, b = self._value(node.test), self._value(node.body), self._value(node.orelse)
            if a.kind != b.kind or a.type == "ptr":
                raise UnknownError(f"{a.kind} or {b.kind}")
            return self.blocks.numbers.select(test, a, b)
        after = self.blocks.label()
        kind, slot = self._into("", node, after)
        self.blocks.begin(after)
        return self.blocks.got(kind, slot)

    def _into(self, slot: str, node: ast.expr, after: str, kind: str = "") -> tuple[str, str]:
        """Put a value into a place, which is made for the first; what is chosen from on the way meets at one block."""
        blocks = self.blocks
        if isinstance(node, ast.IfExp) and not is_choice(node):
            then, other = blocks.label(), blocks.label()
            self._branch(node.test, then, other)
            blocks.begin(then)
            kind, slot = self._into(slot, node.body, after, kind)
            blocks.begin(other)
            return self._into(slot, node.orelse, after, kind)
        value = self._value(node)
        if kind and value.kind != kind:
            raise UnknownError(f"{kind} or {value.kind}")
        slot = slot or blocks.slot(value.type)
        blocks.put(value, slot)
        blocks.go(after)
        return value.kind, slot

    def _truth(self, node: ast.BoolOp) -> Value:
        blocks, values, is_and = self.blocks, node.values, isinstance(node.op, ast.And)
        after, slot = blocks.label(), blocks.slot("i1")
        for part in values:
            value = self._value(part)
            if value.kind != "bool":
                raise UnknownError(f"{value.kind} as a truth")
            blocks.put(value, slot)
            if part is values[-1]:
                break
            following = blocks.label()
            blocks.branch(value, *((following, after) if is_and else (after, following)))
            blocks.begin(following)
        blocks.go(after)
        blocks.begin(after)
        return blocks.got("bool", slot)

    # Calls

    def _call(self, node: ast.Call) -> Value:
        numbers = self.blocks.numbers
        match node.func, node.args:
            case ast.Attribute(value=ast.Name(id="np"), attr=attr), [argument] if attr.rstrip("_") in LLVM:
                return self._constructed(attr, argument)
            case ast.Attribute(value=ast.Name(id="math"), attr="sqrt"), [argument]:
                value = self._float(argument)
                return numbers.call("sqrt" + "f" * (value.kind == "float32"), value.kind, [value], attributes=_PURE)
            case ast.Attribute(value=ast.Name(id="math"), attr="copysign"), [size, sign]:
                return self._intrinsic("copysign", self._float(size), self._float(sign))
            case ast.Attribute(value=value, attr="view"), [ast.Attribute(value=ast.Name(id="np"), attr=kind)]:
                found = self._value(value)
                if (found.kind, kind) not in _VIEWS:
                    raise UnknownError(f"view of {found.kind} as {kind}")
                return self.blocks.seen_as(found, kind)
            case ast.Attribute(value=ast.Name(id="np"), attr="floor"), [argument]:
                return self._intrinsic("floor", self._float(argument))
            case ast.Name(id=name), [argument] if name in self._names:
                return numbers.cast(self._value(argument), self._names[name])
            case ast.Name(id="stack_room"), [ast.Constant(value=int() as nbytes)]:
                return self.blocks.room(nbytes)
            case ast.Name(id=name), [argument] if name in _ADDRESSES:
                return numbers.make(f"{_ADDRESSES[name]}*", f"inttoptr {self._whole(argument)} to ptr")
            case ast.Name(id=name), arguments if name in _NAMED and len(arguments) == _NAMED[name][0]:
                return _NAMED[name][1](self, *[self._value(a) for a in arguments])
            case _:
                raise UnknownError(ast.unparse(node.func))

    def _float(self, node: ast.expr) -> Value:
        value = self._value(node)
        if value.kind not in FLOATS:
            raise UnknownError(f"a function of a float of {value.kind}")
        return value

    def _intrinsic(self, name: str, *values: Value) -> Value:
        kind = values[0].kind
        if any(v.kind != kind for v in values):
            raise UnknownError(f"{name} of several kinds")
        function = f"llvm.{name}.{'f32' if kind == 'float32' else 'f64'}"
        return self.blocks.numbers.call(function, kind, list(values))

    def _constructed(self, attr: str, argument: ast.expr) -> Value:
        """``np.float32(x)``; of a number that the text says, NumPy makes the constant."""
        kind = attr.rstrip("_")
        known = written_out(argument)
        if known is None:
            return self.blocks.numbers.cast(self._value(argument), kind)
        constructor: Any = getattr(np, attr)
        with np.errstate(over="ignore"):
            return number(np.asarray(known).astype(constructor)[()].item(), kind)

    def absolute(self, value: Value) -> Value:
        """``abs(x)``."""
        numbers = self.blocks.numbers
        if value.kind in FLOATS:
            return self._intrinsic("fabs", value)
        if value.kind not in ("int64", "int32"):
            raise UnknownError(f"abs of {value.kind}")
        below = numbers.make("bool", f"icmp slt {value}, 0")
        return numbers.select(below, numbers.make(value.kind, f"sub {value.type} 0, {value.text}"), value)

    def free_sum(self, a: Value, b: Value) -> Value:
        """`primitives.free_sum`."""
        if a.kind != b.kind or a.type == "ptr" or a.kind == "bool":
            raise UnknownError(f"a free sum of {a.kind} and {b.kind}")
        add = "fadd reassoc nsz contract" if a.kind in FLOATS else "add"
        return self.blocks.numbers.make(a.kind, f"{add} {a}, {b.text}")

    def extreme(self, a: Value, b: Value, *, name: str, comparison: str) -> Value:
        """`primitives.maximum` and its like."""
        numbers = self.blocks.numbers
        if a.kind != b.kind or a.type == "ptr":
            raise UnknownError(f"{name} of {a.kind} and {b.kind}")
        if a.kind in FLOATS:
            return self._intrinsic(name, a, b)
        order = "s" if a.kind.startswith("int") else "u"
        return numbers.select(numbers.make("bool", f"icmp {order}{comparison} {a}, {b.text}"), a, b)

    def least(self, a: Value, b: Value, *, comparison: str) -> Value:
        """Python's ``min`` and ``max``."""
        if {a.kind, b.kind} != {"int64"}:
            raise UnknownError(f"the least of {a.kind} and {b.kind}")
        return self.blocks.least([a, b], comparison)


# What loops call by name, with the number of arguments.
_NAMED: dict[str, tuple[int, Callable[..., Value]]] = {
    "abs": (1, LoopCode.absolute),
    "free_sum": (2, LoopCode.free_sum),
    "maximum": (2, partial(LoopCode.extreme, name="maximum", comparison="gt")),
    "minimum": (2, partial(LoopCode.extreme, name="minimum", comparison="lt")),
    "max": (2, partial(LoopCode.least, comparison="sgt")),
    "min": (2, partial(LoopCode.least, comparison="slt")),
}
