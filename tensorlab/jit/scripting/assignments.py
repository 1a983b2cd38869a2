"""Assignments: what stands left of ``=`` gets a value, a place in memory or in a container, an attribute."""

from __future__ import annotations

import ast

from tensorlab.core.op import lookup
from tensorlab.core.types import TENSOR, ClassType, DictType, ListType, TensorType, TupleType, Type, general
from tensorlab.jit.ir import Value
from tensorlab.jit.scripting import classes, indexing, iteration, magic, methods, modules
from tensorlab.jit.scripting.annotations import annotation_type
from tensorlab.jit.scripting.exits import Exits
from tensorlab.jit.scripting.language import refusal
from tensorlab.jit.scripting.module_types import module_of
from tensorlab.jit.scripting.operators import kind_of
from tensorlab.jit.scripting.python_calls import module_call, module_called


class Assignments(Exits):
    """Makes the nodes of assignments."""

    def assignment(self, node: ast.Assign) -> None:
        value = self.assigned(node)
        for target in node.targets:
            self.assign_to(target, value)

    def assigned(self, node: ast.Assign) -> Value:
        """The value of an assignment; an empty list or dict is of the type that its place has.

        What a module from outside the function gives is as wide as what it is assigned to.
        """
        target = node.targets[0]
        module = module_called(self, node.value) if isinstance(target, ast.Tuple | ast.List) else None
        if module is not None and isinstance(node.value, ast.Call) and len(node.targets) == 1:
            return module_call(self, module, node.value, _width(target))
        if isinstance(node.value, ast.List | ast.Dict) and len(node.targets) == 1:
            wanted: Type | None = None
            match node.targets[0]:
                case ast.Subscript(owner) if self.is_value(owner) and isinstance(owner, ast.Name):
                    held = self.value(owner).type
                    wanted = held.value if isinstance(held, DictType) else None
                    wanted = held.element if isinstance(held, ListType) else wanted
                case ast.Name(name):
                    old = self.frame.find(name)
                    wanted = self.frame.declaration(name) or (old.type if isinstance(old, Value) else None)
                case _:
                    pass
            if wanted is not None and not (isinstance(node.value, ast.List) and node.value.elts):
                return self.value_as(node.value, wanted, None)
        return self.value(node.value)

    def assign_to(self, target: ast.expr, value: Value) -> None:
        """Give what stands left of ``=`` a value."""
        match target:
            case ast.Name():
                self.assign(target.id, value, target)
            case ast.Tuple(elts) | ast.List(elts) if any(isinstance(e, ast.Starred) for e in elts):
                self.starred(elts, value, target)
            case ast.Tuple() | ast.List():
                targets = [self.unstarred(t) for t in target.elts]
                for part, item in zip(targets, self.unpacked(value, len(targets), target), strict=True):
                    self.assign_to(part, item)
            case ast.Subscript():
                self.store(target, value)
            case ast.Attribute(owner) if self.is_value(owner) and self.owner_of(target) is not None:
                self.set_attribute(target, value)
            case ast.Attribute():
                self.fail(target, "assigning to an attribute cannot be scripted", "return the value")
            case _:
                self.fail(target, *refusal(target))

    def starred(self, targets: list[ast.expr], value: Value, node: ast.expr) -> None:
        """``a, *b = t``: the starred one gets the parts of a tuple that are left."""
        places = [i for i, t in enumerate(targets) if isinstance(t, ast.Starred)]
        if len(places) > 1 or not isinstance(value.type, TupleType):
            self.fail(node, "a starred target takes the rest of a tuple, once", "write the parts out")
        parts = self.unpacked(value, len(value.type.elements), node)
        at, behind = places[0], len(targets) - places[0] - 1
        if len(parts) < len(targets) - 1:
            self.fail(node, f"not enough values to unpack: need {len(targets) - 1} but found {len(parts)}")
        middle = self.tuple_of(parts[at : len(parts) - behind], node)
        for target, part in zip(targets, [*parts[:at], middle, *parts[len(parts) - behind :]], strict=True):
            self.assign_to(target.value if isinstance(target, ast.Starred) else target, part)

    def owner_of(self, target: ast.Attribute) -> Value | None:
        """The object of a scripted class whose attribute a target is."""
        if isinstance(target.value, ast.Name | ast.Attribute):
            owner = self.value(target.value)
            return owner if isinstance(owner.type, ClassType) else None
        return None

    def set_attribute(self, target: ast.Attribute, value: Value) -> None:
        """``self.count = 1``."""
        owner = self.value(target.value)
        module = module_of(owner.type)
        if module is not None:
            modules.write(self, owner, module, target, value)
        elif isinstance(owner.type, ClassType):
            classes.write(self, owner, owner.type, target, value)

    def place(self, target: ast.Subscript) -> Value:
        """The view of a tensor that a subscript left of ``=`` names."""
        owner = self.value(target.value)
        if not isinstance(owner.type, TensorType):
            type_ = general(owner.type)
            self.fail(target, f"a value of type {type_} cannot be changed in a script", "build a new one")
        return indexing.view(self, owner, target)

    def store(self, target: ast.Subscript, value: Value) -> None:
        """``x[i] = value``: written into the view of a tensor, or into a list or a dict."""
        if self.is_value(target.value):
            owner = self.value(target.value)
            if magic.has(owner, "__setitem__"):
                magic.call(self, owner, "__setitem__", [self.value(target.slice), value], target)
                return
            if not isinstance(owner.type, TensorType):
                methods.store(self, owner, target, value)
                return
        if indexing.store(self, target, value):
            return
        kind = "aten::copy_" if isinstance(value.type, TensorType) else "aten::fill_"
        self.single(kind, [self.place(target), value], target)

    def annotated(self, node: ast.AnnAssign) -> None:
        if isinstance(node.target, ast.Attribute) and node.value is not None:
            wanted = annotation_type(node.annotation, self.names, self.source)
            said = ast.unparse(node.target)
            value = self.value_as(node.value, wanted, lambda given: f"{said} is annotated as {wanted}, but is {given}")
            owner = self.owner_of(node.target)
            if owner is not None and isinstance(owner.type, ClassType) and self.is_init_of(owner.type.python):
                self.attributes_of(owner.type.python).setdefault(node.target.attr, wanted)
            self.assign_to(node.target, value)
            return
        if not isinstance(node.target, ast.Name):
            self.fail(node.target, "only a variable can be annotated in a script")
        wanted = annotation_type(node.annotation, self.names, self.source)
        name = node.target.id
        self.frame.declared[name] = wanted
        self.optional_params.discard(name)
        if self.derivations is not None:
            self.derivations.annotated(name, wanted, self.span(node.annotation))
        if node.value is None:
            return
        annotated = f"variable {name} is annotated as {wanted} but is assigned a value of type"
        value = self.value_as(node.value, wanted, lambda given: f"{annotated} {given}")
        self.assign(name, value, node.target)

    def augmented(self, node: ast.AugAssign) -> None:
        """``x += y`` writes into the memory of a tensor; of a number it makes a new value for the name."""
        if isinstance(node.target, ast.Subscript):
            owner = self.value(node.target.value)
            if isinstance(owner.type, TensorType):
                self.updated(node, indexing.view(self, owner, node.target))
            else:
                self.updated_element(node, owner, node.target)
        elif isinstance(node.target, ast.Name):
            self.assign(node.target.id, self.updated(node, self.name(node.target)), node.target)
        elif self.is_value(node.target) and self.owner_of(node.target) is not None:
            self.set_attribute(node.target, self.updated(node, self.value(node.target)))
        else:
            self.fail(node.target, "assigning to an attribute cannot be scripted", "return the value")

    def updated(self, node: ast.AugAssign, old: Value) -> Value:
        """The new value of what an augmented assignment changes."""
        if isinstance(old.type, ListType) and isinstance(node.op, ast.Add):
            other = iteration.listed(self, self.value_as(node.value, old.type, None), node.value)
            return self.single("aten::add_", [old, other], node)
        other = self.value(node.value)
        written = magic.BINARY[type(node.op)].replace("__", "__i", 1)
        if magic.has(old, written):
            return magic.call(self, old, written, [other], node)
        if magic.has(old, magic.BINARY[type(node.op)]):
            return magic.call(self, old, magic.BINARY[type(node.op)], [other], node)
        in_place = f"{kind_of(node.op, old)}_"
        if isinstance(old.type, TensorType) and lookup(in_place):
            return self.single(in_place, [old, other], node)
        return self.operate(node.op, old, other, node)

    def updated_element(self, node: ast.AugAssign, owner: Value, target: ast.Subscript) -> None:
        """``d[k] += 1``: read, computed and put back, the key worked out once."""
        if not methods.is_container(owner.type) or isinstance(target.slice, ast.Slice):
            message = f"a value of type {general(owner.type)} cannot be changed in a script"
            self.fail(target, message, "build a new one")
        key = self.value(target.slice)
        old = self.single("aten::__getitem__", [owner, key], target)
        self.op("aten::_set_item", [owner, key, self.updated(node, old)], target)


def _width(target: ast.expr) -> Type:
    """What is put into a target: a tensor into a name, a tuple into several; how wide a starred one is nobody knows."""
    if not isinstance(target, ast.Tuple | ast.List) or any(isinstance(e, ast.Starred) for e in target.elts):
        return TENSOR
    return TupleType(tuple(map(_width, target.elts)))
