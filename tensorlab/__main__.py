"""``python -m tensorlab``."""

from __future__ import annotations

import sys

from tensorlab.cli import main

sys.exit(main())
