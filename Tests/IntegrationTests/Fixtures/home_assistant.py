#!/usr/bin/env python3
"""Home Assistant as its MQTT side is seen from a broker, with paho-mqtt: hears its discovery and the state topic that a discovered entity
names, publishes states as mqtt_statestream does, and prints each value that the entity takes.

    home_assistant.py 127.0.0.1 1883 device PASSWORD DISCOVERY_TOPIC DISCOVERY_FILE STATE_TOPIC=STATE,STATE,…

Ends with status 0 when the entity has taken a value after the states, 5 when the broker refuses the user, 1 when something does not come.
"""
import json
import queue
import re
import sys

import paho.mqtt.client as mqtt

host, port, user, password, topic, path = sys.argv[1:7]
states = [argument.split("=", 1) for argument in sys.argv[7:]]
config = open(path).read()
connected, granted, heard = queue.Queue(), queue.Queue(), queue.Queue()

client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="home-assistant")
client.username_pw_set(user, password)
client.on_connect = lambda client, userdata, flags, reason, properties: connected.put(reason)
client.on_subscribe = lambda client, userdata, mid, reasons, properties: granted.put(reasons)
client.on_message = lambda client, userdata, message: heard.put(message)


def subscribe(pattern):
    client.subscribe(pattern, qos=0)
    reasons = granted.get(timeout=120)
    if any(reason.is_failure for reason in reasons):
        sys.exit(f"the broker refuses {pattern}: {reasons}")
    print(f"subscribed {pattern}", flush=True)


def wait_for(wanted, seconds):
    """The next message on a topic."""
    while True:
        message = heard.get(timeout=seconds)
        if message.topic == wanted:
            return message


def rendered(template, text):
    """What a template of the form {{ value_json.a.b }} makes of a payload; any other form is an error here."""
    names = re.fullmatch(r"\{\{ value_json((?:\.\w+)+) \}\}", template).group(1).split(".")[1:]
    value = json.loads(text)
    for name in names:
        value = value[name]
    return value


client.connect(host, int(port), keepalive=30)
client.loop_start()
reason = connected.get(timeout=120)
if reason.is_failure:
    print(reason, file=sys.stderr)
    sys.exit(5)
try:
    for pattern in ["homeassistant/+/+/config", "homeassistant/+/+/+/config", "homeassistant/#"]:
        subscribe(pattern)
    client.publish("homeassistant/status", "online", qos=0).wait_for_publish(120)
    client.publish(topic, config, qos=1, retain=True).wait_for_publish(120)
    entity = json.loads(wait_for(topic, 120).payload)
    print(f"discovered {entity['unique_id']}", flush=True)
    subscribe(entity["state_topic"])
    for state_topic, texts in states:
        for text in texts.split(","):
            client.publish(state_topic, text, qos=0).wait_for_publish(120)
    message = wait_for(entity["state_topic"], 120)
    print(f"message {message.payload.decode()}")
    print(f"value {rendered(entity['value_template'], message.payload)}", flush=True)
except queue.Empty:
    sys.exit("no message came in time")
client.disconnect()
client.loop_stop()
