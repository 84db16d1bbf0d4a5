"""What is wrong with the site's machine, as its processes noted it in the instance folder."""

from pathlib import Path

from petition.abuse import proxy_headers
from petition.organisers.overview.attention import AttentionKind

BACKUP_FILE = "backup-problem"  # why the last backup failed, until one succeeds


def find(instance: Path) -> list[AttentionKind]:
    """Return the problems, the most urgent first."""
    found = {
        AttentionKind.BACKUP: (instance / BACKUP_FILE).exists(),
        AttentionKind.PROXY: bool(proxy_headers.find_problems(instance)),
    }
    return [kind for kind, is_there in found.items() if is_there]
