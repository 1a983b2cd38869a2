"""The Python array API standard, version 2024.12, over tensorlab's operations.

>>> import tensorlab.array_api as xp
>>> xp.sum(xp.asarray([[1, 2], [3, 4]]), axis=0)
tensor([4, 6])

Functions take tensors and give an `Array`: a Tensor by another class, with no state of its own. A plain Tensor would
have been simpler, but its ``size`` is a method, as torch's is, where the standard wants a number; its operators promote
by torch's rule, by which a tensor without dimensions counts less than others; its slices go forwards only; and 0-d
results of ``x[0]`` would have had to differ from the arrays that functions give. Changing the class of a result that
nobody else holds costs a tenth of a microsecond, and gradients, views and traces know no difference. What is not the
standard's, a method of Tensor (``x.relu()``) or a function of ``tensorlab``, takes an Array and gives a Tensor.

What the standard leaves open:

- dtypes are bool, int8, int16, int32, int64, uint8, float32 and float64. There are no complex numbers and no wider
  unsigned integers, so that there is no ``fft`` extension, ``real`` and ``conj`` give their operand, ``imag`` gives
  zeros, and sums of uint8 are int64. ``__array_namespace_info__`` tells.
- the default floating dtype is `tensorlab.get_default_dtype`, float32 unless set otherwise.
- integers beside floats promote to the floating dtype, integers divide into the default one.
- integers by 0 raise in ``//`` and ``%``.
- views share memory wherever Tensor's do; slices that go backwards, and `flip`, are copies.

Source: https://data-apis.org/array-api/2024.12/
"""

from __future__ import annotations

import math

