-- A database of this site as it was at migration 0001: schema and rows.
--
-- Made by checking out commit 83a6856, the first one with this migration, and letting that site
-- sign, confirm and withdraw on SQLite. Rows that are hard to cause (bursts, suppressions, counts)
-- were added by statements. The schema is what `.schema` of sqlite3 printed; the PostgreSQL database
-- made of it has the same `pg_dump --schema-only` as one that the commit's own migrations made.
-- Where the two differ there is a $placeholder: see `load` in tests/upgrades/__init__.py.
-- The secret key is that of the tests. Never edit this file: no site's past changes.

CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE audit_entry (
    id $serial NOT NULL,
    at $moment NOT NULL,
    organiser_id INTEGER,
    petition_id INTEGER,
    action VARCHAR(40) NOT NULL,
    detail VARCHAR(300) NOT NULL,
    CONSTRAINT pk_audit_entry PRIMARY KEY (id)
);

CREATE TABLE petition (
    id $serial NOT NULL,
    slug VARCHAR(60) NOT NULL,
    state VARCHAR(10) NOT NULL,
    source_language VARCHAR(10) NOT NULL,
    organiser VARCHAR(200) NOT NULL,
    contact VARCHAR(254) NOT NULL,
    asks_postcode BOOLEAN NOT NULL,
    created_at $moment NOT NULL,
    opened_at $moment,
    closed_at $moment,
    CONSTRAINT pk_petition PRIMARY KEY (id),
    CONSTRAINT ck_petition_state CHECK (state IN ('draft', 'open', 'paused', 'closed')),
    CONSTRAINT uq_petition_slug UNIQUE (slug)
);

CREATE TABLE organiser (
    id $serial NOT NULL CONSTRAINT pk_organiser PRIMARY KEY $autoincrement,
    email VARCHAR(254) NOT NULL,
    mailbox_key VARCHAR(254) NOT NULL,
    language VARCHAR(10) NOT NULL,
    role VARCHAR(10) NOT NULL,
    petition_id INTEGER,
    sign_in INTEGER NOT NULL,
    invited_at $moment NOT NULL,
    CONSTRAINT ck_organiser_role CHECK (role IN ('admin', 'editor', 'viewer')),
    CONSTRAINT fk_organiser_petition_id_petition FOREIGN KEY(petition_id) REFERENCES petition (id) ON DELETE CASCADE,
    CONSTRAINT uq_organiser_mailbox_key UNIQUE (mailbox_key)
);

CREATE TABLE petition_text (
    id $serial NOT NULL,
    petition_id INTEGER NOT NULL,
    language VARCHAR(10) NOT NULL,
    version INTEGER NOT NULL,
    title VARCHAR(200) NOT NULL,
    target VARCHAR(200) NOT NULL,
    lede TEXT NOT NULL,
    letter TEXT NOT NULL,
    demands TEXT NOT NULL,
    story TEXT NOT NULL,
    share VARCHAR(280) NOT NULL,
    created_at $moment NOT NULL,
    CONSTRAINT pk_petition_text PRIMARY KEY (id),
    CONSTRAINT fk_petition_text_petition_id_petition FOREIGN KEY(petition_id) REFERENCES petition (id) ON DELETE CASCADE,
    CONSTRAINT uq_petition_text_petition_id_language_version UNIQUE (petition_id, language, version)
);

CREATE TABLE signature (
    id $serial NOT NULL CONSTRAINT pk_signature PRIMARY KEY $autoincrement,
    petition_id INTEGER NOT NULL,
    name VARCHAR(100) NOT NULL,
    email VARCHAR(254) NOT NULL,
    address_key VARCHAR(254) NOT NULL,
    mailbox_key VARCHAR(254) NOT NULL,
    country VARCHAR(2) NOT NULL,
    postcode VARCHAR(20) NOT NULL,
    organisation VARCHAR(200) NOT NULL,
    role VARCHAR(100) NOT NULL,
    comment VARCHAR(1000) NOT NULL,
    display VARCHAR(10) NOT NULL,
    handover BOOLEAN NOT NULL,
    updates BOOLEAN NOT NULL,
    language VARCHAR(10) NOT NULL,
    channel VARCHAR(10) NOT NULL,
    text_version INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    signed_at $moment NOT NULL,
    confirmed_at $moment,
    number INTEGER,
    CONSTRAINT ck_signature_display CHECK (display IN ('hidden', 'initials', 'full')),
    CONSTRAINT ck_signature_numbered_when_confirmed CHECK ((confirmed_at IS NULL) = (number IS NULL)),
    CONSTRAINT fk_signature_petition_id_petition FOREIGN KEY(petition_id) REFERENCES petition (id),
    CONSTRAINT uq_signature_mailbox_key_petition_id UNIQUE (mailbox_key, petition_id)
);

CREATE TABLE tally (
    petition_id INTEGER NOT NULL,
    counted INTEGER NOT NULL,
    last_number INTEGER NOT NULL,
    changed_at $moment NOT NULL,
    CONSTRAINT pk_tally PRIMARY KEY (petition_id),
    CONSTRAINT fk_tally_petition_id_petition FOREIGN KEY(petition_id) REFERENCES petition (id) ON DELETE CASCADE
);

