"""Links that a notification carries to the recipient's device."""

import re
from typing import Final

# What browsers skip in front of and inside of a scheme (WHATWG URL, 4.4): `java\tscript:` is `javascript:` to them.
_SKIPPED: Final = re.compile(r"^[\x00-\x20]+|[\t\n\r]")
_RUNS_CODE: Final = ("javascript:", "data:", "vbscript:", "blob:", "filesystem:")


def is_script(link: str) -> bool:
    """Whether opening the link would run what is in it; links into apps (`shop://order/42`) do not."""
    return _SKIPPED.sub("", link).lower().startswith(_RUNS_CODE)
