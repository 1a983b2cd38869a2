"""Random programs as Python source: the same text runs as plain Python, traced, scripted, and with torch for ``tl``.

All values are small multiples of 1/8 and every operation on them is exact, so that results can be compared bit by bit.
A variable keeps its dtype and shape for good, which lets any statement stand in a branch or a loop. While the text
grows each expression is tried on sample values, with the eager library: what raises there is not written.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import tensorlab as tl
from tensorlab.errors import TensorlabError

SHAPE = (2, 3)
PARAMETERS = {
    "a": ("Tensor", SHAPE, "float32"),
    "b": ("Tensor", SHAPE, "float32"),
    "c": ("Tensor", (3,), "float32"),
    "d": ("Tensor", SHAPE, "int64"),
    "n": ("int", (), ""),
    "s": ("float", (), ""),
}

# What an expression, a write and a condition may look like, separated by semicolons.
POINTWISE = """
{x} + {y}; {x} - {y}; ({x} * {y}).clamp(-4, 4); {x} * 0.5; {x} + 1; -{x}; {x} / 2; 2 - {x}; {x}.abs(); {x}.relu();
{x}.clamp(-1, 2); tl.where({x} > {y}, {x}, {y}); ({x} * {x}).clamp(0, 4)
"""
NUMBERS = "({x} * n).clamp(-4, 4); {x} + s; ({x} * s).clamp(-4, 4); {x} - n; {x}.clamp(-s, s); s - {x}"
DTYPES = "({x} > {y}); {x} <= 0; {x}.to(tl.float32); {x}.to(tl.int64); {x} == {y}; ({x} != 0).to(tl.float32)"
REDUCTIONS = "{x}.sum(); {x}.sum(0); {x}.sum(1, True); {x}.max(); {x}.argmax(0); {x}.min(); {x}.mean()"
VIEWS = """
{x}.t(); {x}[0]; {x}[1:]; {x}[:, 1]; {x}.view(6); {x}.view(3, 2); {x}.reshape(-1); {x}.unsqueeze(0); {x}.squeeze();
{x}.transpose(0, 1); {x}[:, ::2]; {x}.contiguous(); {x}.expand(2, 3); {x}.t().contiguous()
"""
OTHERS = """
({x} @ {y}.t()).clamp(-4, 4); tl.cat([{x}, {y}]); tl.cat([{x}, {y}], 1); {x}.clone(); tl.ones(2, 3)
"""
WRITES = """
{v}.add_({x}); {v} += {x}; {v}.mul_(0.5); {v} -= 1; {v}[0] = {x}; {v}[:, 1:] += 1; {v}.t().neg_(); {v}[1].copy_({x});
{v}.clamp_(-2, 2); {v}.view(6)[2:4] *= 2; {v}.relu_(); {v}[1:] -= {x}; {v}.clamp_(-4, 4)
"""
CONDITIONS = "n > 2; {x}.sum() > 0; s < 1.0 and n > 0; bool({x}.max() > 1); n % 2 == 0; not n == 3"
FAMILIES = {
    "pointwise": POINTWISE,
    "numbers": NUMBERS,
    "dtypes": DTYPES,
    "reductions": REDUCTIONS,
    "views": VIEWS,
    "others": OTHERS,
}


@dataclass
class Scope:
    """Variables by name, each with a sample value; those of the scopes around it may be assigned, not made."""

    values: dict[str, Any]
    depth: int = 0


def samples(lib: Any = tl) -> dict[str, Any]:
    """Fresh arguments with fixed values."""
    floats = [[[(7 * i + 3 * j + 5 * k) % 9 / 4 - 1 for j in range(3)] for i in range(2)] for k in range(2)]
    return {
        "a": lib.tensor(floats[0]),
        "b": lib.tensor(floats[1]),
        "c": lib.tensor([0.5, -1.0, 2.0]),
        "d": lib.tensor([[1, -2, 3], [0, 4, -1]]),
        "n": 3,
        "s": 0.5,
    }


class Writer:
    """Writes one program."""

    def __init__(
        self, seed: int, *, structured: bool, families: tuple[str, ...] = tuple(FAMILIES), size: int = 10
    ) -> None:
        self.random = Random(seed)
        self.structured = structured
        self.families = families
        self.size = size
        self.count = 0
        self.lines: list[str] = []

    def source(self) -> str:
        scope = Scope(samples())
        self.block(scope, self.size, "    ")
        tensors = [n for n, v in scope.values.items() if isinstance(v, tl.Tensor)]
        results = self.random.sample(tensors, min(3, len(tensors)))
        head = ", ".join(f"{n}: tl.Tensor" if t == "Tensor" else f"{n}: {t}" for n, (t, _, _) in PARAMETERS.items())
        body = "\n".join(self.lines)
        return f"def f({head}):\n{body}\n    return {', '.join(results)}\n"

    def block(self, scope: Scope, size: int, pad: str) -> None:
        kinds: list[Callable[[Scope, str], None]] = [self.new, self.new, self.new, self.again, self.write]
        if self.structured and scope.depth < 3:
            kinds += [self.branch, self.loop, self.turns]
        before = len(self.lines)
        for _ in range(size):
            self.random.choice(kinds)(scope, pad)
        if len(self.lines) == before:
            self.lines.append(f"{pad}pass")

    # Statements

    def new(self, scope: Scope, pad: str) -> None:
        text, value = self.expression(scope)
        self.count += 1
        name = f"v{self.count}"
        scope.values[name] = value
        self.lines.append(f"{pad}{name} = {text}")

    def again(self, scope: Scope, pad: str) -> None:
        """A variable that there is already gets another value of its type; perhaps two change places."""
        name = self.pick(scope)
        alike = [n for n, v in scope.values.items() if n != name and self.same(v, scope.values[name])]
        if alike and self.random.random() < 0.3:
            other = self.random.choice(alike)
            self.lines.append(f"{pad}{name}, {other} = {other}, {name}")
            scope.values[name], scope.values[other] = scope.values[other], scope.values[name]
            return
        for _ in range(8):
            text, value = self.expression(scope)
            if self.same(value, scope.values[name]):
                self.lines.append(f"{pad}{name} = {text}")
                scope.values[name] = value
                return

    def write(self, scope: Scope, pad: str) -> None:
        for _ in range(8):
            target, source = self.pick(scope), self.pick(scope)
            text = self.form(WRITES).format(v=target, x=source)
            if " = " in text and scope.values[source].ndim >= scope.values[target].ndim:
                continue  # plain Python drops leading dimensions of size 1 then; scripting does not
            if self.runs(text, scope.values):
                self.lines.append(f"{pad}{text}")
                return

    def branch(self, scope: Scope, pad: str) -> None:
        condition = self.form(CONDITIONS).format(x=self.pick(scope))
        self.lines.append(f"{pad}if {condition}:")
        self.inside(scope, pad)
        if self.random.random() < 0.6:
            self.lines.append(f"{pad}else:")
            self.inside(scope, pad)

    def loop(self, scope: Scope, pad: str) -> None:
        self.count += 1
        trips = self.random.choice(("n", "2", "0", "n - 1", "a.shape[0]"))
        self.lines.append(f"{pad}for i{self.count} in range({trips}):")
        self.inside(scope, pad)

    def turns(self, scope: Scope, pad: str) -> None:
        self.count += 1
        name = f"k{self.count}"
        self.lines += [f"{pad}{name} = 0", f"{pad}while {name} < {self.random.choice(('n', '2'))}:"]
        self.inside(scope, pad)
        self.lines.append(f"{pad}    {name} = {name} + 1")

    def inside(self, scope: Scope, pad: str) -> None:
        self.block(Scope(dict(scope.values), scope.depth + 1), self.random.randint(1, 3), f"{pad}    ")

    # Expressions

    def expression(self, scope: Scope) -> tuple[str, Any]:
        while True:
            form = self.form(FAMILIES[self.random.choice(self.families)])
            text = form.format(x=self.pick(scope), y=self.pick(scope))
            try:
                value = eval(text, {"tl": tl}, dict(scope.values))
            except (TensorlabError, TypeError):
                continue
            if value.numel() <= 24:
                return text, value

    def runs(self, text: str, values: dict[str, Any]) -> bool:
        """Whether a write can be done; the samples are written to, or left as they are."""
        shapes = {n: (v.shape, v.dtype) for n, v in values.items() if isinstance(v, tl.Tensor)}
        try:
            exec(text, {"tl": tl}, values)
        except (TensorlabError, TypeError):
            return False
        return shapes == {n: (v.shape, v.dtype) for n, v in values.items() if isinstance(v, tl.Tensor)}

    def form(self, forms: str) -> str:
        return self.random.choice([form.strip() for form in forms.split(";")])

    def pick(self, scope: Scope) -> str:
        """A tensor, the latest ones more often."""
        names = [n for n, v in scope.values.items() if isinstance(v, tl.Tensor)]
        return self.random.choice(names[-4:] if self.random.random() < 0.6 else names)

    def same(self, x: Any, y: Any) -> bool:
        return isinstance(x, tl.Tensor) and isinstance(y, tl.Tensor) and (x.shape, x.dtype) == (y.shape, y.dtype)


def function_of(source: str, lib: Any = tl) -> Callable[..., Any]:
    """The function of a text, with ``lib`` under the name ``tl``; the text can be read back by scripting."""
    filename = f"<random program {abs(hash(source))}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {"tl": lib}
    exec(compile(source, filename, "exec"), namespace)
    return namespace["f"]
