"""The table of programs; ``DIFFERS`` names those on which we and TorchScript differ, and why."""

from tests.jit.scripting.programs_classes import CLASSES
from tests.jit.scripting.programs_dicts import DICTS
from tests.jit.scripting.programs_exits import EXITS
from tests.jit.scripting.programs_iteration import ITERATION
from tests.jit.scripting.programs_kinds import KINDS
from tests.jit.scripting.programs_lists import LISTS
from tests.jit.scripting.programs_numbers import NUMBERS
from tests.jit.scripting.programs_objects import OBJECTS
from tests.jit.scripting.programs_strings import STRINGS

PROGRAMS = (*EXITS, *ITERATION, *LISTS, *NUMBERS, *STRINGS, *DICTS, *KINDS, *CLASSES, *OBJECTS)

DIFFERS: dict[str, str] = {
    "comprehension with an if": "TorchScript has no ifs in comprehensions",
    "a comprehension's own variable": "in TorchScript a comprehension's variable is one of the function's",
    "reversed": "TorchScript has no reversed of lists and ranges",
    "set slices": "TorchScript cannot assign to a slice of a list",
    "invert and log2": "TorchScript has neither for numbers",
    "percent with widths": "TorchScript has no widths behind a percent sign",
    "f-string with braces": "TorchScript does not put braces back when it formats",
    "f-string with a format": "TorchScript has no formats in f-strings",
    "dict of lists": "TorchScript takes the empty list for one of tensors",
    "a tuple from outside unpacked": "TorchScript has no tuples from outside",
    "constants from outside": "TorchScript has no tuples from outside",
    "type comments of parameters": "TorchScript overlooks the comment behind the assignment beside those of parameters",
    "static method": "TorchScript has static methods only by the name of the class",
    "final": "TorchScript has Final for attributes alone",
    "loops in loops": "TorchScript asks for a value of y in the branch that continues too",
    "endless without an end": "TorchScript does not see that control never gets behind a `while True` without a break",
}

# Programs whose graphs have no form in code that reads back, and why.
WITHOUT_CODE: dict[str, str] = {
    "enum": "the text of a graph has no names for the user's own classes",
    "class with state": "as enum",
    "static method": "as enum",
    "class with tensors": "as enum",
    "objects in objects": "as enum",
    "magic methods": "as enum",
    "enter and exit": "as enum",
    "no_grad": "Python's own modes stay with Python",
    "no_grad and a return": "as ignored function",
    "ignored function": "Python's own functions stay with Python",
    "ignored function of nothing": "as ignored function",
}
