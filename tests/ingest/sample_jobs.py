"""Targets for worker processes, each misbehaving in one way."""

import os
import signal
import sys
import time
from collections.abc import Iterator

from commonplace.errors import UnreadableFile


def obey(job: str) -> Iterator[object]:
    verb, _, argument = job.partition(" ")
    match verb:
        case "count":
            yield from range(int(argument))
        case "refuse":
            raise UnreadableFile("it is green; expected blue")
        case "stumble":
            raise ValueError("a bug in a reader")
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "hang":
            time.sleep(3600)
        case "spin":
            began = time.process_time()
            while time.process_time() - began < float(argument.split()[0] if argument else 3600):
                pass
        case "dribble":
            while True:
                yield "."
                time.sleep(0.05)
        case "gorge":
            yield len(bytearray(int(argument)))
        case "print":
            print("noise on standard output", flush=True)
            sys.stdout.write("more noise")
            yield "said"
        case "pid":
            yield os.getpid()
