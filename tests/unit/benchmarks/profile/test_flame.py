"""Facts about the flame graph."""

import xml.etree.ElementTree as ET

from benchmarks.profile.flame import WIDTH, draw
from benchmarks.profile.rooms import Stack

SVG = "{http://www.w3.org/2000/svg}"


def _widths(svg: str) -> dict[str, float]:
    groups = ET.fromstring(svg).iter(f"{SVG}g")
    return {
        group.findtext(f"{SVG}title", "").partition(":")[0]: float(group.find(f"{SVG}rect").attrib["width"])
        for group in groups
    }


def test_a_frame_is_as_wide_as_its_share() -> None:
    widths = _widths(draw([Stack(["loop", "fast (a.py)"], 1), Stack(["loop", "slow (b.py)"], 3)]))

    assert widths == {"all threads": WIDTH, "loop": WIDTH, "fast (a.py)": WIDTH / 4, "slow (b.py)": 3 * WIDTH / 4}


def test_names_of_functions_are_escaped() -> None:
    assert "<lambda> (a.py)" in _widths(draw([Stack(["<lambda> (a.py)"], 1)]))


def test_start_up_is_left_out() -> None:
    svg = draw([Stack(["work (a.py)"], 1), Stack(["f (<frozen importlib._bootstrap>)"], 99)])

    assert _widths(svg) == {"all threads": WIDTH, "work (a.py)": WIDTH}
