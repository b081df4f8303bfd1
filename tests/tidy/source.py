"""The files of the repository, and C++ text without comments and literals."""
import functools
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CPP = {".h", ".cpp", ".c"}
HAND_WRITTEN = CPP | {".py", ".sh", ".java", ".cmake"}


@dataclass(frozen=True)
class File:
    path: str  # from the root of the repository
    text: str

    @property
    def suffix(self):
        return Path(self.path).suffix

    @functools.cached_property
    def code(self):
        return strip(self.text) if self.suffix in CPP else self.text

    def lines_matching(self, pattern, raw=False):
        text = self.text if raw else self.code
        return [f"{self.path}:{n}: {line.strip()[:120]}" for n, line in enumerate(text.splitlines(), 1) if re.search(pattern, line)]


_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|R"(?P<d>[^(\s]*)\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.S)


def strip(text):
    """Comments and literals become blanks; lines stay where they are. #include lines keep their names."""

    def blank(match):
        token = match.group(0)
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if token.startswith('"') and re.match(r"\s*#\s*include\s*$", line):
            return token
        return re.sub(r"[^\n]", " ", token)

    return _TOKEN.sub(blank, text)


@functools.lru_cache(maxsize=None)
def tracked():
    """Tracked files and new ones that are not ignored; without git, every file outside build/."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0:
        names = [n for n in listed.stdout.decode().split("\0") if n]
    else:
        names = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file() and p.relative_to(ROOT).parts[0] not in ("build", ".git")]
    files = []
    for name in sorted(set(names)):
        path = ROOT / name
        if not path.is_file() or path.is_symlink():
            continue
        data = path.read_bytes()
        if b"\0" not in data[:4096]:
            files.append(File(name, data.decode("utf-8", errors="replace")))
    return files


def cpp_files(*folders):
    return [f for f in tracked() if f.suffix in CPP and (not folders or f.path.startswith(tuple(folders)))]
