"""Calls: ops, methods, Python's own functions, and functions that are scripted too and put in place."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping, Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any

from tensorlab.core.dtype import BY_NAME
from tensorlab.core.op import lookup
from tensorlab.core.types import BOOL, ClassType, TensorType, accepts, general
from tensorlab.errors import ScriptError
from tensorlab.jit.ir import CONSTANT, Graph, Node, Span, Value, walk
from tensorlab.jit.scripting import classes, functional, methods, modules, records, tensor_facts
from tensorlab.jit.scripting.arguments import op_call
from tensorlab.jit.scripting.einsum_form import equation_and_operands
from tensorlab.jit.scripting.forms import Argument, Form, argument_of
from tensorlab.jit.scripting.markers import mark_of
from tensorlab.jit.scripting.module_types import module_of
from tensorlab.jit.scripting.names import BUILTINS, is_ours, near_op, op_kind
from tensorlab.jit.scripting.python_calls import module_call, python_call
from tensorlab.jit.scripting.pythonic import python_function
from tensorlab.nn.module import Module
from tensorlab.ops.conversion import CONVERTERS
from tensorlab.ops.einsum import einsum

if TYPE_CHECKING:
    from tensorlab.jit.scripting.expressions import Expressions


def attribute(scope: Expressions, value: Value, node: ast.Attribute) -> Value:
    """``x.shape`` and the like."""
    module = module_of(value.type)
    if module is not None:
        return modules.read(scope, value, module, node)
    if isinstance(value.type, ClassType):
        return classes.read(scope, value, value.type, node)
    found = records.part(scope, value, node)
    if found is not None:
        return found
    of_device = tensor_facts.device_part(scope, value, node)
    if of_device is not None:
        return of_device
    if isinstance(value.type, TensorType):
        known = tensor_facts.attribute(scope, value, node)
        if known is not None:
            return known
        if methods.has_overload(f"aten::{node.attr}", value.type):
            error = scope.source.error(
                node, f"{node.attr} is a method of a tensor", hint=f"call it: {ast.unparse(node)}()"
            )
            error.edit = scope.source.name_place(node), f"{node.attr}()"
            raise error
    scope.fail(node, f"a value of type {general(value.type)} has no attribute {node.attr!r} that can be scripted")


def call(scope: Expressions, node: ast.Call) -> Value:
    """The value of a call.

    Raises: `ScriptError` for something that cannot be called in a script, or for arguments that it does not take.
    """
    if isinstance(node.func, ast.Attribute) and scope.is_value(node.func.value):
        return _method(scope, node.func, node)
    if scope.is_value(node.func):
        return _called_value(scope, scope.value(node.func), node)
    return call_outside(scope, scope.outside(node.func), node)


def _called_value(scope: Expressions, value: Value, node: ast.Call) -> Value:
    """A module or an object called."""
    module = module_of(value.type)
    if module is not None:
        return modules.call(scope, value, module, node, ast.unparse(node.func))
    if isinstance(value.type, ClassType):
        func = ast.copy_location(ast.Attribute(node.func, "__call__", ast.Load()), node.func)
        return classes.method(scope, value, value.type, func, node)
    scope.fail(node.func, f"a value of type {general(value.type)} cannot be called")


def call_outside(scope: Expressions, thing: Any, node: ast.Call) -> Value:
    """A call of something outside of the function: an op, one of Python's own functions, a class, a function."""
    form = functional.form_of(thing)
    if form is not None:
        return expand(scope, form, node, ast.unparse(node.func))
    if thing is einsum:
        form, operands = equation_and_operands(scope, node)
        return _expanded(scope, form, dict(zip(form.signature.parameters, operands, strict=True)), node)
    function = python_function(thing)
    if function is not None:
        return function(scope, node)
    if records.is_named_tuple(thing):
        return records.make(scope, thing, node)
    if classes.is_scripted_class(thing):
        return classes.make(scope, thing, node)
    kind = op_kind(thing) or functional.kind_of_function(thing)
    if kind is not None:
        return _op_call(scope, kind, node, numbers=thing in BUILTINS and thing is not abs)
    return _function_call(scope, thing, node)


