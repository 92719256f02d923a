"""What a page does behind its face: nothing leaves the dashboard, and nothing fails."""

import re

import pytest

from tests.browser.pages import PATHS, Pages
from tests.browser.scene import Scene

_ADDRESS = re.compile(r"""(?:src|href|action|data|poster|srcset)\s*=\s*["']?\s*((?:https?:)?//[^"'\s>]+)""", re.I)


@pytest.mark.parametrize("path", PATHS)
def test_a_page_asks_nobody_but_its_dashboard(pages: Pages, path: str) -> None:
    page = pages.open(path)
    page.wait_for_timeout(300)
    assert len(pages.requested) > 5
    assert all(url.startswith((pages.url + "/", "data:")) for url in pages.requested)
    addresses = page.evaluate(
        "() => [...document.querySelectorAll('[src],[href],[action]')]"
        ".map(node => node.src?.baseVal ?? node.src ?? node.href?.baseVal ?? node.href ?? node.action)"
    )
    assert addresses


@pytest.mark.parametrize("path", [*PATHS, "/login"])
def test_a_page_as_served_names_no_other_address(scene: Scene, path: str) -> None:
    answer = scene.dashboard.ask(path)
    assert answer.status == 200
    assert _ADDRESS.findall(answer.data.decode()) == []
    assert "default-src 'none'" in answer.headers["content-security-policy"]
