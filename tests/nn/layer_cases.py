"""Layers, how they are built, and what goes in: rows for the comparison with torch."""

from dataclasses import dataclass

import numpy as np
from torch_twin import Fixed, Whole


@dataclass(frozen=True)
class Row:
    """``build`` is given the namespace ``nn`` of either library."""

    id: str
    build: object
    inputs: tuple
    train: tuple = (True, False)
    dtypes: tuple = ("float32", "float64")


def row(name, build, *inputs, train=(True, False), dtypes=("float32", "float64")):
    return Row(name, build, inputs, train, dtypes)


ODD = np.linspace(-3.0, 3.0, 24).reshape(4, 6)
SIGNS = np.array([1.0, -1.0, 1.0, -1.0])
SHARES = np.array([[0.2, 0.3, 0.5], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4], [0.6, 0.2, 0.2]])

LINEAR = (
    row("linear", lambda nn: nn.Linear(5, 3), (4, 5)),
    row("linear without bias", lambda nn: nn.Linear(5, 3, bias=False), (2, 3, 5)),
    row("linear of a vector", lambda nn: nn.Linear(5, 3), (5,)),
    row("linear of none", lambda nn: nn.Linear(5, 3), (0, 5)),
    row("identity", lambda nn: nn.Identity(54, unused=1), (4, 5)),
    row("bilinear", lambda nn: nn.Bilinear(3, 4, 2), (5, 3), (5, 4)),
    row("bilinear without bias", lambda nn: nn.Bilinear(3, 4, 2, bias=False), (2, 5, 3), (2, 5, 4)),
    row("flatten", lambda nn: nn.Flatten(), (2, 3, 4)),
    row("flatten some", lambda nn: nn.Flatten(0, 1), (2, 3, 4)),
    row("unflatten", lambda nn: nn.Unflatten(1, (2, 3)), (4, 6, 2)),
    row("pixel shuffle", lambda nn: nn.PixelShuffle(2), (2, 8, 3, 3)),
    row("upsample", lambda nn: nn.Upsample(scale_factor=2), (2, 3, 4, 4)),
    row("upsample to", lambda nn: nn.Upsample(size=(5, 7), mode="bilinear"), (2, 3, 4, 4)),
    row(
        "upsample aligned",
        lambda nn: nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
        (2, 3, 4, 4),
    ),
    row("embedding", lambda nn: nn.Embedding(10, 3), Whole(10, (2, 4))),
    row("embedding with padding", lambda nn: nn.Embedding(10, 3, padding_idx=2), Whole(4, (2, 9))),
    row("embedding, padding from the end", lambda nn: nn.Embedding(10, 3, padding_idx=-7), Whole(4, (2, 9))),
)

CONVOLUTION = (
    row("conv1d", lambda nn: nn.Conv1d(2, 4, 3), (2, 2, 9)),
    row("conv1d alone", lambda nn: nn.Conv1d(2, 4, 3, padding=1), (2, 9)),
    row("conv1d options", lambda nn: nn.Conv1d(4, 6, 3, 2, 2, 2, 2, False), (2, 4, 11)),
    row("conv1d same", lambda nn: nn.Conv1d(2, 3, 4, padding="same", dilation=2), (2, 2, 9)),
    row("conv2d", lambda nn: nn.Conv2d(2, 4, 3), (2, 2, 6, 7)),
    row("conv2d alone", lambda nn: nn.Conv2d(2, 4, (3, 2), padding=(1, 0)), (2, 6, 7)),
    row("conv2d options", lambda nn: nn.Conv2d(4, 6, 3, (2, 1), (1, 2), (1, 2), 2, bias=False), (2, 4, 7, 9)),
    row("conv2d depthwise", lambda nn: nn.Conv2d(4, 8, 3, groups=4), (2, 4, 6, 6)),
    row("conv2d same", lambda nn: nn.Conv2d(2, 3, (4, 3), padding="same"), (2, 2, 6, 7)),
    row("conv2d valid", lambda nn: nn.Conv2d(2, 3, 3, padding="valid"), (2, 2, 6, 7)),
    *(
        row(f"conv2d {mode}", lambda nn, m=mode: nn.Conv2d(2, 3, 3, padding=(1, 2), padding_mode=m), (2, 2, 6, 7))
        for mode in ("reflect", "replicate", "circular")
    ),
    row("conv2d same circular", lambda nn: nn.Conv2d(2, 3, 4, padding="same", padding_mode="circular"), (1, 2, 6, 7)),
    row("conv1d reflect", lambda nn: nn.Conv1d(2, 3, 3, padding=2, padding_mode="reflect"), (2, 2, 7)),
    row("conv_transpose1d", lambda nn: nn.ConvTranspose1d(3, 2, 3, 2, 1, 1), (2, 3, 5)),
    row("conv_transpose2d", lambda nn: nn.ConvTranspose2d(3, 2, 3), (2, 3, 4, 5)),
    row(
        "conv_transpose2d options",
        lambda nn: nn.ConvTranspose2d(4, 6, 3, 2, (1, 0), (1, 0), 2, False, (1, 2)),
        (2, 4, 4, 5),
    ),
    row("conv_transpose2d alone", lambda nn: nn.ConvTranspose2d(3, 2, 2, stride=2), (3, 4, 5)),
)

