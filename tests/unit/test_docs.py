"""What the documentation claims and a machine can check: commands, options, settings, links, files and names."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
import typer

from detectors.decoding import Rejection, decode_transactions
from detectors.memory_keys import account_key, centroids_key, drift_key
from scripts.main import COMMANDS, GROUPS, build
from serving.aws_lambda.settings import LambdaSettings
from serving.sagemaker.__main__ import app as container
from serving.sagemaker.settings import ContainerSettings
from stream import headers
from stream.head import head_key
from stream.metrics import Metrics
from stream.settings import Settings
from stream.topics import declared_topics

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PAGES = (README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")))
MAKEFILE = (ROOT / "Makefile").read_text()

NO_SETTINGS = {"RISKSTREAM_BUNDLES", "RISKSTREAM_DATA"}
"""The first belongs to docker-compose.yml, the second to the tests on real data."""
ROOMS = "detectors|sinks|stream|serving|dashboard|scripts|benchmarks|examples|tests|docs|\\.ci"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"``(.+?)``|`([^`\n]+)`")
QUOTED = re.compile(r"\"[^\"]*\"?|'[^']*'?")
OPTION = re.compile(r"(?<!\S)--[a-z][a-z-]*")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@cache
def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def fenced(page: Path, language: str | None = None) -> list[str]:
    return [body for kind, body in FENCE.findall(text_of(page)) if language in (None, kind)]


def prose(page: Path) -> str:
    return FENCE.sub("", text_of(page))


def inline(page: Path) -> list[str]:
    return [double or single for double, single in INLINE.findall(prose(page))]


def code_lines(page: Path) -> Iterator[str]:
    """Yield each line of code, fenced or inline, without quoted arguments and comments."""
    for code in [*fenced(page), *inline(page)]:
        for line in code.splitlines():
            yield QUOTED.sub("...", line).split(" #")[0]


@cache
def options_by_command() -> dict[str, set[str]]:
    """Return the options of every command, those of groups under "<group> <command>"."""
    found: dict[str, set[str]] = {}

    def add(name: str, command: Any) -> None:
        found[name] = {"--help", *(option for parameter in command.params for option in parameter.opts)}
        for sub in getattr(command, "commands", {}).values():
            add(f"{name} {sub.name}", sub)

    for command in typer.main.get_command(build()).commands.values():
        add(command.name, command)
    for command in typer.main.get_command(container).commands.values():
        add(f"serving.sagemaker {command.name}", command)
    return found


@every_page
def test_every_command_exists_and_takes_its_options(page: Path) -> None:
    known = options_by_command()
    for line in code_lines(page):
        for name, sub, rest in re.findall(r"\briskstream ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?([^|;]*)", line):
            assert name in known, line
            is_group = any(other.startswith(f"{name} ") for other in known)
            assert not (is_group and sub) or f"{name} {sub}" in known, line
            taken = known[f"{name} {sub}" if is_group and sub else name]
            assert set(OPTION.findall(rest)) <= taken, line


@every_page
def test_every_command_of_the_container_takes_its_options(page: Path) -> None:
    for line in code_lines(page):
        for name, rest in re.findall(r"python -m (serving\.sagemaker [a-z]+)([^|;]*)", line):
            assert set(OPTION.findall(rest)) <= options_by_command()[name], line


@every_page
def test_every_option_in_the_text_is_one_of_a_command(page: Path) -> None:
    named = {code.split()[0] for code in inline(page) if code.startswith("--")}

    assert named <= set().union(*options_by_command().values())


@every_page
def test_every_make_target_and_variable_exists(page: Path) -> None:
    for line in code_lines(page):
        for target, variables in re.findall(r"^make ([a-z]+)((?: [A-Z]+=\S+)*)", line):
            assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), line
            for variable in re.findall(r"([A-Z]+)=", variables):
                assert f"$({variable})" in MAKEFILE, line


@every_page
def test_every_variable_of_ours_is_a_setting(page: Path) -> None:
    named = set(re.findall(r"RISKSTREAM_[A-Z0-9_]*[A-Z0-9](?![A-Z0-9_*])", text_of(page)))

    serving = {
        f"RISKSTREAM_{name.upper()}" for kind in (LambdaSettings, ContainerSettings) for name in kind.model_fields
    }
    assert named - NO_SETTINGS - serving <= set(variables())


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", prose(page)):
        if target.startswith(("https://", "http://")):
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


def anchors(page: Path) -> set[str]:
    """Spell a page's headings as git hosts do for links."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_every_file_of_ours_that_it_names_exists(page: Path) -> None:
    named = re.findall(rf"(?<![\w./<:-])((?:{ROOMS})/(?:[\w./-]*\w)?/?)(?![\w<*/])", "\n".join(code_lines(page)))

    assert [name for name in named if not (ROOT / name).exists()] == []


