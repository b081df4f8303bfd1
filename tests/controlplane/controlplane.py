"""The real API server of this folder as a Python object: built once into the build tree, started, asked, stopped."""
import hashlib
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import urllib.request
from collections import namedtuple
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parents[1] / "deploy/quickstart"))
from processes import Program, wait_for  # noqa: E402

GO_MINOR = 24  # what etcd and Kubernetes of go.mod ask for
START_S = 120  # two cores with other work; it takes about 5 s alone


class Missing(Exception):
    """The machine cannot build it; who needs it is skipped with this reason."""


def go_command():
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin:/usr/lib/go/bin")
    if not go:
        raise Missing(f"Go is not installed; a real kube-apiserver needs 1.{GO_MINOR} or newer to be built")
    said = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False, env={**os.environ, "GOTOOLCHAIN": "local"}, cwd="/").stdout
    version = re.match(r"go1\.(\d+)", said)
    if not version or int(version[1]) < GO_MINOR:
        raise Missing(f"{go} is {said.strip() or 'of unknown version'}; a real kube-apiserver needs 1.{GO_MINOR} or newer to be built")
    return go


def build(tree):
    """The program in the build tree. The first time takes minutes and about 600 MB of Go's module cache."""
    place = Path(tree) / "controlplane"
    binary, stamp = place / "controlplane", place / "built-from"
    sources = sorted(path for path in HERE.iterdir() if path.suffix in (".go", ".mod", ".sum"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    if binary.exists() and stamp.exists() and stamp.read_text() == digest:
        return binary
    go = go_command()
    place.mkdir(parents=True, exist_ok=True)
    release = re.search(r"k8s.io/kubernetes v((\d+)\.(\d+)\.\d+)", (HERE / "go.mod").read_text())
    version = "k8s.io/component-base/version"
    flags = f"-s -w -X {version}.gitVersion=v{release[1]} -X {version}.gitMajor={release[2]} -X {version}.gitMinor={release[3]}"
    print(f"   building kube-apiserver {release[1]} (minutes, once)", flush=True)
    log = place / "build.log"
    with open(log, "wb") as out:
        done = subprocess.run([go, "build", "-o", f"{binary}.new", "-ldflags", flags, "."], cwd=HERE, stdout=out, stderr=subprocess.STDOUT, check=False,
                              env={**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"})
    if done.returncode != 0:
        text = log.read_text(errors="replace")
        # Only a registry that cannot be reached is the machine's fault.
        kind = Missing if re.search(r"dial tcp|connection refused|no such host|proxyconnect|i/o timeout|TLS handshake", text) else RuntimeError
        raise kind(f"go build ended with {done.returncode}: {' | '.join(text.splitlines()[-3:])[:400]} (see {log})")
    os.replace(f"{binary}.new", binary)  # who runs the old one keeps it
    stamp.write_text(digest)
    return binary


Event = namedtuple("Event", "seconds what name")  # Unix seconds by the server's machine; what: ADDED, Running, Failed, DELETING, DELETED


class ControlPlane:
    """Use as a context. Users are `admin` and `restricted`; `front` is the way through delays and faults."""

    def __init__(self, binary, directory, nodes=20):
        self.binary, self.directory, self.nodes = Path(binary), Path(directory), nodes
        self.program = None

    def __enter__(self):
        self.directory.mkdir(parents=True, exist_ok=True)
        self.program = Program("controlplane", ["env", "GOGC=400", self.binary, "up", "--dir", self.directory, "--nodes", self.nodes], self.directory)
        try:
            line, _ = wait_for("the real API server", START_S, self._ready, every=0.1, alive=[self.program])
        except Exception:
            self.program.stop(5)
            raise
        self.server, self.front, self.control = line["server"], line["front"], line["control"]
        return self

    def __exit__(self, *failure):
        self.program.stop(5)

    def _ready(self):
        found = re.search(r"^READY (\{.*\})$", self.program.log.read_text(errors="replace"), re.M)
        return json.loads(found[1]) if found else None

    def path(self, name):
        return self.directory / name

    def kubeconfig(self, user="restricted", front=False):
        return self.path(f"{'front-' if front else ''}{user}.kubeconfig")

    def ask(self, method, path, body=None):
        """The control port; see control.go."""
        data = json.dumps(body).encode() if body is not None else None
        with urllib.request.urlopen(urllib.request.Request(self.control + path, data=data, method=method), timeout=60) as answer:
            return json.loads(answer.read())

    def api(self, method, path):
        """The API server itself, as admin."""
        request = urllib.request.Request(self.server + path, method=method, headers={"Authorization": f"Bearer {self.path('admin.token').read_text()}", "User-Agent": "controlplane"})
        with urllib.request.urlopen(request, timeout=60, context=ssl.create_default_context(cafile=self.path("apiserver.crt"))) as answer:
            return json.loads(answer.read())

    def kubelet(self, **mood):
        return self.ask("PUT", "/kubelet", mood)

    def end(self, count, cause):
        """So many Running pods end: evicted, oom, deleted. Their names."""
        return self.ask("POST", f"/kubelet/end?count={count}&cause={cause}")

    def faults(self, **faults):
        return self.ask("PUT", "/front", faults)

    def harm_watches(self, how):
        """cut, swallow or expire every watch that runs through the front; how many there were."""
        return self.ask("POST", f"/front/watches?do={how}")

    def traffic(self):
        return self.ask("GET", "/front/traffic")

    def forget_traffic(self):
        return self.ask("DELETE", "/front/traffic")

    def events(self):
        """What a bare watch saw, oldest first. A half-written last line waits for the next call."""
        found = []
        for line in self.path("events.log").read_text().split("\n")[:-1]:
            micros, what, name = line.split(" ")
            found.append(Event(int(micros) / 1e6, what, name))
        return found

    def audit(self):
        """Completed requests of the namespaces' users, the simulation's own left out."""
        lines = self.path("audit.log").read_text().split("\n")[:-1] if self.path("audit.log").exists() else []
        return [entry for entry in map(json.loads, lines) if not entry["user"]["username"].startswith("system:")]
