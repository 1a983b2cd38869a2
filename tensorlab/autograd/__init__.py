"""Reverse-mode derivatives over a tape: what ran is what is differentiated.

Importing it gives Tensor its ``requires_grad``, ``grad`` and ``backward``.
"""

from tensorlab.autograd import graph as graph
from tensorlab.autograd import methods as methods
from tensorlab.autograd import sending as sending
from tensorlab.autograd.api import backward as backward
from tensorlab.autograd.api import grad as grad
from tensorlab.autograd.check import gradcheck as gradcheck
from tensorlab.autograd.check import gradgradcheck as gradgradcheck
from tensorlab.autograd.foreign_writes import detect_foreign_writes as detect_foreign_writes
from tensorlab.autograd.function import Function as Function
from tensorlab.autograd.modes import enable_grad as enable_grad
from tensorlab.autograd.modes import inference_mode as inference_mode
from tensorlab.autograd.modes import is_grad_enabled as is_grad_enabled
from tensorlab.autograd.modes import no_grad as no_grad
from tensorlab.autograd.modes import set_grad_enabled as set_grad_enabled
from tensorlab.core.tensor import Tensor as Tensor
