"""The guided tour: its image, its run on the kernel, its report and the summary it ends with.

In the notebook::

    from tensorlab.tour import Summary, image_path, load_image

    pixels = load_image(image_path())
    ...
    Summary(function="f", ...)        # the value of the last cell
"""

from __future__ import annotations

from tensorlab.tour.image import image_path, load_image
from tensorlab.tour.summary import MIME, BatchPoint, PassLine, Summary, Times

__all__ = ["MIME", "BatchPoint", "PassLine", "Summary", "Times", "image_path", "load_image"]
