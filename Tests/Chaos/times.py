"""Times and ids as they stand on the wire."""
import hashlib
import re
import uuid
from datetime import datetime, timezone

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "nimmerverse")


def rfc3339(us):
    """Microseconds since 1970 as text."""
    whole = datetime.fromtimestamp(us // 1_000_000, timezone.utc)
    return whole.strftime("%Y-%m-%dT%H:%M:%S") + f".{us % 1_000_000:06d}Z"


def nanoseconds(text):
    """RFC 3339 as nanoseconds since 1970."""
    found = re.match(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$", text)
    zone = "+00:00" if found[3] == "Z" else found[3]
    return int(datetime.fromisoformat(found[1] + zone).timestamp()) * 1_000_000_000 + int((found[2] or "0").ljust(9, "0")[:9])


def named(name):
    """The name-based id that every part of the house derives alike (decision 0005)."""
    return str(uuid.uuid5(NAMESPACE, name))


def digest(text):
    """A short name of a text, for comparing scripts."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
