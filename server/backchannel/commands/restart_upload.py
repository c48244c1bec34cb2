"""The pieces of an upload are lost: its sender is asked for them again."""

from uuid import UUID

from backchannel.protocol.events import UploadStateChanged
from backchannel.store import uploads
from backchannel.store.operation import Operation
from backchannel.store.transaction import Outcome, Transaction


class RestartUpload(Operation, frozen=True, kw_only=True):
    """Starts an upload over that waits for its check. A backup of the database has no pieces, so it happens after a restore."""

    upload_id: UUID

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        row = uploads.lock_uploads(transaction, [self.upload_id]).get(self.upload_id)
        if row is None or row.state != "checking":
            return
        row = row._replace(state="receiving", offset=0)
        uploads.update(transaction, self.upload_id, state=row.state, offset=row.offset, checking_until_us=0)
        uploads.drop_parts(transaction, self.upload_id)
        transaction.notify_user(
            outcome, row.person_id, lambda version: UploadStateChanged(user_version=version, upload=row.shape)
        )
