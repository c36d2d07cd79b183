"""Reads an archive with nothing but docs/format.md in hand, checks all of it, and prints what each version holds.

usage: read_archive.py FILE [passphrase]      (a passphrase needs the module `cryptography`)
"""
import hashlib
import hmac
import struct
import sys

FRAME = 1 << 20


def crc32c(data, table=[]):
    if not table:
        for i in range(256):
            for _ in range(8):
                i = (i >> 1) ^ 0x82F63B78 if i & 1 else i >> 1
            table.append(i)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def unpack(data):
    """MessagePack, as much of it as archives use."""
    value, end = unpack_at(data, 0)
    assert end == len(data), "bytes follow"
    return value


def unpack_at(data, at):
    code = data[at]
    at += 1

    def number(form, size):
        return struct.unpack_from(">" + form, data, at)[0], at + size

    def take(length, at):
        return bytes(data[at:at + length]), at + length

    def array(count, at):
        items = []
        for _ in range(count):
            item, at = unpack_at(data, at)
            items.append(item)
        return items, at

    def mapping(count, at):
        items, at = array(2 * count, at)
        return dict(zip(items[::2], items[1::2])), at

    if code <= 0x7F:
        return code, at
    if code >= 0xE0:
        return code - 256, at
    if code <= 0x8F:
        return mapping(code & 15, at)
    if code <= 0x9F:
        return array(code & 15, at)
    if code <= 0xBF:
        text, at = take(code & 31, at)
        return text.decode(), at
    if code in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[code], at
    numbers = {0xCA: ("f", 4), 0xCB: ("d", 8), 0xCC: ("B", 1), 0xCD: ("H", 2), 0xCE: ("I", 4), 0xCF: ("Q", 8),
               0xD0: ("b", 1), 0xD1: ("h", 2), 0xD2: ("i", 4), 0xD3: ("q", 8)}
    if code in numbers:
        return number(*numbers[code])
    lengths = {0xC4: ("B", 1), 0xC5: ("H", 2), 0xC6: ("I", 4), 0xD9: ("B", 1), 0xDA: ("H", 2), 0xDB: ("I", 4),
               0xDC: ("H", 2), 0xDD: ("I", 4), 0xDE: ("H", 2), 0xDF: ("I", 4)}
    length, at = number(*lengths[code])
    if code <= 0xC6:
        return take(length, at)
    if code <= 0xDB:
        text, at = take(length, at)
        return text.decode(), at
    return array(length, at) if code <= 0xDD else mapping(length, at)


class Archive:
    def __init__(self, data, passphrase):
        self.data, self.at, self.frame, self.key = data, 0, 0, None
        assert data[:8] == b"\x89LDB\r\n\x1a\n", "magic"
        version, length = struct.unpack_from("<II", data, 8)
        assert version == 1 and length <= 65536, "format"
        self.header = unpack(self.sealed(16 + length)[16:])
        if self.header[3] == 1:
            salt, rounds = self.header[4]
            secret = hashlib.pbkdf2_hmac("sha512", passphrase.encode(), salt, rounds, 32)
            prk = hmac.new(salt, secret, hashlib.sha256).digest()
            self.key = hmac.new(prk, b"latentdb archive 1 passphrase\x01", hashlib.sha256).digest()

    def sealed(self, length):
        """The next bytes, after their checksum and the hash of everything up to there were compared."""
        content = self.data[self.at:self.at + length]
        end = self.at + length
        assert struct.unpack_from("<I", self.data, end)[0] == crc32c(content), "checksum"
        self.before, self.seal = getattr(self, "seal", None), self.data[end + 4:end + 36]
        assert hashlib.sha256(self.data[:end + 4]).digest() == self.seal, "seal"
        self.at = end + 36
        return content

    def records(self):
        counts, size, record = {}, 0, b""
        while True:
            length, flags = struct.unpack_from("<II", self.data, self.at)
            assert flags in (0, 1, 2), "flags"
            frame = self.sealed(8 + length)
            plain = frame[8:]
            if self.key:
                from cryptography.hazmat.primitives.ciphers.aead import AESGCM
                nonce = bytes(3) + struct.pack(">Q", self.frame) + bytes([flags == 2])
                plain = AESGCM(self.key).decrypt(nonce, plain, frame[:8] + self.before)
            self.frame += 1
            record += plain
            if flags == 1:
                assert len(plain) == FRAME, "a frame that goes on is full"
                continue
            kind, payload, record = record[0], record[1:], b""
            if flags == 2:
                end = unpack(payload)
                listed = dict(zip(end[3][::2], end[3][1::2]))
                assert kind == 255 and (end[1], end[2], listed) == (sum(counts.values()), size, counts), "counts"
                assert self.at == len(self.data), "bytes after the end"
                return
            counts[kind] = counts.get(kind, 0) + 1
            size += len(payload)
            yield kind, payload


def name(owner, sequence):
    return f"{owner.hex()}#{sequence}"


def rows_of(manifest):
    """Per layer the pool and the bank, row by row."""
    writes, owners, blocks, layers = manifest
    names = [name(owners[blocks[i]], blocks[i + 1]) for i in range(0, len(blocks), 4)]

    def spread(runs, each):
        return [(names[runs[i]], row) for i in range(0, len(runs), each) for row in range(runs[i + 1], runs[i + 1] + runs[i + 2])]

    return [(spread(layer[0], 3), spread(layer[1], 5)) for layer in layers]


def apply(content, delta):
    block, after = name(delta[0], delta[1]), []
    for (pool, bank), layer in zip(content, delta[2][1:]):
        gaps, to_bank, _, _, evicted, appended = layer
        removed, rank = [], 0
        for gap in gaps:
            rank += gap
            removed.append(rank)
        gone = set(removed)
        bank = bank + [pool[r] for r in removed] if to_bank else bank
        out = {row for i in range(0, len(evicted), 2) for row in range(evicted[i], evicted[i] + evicted[i + 1])}
        fresh = [(block, row) for i in range(0, len(appended), 2) for row in range(appended[i], appended[i] + appended[i + 1])]
        after.append(([row for r, row in enumerate(pool) if r not in gone] + fresh, [row for p, row in enumerate(bank) if p not in out]))
    return after


def main():
    archive = Archive(open(sys.argv[1], "rb").read(), sys.argv[2] if len(sys.argv) > 2 else None)
    contents, tensors, content, memory = {}, hashlib.sha256(), None, None
    for kind, payload in archive.records():
        value = unpack(payload)
        if kind == 1:
            memory = value
            owner = memory[3][:16]
            genesis = [([(name(owner, 1), row) for row in range(int(sys.argv[3]) if len(sys.argv) > 3 else 12)], []) for _ in range(memory[5])]
            print("memory", "/".join(memory[1]), memory[8])
        elif kind == 3:
            for tensor in value[5]:
                tensors.update(tensor[4])
        elif kind == 4:
            version, text = value[1], value.get(5)
            if 2 in value:
                for delta in value[2]:
                    content = apply(content, delta)
            elif 3 in value:
                content = rows_of(value[3])
            else:
                content = contents[value[4]] if 4 in value else genesis
            contents[version[0]] = content
            rows = ";".join(",".join(f"{b}:{r}" for b, r in part) for layer in content for part in layer)
            print("version", version[0], version[2], version[4], hashlib.sha256(rows.encode()).hexdigest(), text)
        elif kind == 6:
            print("snapshot", value[1], value[2])
    print("tensors", tensors.hexdigest())


main()