def _method(scope: Expressions, func: ast.Attribute, node: ast.Call) -> Value:
    receiver = scope.value(func.value)
    kind = f"aten::{func.attr}"
    module = module_of(receiver.type)
    if module is not None:
        found = modules.container_method(scope, receiver, module, func, node)
        return modules.method(scope, receiver, module, func, node) if found is None else found
    if isinstance(receiver.type, ClassType):
        return classes.method(scope, receiver, receiver.type, func, node)
    if methods.is_container(receiver.type):
        return methods.method(scope, receiver, func, node)
    if not isinstance(receiver.type, TensorType):
        scope.fail(func, f"a value of type {general(receiver.type)} has no method {func.attr!r} that can be scripted")
    if not lookup(kind) and func.attr in CONVERTERS and not node.args and not node.keywords:
        dtype = scope.builder.constant(BY_NAME[CONVERTERS[func.attr]], span=scope.span(node))
        return scope.single("aten::to", [receiver, dtype], node)
    made = tensor_facts.method(scope, receiver, func.attr, node)
    if made is not None:
        return made
    if not methods.has_overload(kind, receiver.type):
        form = functional.form_of_method(func.attr)
        if form is not None:
            return expand(scope, form, node, ast.unparse(func), owner=receiver)
        kind = functional.kind_of_method(func.attr) or kind
    if not methods.has_overload(kind, receiver.type):
        scope.fail(func, f"a tensor has no method {func.attr!r} that can be scripted", near_op(kind))
    args, keywords = scope.arguments(node)
    return op_call(scope, kind, [receiver, *args], keywords, node)


def _op_call(scope: Expressions, kind: str, node: ast.Call, *, numbers: bool) -> Value:
    args, keywords = scope.arguments(node)
    if numbers or kind == "aten::abs":
        args = [_number(scope, a, node, of_tensors=numbers) for a in args]
    return op_call(scope, kind, args, keywords, node)


def _number(scope: Expressions, value: Value, node: ast.AST, *, of_tensors: bool) -> Value:
    """What Python's functions of numbers take: True as 1, and where they ask it for its value, a tensor as a float."""
    if value.type == BOOL:
        return scope.single("aten::Int", [value], node)
    if of_tensors and isinstance(value.type, TensorType):
        return scope.single("aten::Float", [value], node)
    return value


def _function_call(scope: Expressions, thing: Any, node: ast.Call) -> Value:
    text = ast.unparse(node.func)
    graph = scope.resolve(thing)
    if graph is None and isinstance(thing, FunctionType) and not is_ours(thing):
        mark = mark_of(thing)
        if mark in ("ignore", "unused"):
            return python_call(scope, thing, mark, node)
        return call_function(scope, thing, node, text)
    if isinstance(thing, Module) and graph is None:
        return module_call(scope, thing, node)
    if graph is not None and _takes_itself(graph):
        message = f"{text} is a scripted module: only the module that it is a part of can call it in a script"
        scope.fail(node.func, message, "call the module that was scripted, which Python runs, or make it a part")
    if graph is not None:
        return inline(scope, graph, getattr(thing, "__wrapped__", thing), text, node)
    name = text.rpartition(".")[2]
    if text.startswith("torch.") and lookup(f"aten::{name}"):
        scope.fail(node.func, f"{text} is torch's own", f"call tensorlab.{name}")
    scope.fail(node.func, f"{text} cannot be called in a script", near_op(f"aten::{name}"))


def _takes_itself(graph: Graph) -> bool:
    """Whether a graph is a scripted module's, which is given the module."""
    return bool(graph.inputs) and module_of(graph.inputs[0].type) is not None


def call_function(
    scope: Expressions, function: FunctionType, node: ast.Call, name: str, *, owner: Value | None = None
) -> Value:
    """A call of a Python function that is scripted for it; ``owner`` is the object whose method it is."""
    try:
        graph = scope.compile_called(function, owner=None if owner is None else owner.type)
    except ScriptError as error:
        error.calls.append((function.__name__, scope.source.function, scope.source.place(node)))
        raise
    return inline(scope, graph, function, name, node, owner=owner)


def inline(
    scope: Expressions, graph: Graph, function: Any, name: str, node: ast.Call, *, owner: Value | None = None
) -> Value:
    """The nodes of another function's graph, in place of a call of it.

    Raises: `ScriptError` for arguments that it does not take.
    """
    args = [*([] if owner is None else [owner]), *scope.positional(node)]
    keywords = {k.arg: scope.value(k.value) for k in node.keywords if k.arg is not None}
    if len(keywords) < len(node.keywords):
        scope.fail(node, "** in a call cannot be scripted", "write the arguments out")
    return _inlined(scope, graph, function, name, args, keywords, node)


