-- A database of this site as it was at migration 0014: schema and rows.
--
-- Made by checking out commit e042dcd, which landed 0009 to 0014, and letting that site sign, confirm,
-- withdraw and ask about mistyped addresses on SQLite. Rows that are hard to cause (bursts,
-- suppressions, counts, a disposable address, a pause of the outbox, a refused and an answered email,
-- an organiser's ended session) were added by statements. The schema is what `.schema` of sqlite3
-- printed; the PostgreSQL database made of it has the same `pg_dump --schema-only` as one that the
-- commit's own migrations made. Where the two differ there is a $placeholder: see `load` in
-- tests/upgrades/__init__.py. PostgreSQL names the NOT NULL of a renamed column; SQLite ignores that.
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
    id $serial NOT NULL CONSTRAINT pk_petition PRIMARY KEY $autoincrement,
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
    goal INTEGER,
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
    sign_in_serial INTEGER CONSTRAINT organiser_sign_in_not_null NOT NULL,
    invited_at $moment NOT NULL,
    session_serial INTEGER DEFAULT '0' NOT NULL,
    csv_separator VARCHAR(10) DEFAULT 'comma' NOT NULL,
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
    name_hidden BOOLEAN DEFAULT false CONSTRAINT signature_muted_not_null NOT NULL,
    mailbox_hash VARCHAR(32) DEFAULT '' NOT NULL,
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

CREATE TABLE counter (
    scope VARCHAR(40) NOT NULL,
    subject VARCHAR(64) NOT NULL,
    "window" BIGINT NOT NULL,
    value INTEGER NOT NULL,
    expires_at $moment NOT NULL,
    CONSTRAINT pk_counter PRIMARY KEY (scope, subject, "window")
) $without_rowid;

CREATE TABLE suppression (
    hash VARCHAR(64) CONSTRAINT suppression_mailbox_not_null NOT NULL,
    bounce VARCHAR(300) NOT NULL,
    at $moment NOT NULL,
    CONSTRAINT pk_suppression PRIMARY KEY (hash)
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
    state VARCHAR(10) CONSTRAINT burst_verdict_not_null NOT NULL,
    decided_at $moment,
    CONSTRAINT ck_burst_${verdict} CHECK (state IN ('open', 'plausible', 'released', 'discarded')),
    CONSTRAINT fk_burst_petition_id_petition FOREIGN KEY(petition_id) REFERENCES petition (id) ON DELETE CASCADE
);

CREATE TABLE alternate_entry (
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
    CONSTRAINT pk_alternate_entry PRIMARY KEY (id),
    CONSTRAINT ck_alternate_entry_display CHECK (display IN ('hidden', 'initials', 'full')),
    CONSTRAINT fk_alternate_entry_signature_id_signature FOREIGN KEY(signature_id) REFERENCES signature (id) ON DELETE CASCADE,
    CONSTRAINT uq_alternate_entry_signature_id_entry UNIQUE (signature_id, entry)
);

CREATE TABLE email (
    id $serial NOT NULL CONSTRAINT pk_${letter} PRIMARY KEY $autoincrement,
    kind VARCHAR(20) NOT NULL,
    state VARCHAR(10) NOT NULL,
    suppressed BOOLEAN CONSTRAINT email_silent_not_null NOT NULL,
    signature_id INTEGER,
    entry INTEGER,
    organiser_id INTEGER,
    petition_id INTEGER,
    address VARCHAR(254) CONSTRAINT email_email_not_null NOT NULL,
    language VARCHAR(10) NOT NULL,
    mailbox_hash VARCHAR(64) CONSTRAINT email_mailbox_not_null NOT NULL,
    burst_id INTEGER,
    attempts INTEGER NOT NULL,
    reason VARCHAR(300) NOT NULL,
    created_at $moment NOT NULL,
    due_at $moment NOT NULL,
    sent_at $moment,
    code_hash VARCHAR(32) DEFAULT '' CONSTRAINT email_code_not_null NOT NULL,
    list_downloaded BOOLEAN,
    refused_at $moment,
    asked_until $moment,
    corrected_to INTEGER,
    answered BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT ck_${letter}_state CHECK (state IN ('due', 'sent', 'refused', 'withheld', 'held')),
    CONSTRAINT fk_${letter}_signature_id_signature FOREIGN KEY(signature_id) REFERENCES signature (id) ON DELETE SET NULL,
    CONSTRAINT fk_${letter}_organiser_id_organiser FOREIGN KEY(organiser_id) REFERENCES organiser (id) ON DELETE CASCADE,
    CONSTRAINT fk_${letter}_petition_id_petition FOREIGN KEY(petition_id) REFERENCES petition (id) ON DELETE CASCADE,
    CONSTRAINT fk_${letter}_burst_id_burst FOREIGN KEY(burst_id) REFERENCES burst (id) ON DELETE SET NULL
);

CREATE TABLE outbox_pause (
    id INTEGER NOT NULL,
    reason VARCHAR(300) NOT NULL,
    since $moment NOT NULL,
    probes INTEGER NOT NULL,
    probe_at $moment NOT NULL,
    CONSTRAINT pk_outbox_pause PRIMARY KEY (id)
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

CREATE TABLE signature_sum (
    petition_id INTEGER NOT NULL,
    kind VARCHAR(12) NOT NULL,
    key VARCHAR(600) NOT NULL,
    confirmed INTEGER NOT NULL,
    CONSTRAINT pk_signature_sum PRIMARY KEY (petition_id, kind, key),
    CONSTRAINT ck_signature_sum_kind CHECK (kind IN ('channel', 'country', 'day', 'disposable', 'organisation')),
    CONSTRAINT fk_signature_sum_petition_id_petition FOREIGN KEY(petition_id) REFERENCES petition (id) ON DELETE CASCADE
) $without_rowid;

CREATE UNIQUE INDEX uq_signature_petition_id_number ON signature (petition_id, number) WHERE number IS NOT NULL;
CREATE INDEX ix_burst_petition_id_state ON burst (petition_id, state);
CREATE UNIQUE INDEX uq_burst_open ON burst (petition_id, kind, source) WHERE state = 'open';
CREATE INDEX ix_signature_pending ON signature (signed_at, petition_id) WHERE confirmed_at IS NULL;
CREATE INDEX ix_email_due_at ON email (due_at) WHERE state = 'due';
CREATE INDEX ix_email_signature_id ON email (signature_id) WHERE signature_id IS NOT NULL;
CREATE INDEX ix_email_organiser_id ON email (organiser_id) WHERE organiser_id IS NOT NULL;
CREATE INDEX ix_email_refused_at ON email (refused_at) WHERE refused_at IS NOT NULL;
CREATE INDEX ix_email_burst_id ON email (burst_id) WHERE burst_id IS NOT NULL;
CREATE INDEX ix_email_mailbox_hash ON email (mailbox_hash) WHERE mailbox_hash <> '';
CREATE UNIQUE INDEX uq_email_signature_id_reminder ON email (signature_id) WHERE kind = 'reminder';
CREATE INDEX ix_signature_shown ON signature (petition_id, number) WHERE number IS NOT NULL AND display <> 'hidden';
CREATE INDEX ix_signature_organisation ON signature (petition_id, organisation, number, name_hidden) WHERE number IS NOT NULL AND organisation <> '' AND display = 'full';
CREATE INDEX ix_signature_comment ON signature (petition_id, comment_state, number, name_hidden) WHERE number IS NOT NULL AND display <> 'hidden' AND comment <> '';
CREATE INDEX ix_petition_update_petition_id ON petition_update (petition_id);
CREATE INDEX ix_picture_digest ON picture (digest);
CREATE INDEX ix_target_petition_id ON target (petition_id);

INSERT INTO alembic_version (version_num) VALUES
    ('0014');
INSERT INTO audit_entry (id, at, organiser_id, petition_id, action, detail) VALUES
    (1, '2016-05-26 12:00:00.000000', NULL, 1, 'petition.create', 'open'),
    (2, '2016-05-26 12:00:00.000000', NULL, 2, 'petition.create', 'open'),
    (3, '2026-11-27 05:55:11.170786', NULL, 1, 'organiser.invite', 'organiser 1 as editor'),
    (4, '2026-11-27 05:55:11.262943', 1, 1, 'comment.shown', 'signature 1'),
    (5, '2026-11-27 05:55:11.328219', 1, 1, 'name.hide', 'signature 3'),
    (6, '2026-11-20 12:00:00.000000', 1, 1, 'signatures.download', 'csv');
INSERT INTO petition (id, slug, state, source_language, contact, asks_postcode, created_at, opened_at, closed_at, refuses_disposable, regime_country, regime_languages, face, goal) VALUES
    (1, 'free-them', 'open', 'en', 'committee@example.org', false, '2016-05-26 12:00:00.000000', '2016-05-26 12:00:00.000000', NULL, false, '', '', '', 5000),
    (2, 'long-ago', 'closed', 'en', 'committee@example.org', false, '2016-05-26 12:00:00.000000', '2016-05-26 12:00:00.000000', '2016-07-01 12:00:00.000000', false, '', '', '', NULL);
INSERT INTO organiser (id, email, mailbox_key, language, role, petition_id, sign_in_serial, invited_at, session_serial, csv_separator) VALUES
    (1, 'olga@example.org', 'olga@example.org', 'en', 'editor', 1, 0, '2026-11-27 05:55:11.170786', 2, 'semicolon');
INSERT INTO petition_text (id, petition_id, language, version, title, target, organiser, lede, letter, demands, story, share, created_at, face) VALUES
    (1, 1, 'en', 1, 'Free them', 'the Government', 'The committee', 'They are in prison for what they said.', 'We **ask** you to free them.', 'Free them.
Let others speak.', 'They spoke.', 'Sign for their freedom:', '2016-05-26 12:00:00.000000', ''),
    (2, 1, 'ru', 1, 'Свободу им', 'Правительство', 'The committee', 'They are in prison for what they said.', 'We **ask** you to free them.', 'Free them.
Let others speak.', 'They spoke.', 'Sign for their freedom:', '2016-05-26 12:00:00.000000', ''),
    (3, 2, 'en', 1, 'Free them', 'the Government', 'The committee', 'They are in prison for what they said.', 'We **ask** you to free them.', 'Free them.
Let others speak.', 'They spoke.', 'Sign for their freedom:', '2016-05-26 12:00:00.000000', ''),
    (4, 2, 'ru', 1, 'Свободу им', 'Правительство', 'The committee', 'They are in prison for what they said.', 'We **ask** you to free them.', 'Free them.
Let others speak.', 'They spoke.', 'Sign for their freedom:', '2016-05-26 12:00:00.000000', '');
INSERT INTO signature (id, petition_id, name, email, address_key, mailbox_key, country, postcode, organisation, role, comment, display, handover, updates, language, channel, text_language, text_version, entry, signed_at, confirmed_at, number, entries, disposable, comment_state, name_hidden, mailbox_hash) VALUES
    (1, 1, 'Anna Berg', 'anna@example.org', 'anna@example.org', 'anna@example.org', 'SE', '', 'Union', 'chair', 'Because.', 'full', true, true, 'en', '', 'en', 1, 1, '2026-11-27 05:55:11.208692', '2026-11-27 05:55:11.238775', 1, 1, false, 'shown', false, '9cd2974fc9f3336667886c96616e35e6'),
    (2, 1, 'Boris', 'boris@example.org', 'boris@example.org', 'boris@example.org', 'DE', '', '', '', '', 'hidden', false, false, 'de', '', 'en', 1, 1, '2026-11-27 05:55:11.265308', NULL, NULL, 2, false, 'waiting', false, '8ce2d31872bfd47b4c6babdf622b02f4'),
    (3, 1, 'Вера', 'vera@example.org', 'vera@example.org', 'vera@example.org', 'KZ', '', '', '', '', 'hidden', false, false, 'ru', '', 'ru', 1, 1, '2026-11-27 05:55:11.288558', '2026-11-27 05:55:11.310816', 2, 1, false, 'waiting', true, 'a12a5596bc28f19a33b334e4df292fcc'),
    (6, 1, 'Igor', 'igor@gmail.com', 'igor@gmail.com', 'igor@gmail.com', 'DE', '', '', '', '', 'hidden', false, false, 'en', '', 'en', 1, 1, '2026-11-27 05:55:11.349292', NULL, NULL, 1, false, 'waiting', false, 'fb3553d6f78790da0e69dc0baf47a813'),
    (8, 1, 'Dora', 'dora@example.org', 'dora@example.org', 'dora@example.org', 'SE', '', '', '', '', 'hidden', false, false, 'en', '', 'en', 1, 1, '2026-11-27 05:55:11.441823', NULL, NULL, 1, false, 'waiting', false, 'c0446f2730e02f61c73f9602bbee68a1'),
    (9, 1, 'Gina', 'gina@gmial.com', 'gina@gmial.com', 'gina@gmial.com', 'SE', '', '', '', '', 'hidden', false, false, 'en', '', 'en', 1, 1, '2026-11-27 05:55:11.443610', NULL, NULL, 1, true, 'waiting', false, '68f01a795a6c2562a6f4664fb5e2adf2'),
    (10, 2, '', '', 'anonymised:10', 'anonymised:10', 'SE', '', '', '', '', 'hidden', false, false, 'en', '', 'en', 1, 1, '2026-11-27 05:55:11.208692', '2026-11-27 05:55:11.238775', 1, 1, true, 'waiting', false, ''),
    (11, 1, 'Emil', 'emil@flood.example', 'emil@flood.example', 'emil@flood.example', 'SE', '', '', '', '', 'hidden', false, false, 'en', '', 'en', 1, 1, '2026-11-27 05:55:11.441823', NULL, NULL, 1, false, 'waiting', false, '492b63347da08030a0c0b571b0500978'),
    (12, 1, 'Fay', 'fay@flood.example', 'fay@flood.example', 'fay@flood.example', 'SE', '', '', '', '', 'hidden', false, false, 'en', '', 'en', 1, 1, '2026-11-27 05:55:11.441823', NULL, NULL, 1, false, 'waiting', false, '9f6f1b47297d8bc70f0507712a289580'),
    (13, 1, 'Gus', 'gus@flood.example', 'gus@flood.example', 'gus@flood.example', 'SE', '', '', '', '', 'hidden', false, false, 'en', '', 'en', 1, 1, '2026-11-27 05:55:11.441823', NULL, NULL, 1, false, 'waiting', false, '660661e3bf42296018639a0fc24d57ff'),
    (14, 1, 'Jon', 'jon@elsewhere.example', 'jon@elsewhere.example', 'jon@elsewhere.example', 'SE', '', '', '', '', 'hidden', false, false, 'en', '', 'en', 1, 1, '2026-11-27 05:55:11.441823', NULL, NULL, 1, false, 'waiting', false, '97320d18d1d42e2b9e0e3b89fa584eec');
INSERT INTO tally (petition_id, counted, last_number, changed_at) VALUES
    (1, 2, 3, '2026-11-27 05:55:11.426402'),
    (2, 1, 1, '2026-11-27 05:55:11.426402');
INSERT INTO network_secret (day, secret) VALUES
    ('2026-11-26', ${hex}000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f');
INSERT INTO counter (scope, subject, "window", value, expires_at) VALUES
    ('code:1', '8ce2d31872bfd47b4c6babdf622b02f4', 0, 3, '2026-12-26 12:00:00.000000'),
    ('mails', '', 29928346, 9, '2026-11-26 13:47:00.000000'),
    ('sign:1', '0123456789abcdef0123456789abcdef', 2991283, 7, '2026-11-26 13:50:00.000000');
INSERT INTO suppression (hash, bounce, at) VALUES
    ('00000000000000000000000000000005', '', '2026-11-20 12:00:00.000000'),
    ('00000000000000000000000000000006', '5.1.1', '2026-11-20 12:00:00.000000');
INSERT INTO burst (id, petition_id, kind, source, seen, usual, began_at, ends_at, state, decided_at) VALUES
    (1, 1, 'domain', 'flood.example', 20, 2, '2026-11-20 12:00:00.000000', '2026-11-20 12:10:00.000000', 'released', '2026-11-20 13:00:00.000000'),
    (3, 1, 'domain', 'flood.example', 22, 2, '2026-11-20 12:00:00.000000', '2026-11-20 14:10:01.000000', 'open', NULL),
    (4, 1, 'network', '0123456789abcdef0123456789abcdef', 40, 3, '2026-11-20 12:00:00.000000', '2026-11-20 12:00:00.000000', 'open', NULL);
INSERT INTO alternate_entry (id, signature_id, name, email, address_key, country, postcode, organisation, role, comment, display, handover, updates, disposable, language, channel, text_language, text_version, entry, signed_at) VALUES
    (1, 2, 'Boris Two', 'boris@example.org', 'boris@example.org', 'FR', '', '', '', '', 'hidden', false, false, false, 'en', '', 'en', 1, 2, '2026-11-27 05:55:11.330871');
INSERT INTO email (id, kind, state, suppressed, signature_id, entry, organiser_id, petition_id, address, language, mailbox_hash, burst_id, attempts, reason, created_at, due_at, sent_at, code_hash, list_downloaded, refused_at, asked_until, corrected_to, answered) VALUES
    (1, 'sign_in', 'sent', false, NULL, NULL, 1, NULL, '', '', '', NULL, 1, '', '2026-11-27 05:55:11.170786', '2026-11-27 05:58:11.184033', '2026-11-27 05:55:11.203856', '', NULL, NULL, NULL, NULL, false),
    (2, 'confirm', 'sent', false, 1, 1, NULL, NULL, '', '', '9cd2974fc9f3336667886c96616e35e6', NULL, 1, '', '2026-11-27 05:55:11.208692', '2026-11-27 05:58:11.215002', '2026-11-27 05:55:11.233895', 'f238338df8faa2bbb0c998e19d938f82', NULL, NULL, NULL, NULL, false),
    (3, 'thanks', 'sent', false, 1, 1, NULL, NULL, '', '', '9cd2974fc9f3336667886c96616e35e6', NULL, 1, '', '2026-11-27 05:55:11.238775', '2026-11-27 05:58:11.243617', '2026-11-27 05:55:11.261535', '', NULL, NULL, NULL, NULL, false),
    (4, 'confirm', 'sent', false, 2, 1, NULL, NULL, '', '', '8ce2d31872bfd47b4c6babdf622b02f4', NULL, 1, '', '2026-11-27 05:55:11.265308', '2026-11-27 05:58:11.266649', '2026-11-27 05:55:11.285776', '98f3238a1e49a309b161dcb5ccb7be40', NULL, NULL, NULL, NULL, true),
    (5, 'confirm', 'sent', false, 3, 1, NULL, NULL, '', '', 'a12a5596bc28f19a33b334e4df292fcc', NULL, 1, '', '2026-11-27 05:55:11.288558', '2026-11-27 05:58:11.289787', '2026-11-27 05:55:11.307549', 'b94d5b4311047d1f45f2f15b7738cc0b', NULL, NULL, NULL, NULL, false),
    (6, 'thanks', 'sent', false, 3, 1, NULL, NULL, '', '', 'a12a5596bc28f19a33b334e4df292fcc', NULL, 1, '', '2026-11-27 05:55:11.310816', '2026-11-27 05:58:11.313091', '2026-11-27 05:55:11.325977', '', NULL, NULL, NULL, NULL, false),
    (7, 'confirm', 'sent', false, 2, 2, NULL, NULL, '', '', '8ce2d31872bfd47b4c6babdf622b02f4', NULL, 1, '', '2026-11-27 05:55:11.330871', '2026-11-27 05:58:11.333056', '2026-11-27 05:55:11.346940', '3fbea52d2f24ca98e24dfbc491bcc928', NULL, NULL, NULL, NULL, false),
    (8, 'confirm', 'withheld', false, NULL, 1, NULL, NULL, '', '', '3f924d53ae30c3308868cd9d1027129e', NULL, 0, '', '2026-11-27 05:55:11.349292', '2026-11-27 05:55:11.349292', NULL, '', NULL, NULL, '2026-11-27 05:57:11.349292', 9, false),
    (9, 'confirm', 'sent', false, 6, 1, NULL, NULL, '', '', 'fb3553d6f78790da0e69dc0baf47a813', NULL, 1, '', '2026-11-27 05:55:11.350841', '2026-11-27 05:58:11.363097', '2026-11-27 05:55:11.377777', '309ab97e2fcbea96ca80a3167c4126d0', NULL, NULL, NULL, NULL, false),
    (10, 'confirm', 'sent', false, NULL, 1, NULL, NULL, '', '', '391c3f77f5fea351b548ad112110447f', NULL, 1, '', '2026-11-27 05:55:11.379591', '2026-11-27 05:58:11.380792', '2026-11-27 05:55:11.401122', '78ebec7f7ba1dc35c76f515aa633407e', NULL, NULL, NULL, NULL, false),
    (11, 'thanks', 'sent', false, NULL, 1, NULL, NULL, '', '', '391c3f77f5fea351b548ad112110447f', NULL, 1, '', '2026-11-27 05:55:11.405234', '2026-11-27 05:58:11.406675', '2026-11-27 05:55:11.420509', '', NULL, NULL, NULL, NULL, false),
    (12, 'withdrawn', 'due', false, NULL, NULL, NULL, 1, 'cecil@example.org', 'en', '391c3f77f5fea351b548ad112110447f', NULL, 0, '', '2026-11-27 05:55:11.426402', '2026-11-27 05:55:11.426402', NULL, '', false, NULL, NULL, NULL, false),
    (13, 'confirm', 'due', false, 8, 1, NULL, NULL, '', '', 'c0446f2730e02f61c73f9602bbee68a1', NULL, 0, '', '2026-11-27 05:55:11.441823', '2026-11-27 05:55:11.441823', NULL, '', NULL, NULL, NULL, NULL, false),
    (14, 'confirm', 'due', false, 9, 1, NULL, NULL, '', '', '68f01a795a6c2562a6f4664fb5e2adf2', NULL, 0, '', '2026-11-27 05:55:11.443610', '2026-11-27 05:55:11.443610', NULL, '', NULL, NULL, '2026-11-27 05:57:11.443610', NULL, false),
    (15, 'confirm', 'held', false, 11, 1, NULL, NULL, '', '', '492b63347da08030a0c0b571b0500978', 3, 0, '', '2026-11-27 05:55:11.441823', '2026-11-27 05:55:11.441823', NULL, '', NULL, NULL, NULL, NULL, false),
    (16, 'confirm', 'held', false, 12, 1, NULL, NULL, '', '', '9f6f1b47297d8bc70f0507712a289580', 3, 0, '', '2026-11-27 05:55:11.441823', '2026-11-27 05:55:11.441823', NULL, '', NULL, NULL, NULL, NULL, false),
    (17, 'confirm', 'held', false, 13, 1, NULL, NULL, '', '', '660661e3bf42296018639a0fc24d57ff', 4, 0, '', '2026-11-27 05:55:11.441823', '2026-11-27 05:55:11.441823', NULL, '', NULL, NULL, NULL, NULL, false),
    (18, 'confirm', 'refused', false, 14, 1, NULL, NULL, '', '', '97320d18d1d42e2b9e0e3b89fa584eec', NULL, 1, '550 5.7.1', '2026-11-27 05:55:11.441823', '2026-11-27 05:55:11.441823', NULL, '', NULL, '2026-11-27 05:55:11.441823', NULL, NULL, false),
    (19, 'withdrawn', 'due', false, NULL, NULL, NULL, 1, 'hugo@example.org', 'en', '', NULL, 0, '', '2026-11-27 05:55:11.441823', '2026-11-27 05:55:11.441823', NULL, '', true, NULL, NULL, NULL, false);
INSERT INTO outbox_pause (id, reason, since, probes, probe_at) VALUES
    (1, '550 5.7.1', '2026-11-27 05:55:11.441823', 2, '2026-11-27 05:55:11.441823');
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
INSERT INTO signature_sum (petition_id, kind, key, confirmed) VALUES
    (1, 'country', 'KZ', 1),
    (1, 'country', 'SE', 1),
    (1, 'day', '2026-11-27', 2),
    (1, 'organisation', 'union', 1),
    (2, 'country', 'SE', 1),
    (2, 'day', '2026-11-27', 1),
    (2, 'disposable', 'yes', 1);
