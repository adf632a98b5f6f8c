"""The packages that a machine with a GPU may lack, in one file that travels with the sources.

python -m benchmarks.gpu.kit [--python 3.12]

It downloads the wheels of benchmarks/gpu/kit.txt for Linux on x86-64 and packs them into .gpu-kit/cp312.tar.xz, with
the tokenizer of the bundled model. Of bitsandbytes' libraries, 130 MB, only those of the processor and of CUDA 13 are
kept. `python -m benchmarks.gpu` unpacks the file; it needs no package for that.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KIT, NAMES = ROOT / ".gpu-kit", Path(__file__).with_name("kit.txt")
# Folders of the kit: what is imported everywhere, what only the part `peers` imports, and its list of versions.
CORE, PEERS, VERSIONS = "core", "peers", "versions.json"
PEERS_SECTION = "[peers]"
# With the sources.
MAX_BYTES = 64 * 2**20
MANYLINUX = (5, 12, 17, 24, 27, 28, 31, 34, 35)
LIBRARIES = ("libbitsandbytes_cpu.so", "libbitsandbytes_cuda13")
TOKENIZER, TOKENIZER_FILES = ROOT / "models" / "smollm2_135m", ("tokenizer*.json", "chat_template.jinja", "config.json")


def requirements(names: str, lock: str) -> dict[str, list[str]]:
    """What to download for each folder of the kit, as name==version.

    Args:
        names: The text of kit.txt.
        lock: The text of poetry.lock.
    """
    locked = {package["name"]: package["version"] for package in tomllib.loads(lock)["package"]}
    found: dict[str, list[str]] = {CORE: [], PEERS: []}
    folder = CORE
    for line in names.splitlines():
        name = line.partition("#")[0].strip()
        if name == PEERS_SECTION:
            folder = PEERS
        elif name:
            found[folder].append(name if "==" in name else f"{name}=={locked[name]}")
    return found


def is_kept(member: str) -> bool:
    """Whether a file of a wheel goes into the kit."""
    name = member.rpartition("/")[2]
    is_library = name.startswith("libbitsandbytes") and name.endswith(".so")
    return not member.endswith("/") and (not is_library or name.startswith(LIBRARIES))


def download(wanted: Sequence[str], python: str, folder: Path) -> None:
    """Download one wheel of each, without what it requires.

    Raises:
        subprocess.CalledProcessError: When there is no wheel for Linux on x86-64 and this Python.
    """
    abi = f"cp{python.replace('.', '')}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--implementation", "cp", "--python-version", python, "--dest", str(folder)]
    command += [argument for tag in (abi, "abi3", "none") for argument in ("--abi", tag)]
    platforms = [*(f"manylinux_2_{minor}_x86_64" for minor in MANYLINUX), "manylinux2014_x86_64", "linux_x86_64", "any"]
    command += [argument for platform in platforms for argument in ("--platform", platform)]
    subprocess.run([*command, *wanted], check=True)


def fill(python: str, target: Path) -> Path:
    """Download and pack; returns the file.

    Args:
        python: The version of Python on the machine with the GPU, such as 3.12.
        target: The folder of the kit.
    """
    wanted = requirements(NAMES.read_text(encoding="utf-8"), (ROOT / "poetry.lock").read_text(encoding="utf-8"))
    target.mkdir(exist_ok=True)
    packed = target / f"cp{python.replace('.', '')}.tar.xz"
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "tree"
        for folder, names in wanted.items():
            download(names, python, Path(scratch) / folder)
            for wheel in sorted((Path(scratch) / folder).glob("*.whl")):
                with zipfile.ZipFile(wheel) as archive:
                    archive.extractall(tree / folder, [name for name in archive.namelist() if is_kept(name)])
        for pattern in TOKENIZER_FILES:
            for file in TOKENIZER.glob(pattern):
                kept = tree / CORE / "smollm2_tokenizer" / file.name
                kept.parent.mkdir(exist_ok=True)
                kept.write_bytes(file.read_bytes())
        versions = dict(name.split("==") for names in wanted.values() for name in names)
        (tree / VERSIONS).write_text(json.dumps(versions))
        with tarfile.open(packed, "w:xz") as archive:
            for part in sorted(tree.iterdir()):
                archive.add(part, arcname=part.name)
    return packed


def source_bytes() -> int:
    """Bytes of the files under version control."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return sum((ROOT / name).stat().st_size for name in listed.split("\0") if name and (ROOT / name).is_file())


def unpacked(kit: Path, target: Path) -> list[Path]:
    """The folders to import from, unpacked where they are not yet; none if there is no kit, or if nothing is missing.

    Args:
        kit: The folder of the kit.
        target: Where to unpack.

    Returns:
        The folder of all packages, and that of the peers.
    """
    packed = kit / f"cp{sys.version_info.major}{sys.version_info.minor}.tar.xz"
    if not packed.exists():
        return []
    folder = target / f"gpu-kit-{hashlib.sha256(packed.read_bytes()).hexdigest()[:16]}"
    if not (folder / VERSIONS).exists():
        partial = Path(tempfile.mkdtemp(dir=target))
        with tarfile.open(packed) as archive:
            archive.extractall(partial, filter="data")
        partial.rename(folder)
    versions = json.loads((folder / VERSIONS).read_text())
    return [folder / CORE, folder / PEERS] if list(_differing(versions)) else []


def _differing(versions: dict[str, str]) -> Iterator[str]:
    for name, wanted in versions.items():
        try:
            if version(name) != wanted:
                yield name
        except PackageNotFoundError:
            yield name


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default="3.12", help="the version on the machine with the GPU")
    parser.add_argument("--folder", type=Path, default=KIT)
    arguments = parser.parse_args()
    packed = fill(arguments.python, arguments.folder)
    size, sources = packed.stat().st_size, source_bytes()
    print(f"{packed}: {size / 2**20:.1f} MiB; with the sources {(size + sources) / 2**20:.1f} MiB")
    if size + sources > MAX_BYTES:
        sys.exit(f"more than {MAX_BYTES / 2**20:.0f} MiB: leave out packages of {NAMES}")


if __name__ == "__main__":
    main()
