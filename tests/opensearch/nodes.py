"""Real OpenSearch nodes on the loopback, made of Maven Central's artifacts, for tests and benchmarks.

    with Nodes(directory, count=3) as nodes:
        nodes.urls                 # ["http://127.0.0.1:41237", ...]
        nodes.kill(0)              # as a crash does
        nodes.start(0)             # again, with its data

They need Maven and a JDK: 17 or newer for OpenSearch 2.19, 21 or newer for 3.x. The first run downloads about 80 MB for
each version, into NEWSEARCH_TEST_M2 or else into the cache directory of the user.
"""

from __future__ import annotations

import atexit
import ctypes
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO

VERSIONS = ("3.8.0", "2.19.6")
JAVA = Path(__file__).parent / "java"
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:2.8:build-classpath"


class Unavailable(Exception):
    """These nodes cannot run on this machine; the message says what is missing."""


def cache_directory() -> Path:
    """Where jars and compiled classes are kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base, "newsearch-tests")


@cache
def jdks() -> dict[int, Path]:
    """The installed JDKs by version."""
    homes = [Path(home) for home in (os.environ.get("JAVA_HOME"),) if home]
    homes += sorted(Path("/usr/lib/jvm").glob("*"))
    found: dict[int, Path] = {}
    for home in homes:
        with suppress(OSError):
            version = re.search(r'^JAVA_VERSION="(\d+)', (home / "release").read_text(), re.MULTILINE)
            if version and (home / "bin/javac").exists():
                found.setdefault(int(version[1]), home)
    return found


def jdk(version: str) -> tuple[int, Path]:
    """The oldest installed JDK that runs a version of OpenSearch. Raises Unavailable."""
    least = 17 if version.startswith("2.") else 21
    fitting = [release for release in jdks() if release >= least]
    if not fitting:
        raise Unavailable(
            f"OpenSearch {version} needs a JDK {least} or newer under /usr/lib/jvm or in JAVA_HOME"
        )
    return min(fitting), jdks()[min(fitting)]


@cache
def classpath(version: str) -> str:
    """The launcher and its jars, downloaded and compiled if needed. Raises Unavailable."""
    _, home = jdk(version)
    if not shutil.which("mvn"):
        raise Unavailable(f"the jars of OpenSearch {version} need Maven (mvn)")
    kept = cache_directory() / f"opensearch-{version}"
    repository = Path(os.environ.get("NEWSEARCH_TEST_M2") or cache_directory() / "m2")
    files = [JAVA / name for name in ("LoopbackNode.java", "log4j2.xml", "pom.xml")]
    stamp = repr([file.read_text() for file in files] + [str(home), str(repository)])
    described, stamped = kept / "classpath", kept / "stamp"
    if stamped.exists() and stamped.read_text() == stamp:
        return described.read_text()
    classes = kept / "classes"
    classes.mkdir(parents=True, exist_ok=True)
    maven = ["mvn", "--quiet", "--batch-mode", f"--file={JAVA / 'pom.xml'}", f"-Dopensearch={version}"]
    maven += [f"-Dmaven.repo.local={repository}", f"-Dmdep.outputFile={kept / 'jars'}", PLUGIN]
    _run(maven, {**os.environ, "JAVA_HOME": str(home)})
    jars = (kept / "jars").read_text().strip()
    _run([str(home / "bin/javac"), "-nowarn", "-cp", jars, "-d", str(classes), str(files[0])], None)
    shutil.copy(files[1], classes)
    described.write_text(f"{classes}{os.pathsep}{jars}")
    stamped.write_text(stamp)
    return described.read_text()


def _run(command: list[str], environment: Mapping[str, str] | None) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise Unavailable(f"{command[0]} failed: {(done.stdout + done.stderr)[-2000:]}")


def free_port() -> int:
    """A port on the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Nodes:
    """Some nodes that form one cluster. Leaving the context ends them.

    Args:
        directory: for their data and logs.
        settings: of all nodes, as in opensearch.yml.
        heap: in MB.
        options: of the virtual machine. The default halves the work of starting; leave it out to measure speed.

    Raises:
        Unavailable: Java or Maven is missing.
        RuntimeError: a node does not start; the message ends with its log.
    """

    def __init__(
        self,
        directory: Path,
        count: int = 1,
        version: str = VERSIONS[0],
        settings: Mapping[str, str] | None = None,
        heap: int = 512,
        options: tuple[str, ...] = ("-XX:TieredStopAtLevel=1",),
    ) -> None:
        self.directory = directory
        self.version = version
        self._classpath = classpath(version)
        self._settings = settings or {}
        self._heap = heap
        self._options = options
        self._http = [free_port() for _ in range(count)]
        self._transport = [free_port() for _ in range(count)]
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def urls(self) -> list[str]:
        """The address of each node, whether it runs or not."""
        return [f"http://127.0.0.1:{port}" for port in self._http]

    @property
    def hosts(self) -> str:
        """All nodes, as a place of an index names them."""
        return ",".join(f"127.0.0.1:{port}" for port in self._http)

    def pid(self, number: int) -> int:
        """The process of a node that runs."""
        return self._processes[number].pid

    def __enter__(self) -> Nodes:
        try:
            for number in range(len(self._http)):
                self.start(number)
            self.wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes.values():
            process.kill()  # their data is thrown away
        for process in self._processes.values():
            process.wait()
            assert process.stdin
            process.stdin.close()
        self._processes.clear()

    def start(self, number: int) -> None:
        """Start a node, with the data that it has. Does not wait."""
        home = self.directory / f"node{number}"
        (home / "config").mkdir(parents=True, exist_ok=True)
        release, java = jdk(self.version)
        command = [str(java / "bin/java"), f"-Xms{self._heap}m", f"-Xmx{self._heap}m", "-XX:+UseSerialGC"]
        command += [*self._options, "-Djava.awt.headless=true", "-Dlog4j2.disable.jmx=true"]
        if not self.version.startswith("2."):
            command += ["--enable-native-access=ALL-UNNAMED", "--add-modules=jdk.incubator.vector"]
            if release >= 24:
                command.append("--sun-misc-unsafe-memory-access=allow")
        command += ["-cp", self._classpath, "LoopbackNode"]
        settings = {
            "cluster.name": "newsearch-tests",
            "node.name": f"node{number}",
            "path.home": str(home),
            "network.host": "127.0.0.1",
            "http.port": str(self._http[number]),
            "transport.port": str(self._transport[number]),
            "discovery.seed_hosts": ",".join(f"127.0.0.1:{port}" for port in self._transport),
            "cluster.initial_cluster_manager_nodes": ",".join(f"node{n}" for n in range(len(self._http))),
            # A developer's disk is often fuller than a server's should be.
            "cluster.routing.allocation.disk.threshold_enabled": "false",
            # Tests kill nodes, and wait until the others notice.
            "cluster.fault_detection.leader_check.interval": "500ms",
            "cluster.fault_detection.leader_check.timeout": "2s",
            "cluster.fault_detection.follower_check.interval": "500ms",
            "cluster.fault_detection.follower_check.timeout": "2s",
            **self._settings,
        }
        command += [f"{name}={value}" for name, value in settings.items()]
        log: IO[bytes]
        with self._log(number).open("ab") as log:
            self._processes[number] = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, preexec_fn=_die_with_parent
            )

    def _log(self, number: int) -> Path:
        return self.directory / f"node{number}.log"

    def kill(self, number: int) -> None:
        """End a node without a chance to say so."""
        process = self._processes.pop(number)
        process.kill()
        process.wait()
        assert process.stdin
        process.stdin.close()

    def stop(self, number: int) -> None:
        """Freeze a node, which keeps its connections and answers nothing."""
        os.kill(self.pid(number), signal.SIGSTOP)

    def resume(self, number: int) -> None:
        """Let a frozen node run again."""
        os.kill(self.pid(number), signal.SIGCONT)

    def leader(self) -> int:
        """The number of the node that the others have elected."""
        name = self.get("/_cat/cluster_manager?h=node&format=json")[0]["node"]
        return int(name.removeprefix("node"))

    def get(self, path: str, seconds: float = 10.0, method: str = "GET", body: bytes | None = None) -> object:
        """The JSON answer of any running node. Raises OSError if none answers."""
        failure: Exception = OSError("no node runs")
        for number in list(self._processes):
            headers = {"Content-Type": "application/json"}
            request = urllib.request.Request(self.urls[number] + path, body, headers, method=method)  # noqa: S310
            try:
                with urllib.request.urlopen(request, timeout=seconds) as reply:  # noqa: S310
                    return json.load(reply)
            except OSError as error:
                failure = error
        raise failure

    def wait(self, status: str = "yellow", seconds: float = 300.0) -> None:
        """Wait until all running nodes are one cluster, and it has at least this status."""
        count = len(self._processes)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for number, process in self._processes.items():
                if process.poll() is not None:
                    log = self._log(number).read_text(errors="replace")
                    raise RuntimeError(f"node {number} ended with {process.returncode}:\n{log[-4000:]}")
            with suppress(OSError):
                path = f"/_cluster/health?wait_for_nodes={count}&wait_for_status={status}&timeout=5s"
                health = self.get(path)
                if isinstance(health, dict) and not health["timed_out"]:
                    return
            time.sleep(0.1)
        raise RuntimeError(f"no {status} cluster of {count} nodes within {seconds} s; see {self.directory}")


def why_not(version: str) -> str:
    """Why nodes of a version cannot run here, or an empty text."""
    if sys.platform != "linux":
        return "the nodes end with their parent by a call that only Linux has"
    try:
        classpath(version)
    except Unavailable as error:
        return str(error)
    return ""


_shared: dict[tuple[str, int], Nodes] = {}


def shared(version: str = VERSIONS[0], count: int = 1) -> Nodes:
    """Nodes that all tests of this process use, started when first needed and ended with the process.

    A test that asks for them is skipped where they cannot run.
    """
    import pytest  # the bench starts nodes without it

    pytest.importorskip("opensearchpy", reason="needs the extra newsearch[opensearch]")
    if (version, count) not in _shared:
        try:
            _shared[version, count] = _started(version, count)
        except Unavailable as error:
            pytest.skip(str(error))
    return _shared[version, count]


def _started(version: str, count: int) -> Nodes:
    if reason := why_not(version):
        raise Unavailable(reason)
    directory = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    nodes = Nodes(Path(directory.name), count, version)
    nodes.__enter__()
    atexit.register(directory.cleanup)
    atexit.register(nodes.__exit__)
    return nodes
