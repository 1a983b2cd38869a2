"""Types as a graph's text writes them: ``Float(2, *)``, ``int[]``, ``Dict(str, Tensor)``."""

from __future__ import annotations

from tensorlab.core.dtype import BY_IR_NAME
from tensorlab.core.types import (
    NONE,
    SCALARS,
    TENSOR,
    DictType,
    ListType,
    OptionalType,
    TensorType,
    TupleType,
    Type,
)
from tensorlab.jit.lexer import Lexer


class TypeParser(Lexer):
    """Reads a type from where the text stands. ``by_torch`` is set once one says what only PyTorch writes."""

    by_torch = False

    def type(self) -> Type:
        type_ = self.base_type()
        while True:
            if self.skip("["):
                self.expect("]", "after '[' of a list type")
                type_ = ListType(type_)
            elif self.skip("?"):
                type_ = OptionalType(type_)
            else:
                return type_

    def base_type(self) -> Type:
        if self.skip("("):
            parts: list[Type] = []
            while not self.skip(")"):
                if parts:
                    self.expect(",", "or ')' in a tuple type")
                parts.append(self.type())
            return TupleType(tuple(parts))
        word = self.expect_kind("word", "a type")
        if word.text == "Tensor":
            return TENSOR
        if word.text == "Function":
            return NONE
        if word.text == "Dict":
            return self.dict_type()
        if word.text == "NamedTuple":
            return self.named_tuple_type()
        if word.text in BY_IR_NAME:
            dtype = BY_IR_NAME[word.text]
            return TensorType(dtype, self.sizes()) if self.skip("(") else TensorType(dtype)
        if word.text in SCALARS:
            return SCALARS[word.text]
        raise self.error(f"no type is named {word.text!r}", word)

    def dict_type(self) -> Type:
        """``(str, int)``."""
        self.expect("(", "after Dict")
        key = self.type()
        self.expect(",", "after the key's type")
        value = self.type()
        self.expect(")", "after the value's type")
        return DictType(key, value)

    def named_tuple_type(self) -> Type:
        """``(x : int, y : Tensor)``."""
        self.expect("(", "after NamedTuple")
        names: list[str] = []
        types: list[Type] = []
        while not self.skip(")"):
            if names:
                self.expect(",", "or ')' in a named tuple's type")
            names.append(self.expect_kind("word", "the name of a part").text)
            self.expect(":", "and a type after the name of a part")
            types.append(self.type())
        return TupleType(tuple(types), tuple(names))

    def sizes(self) -> tuple[int | None, ...]:
        """``2, *)``; what torch writes after the sizes (``requires_grad=0, device=cpu``) is passed over."""
        sizes: list[int | None] = []
        while not self.skip(")"):
            token = self.take()
            if token.text == "*":
                sizes.append(None)
            elif token.kind == "number" and token.text.isdigit():
                sizes.append(int(token.text))
            elif token.kind == "word" and self.skip("="):
                self.by_torch = True
                if self.take().text == "[":
                    while self.take().text != "]":
                        pass
            else:
                raise self.error(f"takes a size, '*' or ')', got {token.text!r}", token)
            if not self.skip(",") and self.ahead.text != ")":
                raise self.unexpected("',' or ')' after a size")
        return tuple(sizes)
