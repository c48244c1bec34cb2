"""A person's own uploads."""

from backchannel.protocol.commands import GetUpload
from backchannel.protocol.results import UploadResult
from backchannel.protocol.shapes import User
from backchannel.queries.registry import answers
from backchannel.store import uploads


@answers(GetUpload)
def get_upload(query: GetUpload, caller: User) -> UploadResult:
    return UploadResult(uploads.upload_of(query.upload_id, caller.id).shape)
