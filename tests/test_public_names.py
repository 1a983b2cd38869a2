"""What is written out for people and tools (public names, signatures of methods) is what the op families hold.

``--update-golden`` writes both files anew.
"""

import inspect
import pprint
import re
from pathlib import Path

import pytest

import tensorlab as tl
from tensorlab.autograd.methods import METHODS
from tensorlab.core.tensor import Tensor
from tensorlab.ops import families
from tensorlab.ops.methods import TABLE as OPERATIONS

TABLE = {**OPERATIONS, **METHODS}
PACKAGE = Path(tl.__file__).parent
KNOWN = {
    *("Tensor", "Operand", "Dims", "DType", "Any", "Sequence", "Iterator", "None"),
    *("Int", "Float", "Bool", "str", "tuple", "list"),
}
ALIASES = {"int": "Int", "float": "Float", "bool": "Bool"}


def names_text() -> str:
    homes = families.homes("FUNCTIONS")
    by_module: dict[str, tuple[str, ...]] = {}
    for name, module in sorted(homes.items()):
        by_module[module] = (*by_module.get(module, ()), name)
    table = pprint.pformat(dict(sorted(by_module.items())), width=110, compact=True)
    return (
        '"""Public functions, by the module that holds each: what `tensorlab` resolves lazily.\n\n'
        "Written by tests/test_public_names.py from the tables in `ops.families`.\n"
        '"""\n\nfrom __future__ import annotations\n\n'
        f"# fmt: off\n# ruff: noqa: E501\nFUNCTIONS: dict[str, tuple[str, ...]] = {table}\n"
    )


def annotation(text: object) -> str:
    """An annotation in the words that the file of signatures knows, else Any."""
    if text is inspect.Parameter.empty:
        return "Any"
    words = str(text) if isinstance(text, str) else getattr(text, "__name__", "Any")
    words = re.sub(r"\b(int|float|bool)\b", lambda m: ALIASES[m[0]], words)
    return words if set(re.findall(r"[A-Za-z_]\w*", words)) <= KNOWN else "Any"


def written(default: object) -> str:
    """A default as source, where it is a literal."""
    return repr(default) if default is None or isinstance(default, (bool, int, float, str, tuple)) else "..."


def signature(name: str, method: object) -> str:
    if isinstance(method, property):
        returns = annotation(inspect.signature(method.fget).return_annotation)
        text = f"    @property\n    def {name}(self) -> {returns}: ..."
        setter = f"\n    @{name}.setter\n    def {name}(self, value: {returns}) -> None: ..."
        return text + (setter if method.fset is not None else "")
    parts, star = [], False
    for i, p in enumerate(inspect.signature(method).parameters.values()):
        default = "" if p.default is p.empty else f" = {written(p.default)}"
        if i == 0:
            parts.append("self")
        elif p.kind is p.VAR_POSITIONAL:
            parts.append(f"*{p.name}: {annotation(p.annotation)}")
            star = True
        elif p.kind is p.VAR_KEYWORD:
            parts.append(f"**{p.name}: {annotation(p.annotation)}")
        else:
            if p.kind is p.KEYWORD_ONLY and not star:
                parts.append("*")
                star = True
            parts.append(f"{p.name}: {annotation(p.annotation)}{default}")
    returns = annotation(inspect.signature(method).return_annotation)
    ignore = "  # pyright: ignore[reportIncompatibleMethodOverride]" if name in ("__eq__", "__ne__") else ""
    return f"    def {name}({', '.join(parts)}) -> {returns}: ...{ignore}"


def kind_of(name: str) -> str:
    """Which of the files of signatures a method stands in."""
    if name.startswith("__") or isinstance(TABLE[name], property):
        return "operators"
    return "in_place" if name.endswith("_") else "methods"


WHAT = {
    "operators": ("Operators", "Operators and properties"),
    "in_place": ("InPlace", "In-place forms"),
    "methods": ("Methods", "Methods"),
}


def signatures_text(kind: str) -> str:
    title, what = WHAT[kind]
    methods = "\n".join(signature(name, TABLE[name]) for name in sorted(TABLE) if kind_of(name) == kind)
    used = set(re.findall(r"[A-Za-z_]\w*", methods))
    abstract = ", ".join(w for w in ("Iterator", "Sequence") if w in used)
    words = ", ".join(w for w in ("Bool", "Dims", "Float", "Int", "Operand") if w in used)
    imports = [f"from collections.abc import {abstract}"] if abstract else []
    imports += ["from typing import TYPE_CHECKING, Any", ""]
    imports += ["from tensorlab.core.dtype import DType"] if "DType" in used else []
    imports += [f"from tensorlab.core.signatures.words import {words}"]
    head = "\n".join(imports)
    return f'''"""{what} that ops give to Tensor, as type checkers see them; `tensorlab.ops.methods` installs them.

Written by tests/test_public_names.py from the methods' own signatures.
"""

# fmt: off

from __future__ import annotations

{head}

if TYPE_CHECKING:
    from tensorlab.core.tensor import Tensor


class {title}:
    """Signatures alone."""

{methods}
'''


FILES = {"names.py": names_text} | {
    f"core/signatures/{kind}.py": (lambda kind=kind: signatures_text(kind)) for kind in WHAT
}


@pytest.mark.parametrize("path", FILES)
def test_what_is_written_is_what_there_is(path, request):
    file, text = PACKAGE / path, FILES[path]()
    if request.config.getoption("--update-golden"):
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text, f"{path} is stale: run this test with --update-golden"


@pytest.mark.parametrize("name", sorted(families.homes("FUNCTIONS")))
def test_a_public_function_is_there_and_says_what_it_does(name):
    found = getattr(tl, name)
    assert found is families.table("FUNCTIONS")[name]
    assert inspect.getdoc(found), name


@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_method_is_installed(name):
    assert inspect.getattr_static(Tensor, name) is TABLE[name]


def test_the_readme_counts_them():
    methods = [name for name in TABLE if not name.startswith("__")]
    told = f"| {len(families.homes('FUNCTIONS'))} functions, {len(methods)} methods |"
    assert told in (PACKAGE.parent / "README.md").read_text()
