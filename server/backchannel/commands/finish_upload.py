"""The end of a check: the file is ready, or rejected. Its sender is informed."""

from typing import Literal
from uuid import UUID

import msgspec

from backchannel.protocol.events import UploadStateChanged
from backchannel.store import uploads
from backchannel.store.operation import Operation
from backchannel.store.transaction import Outcome, Transaction
from backchannel.store.uploads import UploadRow


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """The served forms of a file. `file`, `thumb` and `view` are keys of blobs, which are in the storage and doomed so far."""

    file: str
    name: str
    size: int
    content_type: str
    thumb: str | None = None
    view: str | None = None
    width: int | None = None
    height: int | None = None
    thumbhash: str = ""


class FinishUpload(Operation, frozen=True, kw_only=True):
    """Does nothing if another node was first, or the upload was deleted: the blobs stay doomed then."""

    upload_id: UUID
    served: Served | None
    """None: rejected."""
    code: Literal["", "infected"] = ""

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        row = uploads.lock_uploads(transaction, [self.upload_id]).get(self.upload_id)
        if row is None or row.state != "checking":
            return
        if self.served is None:
            row = row._replace(state="rejected", code=self.code)
        else:
            row = self._ready(transaction, row, self.served)
        changed = {name: value for name, value in row._asdict().items() if name in _SET}
        uploads.update(transaction, self.upload_id, **changed)
        uploads.drop_parts(transaction, self.upload_id)
        transaction.notify_user(
            outcome, row.person_id, lambda version: UploadStateChanged(user_version=version, upload=row.shape)
        )

    def _ready(self, transaction: Transaction, row: UploadRow, served: Served) -> UploadRow:
        keys = [key for key in (served.file, served.thumb, served.view) if key]
        used = uploads.use_blobs(transaction, keys)
        return row._replace(
            state="ready",
            name=served.name,
            size=served.size,
            content_type=served.content_type,
            width=served.width,
            height=served.height,
            thumbhash=served.thumbhash,
            file_id=used[served.file],
            thumb_id=served.thumb and used[served.thumb],
            view_id=served.view and used[served.view],
        )


_SET = frozenset({
    "state", "code", "name", "size", "content_type", "width", "height", "thumbhash", "file_id", "thumb_id", "view_id",
})  # fmt: skip
