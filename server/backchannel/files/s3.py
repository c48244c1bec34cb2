"""Files in an S3 service: `django-storages`, for files that nobody but the chat reads and that may be larger than memory.

What differs from its `S3Storage`: an object is read as a stream from where it is wanted, never as a whole into memory; a large file is
sent in parts one after the other, so that a thread holds one part; errors are `OSError`, which callers know how to answer; and no setting
of the site for its public files applies to these.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, cast

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage

from backchannel.config import s3_place

PART_BYTES: Final = 8 * 1024 * 1024
CONNECT_S: Final = 5
READ_S: Final = 30
ATTEMPTS: Final = 4

_PRIVATE: Final[dict[str, Any]] = {
    "default_acl": None,
    "object_parameters": {},
    "gzip": False,
    "custom_domain": None,
    "cloudfront_signer": None,
    # Names are random, and a piece is stored under a name of its own: asking whether it is taken would cost a request.
    "file_overwrite": True,
}


class PrivateS3Storage(S3Storage):  # type: ignore[misc]  # it has no types
    def __init__(self, **options: Any) -> None:
        options.setdefault(
            "transfer_config", TransferConfig(2 * PART_BYTES, multipart_chunksize=PART_BYTES, use_threads=False)
        )
        super().__init__(**{**_PRIVATE, **options})

    def _open(self, name: str, mode: str = "rb") -> ObjectReader:
        key = self._normalize_name(name)
        return ObjectReader(self.connection.meta.client, self.bucket_name, key)

    def _save(self, name: str, content: Any) -> str:
        with _as_os_errors(name):
            return cast("str", super()._save(name, content))

    def delete(self, name: str) -> None:
        with _as_os_errors(name):
            super().delete(name)

    def exists(self, name: str) -> bool:
        with _as_os_errors(name):
            return bool(super().exists(name))

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        with _as_os_errors(name):
            return cast("tuple[list[str], list[str]]", super().listdir(name))

    def get_modified_time(self, name: str) -> datetime:
        with _as_os_errors(name):
            return cast("datetime", super().get_modified_time(name))


class ObjectReader(io.RawIOBase):
    """An object, read in order from where `seek` went, in one request. Not thread-safe. Raises FileNotFoundError, OSError."""

    def __init__(self, client: Any, bucket: str, key: str) -> None:
        super().__init__()
        self._client = client
        self._bucket = bucket
        self._key = key
        self._at = 0
        self._body: Any = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Also asks for the object, so that what is missing is known before the first byte is read."""
        if whence != io.SEEK_SET:
            raise io.UnsupportedOperation("an object is read from its start alone")
        self._close_body()
        self._at = offset
        self._stream()
        return offset

    def tell(self) -> int:
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        stream = self._stream()
        with _as_os_errors(self._key):
            piece = bytes(stream.read(None if size is None or size < 0 else size))
        self._at += len(piece)
        return piece

    def readinto(self, buffer: Any) -> int:
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._close_body()
        super().close()

    def _stream(self) -> Any:
        if self._body is None:
            given = {"Range": f"bytes={self._at}-"} if self._at else {}
            with _as_os_errors(self._key):
                self._body = self._client.get_object(Bucket=self._bucket, Key=self._key, **given)["Body"]
        return self._body

    def _close_body(self) -> None:
        body, self._body = self._body, None
        if body is not None:
            body.close()


@contextmanager
def _as_os_errors(name: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 404:
            raise FileNotFoundError(f"There is no object {name}") from error
        raise OSError(f"S3 refused {name}: {error}") from error
    except BotoCoreError as error:
        raise OSError(f"S3 does not answer for {name}: {error}") from error


def storage_at(address: str) -> PrivateS3Storage:
    """The storage at s3://bucket/prefix?endpoint_url=…; keys come from the environment or the machine's role. Raises ValueError."""
    place = s3_place(address)
    style = place.options.get("addressing_style")
    return PrivateS3Storage(
        bucket_name=place.bucket,
        location=place.prefix,
        endpoint_url=place.options.get("endpoint_url"),
        region_name=place.options.get("region_name"),
        client_config=Config(
            s3={"addressing_style": style} if style else None,
            connect_timeout=CONNECT_S,
            read_timeout=READ_S,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        ),
    )