@every_page
def test_it_names_no_place_of_a_machine(page: Path) -> None:
    assert re.findall(r"(?<![\w.])/(?:work|tmp/|home|root)\b", text_of(page)) == []


def variables() -> list[str]:
    return [f"RISKSTREAM_{name.upper()}" for name in Settings.model_fields]


def shown(default: object) -> str:
    """Write a default as the table of settings does."""
    match default:
        case None:
            return "not set"
        case "":
            return "empty"
        case bool():
            return f"`{str(default).lower()}`"
        case float():
            return f"`{default:g}`"
        case _:
            return f"`{default}`"


def test_the_settings_are_those_of_the_code_with_their_defaults() -> None:
    rows = re.findall(r"^\| `(RISKSTREAM_\w+)` \| (.+?) \|", text_of(ROOT / "docs" / "settings.md"), re.MULTILINE)
    fields = Settings.model_fields.values()

    assert sorted(rows) == sorted(zip(variables(), (shown(field.default) for field in fields), strict=True))


def test_every_choice_of_a_setting_is_listed() -> None:
    rows = {
        found[1]: line
        for line in text_of(ROOT / "docs" / "settings.md").splitlines()
        if (found := re.match(r"\| `(RISKSTREAM_\w+)`", line))
    }
    for variable, field in zip(variables(), Settings.model_fields.values(), strict=True):
        for choice in get_args(field.annotation):
            if isinstance(choice, str):
                assert f"`{choice}`" in rows[variable], variable


def test_the_metrics_are_those_of_a_worker() -> None:
    exposed = {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in Metrics().registry.collect()
    }
    table = re.findall(r"^\| `riskstream_.+? \|", text_of(ROOT / "docs" / "settings.md"), re.MULTILINE)

    assert set(re.findall(r"riskstream_\w+", "".join(table))) == exposed


@pytest.mark.parametrize("name", ["architecture.md", "kafka.md"])
def test_the_topics_are_the_declared_ones(name: str) -> None:
    section = text_of(ROOT / "docs" / name).partition("## Topics")[2].partition("##")[0]

    assert set(re.findall(r"^\| `([^`]+)`", section, re.MULTILINE)) == {
        topic.name for topic in declared_topics(8, "<app id>")
    }


def test_the_memories_and_headers_are_documented() -> None:
    architecture = text_of(ROOT / "docs" / "architecture.md")
    keys = {account_key("<account id>"), *(key(7) for key in (centroids_key, drift_key, head_key))}

    for key in keys:
        assert f"| `{key.decode().replace('7', '<partition>')}`" in architecture
    for header in (headers.ORIGIN, headers.INGESTED_AT, headers.BACKFILL):
        assert f"| `{header}`" in architecture


def test_the_readme_says_what_every_command_is_for() -> None:
    listed = re.findall(r"^\| `riskstream ([a-z-]+)` \|", text_of(README), re.MULTILINE)

    assert sorted(listed) == sorted(name.replace("_", "-") for name in (*COMMANDS, *GROUPS))


def test_the_readme_leads_to_every_page() -> None:
    linked = set(re.findall(r"\]\(([^)#\s]+)\)", text_of(README)))

    assert {str(other.relative_to(ROOT)) for other in PAGES} - {"README.md"} <= linked


def test_the_readmes_payment_is_one() -> None:
    payments = [body.encode() for body in fenced(README, "json")]

    assert payments
    assert not [item for item in decode_transactions(payments, [None]) if isinstance(item, Rejection)]


def test_the_names_that_contributors_are_told_exist() -> None:
    code = "\n".join(
        file.read_text()
        for room in ("detectors", "sinks", "stream", "scripts", "tests")
        for file in (ROOT / room).rglob("*.py")
        if file != Path(__file__)
    )
    words = set(re.findall(r"\w+", code))
    contributing = inline(ROOT / "CONTRIBUTING.md")
    named = {name for name in contributing if re.fullmatch(r"\w*(?:[A-Z]|_)\w*", name)}

    # A name that ends in an underscore is a prefix.
    lost = {name for name in named if name not in words and not any(word.startswith(name) for word in words)}
    assert lost - {"Unreleased"} == set()


def test_the_changelog_begins_with_the_version_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    first = re.search(r"^## \[(.+?)\]", text_of(ROOT / "CHANGELOG.md"), re.MULTILINE)

    assert first is not None
    assert first[1] == project["version"]