NORMALISATION = (
    row("batch_norm1d", lambda nn: nn.BatchNorm1d(3), (6, 3)),
    row("batch_norm1d of sequences", lambda nn: nn.BatchNorm1d(3, eps=1e-3, momentum=0.4), (6, 3, 4)),
    row("batch_norm2d", lambda nn: nn.BatchNorm2d(3), (4, 3, 5, 2)),
    row("batch_norm2d cumulative", lambda nn: nn.BatchNorm2d(3, momentum=None), (4, 3, 5, 2)),
    row("batch_norm2d plain", lambda nn: nn.BatchNorm2d(3, affine=False), (4, 3, 5, 2)),
    row("batch_norm2d untracked", lambda nn: nn.BatchNorm2d(3, track_running_stats=False), (4, 3, 5, 2)),
    row("instance_norm1d", lambda nn: nn.InstanceNorm1d(3), (2, 3, 5)),
    row("instance_norm1d alone", lambda nn: nn.InstanceNorm1d(3), (3, 5)),
    row("instance_norm2d", lambda nn: nn.InstanceNorm2d(3, affine=True), (2, 3, 5, 4)),
    row("instance_norm2d tracked", lambda nn: nn.InstanceNorm2d(3, track_running_stats=True), (2, 3, 5, 4)),
    row("instance_norm2d alone", lambda nn: nn.InstanceNorm2d(3, affine=True), (3, 5, 4)),
    row("layer_norm", lambda nn: nn.LayerNorm(5), (2, 3, 5)),
    row("layer_norm of two", lambda nn: nn.LayerNorm((3, 5), eps=1e-3), (2, 3, 5)),
    row("layer_norm plain", lambda nn: nn.LayerNorm([5], elementwise_affine=False), (2, 3, 5)),
    row("layer_norm without bias", lambda nn: nn.LayerNorm(5, bias=False), (2, 3, 5)),
    row("rms_norm", lambda nn: nn.RMSNorm(5), (2, 3, 5)),
    row("rms_norm options", lambda nn: nn.RMSNorm((3, 5), 1e-2, False), (2, 3, 5)),
    row("group_norm", lambda nn: nn.GroupNorm(2, 6), (2, 6, 4, 3)),
    row("group_norm plain", lambda nn: nn.GroupNorm(3, 6, affine=False), (2, 6)),
)

ACTIVATION = tuple(
    row(f"{name} {args or ''}".strip(), lambda nn, n=name, a=args: getattr(nn, n)(*a), ODD)
    for name, *args in (
        ("ReLU",),
        ("ReLU6",),
        ("LeakyReLU",),
        ("LeakyReLU", 0.2),
        ("ELU",),
        ("ELU", 0.5),
        ("SELU",),
        ("CELU", 2.0),
        ("GELU",),
        ("GELU", "tanh"),
        ("SiLU",),
        ("Mish",),
        ("Sigmoid",),
        ("Tanh",),
        ("LogSigmoid",),
        ("Softplus", 2.0, 3.0),
        ("Softsign",),
        ("Hardtanh", -0.7, 1.2),
        ("Hardswish",),
        ("Hardshrink", 0.6),
        ("Softshrink", 0.4),
        ("Tanhshrink",),
        ("Threshold", 0.1, 20.0),
        ("GLU",),
        ("GLU", 0),
        ("Softmax", 1),
        ("LogSoftmax", 0),
        ("Softmin", -1),
        ("PReLU",),
        ("PReLU", 6, 0.1),
    )
) + (
    row("Hardsigmoid", lambda nn: nn.Hardsigmoid(), ODD, dtypes=("float32",)),  # torch's sixth is a float32 always
    row("dropout 0", lambda nn: nn.Dropout(0.0), (4, 6)),
    row("dropout", lambda nn: nn.Dropout(0.4), (4, 6), train=(False,)),
    row("dropout 1", lambda nn: nn.Dropout(1.0), (4, 6)),
    row("dropout1d", lambda nn: nn.Dropout1d(0.4), (4, 6, 2), train=(False,)),
    row("dropout2d", lambda nn: nn.Dropout2d(0.4), (4, 6, 2, 2), train=(False,)),
    row("alpha_dropout", lambda nn: nn.AlphaDropout(0.4), (4, 6), train=(False,)),
)

