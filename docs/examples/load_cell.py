"""A cell in Python: how busy this machine is. It needs nats-py, and the variables that `nimmer env --export` prints."""
import asyncio, json, os, uuid
from datetime import datetime, timezone

import nats
from nats.micro import add_service

ENVIRONMENT, NAME = os.environ.get("NIMMERVERSE_ENV", "dev"), "load"


def wave(confidence, content):
    header = {"message_id": str(uuid.uuid4()), "message_type": "WaveSignal", "version": "2.1",
              "timestamp": datetime.now(timezone.utc).isoformat(), "source": {"entity_id": NAME, "entity_type": "cell"}}
    body = {"domain": "machine", "confidence": confidence, "semantic_content": content}
    return json.dumps({"header": header, "body": body}).encode()


async def main():
    client = await nats.connect(os.environ["NATS_URL"], name=NAME)
    await add_service(client, name=NAME, version="1.0.0", description="How busy this machine is.",
                      metadata={"environment": ENVIRONMENT, "role": "cell", "protocol": "2.1"})
    while True:
        load = os.getloadavg()[0]
        await client.publish(f"{ENVIRONMENT}.nervous.cells.{NAME}.wave", wave(min(1, load / os.cpu_count()), {"load": load}))
        await asyncio.sleep(1)


asyncio.run(main())
