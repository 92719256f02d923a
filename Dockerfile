# One image a stage: worker and every other command (the last, built by docker-compose.yml), lambda, sagemaker.

FROM python:3.11.14-slim-bookworm AS build
WORKDIR /src
# Without pip inside: the environment is filled from outside and carries nothing that installs.
RUN python -m venv --without-pip /opt/riskstream
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY detectors detectors
COPY sinks sinks
COPY stream stream
COPY serving serving
COPY dashboard dashboard
COPY scripts scripts
COPY benchmarks benchmarks
RUN python -m pip --python /opt/riskstream/bin/python install --no-cache-dir --constraint constraints.txt .

FROM build AS build-lambda
RUN python -m pip --python /opt/riskstream/bin/python install --no-cache-dir --constraint constraints.txt '.[lambda]'

FROM python:3.11.14-slim-bookworm AS bare
RUN python -m pip uninstall --yes pip setuptools wheel \
    && useradd --uid 10001 --create-home --home-dir /var/lib/riskstream riskstream \
    && install --directory --owner riskstream /var/lib/riskstream/bundles
ENV PATH=/opt/riskstream/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /var/lib/riskstream

# docs/lambda.md
FROM bare AS lambda
COPY --from=build-lambda /opt/riskstream /opt/riskstream
USER 10001
ENTRYPOINT ["python", "-m", "awslambdaric"]
CMD ["serving.aws_lambda.handler.handler"]

# docs/sagemaker.md. SageMaker adds "serve" or "train", and its directories for training belong to root.
FROM bare AS sagemaker
COPY --from=build /opt/riskstream /opt/riskstream
ENV RISKSTREAM_SERVE_HOST=0.0.0.0
LABEL com.amazonaws.sagemaker.capabilities.accept-bind-to-port=true
USER root
EXPOSE 8080
ENTRYPOINT ["python", "-m", "serving.sagemaker"]
CMD ["serve"]

FROM bare
COPY --from=build /opt/riskstream /opt/riskstream
USER 10001
ENTRYPOINT ["riskstream"]
CMD ["--help"]
