-- A database of this site as it was at migration 0006: schema and rows.
--
-- Made by letting the site of commit aadc55c, the last one without this migration, sign, confirm and
-- withdraw on SQLite, and upgrading to 0006 with commit 6b85c2f, the first one with it, which has
-- 0007 as well. Rows that are hard to cause (bursts, suppressions, counts, a disposable address)
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
    contact VARCHAR(254) NOT NULL,
    asks_postcode BOOLEAN NOT NULL,
    created_at $moment NOT NULL,
    opened_at $moment,
    closed_at $moment,
    refuses_disposable BOOLEAN DEFAULT false NOT NULL,
    regime_country VARCHAR(2) DEFAULT '' NOT NULL,
    regime_languages VARCHAR(60) DEFAULT '' NOT NULL,
    face VARCHAR(32) DEFAULT '' NOT NULL,
    CONSTRAINT pk_petition PRIMARY KEY (id),
    CONSTRAINT uq_petition_slug UNIQUE (slug),
    CONSTRAINT ck_petition_state CHECK (state IN ('draft', 'open', 'paused', 'closed', 'victory'))
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
    organiser VARCHAR(200) NOT NULL,
    lede TEXT NOT NULL,
    letter TEXT NOT NULL,
    demands TEXT NOT NULL,
    story TEXT NOT NULL,
    share VARCHAR(280) NOT NULL,
    created_at $moment NOT NULL,
    face VARCHAR(300) DEFAULT '' NOT NULL,
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
    text_language VARCHAR(10) NOT NULL,
    text_version INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    signed_at $moment NOT NULL,
    confirmed_at $moment,
    number INTEGER,
    entries INTEGER DEFAULT 1 NOT NULL,
    disposable BOOLEAN DEFAULT false NOT NULL,
    comment_state VARCHAR(10) DEFAULT 'waiting' NOT NULL CONSTRAINT ck_signature_comment_state CHECK (comment_state IN ('waiting', 'shown', 'refused')),
    muted BOOLEAN DEFAULT false NOT NULL,
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

CREATE TABLE network_secret (
    day DATE NOT NULL,
    secret $bytes NOT NULL,
    CONSTRAINT pk_network_secret PRIMARY KEY (day)
);

CREATE TABLE spent (
    key VARCHAR(80) NOT NULL,
    times INTEGER NOT NULL,
    until $moment NOT NULL,
    CONSTRAINT pk_spent PRIMARY KEY (key)
) $without_rowid;

CREATE TABLE suppression (
    mailbox VARCHAR(64) NOT NULL,
    bounce VARCHAR(300) NOT NULL,
    at $moment NOT NULL,
    CONSTRAINT pk_suppression PRIMARY KEY (mailbox)
);

CREATE TABLE burst (
    id $serial NOT NULL CONSTRAINT pk_burst PRIMARY KEY $autoincrement,
    petition_id INTEGER NOT NULL,
    kind VARCHAR(10) NOT NULL,
    source VARCHAR(254) NOT NULL,
    seen INTEGER NOT NULL,
    usual INTEGER NOT NULL,
    began_at $moment NOT NULL,
    ends_at $moment NOT NULL,
    verdict VARCHAR(10) NOT NULL,
    decided_at $moment,
    CONSTRAINT ck_burst_verdict CHECK (verdict IN ('open', 'plausible', 'released', 'discarded')),
    CONSTRAINT fk_burst_petition_id_petition FOREIGN KEY(petition_id) REFERENCES petition (id) ON DELETE CASCADE
);

