# The program on a processor, without a GPU. docs/usage.md says how to build and run it.
FROM python:3.11-slim
# socat relays the page out of a container without a network.
RUN apt-get update && apt-get install --yes --no-install-recommends make socat && rm -rf /var/lib/apt/lists/*
# Who owns the files in the volumes.
ARG UID=1000
RUN useradd --create-home --uid $UID owner && install --directory --owner owner /app /mail
USER owner
WORKDIR /app
COPY --chown=owner . .
RUN make install EXTRAS=launchers,llama-cpp && rm -rf .tools ~/.cache && mkdir --mode 700 outputs mlruns
ENV PATH=/app/.venv/bin:$PATH
VOLUME ["/app/outputs", "/app/mlruns", "/mail"]
# As Ctrl-C: a run that is stopped can be resumed.
STOPSIGNAL SIGINT
CMD ["python", "run.py", "experiment=first_run"]
