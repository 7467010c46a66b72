# Two images: the tagger (--target tag) and the service (--target serve, the last and so the default).
#   docker build --target tag -t aikind .
#   docker build --target serve -t aikind-serve .

# A tag of Python's minor version and Debian's release, so that a new build gets their security fixes and no other change.
FROM python:3.13-slim-trixie AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY . .
RUN python -m venv --without-pip /opt/aikind \
    && python -m pip --python /opt/aikind/bin/python install -c constraints.txt .

FROM build AS build-serve
RUN python -m pip --python /opt/aikind/bin/python install -c constraints.txt '.[http]'

FROM python:3.13-slim-trixie AS runtime
RUN python -m pip uninstall --yes --root-user-action=ignore pip \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin aikind
ENV PATH=/opt/aikind/bin:$PATH PYTHONDONTWRITEBYTECODE=1
WORKDIR /data
USER 10001:10001
ENTRYPOINT ["aikind"]

FROM runtime AS tag
COPY --from=build /opt/aikind /opt/aikind
# A job that ends by itself: its exit code tells how it went.
HEALTHCHECK NONE
CMD ["--help"]

FROM runtime AS serve
COPY --from=build-serve /opt/aikind /opt/aikind
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
