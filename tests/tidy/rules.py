"""Rules about single files. Each takes a File and returns its violations, one line each."""
import re

PURE = ("agent/core/", "agent/kube/", "agent/flow/")
MAY_USE_ATOMICS = ("agent/io/",)  # and ipc/, tests/, bench/

IMPURE = {
    "clock": r"_clock::now|\bclock_gettime\b|\bgettimeofday\b|\bstd::time\b|(?<![\w.>:])time\s*\(\s*(nullptr|NULL|0|&)|\blocaltime|\bgmtime_r?\b.*now",
    "sleep": r"\bsleep_(for|until)\b|(?<!void )(?<![.>\w])(u|nano|clock_nano)?sleep\s*\(|\btime\.sleep\b",
    "environment": r"\b(secure_)?getenv\b|\bsetenv\b|\benviron\b",
    "thread": r"\bstd::(jthread|thread|mutex|shared_mutex|condition_variable|async|future|promise)\b|\bpthread_\w+\s*\(|\bthread_local\b",
    "random device": r"\brandom_device\b|(?<![\w:])s?rand\s*\(",
    "file or socket": r"\bstd::[io]?fstream\b|\bfopen\s*\(|\bsocket\s*\(|\bstd::(cout|cerr|clog)\b|(?<![\w:])f?printf\s*\(",
}
IMPURE_INCLUDES = r"#\s*include\s*<(thread|mutex|shared_mutex|condition_variable|future|fstream|iostream|cstdio|stdio\.h|random|filesystem|unistd\.h|sys/.*|netinet/.*|pthread\.h|time\.h|ctime)>"


def atomics_stay_in_ipc_and_io(file):
    if file.path.startswith(MAY_USE_ATOMICS) or not file.path.startswith(("agent/", "shim/")):
        return []
    return file.lines_matching(r"\bstd::atomic|#\s*include\s*<(atomic|stdatomic\.h)>|__atomic_|__sync_")


def pure_rooms_are_pure(file):
    if not file.path.startswith(PURE):
        return []
    found = [f"{hit}  ({name})" for name, pattern in IMPURE.items() for hit in file.lines_matching(pattern)]
    return found + file.lines_matching(IMPURE_INCLUDES) + _mutable_globals(file)


def _mutable_globals(file):
    """`static` or namespace-scope `inline` data that can change. clang-tidy finds the rest."""
    found = []
    for number, line in enumerate(file.code.splitlines(), 1):
        match = re.match(r"\s*(static|inline)\s+(?P<rest>[^()]*?)(=|\{|;)", line)
        if match and not re.search(r"\b(const|constexpr|constinit|namespace|struct|class|enum|union|using|assert)\b", match["rest"]):
            found.append(f"{file.path}:{number}: {line.strip()[:120]}  (mutable global)")
    return found


def tests_do_not_sleep(file):
    # Spark's own jobs are work, whose tasks may take a while.
    if not file.path.startswith("tests/") or file.path.startswith(("tests/tidy/", "tests/spark/jobs/")):
        return []
    return file.lines_matching(IMPURE["sleep"])


def headers_have_pragma_once(file):
    if file.suffix != ".h" or file.path.startswith("shim/include/") and "#ifndef" in file.text:
        return []
    return [] if re.search(r"^#pragma once$", file.text, re.M) else [f"{file.path}: no #pragma once"]


def headers_have_no_using_namespace(file):
    # Literals clash with nothing; a fixture may have them.
    allowed = r"(?!std::(chrono_)?literals\b)" if file.path.startswith("tests/") else ""
    return file.lines_matching(rf"\busing\s+namespace\s+{allowed}") if file.suffix == ".h" else []


def no_path_of_a_machine(file):
    if file.path.startswith("tests/tidy/"):  # the patterns themselves
        return []
    home = r"(?<![\w.$}])/(home|root|Users|work|mnt)/(?!spark|user\b|u\b)[\w.-]+"
    host = r"https?://[\w.-]*\b(artifactory|nexus|pypi|proxy|mirror|registry)\b[\w.-]*"
    return file.lines_matching(f"{home}|{host}|\\.\\./shared/|/tmp/b/", raw=True)


def lines_end_clean(file):
    return file.lines_matching(r"[ \t]+$|\r$", raw=True) if file.suffix in {".h", ".cpp", ".c", ".py", ".sh", ".cmake"} else []


def shell_scripts_stop_at_errors(file):
    shell = re.match(r"#!.*\b(ba)?sh\b", file.text)
    wanted = "set -euo pipefail" if shell and shell[1] else "set -eu"  # plain sh of Debian knows no pipefail
    return [f"{file.path}: no '{wanted}'"] if shell and wanted not in file.text else []


def sizes(files):
    """(median, share under 400 lines, files above, all counts) of hand-written code."""
    counts = sorted((len(f.text.splitlines()), f.path) for f in files)
    if not counts:
        return 0, 1.0, [], []
    above = [f"{path}: {n} lines" for n, path in counts if n > 400]
    return counts[len(counts) // 2][0], 1 - len(above) / len(counts), above, counts


ON_EACH_FILE = [
    atomics_stay_in_ipc_and_io,
    pure_rooms_are_pure,
    tests_do_not_sleep,
    headers_have_pragma_once,
    headers_have_no_using_namespace,
    no_path_of_a_machine,
    lines_end_clean,
    shell_scripts_stop_at_errors,
]

