#!/usr/bin/env python3
"""A second opinion on protocol 1: a node written from docs/protocol.md alone, sharing no code.

It announces, listens, matures, graduates and solves as the reference does (its maturing again on
every configuration change included), but plumbs nothing. Each change of its state is one JSON line
on standard output: {"mature", "version", "active", "ownership"}. SIGTERM says goodbye.

usage: reference_peer.py CONFIG NODE LOCAL_ADDRESS
"""
import hashlib
import ipaddress
import json
import secrets
import select
import signal
import socket
import struct
import sys
import time


def normalise(group):
    members = [m for m in group if isinstance(m, dict)]
    names = [m for m in group if isinstance(m, str)]
    out = []
    for member in sorted(members, key=lambda m: m["ip"].split("/")[0]):
        text, _, length = member["ip"].partition("/")
        vip = {"ip": text}
        if ":" in text:
            vip["prefixlen"] = length or "128"
        else:
            net = ipaddress.ip_network(f"{text}/{length or 32}", strict=False)
            vip["netmask"] = str(net.netmask)
            vip["broadcast"] = str(net.broadcast_address)
            vip["network"] = str(net.network_address)
        vip["name"] = member["interface"]
        out.append(vip)
    return names + out


def texts(group):
    return [m if isinstance(m, str) else m["ip"] for m in group]


class Peer:
    def __init__(self, config, me):
        self.me, self.config = me, config
        self.version = config.get("version", 0)
        self.vips = [normalise(g) for g in config["vips"]]
        self.nodes = config["nodes"]
        self.heard = {}  # name -> (when, said active)
        self.changed = time.monotonic()
        self.last_printed = None

    def digest(self, version, vips, nodes, nonce):
        lines = [str(version), *[",".join(texts(g)) for g in vips], "|".join(nodes),
                 self.config["secret"], nonce]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def mature(self):
        return time.monotonic() - self.changed >= self.config.get("mature", 5)

    def announcement(self, active):
        nonce = secrets.token_hex(32)
        return json.dumps({
            "me": self.me, "active": active, "version": self.version, "vips": self.vips,
            "nodes": self.nodes,
            "hash": self.digest(self.version, self.vips, self.nodes, nonce), "nonce": nonce,
            "arpcache": {}}, separators=(",", ":"), ensure_ascii=False).encode()

    def receive(self, payload):
        try:
            told = json.loads(payload)
            ours = self.digest(self.version, self.vips, self.nodes, told["nonce"])
            theirs = self.digest(told["version"], told["vips"], told["nodes"], told["nonce"])
        except (ValueError, KeyError, TypeError):
            return
        if told["hash"] != ours:
            if told["hash"] != theirs or told["version"] <= self.version:
                return
            self.version, self.vips, self.nodes = told["version"], told["vips"], told["nodes"]
            self.changed = time.monotonic()
        if told["me"] in self.nodes:
            self.heard[told["me"]] = (time.monotonic(), told["active"])

    def active_nodes(self):
        stale = self.config.get("stale", 3)
        return [n for n in self.nodes if n in self.heard and self.heard[n][1]
                and time.monotonic() - self.heard[n][0] <= stale]

    def ownership(self):
        active = self.active_nodes()
        owned = {"_": [], **{n: [] for n in active}}
        placed = []
        for group in self.vips:
            if isinstance(group[0], str) and group[0] in active:
                owned[group[0]].append(texts(group))
            else:
                placed.append(group)
        for group in placed:
            first = next(m["ip"] for m in group if isinstance(m, dict))
            keys = sorted(hashlib.md5(f"{n}|{first}".encode()).hexdigest() + ":" + n
                          for n in active)
            owned[keys[0].split(":", 1)[1] if keys else "_"].append(texts(group))
        return owned

    def show(self):
        state = {"mature": self.mature(), "version": self.version}
        if self.mature():
            state["active"] = self.active_nodes()
            state["ownership"] = self.ownership()
        if state != self.last_printed:
            self.last_printed = state
            print(json.dumps(state), flush=True)


def open_socket(config, local):
    group, port = config["chat"].rsplit(":", 1)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((group, int(port)))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                    struct.pack("4s4s", socket.inet_aton(group), socket.inet_aton(local)))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(local))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 128)
    return sock, (group, int(port))


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        config = json.load(file)
    peer = Peer(config, sys.argv[2])
    sock, target = open_socket(config, sys.argv[3])
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(True))
    announce_at = time.monotonic()
    while not stop:
        if time.monotonic() >= announce_at:
            sock.sendto(peer.announcement(peer.mature()), target)
            announce_at = time.monotonic() + config.get("interval", 1)
        ready, _, _ = select.select([sock], [], [], 0.01)
        if ready:
            peer.receive(sock.recv(65536))
        peer.show()
    sock.sendto(peer.announcement(False), target)


if __name__ == "__main__":
    main()