CREATE TABLE attempt (
    id $serial NOT NULL,
    signature_id INTEGER NOT NULL,
    name VARCHAR(100) NOT NULL,
    email VARCHAR(254) NOT NULL,
    address_key VARCHAR(254) NOT NULL,
    country VARCHAR(2) NOT NULL,
    postcode VARCHAR(20) NOT NULL,
    organisation VARCHAR(200) NOT NULL,
    role VARCHAR(100) NOT NULL,
    comment VARCHAR(1000) NOT NULL,
    display VARCHAR(10) NOT NULL,
    handover BOOLEAN NOT NULL,
    updates BOOLEAN NOT NULL,
    disposable BOOLEAN NOT NULL,
    language VARCHAR(10) NOT NULL,
    channel VARCHAR(10) NOT NULL,
    text_language VARCHAR(10) NOT NULL,
    text_version INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    signed_at $moment NOT NULL,
    CONSTRAINT pk_attempt PRIMARY KEY (id),
    CONSTRAINT ck_attempt_display CHECK (display IN ('hidden', 'initials', 'full')),
    CONSTRAINT fk_attempt_signature_id_signature FOREIGN KEY(signature_id) REFERENCES signature (id) ON DELETE CASCADE,
    CONSTRAINT uq_attempt_signature_id_entry UNIQUE (signature_id, entry)
);

CREATE TABLE letter (
    id $serial NOT NULL CONSTRAINT pk_letter PRIMARY KEY $autoincrement,
    kind VARCHAR(20) NOT NULL,
    state VARCHAR(10) NOT NULL,
    silent BOOLEAN NOT NULL,
    signature_id INTEGER,
    entry INTEGER,
    organiser_id INTEGER,
    petition_id INTEGER,
    email VARCHAR(254) NOT NULL,
    language VARCHAR(10) NOT NULL,
    mailbox VARCHAR(64) NOT NULL,
    burst_id INTEGER,
    attempts INTEGER NOT NULL,
    reason VARCHAR(300) NOT NULL,
    created_at $moment NOT NULL,
    due_at $moment NOT NULL,
    sent_at $moment,
    code VARCHAR(32) DEFAULT '' NOT NULL,
    CONSTRAINT ck_letter_state CHECK (state IN ('due', 'sent', 'refused', 'withheld', 'held')),
    CONSTRAINT fk_letter_signature_id_signature FOREIGN KEY(signature_id) REFERENCES signature (id) ON DELETE SET NULL,
    CONSTRAINT fk_letter_organiser_id_organiser FOREIGN KEY(organiser_id) REFERENCES organiser (id) ON DELETE CASCADE,
    CONSTRAINT fk_letter_petition_id_petition FOREIGN KEY(petition_id) REFERENCES petition (id) ON DELETE CASCADE,
    CONSTRAINT fk_letter_burst_id_burst FOREIGN KEY(burst_id) REFERENCES burst (id) ON DELETE SET NULL
);

CREATE TABLE petition_update (
    id $serial NOT NULL,
    petition_id INTEGER NOT NULL,
    author VARCHAR(200) NOT NULL,
    published_at $moment,
    changed_at $moment NOT NULL,
    CONSTRAINT pk_petition_update PRIMARY KEY (id),
    CONSTRAINT fk_petition_update_petition_id_petition FOREIGN KEY(petition_id) REFERENCES petition (id) ON DELETE CASCADE
);

CREATE TABLE update_text (
    id $serial NOT NULL,
    update_id INTEGER NOT NULL,
    language VARCHAR(10) NOT NULL,
    title VARCHAR(200) NOT NULL,
    body TEXT NOT NULL,
    CONSTRAINT pk_update_text PRIMARY KEY (id),
    CONSTRAINT fk_update_text_update_id_petition_update FOREIGN KEY(update_id) REFERENCES petition_update (id) ON DELETE CASCADE,
    CONSTRAINT uq_update_text_update_id_language UNIQUE (update_id, language)
);

CREATE TABLE picture (
    id $serial NOT NULL,
    petition_id INTEGER NOT NULL,
    name VARCHAR(80) NOT NULL,
    digest VARCHAR(32) NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    content $bytes NOT NULL,
    CONSTRAINT pk_picture PRIMARY KEY (id),
    CONSTRAINT uq_picture_petition_id_name UNIQUE (petition_id, name),
    CONSTRAINT fk_picture_petition_id_petition FOREIGN KEY(petition_id) REFERENCES petition (id) ON DELETE CASCADE
);

