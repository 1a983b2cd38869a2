"""The photograph that the tour works on: which file, and its pixels."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from tensorlab.core.config import config
from tensorlab.tour.errors import TourInputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

SAMPLE = "grace_hopper.jpg"
# Pillow scales none of these to 0..255: it clips, and a picture of scientific data would come out white.
_WIDE_MODES = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")


def image_path() -> Path:
    """The file that ``TENSORLAB_TOUR_IMAGE`` names, else matplotlib's own sample photograph."""
    chosen = config().tour_image
    if chosen:
        return Path(chosen)
    from matplotlib.cbook import get_sample_data

    return Path(get_sample_data(SAMPLE, asfileobj=False))


def load_image(path: Path | str) -> NDArray[np.uint8]:
    """The pixels of an image file, upright, as an array that owns its bytes.

    Shape:  ``[height, width, 3]``, uint8, red, green and blue.
    Cost:   decodes the whole file; a palette or grey image is widened, transparency is laid over white.
    Raises: `TourInputError` if there is no such file, if it is no image or a damaged one, or if its samples have more
            than 8 bits.
    """
    import numpy as np
    from PIL import Image, ImageOps, UnidentifiedImageError

    path = Path(path)
    if not path.exists():
        raise TourInputError(f"{path}: no such file")
    if not path.is_file():
        raise TourInputError(f"{path}: not a file")
    try:
        with warnings.catch_warnings():
            # Pillow warns of a large photograph, which is welcome (from twice that size on it raises), and of damaged
            # metadata, which the pixels do without.
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                image.load()
                upright = ImageOps.exif_transpose(image)
    except UnidentifiedImageError:
        raise TourInputError(f"{path}: not an image that can be read") from None
    except Image.DecompressionBombError as error:
        raise TourInputError(f"{path}: too large an image: {error}") from None
    except PermissionError:
        raise TourInputError(f"{path}: cannot be read: permission denied") from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise TourInputError(f"{path}: a damaged image: {error}") from None
    if upright.mode in _WIDE_MODES:
        raise TourInputError(f"{path}: an image of mode {upright.mode}; the tour takes 8 bits a sample, such as RGB")
    return np.array(_rgb(upright), dtype=np.uint8)


def _rgb(image: Image) -> Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    from PIL import Image as images

    rgba = image.convert("RGBA")
    return images.alpha_composite(images.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
