"""Compose file, Dockerfile, Makefile and constraints, as far as they can be judged without running them."""

import re
import shutil
import subprocess
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from stream.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONE_SHOT = {"topics", "train"}
WITHOUT_PORT = {"kinesis"}
"""Ends when it cannot go on, and is started again; there is nothing to ask it."""
INVOCATIONS = [
    *(line.split()[1:] for line in SERVICES["train"]["command"][0].splitlines() if " riskstream " in line),
    SERVICES["topics"]["command"],
    SERVICES["worker"]["command"],
    SERVICES["kinesis"]["command"],
]
PINNED = re.compile(r"[\w./-]+:\d+(\.\d+)+[\w.-]*")
DOCKERFILE = (ROOT / "Dockerfile").read_text()
STAGES = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", DOCKERFILE, flags=re.MULTILINE)
"""What each is made from, and its name."""
CONSTRAINTS = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> dict[str, Any]:
    return SERVICES[request.param]


def test_every_image_is_pinned_by_version(service: dict[str, Any]) -> None:
    assert PINNED.fullmatch(service["image"])


def test_every_port_is_on_loopback(service: dict[str, Any]) -> None:
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_every_service_tells_its_health_or_ends_by_itself() -> None:
    assert {name for name, service in SERVICES.items() if "healthcheck" not in service} == ONE_SHOT | WITHOUT_PORT
    assert {name for name, service in SERVICES.items() if service["restart"] == "no"} == ONE_SHOT


def test_every_mounted_volume_is_a_named_one_by_default(service: dict[str, Any]) -> None:
    volumes = [re.sub(r"\$\{\w+:-(\w+)\}", r"\1", volume) for volume in service.get("volumes", [])]
    sources = {volume.split(":")[0] for volume in volumes if not volume.startswith("./")}

    assert sources <= set(COMPOSE["volumes"])


def test_what_is_mounted_from_the_checkout_is_there_and_read_only(service: dict[str, Any]) -> None:
    for volume in service.get("volumes", []):
        source, *_, mode = volume.split(":")
        if source.startswith("./"):
            assert mode == "ro"
            assert (ROOT / source).is_file()


def test_every_dependency_is_waited_for() -> None:
    waited = {
        (dependency, condition["condition"])
        for service in SERVICES.values()
        for dependency, condition in service.get("depends_on", {}).items()
    }

    assert waited == {
        ("kafka", "service_healthy"),
        ("localstack", "service_healthy"),
        ("topics", "service_completed_successfully"),
        ("train", "service_completed_successfully"),
    }


def test_every_variable_of_ours_is_a_setting(service: dict[str, Any]) -> None:
    ours = {
        name.removeprefix("RISKSTREAM_").lower()
        for name in service["environment"]
        if name.startswith("RISKSTREAM_")
    }

    assert ours <= set(Settings.model_fields)


@pytest.mark.parametrize("words", INVOCATIONS, ids=lambda words: words[0])
def test_every_command_of_ours_takes_the_options_it_is_given(words: list[str]) -> None:
    name = words[0].replace("-", "_")
    app = typer.Typer()
    app.command()(getattr(import_module(f"scripts.{name}"), name))
    taken = {option for parameter in typer.main.get_command(app).params for option in parameter.opts}

    assert {word for word in words if word.startswith("--")} <= taken


def test_kafka_creates_no_topic_that_nobody_declared() -> None:
    assert SERVICES["kafka"]["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_clients_are_sent_to_where_kafka_is_published() -> None:
    advertised = SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"].split(",")

    assert "HOST://127.0.0.1:9092" in advertised
    assert SERVICES["kafka"]["ports"] == ["127.0.0.1:9092:9092"]
    assert f"INTERNAL://{SERVICES['worker']['environment']['RISKSTREAM_KAFKA_BOOTSTRAP']}" in advertised


def test_the_worker_is_asked_for_its_readiness_where_it_listens() -> None:
    port = Settings.model_fields["health_port"].default

    assert f"http://127.0.0.1:{port}/ready" in SERVICES["worker"]["healthcheck"]["test"][-1]


def test_docker_compose_accepts_the_file() -> None:
    docker = shutil.which("docker")
    if (
        docker is None
        or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode
    ):
        pytest.skip("docker compose is not installed")

    subprocess.run([docker, "compose", "config", "--quiet"], cwd=ROOT, check=True, capture_output=True)


def test_every_base_image_is_pinned_by_version() -> None:
    images = {image for image, _ in STAGES} - {name for _, name in STAGES}

    assert images
    assert all(PINNED.fullmatch(image) for image in images)


def test_no_container_runs_as_root_but_the_one_whose_directories_are_roots() -> None:
    users = {
        name: re.findall(r"^USER (\S+)", text, flags=re.MULTILINE)
        for (_, name), text in zip(STAGES, re.split(r"^FROM .*$", DOCKERFILE, flags=re.MULTILINE)[1:], strict=True)
        if "ENTRYPOINT" in text
    }

    assert users == {"": ["10001"], "lambda": ["10001"], "sagemaker": ["root"]}


def test_the_image_is_built_with_the_constraints() -> None:
    assert "--constraint constraints.txt" in DOCKERFILE


def test_what_the_image_copies_exists_and_is_sent_to_the_builder() -> None:
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, flags=re.MULTILINE)
        for source in line.split()[:-1]
    }
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}

    assert copied == sent
    assert all((ROOT / source).exists() for source in copied)


def test_every_package_is_in_the_image() -> None:
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]

    for package in packages["include"]:
        assert f"COPY {package.rstrip('*')} " in DOCKERFILE


def test_every_constraint_is_one_exact_version() -> None:
    assert all(re.fullmatch(r"[\w.-]+==[\w.!+-]+", line) for line in CONSTRAINTS)


def test_every_direct_dependency_is_constrained() -> None:
    declared = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    names = {normal(re.split(r"[\[<>=]", dependency)[0]) for dependency in declared}
    constrained = {normal(line.split("==")[0]) for line in CONSTRAINTS}

    assert names - constrained == {"riskstream"}, "run `make constraints`"


def normal(name: str) -> str:
    """Spell a distribution's name as PEP 503 does."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("target", ["demo", "test", "check", "bench"])
def test_make_has_the_target_and_says_what_it_does(target: str) -> None:
    assert re.search(rf"^{target}:.*## \w", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
