"""Which room may include which: the table in agent/README.md is the law, read here and enforced twice,
on #include lines and on the link graph of the CMake files."""
import re
from dataclasses import dataclass

EVERYTHING = frozenset({"*"})
# Rooms outside agent/ (design: ipc stands alone, the shim knows only ipc).
FIXED = {"ipc": (frozenset(), frozenset({"boost/interprocess"})), "shim": (frozenset({"ipc"}), frozenset())}
THIRD_PARTIES = {  # word of the table -> prefixes of its headers, CMake targets
    "tl::expected": (("tl/",), ("tl::expected",)),
    "simdjson": (("simdjson",), ("simdjson::simdjson", "simdjson")),
    "prometheus-cpp": (("prometheus/",), ("prometheus-cpp::core", "prometheus-cpp::pull")),
    "yaml-cpp": (("yaml-cpp/",), ("yaml-cpp", "yaml-cpp::yaml-cpp")),
    "CLI11": (("CLI/",), ("CLI11::CLI11",)),
    "Asio": (("boost/asio", "boost/system"), ()),
    "Beast": (("boost/beast",), ()),
    "curl": (("curl/",), ("CURL::libcurl",)),
    "OpenSSL": (("openssl/",), ("OpenSSL::SSL", "OpenSSL::Crypto")),
    "spdlog": (("spdlog/", "fmt/"), ("spdlog::spdlog", "spdlog::spdlog_header_only", "fmt::fmt")),
    "nlohmann-json": (("nlohmann/",), ("nlohmann_json::nlohmann_json",)),
}


@dataclass(frozen=True)
class Row:
    rooms: frozenset  # rooms it may include
    parties: frozenset  # third parties it may include
    private: bool  # third parties must not reach other rooms through its headers


def parse_table(readme):
    rows = {name: Row(rooms, parties, True) for name, (rooms, parties) in FIXED.items()}
    for line in readme.splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if len(cells) != 3 or not cells[0].startswith("`"):
            continue
        may = EVERYTHING if "everything" in cells[1] else frozenset(re.findall(r"[a-z]+", cells[1])) - {"std", "values"}
        parties = frozenset(word for word in THIRD_PARTIES if word in cells[2])
        for name in re.findall(r"`([\w.*]+)`", cells[0]):
            rows["app" if name in ("app.*", "main.cpp") else name] = Row(may, parties, "privately" in cells[2])
    return rows


def room_of(path):
    match = re.match(r"agent/(\w+)/", path)
    if match:
        return match[1]
    if path.startswith("agent/"):
        return "app"
    match = re.match(r"(ipc|shim)/", path)
    return match[1] if match else None


def bad_includes(file, rows):
    room = room_of(file.path)
    if room is None or file.path.startswith("shim/examples/"):
        return []
    if room not in rows:
        return [f"{file.path}: room '{room}' has no row in the table of agent/README.md"]
    row, found = rows[room], []
    if row.rooms == EVERYTHING:
        row = Row(EVERYTHING, frozenset(THIRD_PARTIES), True)
    for number, line in enumerate(file.code.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not match:
            continue
        where, name = f"{file.path}:{number}: {room} includes {match[2]}", match[2]
        if match[1] == '"':
            target = room_of(name)
            if room == "shim" and name.startswith("outrigger/"):
                continue  # its own public header, included as users do
            if target is None:
                found.append(f"{where}: not a path from the root into a room")
            elif target == "app" and room != "app":
                found.append(f"{where}: nothing includes the composition root")
            elif target != room and row.rooms != EVERYTHING and target not in row.rooms:
                found.append(f"{where}: the table does not allow it")
            continue
        for word, (prefixes, _) in THIRD_PARTIES.items():
            if name.startswith(prefixes):
                if word not in row.parties and not (word == "tl::expected" and "core" in row.rooms):
                    found.append(f"{where}: {word} is not this room's")
        if name.startswith("boost/interprocess") and room != "ipc":
            found.append(f"{where}: Boost.Interprocess is private to ipc")
    return found


def leaks(files, rows):
    """A third party that a room has privately, in a header that another room reaches."""
    by_path = {f.path: f for f in files}
    includes = {f.path: re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', f.code, re.M) for f in files}
    found = []
    for start in files:
        room, todo, seen = room_of(start.path), [start.path], set()
        while todo:
            path = todo.pop()
            for name in includes[path]:
                if name in by_path and name not in seen:
                    seen.add(name)
                    todo.append(name)
        for path in sorted(seen):
            owner = room_of(path)
            if owner in (None, room) or owner not in rows or not rows[owner].private:
                continue
            for word, (prefixes, _) in {**THIRD_PARTIES, "Boost.Interprocess": (("boost/interprocess",), ())}.items():
                hits = [n for n in includes[path] if n.startswith(prefixes)]
                if hits and word != "tl::expected":
                    found.append(f"{start.path}: reaches {hits[0]} through {path}: {word} is private to {owner}")
    return found


def bad_links(cmake, rows):
    """outrigger_room(NAME ... PUBLIC ... PRIVATE ...) must link nothing that the table does not allow."""
    found = []
    text = re.sub(r"#[^\n]*", "", cmake.text)
    for match in re.finditer(r"outrigger_room\(\s*(\w+)([^)]*)\)", text):
        room, words = match[1], match[2].split()
        if room not in rows:
            continue
        row = rows[room]
        if row.rooms == EVERYTHING:
            continue
        for word in words:
            linked = re.fullmatch(r"outrigger::(\w+)", word)
            if linked and linked[1] not in row.rooms | {room, "boost"} and linked[1] in rows:
                found.append(f"{cmake.path}: {room} links {word}: the table does not allow it")
            if linked and linked[1] == "boost" and not row.parties & {"Asio", "Beast"}:
                found.append(f"{cmake.path}: {room} links {word}: neither Asio nor Beast is this room's")
            for party, (_, targets) in THIRD_PARTIES.items():
                if word in targets and party not in row.parties and party != "tl::expected":
                    found.append(f"{cmake.path}: {room} links {word}: {party} is not this room's")
    return found