def call_method(scope: Expressions, function: FunctionType, receiver: Value, args: list[Value], node: ast.AST) -> Value:
    """A method of a scripted class, for values that are there. What ``__exit__`` says of its arguments is not asked."""
    try:
        if function.__name__ == "__exit__":
            form = Form.of(function)
            given = dict(zip(form.signature.parameters, map(argument_of, [receiver, *args]), strict=False))
            graph = scope.expand_form(form, {name: argument for name, (argument, _) in given.items()})
            return placed(scope, graph, [v for _, values in given.values() for v in values], node)
        graph = scope.compile_called(function, owner=receiver.type)
    except ScriptError as error:
        error.calls.append((function.__name__, scope.source.function, scope.source.place(node)))
        raise
    return _inlined(scope, graph, function, function.__name__, [receiver, *args], {}, node)


def _inlined(
    scope: Expressions,
    graph: Graph,
    function: Any,
    name: str,
    args: list[Value],
    keywords: dict[str, Value],
    node: ast.AST,
) -> Value:
    """The nodes of a graph for arguments by position and by name, with the function's defaults."""
    defaults = _defaults(function)
    if len(args) > len(graph.inputs):
        message = f"arguments for call are not valid: {name} takes {len(graph.inputs)} arguments, got {len(args)}"
        scope.fail(node, message)
    for param in graph.inputs[len(args) :]:
        if param.name in keywords:
            args.append(keywords.pop(param.name))
        elif param.name in defaults:
            args.append(scope.constant(defaults[param.name], node))
        else:
            scope.fail(node, f"arguments for call are not valid: {name} misses its argument {param.name}")
    for keyword in keywords:
        scope.fail(node, f"arguments for call are not valid: {name} has no further argument {keyword}")
    args = [scope.implicit(v, general(p.type), node) for p, v in zip(graph.inputs, args, strict=True)]
    for param, value in zip(graph.inputs, args, strict=True):
        if not accepts(general(param.type), general(value.type)):
            wanted, got = general(param.type), general(value.type)
            scope.fail(node, f"arguments for call are not valid: {name} takes {wanted} for {param.name}, got {got}")
    return placed(scope, graph, args, node)


def expand(scope: Expressions, form: Form, node: ast.Call, name: str, *, owner: Value | None = None) -> Value:
    """A call of one of the library's own functions, in the form that it has in scripts, for arguments like these."""
    args, keywords = scope.arguments(node)
    if owner is not None:
        args = [owner, *args]
    try:
        bound = form.bound(args, keywords)
    except TypeError as error:
        scope.fail(node, f"arguments for call are not valid: {name}: {error}")
    return _expanded(scope, form, bound, node)


def _expanded(scope: Expressions, form: Form, bound: Mapping[str, Any], node: ast.Call) -> Value:
    """A form for arguments by name, put in place."""
    given: dict[str, Argument] = {}
    values: list[Value] = []
    for param, value in bound.items():
        known = value if isinstance(value, Value) else scope.constant(value, node)
        given[param], dynamic = argument_of(known)
        values += dynamic
    try:
        graph = scope.expand_form(form, given)
    except ScriptError as error:
        error.calls.append((form.name, scope.source.function, scope.source.place(node)))
        raise
    return placed(scope, graph, values, node)


def placed(scope: Expressions, graph: Graph, args: Sequence[Value], node: ast.AST) -> Value:
    """The nodes of a graph for these arguments, put in place; they know where they were called."""
    copied: list[Node] = []
    made, scope.builder.made = scope.builder.made, copied.append
    results = scope.builder.inline(graph.block, args)
    scope.builder.made = made
    _note_call(copied, scope.span(node))
    if not all(accepts(p.type, v.type) for p, v in zip(graph.inputs, args, strict=True)):
        _forget_types(copied)
    return results[0] if len(results) == 1 else scope.tuple_of(results, node)


def _note_call(nodes: list[Node], site: Span) -> None:
    """Let what was put in place know where it was called, so that errors of a run can show the way there."""
    noted: dict[Span, Span] = {}
    for top in nodes:
        for node in (top, *(n for block in top.blocks for n in walk(block))):
            if node.span is not None:
                if node.span not in noted:
                    noted[node.span] = node.span.called_from(site)
                node.span = noted[node.span]


def _forget_types(nodes: list[Node]) -> None:
    """Leave of tensor types only that they are tensors: a trace's hold for the shapes that it was traced with."""
    for top in nodes:
        for node in (top, *(n for block in top.blocks for n in walk(block))):
            if node.kind != CONSTANT:
                for value in node.outputs:
                    value.type = general(value.type)
            for block in node.blocks:
                for param in block.params:
                    param.type = general(param.type)


def _defaults(function: Any) -> dict[str, Any]:
    if not callable(function):
        return {}
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}
