"""One paho client for the tests of tests/e2e, controlled by one JSON argument (see real_clients.ts).

Says `ready` once it is connected (and subscribed), each message as a line of JSON, and `published` before it ends.
SIGTERM makes it leave with a DISCONNECT.
"""

import json
import signal
import sys

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

asked = json.loads(sys.argv[1])
is5 = asked["version"] == 5


def say(line):
    print(line, flush=True)


def properties(packet_type, **values):
    if not is5 or not any(value is not None for value in values.values()):
        return None
    made = Properties(packet_type)
    for name, value in values.items():
        if value is not None:
            setattr(made, name, value)
    return made


def on_connect(client, _userdata, _flags, reason, _properties=None):
    if (reason.value if is5 else reason) != 0:
        say(f"refused: {reason}")
        sys.exit(1)
    if "subscribe" in asked:
        client.subscribe(asked["subscribe"]["filter"], asked["subscribe"]["qos"])
    elif "publish" in asked:
        message = asked["publish"]
        client.publish(message["topic"], message["payload"], message["qos"], message["retain"])
    else:
        say("ready")


def on_subscribe(_client, _userdata, _mid, _granted, _properties=None):
    say("ready")


def on_publish(client, _userdata, _mid):
    say("published")
    client.disconnect()


def on_message(_client, _userdata, message):
    fields = {"topic": message.topic, "payload": message.payload.decode(), "qos": message.qos, "retain": message.retain}
    say(json.dumps(fields))


clean = {} if is5 else {"clean_session": asked["clean"]}
callbacks = [mqtt.CallbackAPIVersion.VERSION1] if hasattr(mqtt, "CallbackAPIVersion") else []  # since paho 2.0
scheme = asked.get("scheme", "mqtt")
transport = {"transport": "websockets" if scheme.startswith("ws") else "tcp"}
client = mqtt.Client(*callbacks, client_id=asked["clientId"], protocol=mqtt.MQTTv5 if is5 else mqtt.MQTTv311, **clean, **transport)
if "tls" in asked:
    tls = asked["tls"]
    client.tls_set(ca_certs=tls["ca"], certfile=tls.get("cert"), keyfile=tls.get("key"))
if "login" in asked:
    client.username_pw_set(asked["login"]["username"], asked["login"]["password"])
client.on_connect = on_connect
client.on_subscribe = on_subscribe
client.on_publish = on_publish
client.on_message = on_message
if "will" in asked:
    will = asked["will"]
    will_properties = properties(PacketTypes.WILLMESSAGE, WillDelayInterval=will.get("delayS"))
    client.will_set(will["topic"], will["payload"], will["qos"], will["retain"], will_properties)
signal.signal(signal.SIGTERM, lambda *_: client.disconnect())
start = {"clean_start": asked["clean"]} if is5 else {}
expiry = properties(PacketTypes.CONNECT, SessionExpiryInterval=asked.get("sessionExpiryS"))
client.connect(asked["host"], asked["port"], keepalive=30, properties=expiry, **start)
client.loop_forever(retry_first_connection=False)
