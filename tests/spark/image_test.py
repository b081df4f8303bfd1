"""What the agent's image holds. No container engine is needed: the files are laid out as the image has them, and used."""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "tidy"))
import report  # noqa: E402
from case import BUILD, SparkCase  # noqa: E402
from install import ROOT  # noqa: E402

OF_EVERY_DEBIAN = {"libc6", "libstdc++6", "libgcc-s1"}


def output(*command):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


def packages(library):
    """Debian packages that bring a library of this name."""
    place = re.search(rf"^\s*{re.escape(library)} .*=> (\S+)$", output("/sbin/ldconfig", "-p"), re.M)
    # dpkg may know the file by its place before /lib became a link.
    real = str(Path(place[1]).resolve())
    for path in (real, real.removeprefix("/usr")):
        said = subprocess.run(["dpkg", "-S", path], check=False, capture_output=True, text=True).stdout
        if said:
            return {line.split(":")[0] for line in said.splitlines()}
    return set()


class Image(SparkCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.directory = tempfile.TemporaryDirectory(dir=BUILD / "spark")
        cls.addClassCleanup(cls.directory.cleanup)
        cls.stage = Path(cls.directory.name) / "outrigger"
        subprocess.run([ROOT / "deploy/image/stage.sh", BUILD, cls.stage], check=True)

    def test_the_agent_of_the_image_installs_the_shim_of_every_line(self):
        target = Path(self.directory.name) / "shim"
        output(self.stage / "bin/outrigger-agent", "install-shim", target)
        for scala in ("2.12", "2.13"):
            self.assertEqual({path.name for path in (target / scala).iterdir()}, {"liboutrigger_jni.so", f"outrigger-spark_{scala}.jar"})
        self.assertIn("outrigger-agent 0.", output(self.stage / "bin/outrigger-agent", "--version"))
        self.assertIn("0.", output(self.stage / "bin/agentctl", "version"))

    def test_every_library_comes_from_a_package_that_the_image_installs(self):
        named = re.search(r'\[runtime\]="([^"]*)"', (ROOT / "deploy/build/install.sh").read_text())[1].split()
        missing = {}
        for program in (self.stage / "bin").iterdir():
            for library in re.findall(r"\(NEEDED\).*\[(.*)\]", output("readelf", "-d", program)):
                if not packages(library) & {*named, *OF_EVERY_DEBIAN}:
                    missing[library] = packages(library)
        self.assertEqual(missing, {}, "libraries that no package of the group runtime brings")


if __name__ == "__main__":
    sys.argv = sys.argv[:2]
    report.main("spark_image", "__main__")
