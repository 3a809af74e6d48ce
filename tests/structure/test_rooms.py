# SPDX-License-Identifier: Apache-2.0
"""Which room may look into which (docs/architecture.md), and a few rules about files."""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"

# room -> the rooms whose headers its files may include, beside its own and the contract (include/holdfast)
ROOMS = {
    "base": set(),
    "wire": {"base"},
    "grip": {"wire", "base"},
    "net": {"base"},
    "front": {"net", "wire", "base"},
    "origin": {"net", "wire", "base"},
    "channel": {"net", "base"},
    "hold": {"channel", "net", "wire", "base"},
    "proxy": {"hold", "origin", "channel", "grip", "net", "wire", "base"},
    "publish": {"channel", "front", "grip", "wire", "base"},
    "demo": {"channel", "grip", "origin", "wire", "base"},
    "admin": {"front", "channel", "grip", "net", "wire", "base"},
    "app": {"proxy", "publish", "demo", "admin", "hold", "channel", "front", "origin", "grip", "net", "wire", "base"},
}
# library -> the only files that may include it
HEAVY = {
    r"<nlohmann/json\.hpp>": {"src/base/json.h"},
    r"<spdlog/": {"src/base/log.cc"},
    r"<toml\+\+/": {"src/app/config_toml.cc"},
    r"<jwt\.h>": {"src/base/jwt.cc"},
}
INCLUDE = re.compile(r'^\s*#include\s+(["<][^">]+[">])', re.M)


def sources(*suffixes):
    return [p for p in sorted(SRC.rglob("*")) if p.suffix in suffixes]


def includes(path):
    return INCLUDE.findall(path.read_text())


def test_every_room_is_in_the_table():
    assert {p.name for p in SRC.iterdir() if p.is_dir()} == set(ROOMS)


def test_rooms_include_only_their_neighbours():
    wrong = []
    for path in sources(".h", ".cc"):
        room = path.relative_to(SRC).parts[0]
        if room not in ROOMS:
            continue
        for include in includes(path):
            target = include[1:-1].split("/")[0] if include.startswith('"') else None
            if target and target != room and target not in ROOMS[room]:
                wrong.append(f"{path.relative_to(ROOT)} includes {include}")
    assert not wrong, "\n".join(wrong)


def test_the_table_has_no_cycles():
    done = set()
    while len(done) < len(ROOMS):
        ready = {r for r in ROOMS if r not in done and ROOMS[r] <= done}
        assert ready, f"a cycle among {sorted(set(ROOMS) - done)}"
        done |= ready


def test_contract_headers_stand_alone():
    for path in sorted((ROOT / "include/holdfast").glob("*.h")):
        local = [i for i in includes(path) if i.startswith('"')]
        assert not local, f"{path.name} includes {local}"
        assert len(path.read_text().splitlines()) <= 200, path.name


def test_heavy_headers_stay_out_of_headers():
    wrong = []
    for path in sources(".h", ".cc"):
        name = str(path.relative_to(ROOT))
        for include in includes(path):
            for pattern, allowed in HEAVY.items():
                if re.match(pattern, include) and name not in allowed:
                    wrong.append(f"{name} includes {include}")
            if path.suffix == ".h" and re.match(r"<(boost/asio|boost/beast|CLI/|zmq)", include):
                wrong.append(f"{name} includes {include}")
    assert not wrong, "\n".join(wrong)


def test_files_begin_with_licence_and_purpose():
    for path in sources(".h", ".cc") + sorted((ROOT / "include/holdfast").glob("*.h")):
        lines = path.read_text().splitlines()
        assert lines[0] == "// SPDX-License-Identifier: Apache-2.0", path
        if path.suffix == ".h":
            assert lines[1].startswith("// "), path


def test_files_are_of_a_size_to_be_read():
    long = [f"{p.relative_to(ROOT)}: {n}" for p in sources(".h", ".cc")
            if (n := len(p.read_text().splitlines())) > 450]
    assert not long, "\n".join(long)
