"""The comparison of APIs finds what it is for."""

import contextlib
import io
import json
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import compare


def graph(*declarations):
    """A symbol graph with members of a struct `Pulse`, each a name and a declaration."""
    symbols = [("Pulse", "struct Pulse")] + list(declarations)
    return {
        "symbols": [
            {
                "identifier": {"precise": name + text},
                "pathComponents": ["Pulse"] if name == "Pulse" else ["Pulse", name],
                "declarationFragments": [{"spelling": text}],
            }
            for name, text in symbols
        ],
        "relationships": [
            {"kind": "conformsTo", "source": "Pulsestruct Pulse", "target": "s:s8SendableP", "targetFallback": "Swift.Sendable"}
        ],
    }


EMIT = ("emit(_:)", "func emit(_ confidence: Double)")
ENTER = ("enter(_:)", "func enter(_ state: String)")


class Comparison(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "CHANGELOG.md").write_text("# Changes\n\n## Unreleased\n\n- Faster.\n\n## 0.1.0\n\n- `enter` is new.\n")
        patch = mock.patch.object(compare, "ROOT", self.root)
        patch.start()
        self.addCleanup(patch.stop)
        self.assertEqual(self.run_with(EMIT, ENTER, accept=True)[0], 0)

    def run_with(self, *declarations, accept=False):
        (self.root / "NimmerX.symbols.json").write_text(json.dumps(graph(*declarations)))
        arguments = ["compare", "--graphs", str(self.root), "--baseline", str(self.root / "api"), "NimmerX"]
        out, error = io.StringIO(), io.StringIO()
        with mock.patch.object(sys, "argv", arguments + (["--accept"] if accept else [])):
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
                return compare.main(), out.getvalue() + error.getvalue()

    def test_the_same_passes(self):
        self.assertEqual(self.run_with(EMIT, ENTER), (0, ""))

    def test_what_is_new_is_shown_and_passes(self):
        code, text = self.run_with(EMIT, ENTER, ("at", "let at: Timestamp"))
        self.assertEqual(code, 0)
        self.assertIn("added: NimmerX: Pulse  let at: Timestamp", text)

    def test_what_is_gone_fails(self):
        code, text = self.run_with(EMIT)
        self.assertEqual(code, 1)
        self.assertIn("removed: NimmerX: Pulse  func enter(_ state: String)", text)

    def test_another_declaration_is_a_change_and_fails(self):
        code, text = self.run_with(EMIT, ("enter(_:)", "mutating func enter(_ state: String) throws"))
        self.assertEqual(code, 1)
        self.assertIn("changed: NimmerX: Pulse  func enter(_ state: String)", text)
        self.assertIn("now: Pulse  mutating func enter(_ state: String) throws", text)

    def test_a_breach_is_accepted_only_with_an_entry_of_its_own(self):
        code, text = self.run_with(EMIT, accept=True)
        self.assertEqual(code, 1)
        self.assertIn("not named under", text)
        self.assertEqual(self.run_with(EMIT)[0], 1)
        changes = self.root / "CHANGELOG.md"
        changes.write_text(changes.read_text().replace("- Faster.", "- `Pulse.enter(_:)` is gone."))
        self.assertEqual(self.run_with(EMIT, accept=True)[0], 0)
        self.assertEqual(self.run_with(EMIT), (0, ""))

    def test_an_entry_covers_what_speaks_of_a_type_that_it_names(self):
        line = "Pulse\tinit(_ state: NerveState)"
        self.assertTrue(compare.is_named("- `NerveState` is gone.", line, {"NerveState", "Pulse"}))
        self.assertFalse(compare.is_named("- `String` is gone.", "Pulse\tfunc enter(_ state: String)", {"Pulse"}))
        self.assertFalse(compare.is_named("- NerveState is gone.", line, {"NerveState", "Pulse"}), "named as code")

    def test_a_library_that_is_gone_fails(self):
        (self.root / "NimmerX.symbols.json").unlink()
        arguments = ["compare", "--graphs", str(self.root), "--baseline", str(self.root / "api"), "NimmerX"]
        with mock.patch.object(sys, "argv", arguments), contextlib.redirect_stdout(io.StringIO()):
            with contextlib.redirect_stderr(io.StringIO()):
                self.assertEqual(compare.main(), 1)


if __name__ == "__main__":
    unittest.main()