from tensorlab import autograd as autograd  # whoever has a tensor may ask for its gradient
from tensorlab.array_api import linalg as linalg
from tensorlab.array_api.array import VERSION
from tensorlab.array_api.array import Array as Array
from tensorlab.array_api.creation import arange as arange
from tensorlab.array_api.creation import asarray as asarray
from tensorlab.array_api.creation import empty as empty
from tensorlab.array_api.creation import empty_like as empty_like
from tensorlab.array_api.creation import eye as eye
from tensorlab.array_api.creation import from_dlpack as from_dlpack
from tensorlab.array_api.creation import full as full
from tensorlab.array_api.creation import full_like as full_like
from tensorlab.array_api.creation import linspace as linspace
from tensorlab.array_api.creation import meshgrid as meshgrid
from tensorlab.array_api.creation import ones as ones
from tensorlab.array_api.creation import ones_like as ones_like
from tensorlab.array_api.creation import tril as tril
from tensorlab.array_api.creation import triu as triu
from tensorlab.array_api.creation import zeros as zeros
from tensorlab.array_api.creation import zeros_like as zeros_like
from tensorlab.array_api.dtypes import astype as astype
from tensorlab.array_api.dtypes import can_cast as can_cast
from tensorlab.array_api.dtypes import finfo as finfo
from tensorlab.array_api.dtypes import iinfo as iinfo
from tensorlab.array_api.dtypes import isdtype as isdtype
from tensorlab.array_api.dtypes import result_type as result_type
from tensorlab.array_api.elementwise import abs as abs
from tensorlab.array_api.elementwise import acos as acos
from tensorlab.array_api.elementwise import acosh as acosh
from tensorlab.array_api.elementwise import add as add
from tensorlab.array_api.elementwise import asin as asin
from tensorlab.array_api.elementwise import asinh as asinh
from tensorlab.array_api.elementwise import atan as atan
from tensorlab.array_api.elementwise import atan2 as atan2
from tensorlab.array_api.elementwise import atanh as atanh
from tensorlab.array_api.elementwise import bitwise_and as bitwise_and
from tensorlab.array_api.elementwise import bitwise_invert as bitwise_invert
from tensorlab.array_api.elementwise import bitwise_left_shift as bitwise_left_shift
from tensorlab.array_api.elementwise import bitwise_or as bitwise_or
from tensorlab.array_api.elementwise import bitwise_right_shift as bitwise_right_shift
from tensorlab.array_api.elementwise import bitwise_xor as bitwise_xor
from tensorlab.array_api.elementwise import ceil as ceil
from tensorlab.array_api.elementwise import clip as clip
from tensorlab.array_api.elementwise import conj as conj
from tensorlab.array_api.elementwise import copysign as copysign
from tensorlab.array_api.elementwise import cos as cos
from tensorlab.array_api.elementwise import cosh as cosh
from tensorlab.array_api.elementwise import divide as divide
from tensorlab.array_api.elementwise import equal as equal
from tensorlab.array_api.elementwise import exp as exp
from tensorlab.array_api.elementwise import expm1 as expm1
from tensorlab.array_api.elementwise import floor as floor
from tensorlab.array_api.elementwise import floor_divide as floor_divide
from tensorlab.array_api.elementwise import greater as greater
from tensorlab.array_api.elementwise import greater_equal as greater_equal
from tensorlab.array_api.elementwise import hypot as hypot
from tensorlab.array_api.elementwise import imag as imag
from tensorlab.array_api.elementwise import isfinite as isfinite
from tensorlab.array_api.elementwise import isinf as isinf
from tensorlab.array_api.elementwise import isnan as isnan
from tensorlab.array_api.elementwise import less as less
from tensorlab.array_api.elementwise import less_equal as less_equal
from tensorlab.array_api.elementwise import log as log
from tensorlab.array_api.elementwise import log1p as log1p
from tensorlab.array_api.elementwise import log2 as log2
from tensorlab.array_api.elementwise import log10 as log10
from tensorlab.array_api.elementwise import logaddexp as logaddexp
from tensorlab.array_api.elementwise import logical_and as logical_and
from tensorlab.array_api.elementwise import logical_not as logical_not
from tensorlab.array_api.elementwise import logical_or as logical_or
from tensorlab.array_api.elementwise import logical_xor as logical_xor
from tensorlab.array_api.elementwise import maximum as maximum
from tensorlab.array_api.elementwise import minimum as minimum
from tensorlab.array_api.elementwise import multiply as multiply
from tensorlab.array_api.elementwise import negative as negative
from tensorlab.array_api.elementwise import nextafter as nextafter
from tensorlab.array_api.elementwise import not_equal as not_equal
from tensorlab.array_api.elementwise import positive as positive
from tensorlab.array_api.elementwise import pow as pow
from tensorlab.array_api.elementwise import real as real
from tensorlab.array_api.elementwise import reciprocal as reciprocal
from tensorlab.array_api.elementwise import remainder as remainder
from tensorlab.array_api.elementwise import round as round
from tensorlab.array_api.elementwise import sign as sign
from tensorlab.array_api.elementwise import signbit as signbit
from tensorlab.array_api.elementwise import sin as sin
from tensorlab.array_api.elementwise import sinh as sinh
from tensorlab.array_api.elementwise import sqrt as sqrt
from tensorlab.array_api.elementwise import square as square
from tensorlab.array_api.elementwise import subtract as subtract
from tensorlab.array_api.elementwise import tan as tan
from tensorlab.array_api.elementwise import tanh as tanh
from tensorlab.array_api.elementwise import trunc as trunc
from tensorlab.array_api.inspection import __array_namespace_info__ as __array_namespace_info__
from tensorlab.array_api.linalg import matmul as matmul
from tensorlab.array_api.linalg import matrix_transpose as matrix_transpose
from tensorlab.array_api.linalg import tensordot as tensordot
from tensorlab.array_api.linalg import vecdot as vecdot
from tensorlab.array_api.manipulation import broadcast_arrays as broadcast_arrays
from tensorlab.array_api.manipulation import broadcast_to as broadcast_to
from tensorlab.array_api.manipulation import concat as concat
from tensorlab.array_api.manipulation import expand_dims as expand_dims
from tensorlab.array_api.manipulation import flip as flip
from tensorlab.array_api.manipulation import moveaxis as moveaxis
from tensorlab.array_api.manipulation import permute_dims as permute_dims
from tensorlab.array_api.manipulation import repeat as repeat
from tensorlab.array_api.manipulation import reshape as reshape
from tensorlab.array_api.manipulation import roll as roll
from tensorlab.array_api.manipulation import squeeze as squeeze
from tensorlab.array_api.manipulation import stack as stack
from tensorlab.array_api.manipulation import tile as tile
from tensorlab.array_api.manipulation import unstack as unstack
from tensorlab.array_api.searching import argmax as argmax
from tensorlab.array_api.searching import argmin as argmin
from tensorlab.array_api.searching import argsort as argsort
from tensorlab.array_api.searching import count_nonzero as count_nonzero
from tensorlab.array_api.searching import nonzero as nonzero
from tensorlab.array_api.searching import searchsorted as searchsorted
from tensorlab.array_api.searching import sort as sort
from tensorlab.array_api.searching import take as take
from tensorlab.array_api.searching import take_along_axis as take_along_axis
from tensorlab.array_api.searching import unique_all as unique_all
from tensorlab.array_api.searching import unique_counts as unique_counts
from tensorlab.array_api.searching import unique_inverse as unique_inverse
from tensorlab.array_api.searching import unique_values as unique_values
from tensorlab.array_api.searching import where as where
from tensorlab.array_api.statistics import all as all
from tensorlab.array_api.statistics import any as any
from tensorlab.array_api.statistics import cumulative_prod as cumulative_prod
from tensorlab.array_api.statistics import cumulative_sum as cumulative_sum
from tensorlab.array_api.statistics import diff as diff
from tensorlab.array_api.statistics import max as max
from tensorlab.array_api.statistics import mean as mean
from tensorlab.array_api.statistics import min as min
from tensorlab.array_api.statistics import prod as prod
from tensorlab.array_api.statistics import std as std
from tensorlab.array_api.statistics import sum as sum
from tensorlab.array_api.statistics import var as var
from tensorlab.core.dtype import bool as bool
from tensorlab.core.dtype import float32 as float32
from tensorlab.core.dtype import float64 as float64
from tensorlab.core.dtype import int8 as int8
from tensorlab.core.dtype import int16 as int16
from tensorlab.core.dtype import int32 as int32
from tensorlab.core.dtype import int64 as int64
from tensorlab.core.dtype import uint8 as uint8

__array_api_version__ = VERSION

e = math.e
inf = math.inf
nan = math.nan
newaxis = None
pi = math.pi
