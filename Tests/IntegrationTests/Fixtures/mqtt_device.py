#!/usr/bin/env python3
"""A device that speaks MQTT, with paho-mqtt: publishes each TOPIC=TEXT, and ends when the server has acknowledged all.

    mqtt_device.py 127.0.0.1 1883 device PASSWORD tele/hotWater/SENSOR=21.5 zigbee2mqtt/door=open [--retain] [--repeat N]

A wrong password ends it with status 5.
"""
import argparse
import sys
import threading

import paho.mqtt.client as mqtt

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("host")
parser.add_argument("port", type=int)
parser.add_argument("user")
parser.add_argument("password")
parser.add_argument("messages", nargs="+", metavar="TOPIC=TEXT")
parser.add_argument("--retain", action="store_true")
parser.add_argument("--repeat", type=int, default=1)
options = parser.parse_args()

connected = threading.Event()
refused = []


def on_connect(client, userdata, flags, reason, properties):
    if reason.is_failure:
        refused.append(str(reason))
    connected.set()


client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="nimmer-test-device")
client.username_pw_set(options.user, options.password)
client.on_connect = on_connect
client.connect(options.host, options.port, keepalive=30)
client.loop_start()
if not connected.wait(120):
    sys.exit("the server did not answer within 20 seconds")
if refused:
    print(refused[0], file=sys.stderr)
    sys.exit(5)
for _ in range(options.repeat):
    for message in options.messages:
        topic, text = message.split("=", 1)
        client.publish(topic, text, qos=1, retain=options.retain).wait_for_publish(120)
client.disconnect()
client.loop_stop()