POOLING = (
    row("max_pool1d", lambda nn: nn.MaxPool1d(2), (2, 3, 7)),
    row("max_pool1d options", lambda nn: nn.MaxPool1d(3, 2, 1, 2, return_indices=True, ceil_mode=True), (2, 3, 10)),
    row("max_pool2d", lambda nn: nn.MaxPool2d(2), (2, 3, 6, 7)),
    row("max_pool2d options", lambda nn: nn.MaxPool2d((3, 2), (2, 1), (1, 0), 1, True, True), (2, 3, 8, 7)),
    row("max_pool2d alone", lambda nn: nn.MaxPool2d(3, stride=1, dilation=2), (3, 8, 7)),
    row("avg_pool1d", lambda nn: nn.AvgPool1d(3, 2, 1, True, False), (2, 3, 8)),
    row("avg_pool1d plain", lambda nn: nn.AvgPool1d(2), (2, 3, 8)),
    row("avg_pool2d", lambda nn: nn.AvgPool2d(2), (2, 3, 6, 7)),
    row("avg_pool2d options", lambda nn: nn.AvgPool2d((3, 2), 2, (1, 0), True, False), (2, 3, 8, 7)),
    row("avg_pool2d divisor", lambda nn: nn.AvgPool2d(2, divisor_override=3), (2, 3, 6, 6)),
    row("adaptive_avg_pool1d", lambda nn: nn.AdaptiveAvgPool1d(3), (2, 3, 7)),
    row("adaptive_avg_pool2d", lambda nn: nn.AdaptiveAvgPool2d((3, 2)), (2, 3, 7, 5)),
    row("adaptive_avg_pool2d to one", lambda nn: nn.AdaptiveAvgPool2d(1), (2, 3, 7, 5)),
    row("adaptive_avg_pool2d half", lambda nn: nn.AdaptiveAvgPool2d((None, 2)), (2, 3, 7, 5)),
    row("adaptive_max_pool1d", lambda nn: nn.AdaptiveMaxPool1d(3), (2, 3, 7)),
    row("adaptive_max_pool2d", lambda nn: nn.AdaptiveMaxPool2d((3, 2)), (2, 3, 7, 5)),
    row("adaptive_max_pool2d places", lambda nn: nn.AdaptiveMaxPool2d(2, return_indices=True), (2, 3, 7, 5)),
)


def loss(name, *inputs, **options):
    return tuple(
        row(
            f"{name} {reduction} {sorted(options) or ''}".strip(),
            lambda nn, r=reduction: getattr(nn, name)(reduction=r, **options),
            *inputs,
            train=(True,),
        )
        for reduction in ("mean", "sum", "none")
    )


LOSS = (
    *loss("MSELoss", (4, 3), (4, 3)),
    *loss("L1Loss", (4, 3), (4, 3)),
    *loss("SmoothL1Loss", (4, 3), (4, 3), beta=0.5),
    *loss("HuberLoss", (4, 3), (4, 3), delta=0.5),
    *loss("BCELoss", SHARES, SHARES[::-1].copy()),
    *loss("BCEWithLogitsLoss", (4, 3), SHARES),
    *loss("NLLLoss", (4, 3), Whole(3, (4,))),
    *loss("NLLLoss", (4, 3), Whole(3, (4,)), ignore_index=1),
    *loss("CrossEntropyLoss", (4, 3), Whole(3, (4,))),
    *loss("CrossEntropyLoss", (4, 3), Whole(3, (4,)), label_smoothing=0.2, ignore_index=0),
    *loss("CrossEntropyLoss", (4, 3, 2), Whole(3, (4, 2))),
    *loss("CrossEntropyLoss", (4, 3), SHARES),
    *loss("KLDivLoss", (4, 3), SHARES),
    *loss("KLDivLoss", (4, 3), np.log(SHARES), log_target=True),
    *loss("PoissonNLLLoss", (4, 3), SHARES * 5),
    *loss("PoissonNLLLoss", (4, 3), SHARES * 5, full=True),
    *loss("GaussianNLLLoss", (4, 3), (4, 3), SHARES),
    *loss("GaussianNLLLoss", (4, 3), (4, 3), SHARES, full=True, eps=1e-3),
    *loss("HingeEmbeddingLoss", (4,), SIGNS, margin=0.7),
    *loss("MarginRankingLoss", (4,), (4,), SIGNS, margin=0.3),
    *loss("SoftMarginLoss", (4,), Fixed(SIGNS)),
    *loss("CosineEmbeddingLoss", (4, 3), (4, 3), SIGNS, margin=0.1),
    *loss("TripletMarginLoss", (4, 3), (4, 3), (4, 3), margin=0.7, p=2.0, swap=True),
    row("KLDivLoss batchmean", lambda nn: nn.KLDivLoss(reduction="batchmean"), (4, 3), SHARES),
    row("CosineSimilarity", lambda nn: nn.CosineSimilarity(dim=0), (4, 3), (4, 3)),
    row("PairwiseDistance", lambda nn: nn.PairwiseDistance(), (4, 3), (4, 3)),
    row("PairwiseDistance options", lambda nn: nn.PairwiseDistance(1.0, 1e-3, True), (4, 3), (4, 3)),
)

ROWS = (*LINEAR, *CONVOLUTION, *NORMALISATION, *ACTIVATION, *POOLING, *LOSS)
