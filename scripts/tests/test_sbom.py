"""Tests of scripts/sbom: the bill of this very tree beside its notices, and its parts on lists made here."""

import importlib.machinery
import importlib.util
import json
import re
import subprocess
import sys
import unittest
from pathlib import Path
from types import SimpleNamespace

SCRIPTS = Path(__file__).resolve().parent.parent
ASSETS = ["llama-server", "SmolLM2-135M"]
sys.dont_write_bytecode = True


def load():
    loader = importlib.machinery.SourceFileLoader("sbom", str(SCRIPTS / "sbom"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("sbom", loader))
    loader.exec_module(module)
    return module


def printed(script: str) -> str:
    return subprocess.run([SCRIPTS / script, *ASSETS], check=True, stdout=subprocess.PIPE, text=True).stdout


class ThisTree(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.notices = printed("notices")
        cls.text = printed("sbom")
        cls.bill = json.loads(cls.text)
        cls.components = cls.bill["components"]

    def test_every_work_of_the_notices_is_a_component(self) -> None:
        head = self.notices.split("=" * 80)[0]
        works = re.findall(r"^  (.+?): ", head, re.MULTILINE)
        self.assertGreater(len(works), 300)
        named = {f"{one['name']} {one.get('version')}" for one in self.components}
        named |= {one.get("description") for one in self.components}
        self.assertEqual([work for work in works if work not in named], [])
        self.assertEqual(len(set(works)), len(self.components))

    def test_what_is_pinned_has_its_hash(self) -> None:
        bare = [one["bom-ref"] for one in self.components if not one.get("hashes")]
        self.assertEqual(bare, [])
        model = next(one for one in self.components if one["name"] == "SmolLM2-135M")
        self.assertEqual(model["type"], "machine-learning-model")
        self.assertIn(model["hashes"][0]["content"], (SCRIPTS / "assets.toml").read_text())

    def test_all_of_it_hangs_together(self) -> None:
        refs = [one["bom-ref"] for one in self.components]
        self.assertEqual(len(refs), len(set(refs)))
        uses = {one["ref"]: one["dependsOn"] for one in self.bill["dependencies"]}
        todo, seen = [self.bill["metadata"]["component"]["bom-ref"]], set()
        while todo:
            at = todo.pop()
            if at not in seen:
                seen.add(at)
                todo += uses[at]
        self.assertEqual(seen, set(uses))
        self.assertEqual(set(refs), set(uses) - {self.bill["metadata"]["component"]["bom-ref"]})

    def test_it_has_the_form_of_cyclonedx_and_is_the_same_twice(self) -> None:
        self.assertEqual((self.bill["bomFormat"], self.bill["specVersion"]), ("CycloneDX", "1.5"))
        self.assertRegex(self.bill["serialNumber"], r"^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        self.assertEqual(printed("sbom"), self.text)


class Parts(unittest.TestCase):
    def test_an_old_choice_of_licences_is_an_expression(self) -> None:
        self.assertEqual(load().licences("MIT/Apache-2.0"), [{"expression": "MIT OR Apache-2.0"}])

    def test_tools_that_npm_lists_are_left_out_and_what_hangs_below_them_stays(self) -> None:
        def one(name: str) -> dict:
            return {"bom-ref": f"{name}@1", "type": "library", "name": name, "version": "1", "purl": f"pkg:npm/{name}@1"}

        told = {
            "metadata": {"component": {"bom-ref": "ui@0"}},
            "components": [one("chart"), one("tool"), one("below")],
            "dependencies": [
                {"ref": "ui@0", "dependsOn": ["chart@1", "tool@1"]},
                {"ref": "tool@1", "dependsOn": ["below@1"]},
            ],
        }
        works = [SimpleNamespace(title=f"{name} 1", licence="MIT") for name in ("chart", "below")]
        components, uses, ours = load().npm_packages(works, told)
        self.assertEqual([part["name"] for part in components], ["chart", "below"])
        self.assertEqual(ours, ["below@1", "chart@1"])
        self.assertEqual([use["ref"] for use in uses], ["below@1", "chart@1"])

    def test_a_package_that_npm_does_not_know_ends_it(self) -> None:
        told = {"metadata": {"component": {"bom-ref": "ui@0"}}, "components": []}
        with self.assertRaises(SystemExit):
            load().npm_packages([SimpleNamespace(title="chart 1", licence="MIT")], told)


if __name__ == "__main__":
    unittest.main()
