"""Links that run code are told from links that lead somewhere."""

import pytest

from domain.notifications.links import is_script

RUNS_CODE = [
    "javascript:alert(1)",
    " JavaScript:alert(1)",
    "java\tscript:alert(1)",
    "\x01javascript:x",
    "data:text/html,x",
    "vbscript:x",
]
LEADS_SOMEWHERE = [
    "https://x.example/javascript:",
    "/orders/42",
    "shop://order/42",
    "mailto:a@b.example",
    "orders/42",
]


@pytest.mark.parametrize("link", RUNS_CODE)
def test_link_is_refused_when_it_runs_code(link: str) -> None:
    assert is_script(link)


@pytest.mark.parametrize("link", LEADS_SOMEWHERE)
def test_link_is_taken_when_it_leads_somewhere(link: str) -> None:
    assert not is_script(link)
