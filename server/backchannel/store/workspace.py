"""The row that names this installation and its numbering."""

from backchannel.store.models import Workspace, workspace_defaults


def workspace() -> Workspace:
    """The single row; created if it does not exist."""
    row, _ = Workspace.objects.get_or_create(pk=1, defaults=workspace_defaults())
    return row


def rename(name: str) -> None:
    workspace()
    Workspace.objects.filter(pk=1).update(name=name)


def set_epoch(epoch: str) -> None:
    workspace()
    Workspace.objects.filter(pk=1).update(epoch=epoch)
