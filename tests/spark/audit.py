"""Looks at processes from outside: who is who, who is connected to whom, and what a container can read."""
import os
import socket
import threading
from pathlib import Path

ESTABLISHED, SYN_SENT = "01", "02"


class Process:
    def __init__(self, pid):
        self.pid, self.proc = pid, Path(f"/proc/{pid}")
        self.namespace = os.readlink(self.proc / "ns/pid")
        self.program = os.path.basename(os.readlink(self.proc / "exe"))
        self.arguments = (self.proc / "cmdline").read_bytes().decode(errors="replace").split("\0")
        self.environment = (self.proc / "environ").read_bytes().decode(errors="replace").split("\0")

    def kind(self):
        """What it is to us; containers have a pid namespace of their own."""
        inside = self.namespace != os.readlink("/proc/self/ns/pid")
        if self.program.startswith("outrigger-agent"):
            return "agent"
        if self.program == "java" and not inside:
            return "spark-submit"
        if "org.apache.spark.deploy.SparkSubmit" in self.arguments:
            return "driver"
        if any("KubernetesExecutorBackend" in word for word in self.arguments):
            return "executor"
        return f"{self.program} in a container" if inside else "test"

    def root(self):
        return self.proc / "root"

    def mounts(self):
        """mount point -> (options, type) as the container sees them; the last one of a point counts."""
        found = {}
        for line in (self.proc / "mountinfo").read_text().splitlines():
            left, right = line.split(" - ", 1)
            fields = left.split()
            found[fields[4]] = (set(fields[5].split(",")), right.split()[0])
        return found


def pids():
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def processes():
    """Those of our network; other tests may run on this machine."""
    ours = os.readlink("/proc/self/ns/net")
    for pid in pids():
        try:
            if os.readlink(f"/proc/{pid}/ns/net") == ours:
                yield Process(pid)
        except OSError:
            continue  # it has ended, or is the kernel's


def of_kind(kind):
    return [process for process in processes() if process.kind() == kind]


def files_with(process, points, texts):
    """Files at these paths of the process's own root that hold one of the texts: (path, text)."""
    found = []
    for point in points:
        # A link to an absolute path would lead out of the process's root, and this is the one on every machine.
        top = process.root() / point.replace("/var/run/", "/run/", 1).lstrip("/")
        files = [top] if top.is_file() else [Path(folder) / name for folder, _, names in os.walk(top) for name in names]
        for path in files:
            if path.is_file() and path.stat().st_size < 1 << 20:
                content = path.read_bytes()
                found += [(str(path), text) for text in texts if text.encode() in content]
    return found


class Census(threading.Thread):
    """Who was ever seen connected, or connecting, to which address of this network namespace: kind -> {(host, port)}."""

    def __init__(self):
        super().__init__(daemon=True)
        self.seen, self.known, self.over = {}, set(), threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *failure):
        self.over.set()
        self.join()

    def run(self):
        while not self.over.wait(0.02):
            fresh = {inode: peer for inode, peer in self._connections() if (inode, peer) not in self.known}
            if fresh:
                self._note(fresh)

    @staticmethod
    def _connections():
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/thread-self/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] in (ESTABLISHED, SYN_SENT):
                    address, port = fields[2].split(":")
                    yield fields[9], (socket.inet_ntoa(bytes.fromhex(address[-8:])[::-1]), int(port, 16))

    def _note(self, fresh):
        for pid in pids():
            try:
                targets = {os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()}
                for inode in fresh.keys() & {target[8:-1] for target in targets if target.startswith("socket:[")}:
                    self.seen.setdefault(Process(pid).kind(), set()).add(fresh[inode])
                    self.known.add((inode, fresh[inode]))
            except OSError:
                continue  # it has ended

    def connected_to(self, host, port):
        """Programs that are not ours; what connects for an instant only may be missed, and has no account to use then."""
        return {kind for kind, peers in self.seen.items() if (host, port) in peers} - {"test"}
