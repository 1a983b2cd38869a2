"""A low-pass filter over a signal: as a convolution, as windows times a kernel, and recursively."""

import torch
import torch.nn.functional as F

time = torch.arange(64, dtype=torch.float64) / 64
signal = torch.sin(2 * torch.pi * 3 * time) + 0.5 * torch.sin(2 * torch.pi * 20 * time)
taps = 9
n = torch.arange(taps, dtype=torch.float64) - taps // 2
kernel = torch.sinc(n / 4) * (0.54 + 0.46 * torch.cos(2 * torch.pi * n / (taps - 1)))
kernel /= kernel.sum()
print(kernel)

by_conv = F.conv1d(signal.view(1, 1, -1), kernel.view(1, 1, -1), padding="same").view(-1)
padded = F.pad(signal, (taps // 2, taps // 2))
windows = padded.unfold(0, taps, 1)
print(windows.shape, windows.stride())
by_windows = windows @ kernel
print(torch.allclose(by_conv, by_windows))

smooth = torch.empty_like(signal)
level = signal.new_zeros(())
for i, value in enumerate(signal):
    level = 0.8 * level + 0.2 * value
    smooth[i] = level
frames = by_conv.unfold(0, 16, 8)
energy = frames.square().mean(-1).sqrt()
print(energy)
down = F.avg_pool1d(smooth[None], 4)[0]
print(down)
RESULTS = {"filtered": by_conv, "smooth": smooth, "energy": energy, "down": down}
