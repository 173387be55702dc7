"""Recordings that are made of the committed minute: of another environment, of nothing, of hostile text, of a load."""
import datetime
import json

from server import MINUTE

# The first moment of the committed minute, in milliseconds since 1970.
BEGUN = 1771093800000

# What a name, a payload or a mind may hold so that a page does something with it.
HOSTILE = {
    "script": "<script>alert('script')</script>",
    "image": "<img src=x onerror=alert('image')>",
    "svg": "<svg/onload=alert('svg')>",
    "attribute": "\" onmouseover=alert('attribute') x=\"",
    "template": "${alert('template')}{{alert('braces')}}",
    "url": "javascript:alert('url')",
    "style": "</style><style>*{display:none}</style>",
    "bidi": "open\u202edenepo\u2066\u2067\u200f",
    "width": "ze\u200bro\u200d\u2060\ufeffwidth\u00ad",
    "marks": "e" + "\u0301\u0327\u0330" * 40,
    "control": "bell\u0007 escape\u001b[31m null\u0000 line\u2028end",
    "huge": "W" * 4000,
}


def lines(file=MINUTE):
    with open(file, encoding="utf-8") as recording:
        return [json.loads(line) for line in recording]


def written(options, name, messages):
    path = f"{options.folder}/{name}.ndjson"
    with open(path, "w", encoding="utf-8") as file:
        for message in messages:
            file.write(json.dumps(message) + "\n")
    return path


def moved(options, environment):
    """The committed minute, as of another environment."""
    messages = lines()
    for message in messages:
        message["subject"] = environment + message["subject"][len("dev"):]
    return written(options, environment, messages)


def longer(options, seconds):
    """The committed minute, and its first wave so long before it."""
    messages = lines()
    first = json.loads(json.dumps(messages[0]))
    first["at"] = first["message"]["header"]["timestamp"] = (
        datetime.datetime.fromtimestamp(BEGUN / 1000 - seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z"))
    first["message"]["header"]["message_id"] = "019c0000-0000-7000-8000-ffffffffffff"
    return written(options, "longer", [first, *messages])


def empty(options):
    """A recording in which nothing has come yet but a report of the thalamus, which has no gate."""
    first = next(m for m in lines() if m["subject"].endswith("thalamus.attention"))
    first["message"]["body"] |= {"rising_gates": [], "regions": 0, "waves": 0, "waves_per_second": 0}
    return written(options, "nothing", [first])


def hostile(options):
    """The committed minute, in which every text that is free to choose is hostile, and cells with hostile names speak."""
    texts = list(HOSTILE.values())

    def turned(value, number):
        if isinstance(value, dict):
            return {texts[(number + i) % len(texts)] if len(value) > 1 else k: turned(v, number + i) for i, (k, v) in enumerate(value.items())}
        if isinstance(value, list):
            return [turned(v, number) for v in value]
        return texts[number % len(texts)] if isinstance(value, (str, bool, int, float)) else value

    messages = []
    for number, message in enumerate(lines()):
        body = message["message"]["body"]
        messages.append(message)
        if "semantic_content" in body:
            body["semantic_content"] = turned(body["semantic_content"], number)
        for witness in body.get("witnesses", []):
            if "semantic_content" in witness:
                witness["semantic_content"] = turned(witness["semantic_content"], number)
        if "decision" in body:
            body["decision"] = texts[number % len(texts)]
        if "mind" in body:
            body["mind"] = {"model": HOSTILE["image"], "server": HOSTILE["script"]}
        if "payload" in body:
            body["payload"] = turned(body["payload"], number)
        if message["subject"].endswith("cells.vision.wave") and number % 40 == 0:
            messages.append(renamed(message, texts[number % len(texts)]))
    return written(options, "hostile", messages)


def renamed(message, name):
    """The same wave of a cell whose every name is the text, as far as a subject can hold it."""
    copy = json.loads(json.dumps(message))
    token = "".join(c for c in name if c not in " .*>\r\n\t\u0000")[:60]
    copy["subject"] = f"dev.nervous.cells.{token}.wave"
    copy["message"]["header"]["source"]["entity_id"] = name
    copy["message"]["body"] |= {"region": name, "origin": name}
    return copy
