"""Checks messages against JSON Schemas (draft 2020-12) with the jsonschema package.

    validate.py SCHEMAS MESSAGES    every MESSAGES/*.json against SCHEMAS/<its type>.schema.json

Exit status: 0 all fit, 1 some do not (named), 77 jsonschema is not installed.
"""

import json
import pathlib
import sys

try:
    from jsonschema import Draft202012Validator, FormatChecker
except ImportError:
    print("SKIPPED: jsonschema is not installed for this Python")
    sys.exit(77)

schemas, messages = map(pathlib.Path, sys.argv[1:3])
failed = checked = 0
for path in sorted(messages.glob("*.json")):
    message = json.loads(path.read_text())
    schema = schemas / f"{message['header']['message_type']}.schema.json"
    if not schema.exists():
        print(f"UNKNOWN {message['header']['message_type']}")
        continue
    schema = json.loads(schema.read_text())
    Draft202012Validator.check_schema(schema)
    checked += 1
    for error in Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(message):
        print(f"{path.name}: {error.json_path}: {error.message[:200]}")
        failed += 1
print(f"{checked} checked, {failed} problems")
sys.exit(1 if failed or not checked else 0)
