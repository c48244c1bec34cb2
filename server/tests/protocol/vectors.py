"""Reads the golden frames of `protocol/vectors`."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "protocol" / "vectors"


@dataclass(frozen=True)
class Vector:
    name: str
    data: dict[str, Any]

    @property
    def message(self) -> bytes:
        """The bytes as they would arrive."""
        if "raw_base64" in self.data:
            return base64.b64decode(self.data["raw_base64"], validate=True)
        return json.dumps(self.data["frame"], ensure_ascii=False).encode()


def read(kind: str, direction: str) -> list[Vector]:
    paths = sorted((FOLDER / kind).glob("*.json"))
    vectors = [Vector(path.stem, json.loads(path.read_text(encoding="utf-8"))) for path in paths]
    return [vector for vector in vectors if vector.data["direction"] == direction]
