"""Objects of a bucket by nats-py, for ArtifactTests: what another client puts, reads, links and breaks.

    objects.py URL BUCKET put NAME SEED SIZE [TYPE]   content of a seed, as the tests make it
    objects.py URL BUCKET get NAME                    its size and SHA-256
    objects.py URL BUCKET list                        one "name size type" a line
    objects.py URL BUCKET delete NAME
    objects.py URL BUCKET link NAME BUCKET TARGET     a link, as other clients write it
    objects.py URL BUCKET meta NAME JSON              a description as it stands there, under this name
    objects.py URL BUCKET half NUID SIZE              chunks without a description
    objects.py URL BUCKET chunks                      subjects of chunks that are left
"""

import asyncio
import base64
import hashlib
import json
import sys

import nats
from nats.js.api import ObjectMeta, ObjectMetaOptions
from nats.js.errors import NotFoundError


def content(seed, size):
    return bytes((i * 31 + (i >> 8) + seed * 7) & 255 for i in range(size))


async def main(url, bucket, verb, *rest):
    connection = await nats.connect(url)
    stream = connection.jetstream()
    store = await stream.object_store(bucket)

    async def describe(name, description):
        subject = f"$O.{bucket}.M." + base64.urlsafe_b64encode(name.encode()).decode()
        await stream.publish(subject, description.encode(), headers={"Nats-Rollup": "sub"})

    if verb == "put":
        name, seed, size, *kind = rest
        options = ObjectMetaOptions(max_chunk_size=100_000)
        headers = {"Content-Type": [kind[0]]} if kind else None
        info = await store.put(name, content(int(seed), int(size)), ObjectMeta(name=name, headers=headers, options=options))
        print(info.size, base64.urlsafe_b64decode(info.digest.removeprefix("SHA-256=")).hex())
    elif verb == "get":
        found = await store.get(rest[0])
        print(len(found.data), hashlib.sha256(found.data).hexdigest())
    elif verb == "list":
        try:
            for info in await store.list(ignore_deletes=True):
                print(info.name, info.size, (info.headers or {}).get("Content-Type", ["-"])[0])
        except NotFoundError:
            pass
    elif verb == "delete":
        await store.delete(rest[0])
    elif verb == "link":
        name, other, target = rest
        link = {"link": {"bucket": other, "name": target}}
        await describe(name, json.dumps({"name": name, "bucket": bucket, "nuid": "link", "options": link, "digest": ""}))
    elif verb == "meta":
        await describe(rest[0], rest[1])
    elif verb == "half":
        for _ in range(2):
            await stream.publish(f"$O.{bucket}.C.{rest[0]}", content(1, int(rest[1])))
    elif verb == "chunks":
        info = await stream.stream_info(f"OBJ_{bucket}", subjects_filter=f"$O.{bucket}.C.>")
        for subject, count in sorted((info.state.subjects or {}).items()):
            print(subject, count)
    await connection.close()


asyncio.run(main(*sys.argv[1:]))
