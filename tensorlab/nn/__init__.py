"""Modules, their layers and what trains them, under torch's names."""

from tensorlab.nn import functional as functional
from tensorlab.nn.module import Module as Module
from tensorlab.nn.parameter import Parameter as Parameter
