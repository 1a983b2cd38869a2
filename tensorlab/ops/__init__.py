"""The operations: one declaration each, with its type rule, its compute body and its place in ATen's schema language.

Importing any part loads all of them, so that the registry is whole and tensors have their methods.
"""

from tensorlab.ops import create as create
from tensorlab.ops import methods as methods
from tensorlab.ops import number as number
from tensorlab.ops import python_containers as python_containers
from tensorlab.ops import python_strings as python_strings
