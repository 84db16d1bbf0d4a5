"""The records: columns, constraints, and facts of one line. What may happen to them is said by the
use cases.
"""

from petition.counters import Counter
from petition.models.mail import Letter, Suppression
from petition.models.news import Picture, Target, Update, UpdateText, Visit
from petition.models.organisers import AuditEntry, Organiser
from petition.models.petitions import Petition, PetitionText, Tally
from petition.models.safeguards import Burst, NetworkSecret
from petition.models.signatures import Attempt, Signature, Typed

__all__ = [
    "Attempt",
    "AuditEntry",
    "Burst",
    "Counter",
    "Letter",
    "NetworkSecret",
    "Organiser",
    "Petition",
    "PetitionText",
    "Picture",
    "Signature",
    "Suppression",
    "Tally",
    "Target",
    "Typed",
    "Update",
    "UpdateText",
    "Visit",
]
