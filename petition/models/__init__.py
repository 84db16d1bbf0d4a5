"""The models: columns, constraints, and facts of one line. Their rules are in the use cases.

Every package above may use them; they use `database` alone. Begin with `signatures`.
"""

from petition.database.counters import Counter as Counter
from petition.models.abuse import Burst as Burst
from petition.models.abuse import NetworkSecret as NetworkSecret
from petition.models.downloads import Download as Download
from petition.models.downloads import Handover as Handover
from petition.models.emails import Email as Email
from petition.models.emails import OutboxPause as OutboxPause
from petition.models.emails import Suppression as Suppression
from petition.models.erasures import Erasure as Erasure
from petition.models.invalidations import Invalidation as Invalidation
from petition.models.organisers import AuditEntry as AuditEntry
from petition.models.organisers import AuditHead as AuditHead
from petition.models.organisers import Organiser as Organiser
from petition.models.paper import PaperSheet as PaperSheet
from petition.models.petitions import FormerSlug as FormerSlug
from petition.models.petitions import Petition as Petition
from petition.models.petitions import PetitionText as PetitionText
from petition.models.petitions import Tally as Tally
from petition.models.sessions import BrowserSession as BrowserSession
from petition.models.sessions import RecoveryCode as RecoveryCode
from petition.models.sessions import SecondFactor as SecondFactor
from petition.models.signatures import AlternateEntry as AlternateEntry
from petition.models.signatures import EntryFields as EntryFields
from petition.models.signatures import OrganisationName as OrganisationName
from petition.models.signatures import Signature as Signature
from petition.models.sums import Activity as Activity
from petition.models.sums import SignatureSum as SignatureSum
from petition.models.updates import Mailing as Mailing
from petition.models.updates import Office as Office
from petition.models.updates import PetitionUpdate as PetitionUpdate
from petition.models.updates import PetitionUpdateText as PetitionUpdateText
from petition.models.updates import Picture as Picture
from petition.models.updates import Visit as Visit