CREATE TABLE letter (
    id $serial NOT NULL CONSTRAINT pk_letter PRIMARY KEY $autoincrement,
    kind VARCHAR(20) NOT NULL,
    state VARCHAR(10) NOT NULL,
    signature_id INTEGER,
    organiser_id INTEGER,
    attempts INTEGER NOT NULL,
    reason VARCHAR(300) NOT NULL,
    created_at $moment NOT NULL,
    due_at $moment NOT NULL,
    sent_at $moment,
    CONSTRAINT ck_letter_state CHECK (state IN ('due', 'sent', 'refused', 'withheld')),
    CONSTRAINT ck_letter_one_reader CHECK ((signature_id IS NULL) <> (organiser_id IS NULL)),
    CONSTRAINT fk_letter_organiser_id_organiser FOREIGN KEY(organiser_id) REFERENCES organiser (id) ON DELETE CASCADE,
    CONSTRAINT fk_letter_signature_id_signature FOREIGN KEY(signature_id) REFERENCES signature (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX uq_signature_petition_id_number ON signature (petition_id, number) WHERE number IS NOT NULL;
CREATE INDEX ix_letter_due_at ON letter (due_at) WHERE state = 'due';
CREATE INDEX ix_letter_organiser_id ON letter (organiser_id) WHERE organiser_id IS NOT NULL;
CREATE INDEX ix_letter_signature_id ON letter (signature_id) WHERE signature_id IS NOT NULL;

INSERT INTO alembic_version (version_num) VALUES
    ('0001');
INSERT INTO audit_entry (id, at, organiser_id, petition_id, action, detail) VALUES
    (1, '2026-11-26 13:45:44.644177', NULL, 1, 'organiser.invite', 'editor'),
    (2, '2026-11-20 12:00:00.000000', 1, 1, 'export', 'csv');
INSERT INTO petition (id, slug, state, source_language, organiser, contact, asks_postcode, created_at, opened_at, closed_at) VALUES
    (1, 'free-them', 'open', 'en', 'The committee', 'committee@example.org', false, '2016-05-26 12:00:00.000000', '2016-05-26 12:00:00.000000', NULL);
INSERT INTO organiser (id, email, mailbox_key, language, role, petition_id, sign_in, invited_at) VALUES
    (1, 'olga@example.org', 'olga@example.org', 'en', 'editor', 1, 0, '2026-11-26 13:45:44.644177');
INSERT INTO petition_text (id, petition_id, language, version, title, target, lede, letter, demands, story, share, created_at) VALUES
    (1, 1, 'en', 1, 'Free them', 'the Government', 'They are in prison for what they said.', 'We **ask** you to free them.', 'Free them.
Let others speak.', 'They spoke.', 'Sign for their freedom:', '2016-05-26 12:00:00.000000'),
    (2, 1, 'ru', 1, 'Свободу им', 'Правительство', 'They are in prison for what they said.', 'We **ask** you to free them.', 'Free them.
Let others speak.', 'They spoke.', 'Sign for their freedom:', '2016-05-26 12:00:00.000000');
INSERT INTO signature (id, petition_id, name, email, address_key, mailbox_key, country, postcode, organisation, role, comment, display, handover, updates, language, channel, text_version, entry, signed_at, confirmed_at, number) VALUES
    (1, 1, 'Anna Berg', 'anna@example.org', 'anna@example.org', 'anna@example.org', 'SE', '', 'Union', 'chair', 'Because.', 'full', true, true, 'en', '', 1, 1, '2026-11-26 13:45:44.677882', '2026-11-26 13:45:44.730604', 1),
    (2, 1, 'Boris', 'boris@example.org', 'boris@example.org', 'boris@example.org', 'DE', '', '', '', '', 'hidden', false, false, 'en', '', 1, 1, '2026-11-26 13:45:44.738026', NULL, NULL),
    (3, 1, 'Вера', 'vera@example.org', 'vera@example.org', 'vera@example.org', 'KZ', '', '', '', '', 'hidden', false, false, 'ru', '', 1, 1, '2026-11-26 13:45:44.754650', '2026-11-26 13:45:44.774086', 2),
    (5, 1, 'Dora', 'dora@example.org', 'dora@example.org', 'dora@example.org', 'SE', '', '', '', '', 'hidden', false, false, 'en', '', 1, 1, '2026-11-26 13:45:44.780561', NULL, NULL);
INSERT INTO tally (petition_id, counted, last_number, changed_at) VALUES
    (1, 2, 2, '2026-11-26 13:45:44.774086');
INSERT INTO letter (id, kind, state, signature_id, organiser_id, attempts, reason, created_at, due_at, sent_at) VALUES
    (1, 'sign_in', 'sent', NULL, 1, 1, '', '2026-11-26 13:45:44.644177', '2026-11-26 13:47:44.684216', '2026-11-26 13:45:44.704385'),
    (2, 'confirm', 'sent', 1, NULL, 1, '', '2026-11-26 13:45:44.677882', '2026-11-26 13:47:44.710545', '2026-11-26 13:45:44.727692'),
    (3, 'confirm', 'sent', 2, NULL, 1, '', '2026-11-26 13:45:44.738026', '2026-11-26 13:47:44.740136', '2026-11-26 13:45:44.750636'),
    (4, 'confirm', 'sent', 3, NULL, 1, '', '2026-11-26 13:45:44.754650', '2026-11-26 13:47:44.756912', '2026-11-26 13:45:44.771210'),
    (5, 'already_signed', 'due', 1, NULL, 0, '', '2026-11-26 13:45:44.777363', '2026-11-26 13:45:44.777363', NULL),
    (6, 'confirm', 'due', 5, NULL, 0, '', '2026-11-26 13:45:44.780561', '2026-11-26 13:45:44.780561', NULL);
