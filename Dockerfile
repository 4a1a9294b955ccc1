# The worker and the bridge: one image, two commands.
FROM python:3.11.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/incidents
WORKDIR /source
COPY requirements-runtime.lock ./
RUN /opt/incidents/bin/pip install --require-hashes -r requirements-runtime.lock
COPY . .
RUN /opt/incidents/bin/pip install --no-deps --no-build-isolation .

FROM python:3.11.13-slim-bookworm
# The home exists and belongs to the user here, so that a new named volume mounted over it does too.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin incidents \
    && install -d -o incidents -g incidents -m 0750 /var/lib/incidents
COPY --from=build /opt/incidents /opt/incidents
ENV PATH=/opt/incidents/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 INCIDENTS_HOME=/var/lib/incidents
USER incidents
WORKDIR /var/lib/incidents
VOLUME /var/lib/incidents
CMD ["incidents", "worker"]
