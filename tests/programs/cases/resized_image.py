"""An image made larger by reading four neighbours a pixel, beside interpolate; then pooled, flipped and cut."""

import torch
import torch.nn.functional as F

h, w, to_h, to_w = 4, 5, 7, 9
image = (torch.arange(h * w, dtype=torch.float32).view(h, w) * 1.3).sin()


def coordinates(size, to):
    at = ((torch.arange(to) + 0.5) * size / to - 0.5).clamp(min=0)
    low = at.floor().long().clamp(max=size - 1)
    return low, (low + 1).clamp(max=size - 1), at - low


y0, y1, fy = coordinates(h, to_h)
x0, x1, fx = coordinates(w, to_w)
top = torch.lerp(image[y0][:, x0], image[y0][:, x1], fx)
bottom = torch.lerp(image[y1][:, x0], image[y1][:, x1], fx)
larger = torch.lerp(top, bottom, fy[:, None])
given = F.interpolate(image[None, None], size=(to_h, to_w), mode="bilinear", align_corners=False)[0, 0]
print(torch.allclose(larger, given, atol=1e-6))
print(given)

batch = image.expand(2, 3, h, w).clone()
batch[1] *= -1
pooled, where = F.max_pool2d(batch, 2, return_indices=True)
print(pooled.shape, where[0, 0])
patches = F.unfold(batch, kernel_size=2, stride=2)
print(patches.shape, patches[0, :4, 0])
print(F.pad(image, (1, 1, 0, 0), value=9)[:2])
print(image.flip(0).rot90(1).roll(1, 0)[:2])
blurred = F.conv2d(batch, torch.full((3, 1, 3, 3), 1 / 9), padding=1, groups=3)
print(blurred.mean(dim=(2, 3)))
print(F.adaptive_avg_pool2d(batch, (1, 2)).flatten(1))
RESULTS = {"larger": larger, "pooled": pooled, "blurred": blurred}
