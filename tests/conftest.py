"""What every test may rely on."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def no_settings_from_the_shell() -> Iterator[None]:
    """Settings in the developer's environment do not reach the servers that tests start; KERNELAPP_CHROMIUM names a browser."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("KERNELAPP_") and name != "KERNELAPP_CHROMIUM"]:
            patch.delenv(name)
        yield
