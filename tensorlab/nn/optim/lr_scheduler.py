"""Schedules of learning rates, under torch's names: each step of one sets ``lr`` of the optimiser's groups anew."""

from tensorlab.nn.optim.annealing import CosineAnnealingLR as CosineAnnealingLR
from tensorlab.nn.optim.annealing import CosineAnnealingWarmRestarts as CosineAnnealingWarmRestarts
from tensorlab.nn.optim.annealing import OneCycleLR as OneCycleLR
from tensorlab.nn.optim.factors import ConstantLR as ConstantLR
from tensorlab.nn.optim.factors import ExponentialLR as ExponentialLR
from tensorlab.nn.optim.factors import LambdaLR as LambdaLR
from tensorlab.nn.optim.factors import LinearLR as LinearLR
from tensorlab.nn.optim.factors import MultiplicativeLR as MultiplicativeLR
from tensorlab.nn.optim.factors import MultiStepLR as MultiStepLR
from tensorlab.nn.optim.factors import PolynomialLR as PolynomialLR
from tensorlab.nn.optim.factors import StepLR as StepLR
from tensorlab.nn.optim.schedule import LRScheduler as LRScheduler
from tensorlab.nn.optim.sequence import ChainedScheduler as ChainedScheduler
from tensorlab.nn.optim.sequence import ReduceLROnPlateau as ReduceLROnPlateau
from tensorlab.nn.optim.sequence import SequentialLR as SequentialLR