CREATE TABLE target (
    id $serial NOT NULL,
    petition_id INTEGER NOT NULL,
    country VARCHAR(2) NOT NULL,
    office JSON NOT NULL,
    postal TEXT NOT NULL,
    email VARCHAR(254) NOT NULL,
    checked INTEGER NOT NULL,
    CONSTRAINT pk_target PRIMARY KEY (id),
    CONSTRAINT fk_target_petition_id_petition FOREIGN KEY(petition_id) REFERENCES petition (id) ON DELETE CASCADE
);

CREATE TABLE visit (
    petition_id INTEGER NOT NULL,
    day DATE NOT NULL,
    channel VARCHAR(10) NOT NULL,
    language VARCHAR(10) NOT NULL,
    visits INTEGER NOT NULL,
    CONSTRAINT pk_visit PRIMARY KEY (petition_id, day, channel, language),
    CONSTRAINT fk_visit_petition_id_petition FOREIGN KEY(petition_id) REFERENCES petition (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX uq_signature_petition_id_number ON signature (petition_id, number) WHERE number IS NOT NULL;
CREATE INDEX ix_burst_petition_id_verdict ON burst (petition_id, verdict);
CREATE INDEX ix_signature_signed_at ON signature (signed_at) WHERE confirmed_at IS NULL;
CREATE INDEX ix_letter_due_at ON letter (due_at) WHERE state = 'due';
CREATE INDEX ix_letter_signature_id ON letter (signature_id) WHERE signature_id IS NOT NULL;
CREATE INDEX ix_letter_organiser_id ON letter (organiser_id) WHERE organiser_id IS NOT NULL;
CREATE INDEX ix_letter_burst_id ON letter (burst_id) WHERE burst_id IS NOT NULL;
CREATE INDEX ix_letter_mailbox ON letter (mailbox) WHERE mailbox <> '';
CREATE UNIQUE INDEX uq_letter_signature_id_reminder ON letter (signature_id) WHERE kind = 'reminder';
CREATE INDEX ix_signature_shown ON signature (petition_id, number) WHERE number IS NOT NULL AND display <> 'hidden';
CREATE INDEX ix_signature_organisation ON signature (petition_id, organisation, display) WHERE number IS NOT NULL AND organisation <> '';
CREATE INDEX ix_signature_remark ON signature (petition_id, comment_state, number) WHERE number IS NOT NULL AND display <> 'hidden' AND comment <> '';
CREATE INDEX ix_signature_country ON signature (petition_id, country) WHERE number IS NOT NULL;
CREATE INDEX ix_petition_update_petition_id ON petition_update (petition_id);
CREATE INDEX ix_picture_digest ON picture (digest);
CREATE INDEX ix_target_petition_id ON target (petition_id);

INSERT INTO alembic_version (version_num) VALUES
    ('0006');
INSERT INTO audit_entry (id, at, organiser_id, petition_id, action, detail) VALUES
    (1, '2026-11-26 22:55:55.228126', NULL, 1, 'organiser.invite', 'editor'),
    (2, '2026-11-20 12:00:00.000000', 1, 1, 'export', 'csv');
INSERT INTO petition (id, slug, state, source_language, contact, asks_postcode, created_at, opened_at, closed_at, refuses_disposable, regime_country, regime_languages, face) VALUES
    (1, 'free-them', 'open', 'en', 'committee@example.org', false, '2016-05-26 12:00:00.000000', '2016-05-26 12:00:00.000000', NULL, false, '', '', ''),
    (2, 'long-ago', 'closed', 'en', 'committee@example.org', false, '2016-05-26 12:00:00.000000', '2016-05-26 12:00:00.000000', '2016-07-01 12:00:00.000000', false, '', '', '');
INSERT INTO organiser (id, email, mailbox_key, language, role, petition_id, sign_in, invited_at) VALUES
    (1, 'olga@example.org', 'olga@example.org', 'en', 'editor', 1, 0, '2026-11-26 22:55:55.228126');
INSERT INTO petition_text (id, petition_id, language, version, title, target, organiser, lede, letter, demands, story, share, created_at, face) VALUES
    (1, 1, 'en', 1, 'Free them', 'the Government', 'The committee', 'They are in prison for what they said.', 'We **ask** you to free them.', 'Free them.
Let others speak.', 'They spoke.', 'Sign for their freedom:', '2016-05-26 12:00:00.000000', ''),
    (2, 1, 'ru', 1, 'Свободу им', 'Правительство', 'The committee', 'They are in prison for what they said.', 'We **ask** you to free them.', 'Free them.
Let others speak.', 'They spoke.', 'Sign for their freedom:', '2016-05-26 12:00:00.000000', ''),
    (3, 2, 'en', 1, 'Free them', 'the Government', 'The committee', 'They are in prison for what they said.', 'We **ask** you to free them.', 'Free them.
Let others speak.', 'They spoke.', 'Sign for their freedom:', '2016-05-26 12:00:00.000000', ''),
    (4, 2, 'ru', 1, 'Свободу им', 'Правительство', 'The committee', 'They are in prison for what they said.', 'We **ask** you to free them.', 'Free them.
Let others speak.', 'They spoke.', 'Sign for their freedom:', '2016-05-26 12:00:00.000000', '');
INSERT INTO signature (id, petition_id, name, email, address_key, mailbox_key, country, postcode, organisation, role, comment, display, handover, updates, language, channel, text_language, text_version, entry, signed_at, confirmed_at, number, entries, disposable, comment_state, muted) VALUES
    (1, 1, 'Anna Berg', 'anna@example.org', 'anna@example.org', 'anna@example.org', 'SE', '', 'Union', 'chair', 'Because.', 'full', true, true, 'en', '', 'en', 1, 1, '2026-11-26 22:55:55.509357', '2026-11-26 22:55:55.732202', 1, 1, false, 'shown', false),
    (2, 1, 'Boris', 'boris@example.org', 'boris@example.org', 'boris@example.org', 'DE', '', '', '', '', 'hidden', false, false, 'de', '', 'en', 1, 1, '2026-11-26 22:55:55.799020', NULL, NULL, 2, false, 'waiting', false),
    (3, 1, 'Вера', 'vera@example.org', 'vera@example.org', 'vera@example.org', 'KZ', '', '', '', '', 'hidden', false, false, 'ru', '', 'ru', 1, 1, '2026-11-26 22:55:55.968780', '2026-11-26 22:55:56.039651', 2, 1, false, 'waiting', true),
    (6, 1, 'Dora', 'dora@example.org', 'dora@example.org', 'dora@example.org', 'SE', '', '', '', '', 'hidden', false, false, 'en', '', 'en', 1, 1, '2026-11-26 22:55:56.676553', NULL, NULL, 1, false, 'waiting', false),
    (7, 2, '', '', 'anonymised:7', 'anonymised:7', 'SE', '', '', '', '', 'hidden', false, false, 'en', '', 'en', 1, 1, '2026-11-26 22:55:55.509357', '2026-11-26 22:55:55.732202', 1, 1, true, 'waiting', false),
    (8, 1, 'Emil', 'emil@flood.example', 'emil@flood.example', 'emil@flood.example', 'SE', '', '', '', '', 'hidden', false, false, 'en', '', 'en', 1, 1, '2026-11-26 22:55:56.676553', NULL, NULL, 1, false, 'waiting', false),
    (9, 1, 'Fay', 'fay@flood.example', 'fay@flood.example', 'fay@flood.example', 'SE', '', '', '', '', 'hidden', false, false, 'en', '', 'en', 1, 1, '2026-11-26 22:55:56.676553', NULL, NULL, 1, false, 'waiting', false),
    (10, 1, 'Gus', 'gus@flood.example', 'gus@flood.example', 'gus@flood.example', 'SE', '', '', '', '', 'hidden', false, false, 'en', '', 'en', 1, 1, '2026-11-26 22:55:56.676553', NULL, NULL, 1, false, 'waiting', false);
INSERT INTO tally (petition_id, counted, last_number, changed_at) VALUES
    (1, 2, 3, '2026-11-26 22:55:56.641515'),
    (2, 1, 1, '2026-11-26 22:55:56.641515');
INSERT INTO network_secret (day, secret) VALUES
    ('2026-11-26', ${hex}000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f');
INSERT INTO spent (key, times, until) VALUES
    ('code:1:8ce2d31872bfd47b4c6babdf622b02f4', 3, '2026-12-26 12:00:00.000000'),
    ('mails:29928346', 9, '2026-11-26 13:47:00.000000'),
    ('sign:1:0123456789abcdef0123456789abcdef:2991283', 7, '2026-11-26 13:50:00.000000');
INSERT INTO suppression (mailbox, bounce, at) VALUES
    ('00000000000000000000000000000005', '', '2026-11-20 12:00:00.000000'),
    ('00000000000000000000000000000006', '5.1.1', '2026-11-20 12:00:00.000000');
INSERT INTO burst (id, petition_id, kind, source, seen, usual, began_at, ends_at, verdict, decided_at) VALUES
    (1, 1, 'domain', 'flood.example', 20, 2, '2026-11-20 12:00:00.000000', '2026-11-20 12:10:00.000000', 'released', '2026-11-20 13:00:00.000000'),
    (2, 1, 'domain', 'flood.example', 21, 2, '2026-11-20 12:00:00.000000', '2026-11-20 14:10:00.000000', 'open', NULL),
    (3, 1, 'domain', 'flood.example', 22, 2, '2026-11-20 12:00:00.000000', '2026-11-20 14:10:01.000000', 'open', NULL),
    (4, 1, 'network', '0123456789abcdef0123456789abcdef', 40, 3, '2026-11-20 12:00:00.000000', '2026-11-20 12:00:00.000000', 'open', NULL);
INSERT INTO attempt (id, signature_id, name, email, address_key, country, postcode, organisation, role, comment, display, handover, updates, disposable, language, channel, text_language, text_version, entry, signed_at) VALUES
    (1, 2, 'Boris Two', 'boris@example.org', 'boris@example.org', 'FR', '', '', '', '', 'hidden', false, false, false, 'en', '', 'en', 1, 2, '2026-11-26 22:55:56.083906');
INSERT INTO letter (id, kind, state, silent, signature_id, entry, organiser_id, petition_id, email, language, mailbox, burst_id, attempts, reason, created_at, due_at, sent_at, code) VALUES
    (1, 'sign_in', 'sent', false, NULL, NULL, 1, NULL, '', '', '', NULL, 1, '', '2026-11-26 22:55:55.228126', '2026-11-26 22:58:55.532703', '2026-11-26 22:55:55.599283', ''),
    (2, 'confirm', 'sent', false, 1, 1, NULL, NULL, '', '', '9cd2974fc9f3336667886c96616e35e6', NULL, 1, '', '2026-11-26 22:55:55.509357', '2026-11-26 22:58:55.604454', '2026-11-26 22:55:55.708135', 'f238338df8faa2bbb0c998e19d938f82'),
    (3, 'thanks', 'sent', false, 1, 1, NULL, NULL, '', '', '9cd2974fc9f3336667886c96616e35e6', NULL, 1, '', '2026-11-26 22:55:55.732202', '2026-11-26 22:58:55.746774', '2026-11-26 22:55:55.793514', ''),
    (4, 'confirm', 'sent', false, 2, 1, NULL, NULL, '', '', '8ce2d31872bfd47b4c6babdf622b02f4', NULL, 1, '', '2026-11-26 22:55:55.799020', '2026-11-26 22:58:55.810635', '2026-11-26 22:55:55.956391', '98f3238a1e49a309b161dcb5ccb7be40'),
    (5, 'confirm', 'sent', false, 3, 1, NULL, NULL, '', '', 'a12a5596bc28f19a33b334e4df292fcc', NULL, 1, '', '2026-11-26 22:55:55.968780', '2026-11-26 22:58:55.974867', '2026-11-26 22:55:56.027242', 'b94d5b4311047d1f45f2f15b7738cc0b'),
    (6, 'thanks', 'sent', false, 3, 1, NULL, NULL, '', '', 'a12a5596bc28f19a33b334e4df292fcc', NULL, 1, '', '2026-11-26 22:55:56.039651', '2026-11-26 22:58:56.044895', '2026-11-26 22:55:56.077735', ''),
    (7, 'confirm', 'sent', false, 2, 2, NULL, NULL, '', '', '8ce2d31872bfd47b4c6babdf622b02f4', NULL, 1, '', '2026-11-26 22:55:56.083906', '2026-11-26 22:58:56.111149', '2026-11-26 22:55:56.157517', '3fbea52d2f24ca98e24dfbc491bcc928'),
    (8, 'confirm', 'sent', false, NULL, 1, NULL, NULL, '', '', '391c3f77f5fea351b548ad112110447f', NULL, 1, '', '2026-11-26 22:55:56.091682', '2026-11-26 22:58:56.161622', '2026-11-26 22:55:56.186538', '9ab5f9ead2cc0377138d823f8ea0f747'),
    (9, 'thanks', 'sent', false, NULL, 1, NULL, NULL, '', '', '391c3f77f5fea351b548ad112110447f', NULL, 1, '', '2026-11-26 22:55:56.192863', '2026-11-26 22:58:56.202893', '2026-11-26 22:55:56.229798', ''),
    (10, 'withdrawn', 'due', false, NULL, 0, NULL, 1, 'cecil@example.org', 'en', '391c3f77f5fea351b548ad112110447f', NULL, 0, '', '2026-11-26 22:55:56.641515', '2026-11-26 22:55:56.641515', NULL, ''),
    (11, 'confirm', 'due', false, 6, 1, NULL, NULL, '', '', 'c0446f2730e02f61c73f9602bbee68a1', NULL, 0, '', '2026-11-26 22:55:56.676553', '2026-11-26 22:55:56.676553', NULL, ''),
    (12, 'confirm', 'held', false, 8, 1, NULL, NULL, '', '', 'f00d0000000000000000000000000002', 2, 0, '', '2026-11-26 22:55:56.676553', '2026-11-26 22:55:56.676553', NULL, ''),
    (13, 'confirm', 'held', false, 9, 1, NULL, NULL, '', '', 'f00d0000000000000000000000000003', 3, 0, '', '2026-11-26 22:55:56.676553', '2026-11-26 22:55:56.676553', NULL, ''),
    (14, 'confirm', 'held', false, 10, 1, NULL, NULL, '', '', 'f00d0000000000000000000000000004', 4, 0, '', '2026-11-26 22:55:56.676553', '2026-11-26 22:55:56.676553', NULL, ''),
    (15, 'withdrawn', 'due', false, NULL, 1, NULL, 1, 'hugo@example.org', 'en', '', NULL, 0, '', '2026-11-26 22:55:56.641515', '2026-11-26 22:55:56.641515', NULL, '');
INSERT INTO petition_update (id, petition_id, author, published_at, changed_at) VALUES
    (1, 1, 'Olga', '2026-11-20 12:00:00.000000', '2026-11-20 12:00:00.000000');
INSERT INTO update_text (id, update_id, language, title, body) VALUES
    (1, 1, 'en', 'They are heard', 'The court *listens*.');
INSERT INTO picture (id, petition_id, name, digest, width, height, content) VALUES
    (1, 1, 'queue.webp', 'aaaaaaaaaaaaaaaaaaaaaaaa', 1, 1, ${hex}52494646ff00');
INSERT INTO target (id, petition_id, country, office, postal, email, checked) VALUES
    (1, 1, 'SE', '{"en": "Embassy"}', 'Street 1
Stockholm', 'embassy@example.org', 2026);
INSERT INTO visit (petition_id, day, channel, language, visits) VALUES
    (1, '2026-11-20', 'mail', 'en', 12);
