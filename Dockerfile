# The worker and every other command of riskstream. Built and run by docker-compose.yml.

FROM python:3.11.14-slim-bookworm AS build
WORKDIR /src
# Without pip inside: the environment is filled from outside and carries nothing that installs.
RUN python -m venv --without-pip /opt/riskstream
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY detectors detectors
COPY sinks sinks
COPY stream stream
COPY scripts scripts
COPY benchmarks benchmarks
RUN python -m pip --python /opt/riskstream/bin/python install --no-cache-dir --constraint constraints.txt .

FROM python:3.11.14-slim-bookworm
RUN python -m pip uninstall --yes pip setuptools wheel \
    && useradd --uid 10001 --create-home --home-dir /var/lib/riskstream riskstream \
    && install --directory --owner riskstream /var/lib/riskstream/bundles
COPY --from=build /opt/riskstream /opt/riskstream
ENV PATH=/opt/riskstream/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /var/lib/riskstream
ENTRYPOINT ["riskstream"]
CMD ["--help"]
