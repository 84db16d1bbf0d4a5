"""The models: columns, constraints, and facts of one line. Their rules are in the use cases.

Every package above may use them; they use `database` alone. Begin with `signatures`.
"""

from petition.database.counters import Counter
from petition.models.abuse import Burst, NetworkSecret
from petition.models.emails import Email, Suppression
from petition.models.organisers import AuditEntry, Organiser
from petition.models.petitions import Petition, PetitionText, Tally
from petition.models.signatures import AlternateEntry, EntryFields, Signature
from petition.models.sums import SignatureSum
from petition.models.updates import PetitionUpdate, PetitionUpdateText, Picture, Target, Visit

__all__ = [
    "AlternateEntry",
    "AuditEntry",
    "Burst",
    "Counter",
    "Email",
    "EntryFields",
    "NetworkSecret",
    "Organiser",
    "Petition",
    "PetitionText",
    "PetitionUpdate",
    "PetitionUpdateText",
    "Picture",
    "Signature",
    "SignatureSum",
    "Suppression",
    "Tally",
    "Target",
    "Visit",
]
