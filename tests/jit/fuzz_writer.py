"""Random programs: a seed makes one, the same on every machine.

A variable keeps its dtype and shape for good, which lets any statement stand in a branch or a loop. While the program
grows each statement is tried on sample values, with the eager library: what raises there is not written. Values of an
exact program are small multiples of powers of two and every operation on them is exact; a smooth program has functions
that round, and no comparisons.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from fuzz_programs import RESULTS, FuzzProgram, Statement

import tensorlab as tl
from tensorlab.errors import TensorlabError

# What an expression, a write and a condition may look like, separated by semicolons.
POINTWISE = """
{x} + {y}; {x} - {y}; ({x} * {y}).clamp(-4, 4); {x} * 0.5; {x} + 1; -{x}; {x} / 2; 2 - {x}; {x}.abs(); {x}.relu();
{x}.clamp(-1, 2); tl.where({x} > {y}, {x}, {y}); ({x} * {x}).clamp(0, 4); tl.maximum({x}, {y}); {x}.sign();
{x} * 1; {x} + 0; {x}.add({y}, alpha=2); tl.minimum({x}, {y}); {x} if n > 2 else {y}
"""
NUMBERS = """
({x} * n).clamp(-4, 4); {x} + s; ({x} * s).clamp(-4, 4); {x} - n; {x}.clamp(-s, s); s - {x}; {x} + float(n);
{x} + {x}.shape[0]; {x} + {x}.dim()
"""
DTYPES = """
({x} > {y}); {x} <= 0; {x}.to(tl.float32); {x}.to(tl.int64); {x} == {y}; ({x} != 0).to(tl.float32); {x}.double();
{x}.to(tl.int32); {x} // 2; {x} % 3; ~({x} > 0); {x}.bool(); {x}.to({y}.dtype)
"""
REDUCTIONS = """
{x}.sum(); {x}.sum(0); {x}.sum(1, True); {x}.max(); {x}.argmax(0); {x}.min(); {x}.amax(0); {x}.amin(1, True);
{x}.cumsum(0).clamp(-8, 8); {x}.any(); {x}.max(0)[0]; {x}.all(0)
"""
VIEWS = """
{x}.t(); {x}[0]; {x}[1:]; {x}[:, 1]; {x}.view(6); {x}.view(3, 2); {x}.reshape(-1); {x}.unsqueeze(0); {x}.squeeze();
{x}.transpose(0, 1); {x}[:, ::2]; {x}.contiguous(); {x}.expand(2, 3); {x}.t().contiguous(); {x}.flatten(); {x}[-1];
{x}.view_as({y}); {x}.select(0, 1); {x}.narrow(0, 0, 1); {x}.permute(1, 0); {x}[n % 2]; {x}[:n]; {x}.t().t();
{x}.detach()
"""
OTHERS = """
({x} @ {y}.t()).clamp(-4, 4); tl.cat([{x}, {y}]); tl.cat([{x}, {y}], 1); {x}.clone(); tl.ones(2, 3); tl.zeros_like({x});
tl.stack([{x}, {y}]).sum(0); {x}.flip(0); {x}.repeat(2, 1)[:2]; tl.full((2, 3), s); {x}.roll(1, 0);
{x}.masked_fill({x} > 1, 0.0); {x}.index_select(0, tl.tensor([1, 0])); {x}.chunk(2)[0]; {x}.tril(); tl.arange(3) + n
"""
SMOOTH = """
{x} + {y}; {x} - {y}; ({x} * {y}).tanh(); {x} * 0.3; {x} + 1; -{x}; {x}.sigmoid(); {x}.tanh(); {x}.sin(); {x}.cos();
({x} * {x} + 1).sqrt(); {x} / 3; {x} * s; ({x} * n).tanh(); 1.5 - {x}; ({x}.tanh()).exp(); ({x} * {x} + 1).log();
{x} / ({y} * {y} + 1); {x}.abs() + 0.1; {x}.square().clamp(0, 4)
"""
SMOOTH_OTHERS = """
{x}.mean(); {x}.sum(0); {x}.mean(1, True); {x}.softmax(-1); ({x} @ {y}.t()).tanh(); {x}.logsumexp(0); {x}.t(); {x}[0];
{x}[:, 1]; {x}.view(6); {x}.unsqueeze(0); {x}.transpose(0, 1); {x}.expand(2, 3); tl.cat([{x}, {y}]); {x}.contiguous();
tl.stack([{x}, {y}]).mean(0); {x}.var(); {x}.norm(); tl.nn.functional.gelu({x}); {x}[1:]; {x}.clone();
{x}.cumsum(0).tanh(); {x}.reshape(-1); tl.nn.functional.layer_norm({x}, [3]); {x}.log_softmax(0); {x}.flatten()
"""
WRITES = """
{v}.add_({x}); {v} += {x}; {v}.mul_(0.5); {v} -= 1; {v}[0] = {x}; {v}[:, 1:] += 1; {v}.t().neg_(); {v}[1].copy_({x});
{v}.clamp_(-2, 2); {v}.view(6)[2:4] *= 2; {v}.relu_(); {v}[1:] -= {x}; {v}.clamp_(-4, 4); {v}.fill_(2);
{v}[:, 0] = 1; {v}[n % 2] -= {x}; {v}.sub_({x}, alpha=2); {v}.copy_({x}); {v}[0, 1] = s; {v}.t()[1:].add_(1)
"""
SMOOTH_WRITES = """
{v}.add_({x}); {v} *= 0.7; {v}[0] = {x}; {v}[:, 1:] += 1; {v}.tanh_(); {v}[1].copy_({x}); {v}.sigmoid_();
{v}.t().mul_({x}); {v} -= {x}; {v}[1:] *= {x}; {v}.view(6)[2:4] *= 2; {v}.fill_(0.5); {v}[n % 2].tanh_()
"""
CONDITIONS = "n > 2; {x}.sum() > 0; s < 1.0 and n > 0; bool({x}.max() > 1); n % 2 == 0; not n == 3; n > 1 or s > 1.0"
SMOOTH_CONDITIONS = "n > 2; s < 1.0 and n > 0; n % 2 == 0; not n == 3; {x}.dim() == 2; {x}.size(0) > n"
INTS = "n + 1; n // 2; -n % 3; {x}.dim(); {x}.size(0); {x}.numel() - n; max(n, 2); 7 // (n + 1); abs(n - 4); n * n % 5"
EXACT_INTS = f"{INTS}; int({{x}}.sum()) % 4; int({{x}}.max())"

EXACT = {
    "pointwise": POINTWISE,
    "numbers": NUMBERS,
    "dtypes": DTYPES,
    "reductions": REDUCTIONS,
    "views": VIEWS,
    "others": OTHERS,
}
ROUNDED = {"smooth": SMOOTH, "smooth others": SMOOTH_OTHERS}
STYLES = (("pointwise", "numbers"), ("pointwise", "views"), ("views", "others", "pointwise"), tuple(EXACT))


@dataclass
class Scope:
    """Variables by name, each with a sample value; those of the scopes around it may be assigned, not made."""

    values: dict[str, Any]
    depth: int = 0
    in_loop: bool = False


def samples(lib: Any = tl, dtype: str = "float32") -> dict[str, Any]:
    """Fresh arguments with fixed values."""
    floats = [[[(7 * i + 3 * j + 5 * k) % 9 / 4 - 1 for j in range(3)] for i in range(2)] for k in range(2)]
    kind = getattr(lib, dtype)
    return {
        "a": lib.tensor(floats[0], dtype=kind),
        "b": lib.tensor(floats[1], dtype=kind),
        "c": lib.tensor([0.5, -1.0, 2.0], dtype=kind),
        "d": lib.tensor([[1, -2, 3], [0, 4, -1]]),
        "n": 3,
        "s": 0.5,
    }


def write(seed: int, *, size: int | None = None) -> FuzzProgram:
    """The program of a seed; a ``size`` other than its own makes another."""
    return _Writer(seed, size).program()


class _Writer:
    def __init__(self, seed: int, size: int | None) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.smooth = self.random.random() < 0.3
        self.structured = self.random.random() < 0.75
        self.lists = self.random.random() < 0.4
        self.families = list(ROUNDED.values()) if self.smooth else [EXACT[f] for f in self.random.choice(STYLES)]
        drawn = self.random.randint(3, 9)
        self.size = drawn if size is None else size
        self.count = 0
        self.leaves_early = False

    def program(self) -> FuzzProgram:
        scope = Scope(samples())
        body = self.block(scope, self.size)
        alive = {n: v for n, v in scope.values.items() if n in "abcd"} if self.leaves_early else scope.values
        tensors = [n for n, v in alive.items() if isinstance(v, tl.Tensor)]
        results = self.random.sample(tensors, min(self.random.randint(1, 3), len(tensors)))
        return FuzzProgram(self.seed, body, tuple(results), self.smooth)

    def block(self, scope: Scope, size: int) -> tuple[Statement, ...]:
        kinds: list[Callable[[Scope], Statement | None]] = [self.new, self.new, self.new, self.again, self.write]
        kinds += [self.write, self.number]
        if self.lists:
            kinds += [self.new_list, self.change_list, self.change_list, self.element, self.pair]
        if self.structured and scope.depth < 3:
            kinds += [self.branch, self.loop, self.turns, *([self.over_list] if self.lists else [])]
        if self.structured and scope.depth:
            kinds += [self.leave]
        found = (self.random.choice(kinds)(scope) for _ in range(size))
        return tuple(s for s in found if s is not None)

    # Statements of tensors and numbers

    def new(self, scope: Scope) -> Statement | None:
        found = self.expression(scope)
        if found is None:
            return None
        name = self.name("v")
        text, scope.values[name] = found
        return Statement(f"{name} = {text}")

    def again(self, scope: Scope) -> Statement | None:
        """A variable that there is already gets another value of its type; perhaps two change places."""
        name, values = self.pick(scope), scope.values
        alike = [n for n, v in values.items() if n != name and self.same(v, values[name])]
        if alike and self.random.random() < 0.3:
            other = self.random.choice(alike)
            values[name], values[other] = values[other], values[name]
            return Statement(f"{name}, {other} = {other}, {name}")
        for _ in range(8):
            found = self.expression(scope)
            if found is not None and self.same(found[1], values[name]):
                values[name] = found[1]
                return Statement(f"{name} = {found[0]}")
        return None

    def write(self, scope: Scope) -> Statement | None:
        for _ in range(8):
            target, source = self.pick(scope), self.pick(scope)
            text = self.form(SMOOTH_WRITES if self.smooth else WRITES).format(v=target, x=source)
            if " = " in text and scope.values[source].ndim >= scope.values[target].ndim:
                continue  # plain Python drops leading dimensions of size 1 then; scripting does not
            if self.runs(text, scope.values):
                return Statement(text)
        return None

    def number(self, scope: Scope) -> Statement | None:
        text = self.form(INTS if self.smooth else EXACT_INTS).format(x=self.pick(scope))
        value = self.value(text, scope)
        if not isinstance(value, int) or abs(value) > 9:
            return None
        name = "n" if self.random.random() < 0.3 else self.name("m")
        scope.values[name] = value
        return Statement(f"{name} = {text}")

    # Statements of lists and tuples

    def new_list(self, scope: Scope) -> Statement | None:
        x, y = self.pick(scope), self.pick(scope)
        forms = ("[{x}, {y}]", "[{x}]", "[{x} * i for i in range(2)]", "[t + 1 for t in [{x}, {y}]]", "[{x}, {x}]")
        text = self.random.choice(forms).format(x=x, y=y)
        name = self.name("l")
        value = self.value(text, scope)
        if value is None:
            return None
        scope.values[name] = value
        return Statement(f"{name} = {text}")

    def change_list(self, scope: Scope) -> Statement | None:
        name = self.pick_list(scope)
        if name is None:
            return None
        forms = "{l}.append({x}); {l}[0] = {x}; {l}.insert(1, {x}); {l}.reverse(); {l}[-1].add_(1); {l} = {l} + [{x}]"
        forms += "; {l}.extend([{x}, {x}]); {l} += [{x}]; {l}[0], {l}[-1] = {l}[-1], {l}[0]"
        text = self.form(forms).format(l=name, x=self.pick(scope))
        return Statement(text) if self.runs(text, scope.values) else None

    def element(self, scope: Scope) -> Statement | None:
        name = self.pick_list(scope)
        if name is None:
            return None
        form = self.form(
            "{l}[0]; {l}[-1]; {l}[n % 2]; tl.stack({l}).sum(0); tl.cat({l}); {l}[:1][0]; {l}[len({l}) - 1] * 2"
        )
        text = form.format(l=name)
        value = self.value(text, scope)
        if not isinstance(value, tl.Tensor) or value.numel() > 24:
            return None
        made = self.name("v")
        scope.values[made] = value
        return Statement(f"{made} = {text}")

    def pair(self, scope: Scope) -> Statement | None:
        x, y = self.expression(scope), self.expression(scope)
        if x is None or y is None:
            return None
        first, second = self.name("v"), self.name("v")
        scope.values[first], scope.values[second] = x[1], y[1]
        return Statement(f"{first}, {second} = {x[0]}, {y[0]}")

    def over_list(self, scope: Scope) -> Statement | None:
        name = self.pick_list(scope)
        if name is None or len({(t.shape, t.dtype) for t in scope.values[name]}) != 1:
            return None
        item = self.name("t")
        # A body that made the list longer would not come to an end.
        others = {n: v for n, v in scope.values.items() if n != name}
        inner = self.inside(Scope(others, scope.depth), {item: scope.values[name][0]})
        return Statement(f"for {item} in {name}:", inner)

    # Control flow

    def branch(self, scope: Scope) -> Statement:
        condition = self.condition(scope)
        body = self.inside(scope)
        orelse = self.inside(scope) if self.random.random() < 0.6 else None
        return Statement(f"if {condition}:", body, orelse)

    def loop(self, scope: Scope) -> Statement:
        name = self.name("i")
        # A body may make n larger, and loops stand in loops: without a bound a trace of them has no end.
        trips = self.random.choice(("min(n, 6)", "2", "0", "min(n, 6) - 1", "a.shape[0]", "1, 4", "3, 0, -1", "5"))
        return Statement(f"for {name} in range({trips}):", self.inside(scope, {name: 1}))

    def turns(self, scope: Scope) -> Statement:
        name = self.name("k")
        condition = self.random.choice((f"{name} < 2", f"{name} < n", f"({self.condition(scope)})"))
        head = f"while {name} < 4 and {condition}:"
        return Statement(head, self.inside(scope, {name: 1}), before=f"{name} = 0", first=f"{name} = {name} + 1")

    def leave(self, scope: Scope) -> Statement | None:
        """Out of a loop or the function, on a condition."""
        words = ["break", "continue"] if scope.in_loop else []
        if self.random.random() < 0.3:
            words = [f"return {RESULTS}"]
        if not words:
            return None
        word = self.random.choice(words)
        self.leaves_early |= word.startswith("return")
        return Statement(f"if {self.condition(scope)}:", (Statement(word),))

    def inside(self, scope: Scope, more: dict[str, Any] | None = None) -> tuple[Statement, ...]:
        inner = Scope({**scope.values, **(more or {})}, scope.depth + 1, scope.in_loop or more is not None)
        return self.block(inner, self.random.randint(1, 3))

    def condition(self, scope: Scope) -> str:
        return self.form(SMOOTH_CONDITIONS if self.smooth else CONDITIONS).format(x=self.pick(scope))

    # Expressions

    def expression(self, scope: Scope) -> tuple[str, tl.Tensor] | None:
        for _ in range(30):
            form = self.form(self.random.choice(self.families))
            text = form.format(x=self.pick(scope), y=self.pick(scope))
            value = self.value(text, scope)
            if isinstance(value, tl.Tensor) and value.numel() <= 24:
                return text, value
        return None

    def value(self, text: str, scope: Scope) -> Any:
        """What a text gives, None where it raises."""
        try:
            return eval(text, {"tl": tl, **scope.values})
        except (TensorlabError, TypeError, IndexError, ZeroDivisionError, OverflowError, ValueError):
            return None

    def runs(self, text: str, values: dict[str, Any]) -> bool:
        """Whether a write can be done; the samples are written to, or left as they are."""
        shapes = {n: (v.shape, v.dtype) for n, v in values.items() if isinstance(v, tl.Tensor)}
        try:
            exec(text, {"tl": tl}, values)
        except (TensorlabError, TypeError, IndexError):
            return False
        return shapes == {n: (v.shape, v.dtype) for n, v in values.items() if isinstance(v, tl.Tensor)}

    def name(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"

    def form(self, forms: str) -> str:
        return self.random.choice([form.strip() for form in forms.split(";")])

    def pick(self, scope: Scope) -> str:
        """A tensor, the latest ones more often."""
        names = [n for n, v in scope.values.items() if isinstance(v, tl.Tensor)]
        return self.random.choice(names[-4:] if self.random.random() < 0.6 else names)

    def pick_list(self, scope: Scope) -> str | None:
        names = [n for n, v in scope.values.items() if isinstance(v, list)]
        return self.random.choice(names) if names else None

    def same(self, x: Any, y: Any) -> bool:
        return isinstance(x, tl.Tensor) and isinstance(y, tl.Tensor) and (x.shape, x.dtype) == (y.shape, y.dtype)
