"""Data for training: datasets, the order in which they are gone through, and batches, under torch's names."""

from tensorlab.nn.data.collate import default_collate as default_collate
from tensorlab.nn.data.collate import default_convert as default_convert
from tensorlab.nn.data.dataset import ConcatDataset as ConcatDataset
from tensorlab.nn.data.dataset import Dataset as Dataset
from tensorlab.nn.data.dataset import IterableDataset as IterableDataset
from tensorlab.nn.data.dataset import StackDataset as StackDataset
from tensorlab.nn.data.dataset import Subset as Subset
from tensorlab.nn.data.dataset import TensorDataset as TensorDataset
from tensorlab.nn.data.dataset import random_split as random_split
from tensorlab.nn.data.loader import DataLoader as DataLoader
from tensorlab.nn.data.sampler import BatchSampler as BatchSampler
from tensorlab.nn.data.sampler import RandomSampler as RandomSampler
from tensorlab.nn.data.sampler import Sampler as Sampler
from tensorlab.nn.data.sampler import SequentialSampler as SequentialSampler
from tensorlab.nn.data.sampler import SubsetRandomSampler as SubsetRandomSampler
from tensorlab.nn.data.sampler import WeightedRandomSampler as WeightedRandomSampler
