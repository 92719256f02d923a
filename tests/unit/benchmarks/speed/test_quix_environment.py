from importlib.metadata import version
from pathlib import Path

from benchmarks.speed.quix_environment import quix_home, quix_python, requirements


def test_the_pure_functions_stand_on_the_same_versions_as_here():
    assert f"numpy=={version('numpy')}" in requirements()
    assert all("==" in each for each in requirements())


def test_an_environment_that_is_complete_is_not_made_again(tmp_path: Path):
    home = quix_home(tmp_path)
    home.mkdir(parents=True)
    (home / "complete").touch()

    assert quix_python(tmp_path) == home / "bin" / "python"
    assert [each.name for each in home.iterdir()] == ["complete"]
