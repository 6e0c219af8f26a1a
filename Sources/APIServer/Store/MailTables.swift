extension Migrations {
    /// Mail that came in, what became of it, and each attempt to hand it over.
    static let mail = """
        -- A message as it came, once for all its recipients. It goes when it is too old to be sent again; the log stays.
        CREATE TABLE mail_contents (
            id INTEGER PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts, received_at TEXT NOT NULL, raw BLOB NOT NULL
        ) STRICT;

        -- One row a recipient. It refers to nothing that can be deleted: the log outlives what it was for.
        CREATE TABLE emails (
            place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL REFERENCES accounts,
            content_id INTEGER REFERENCES mail_contents ON DELETE SET NULL, domain_id TEXT NOT NULL, alias_id TEXT, alias_name TEXT,
            webhook_id TEXT, sender TEXT, recipient TEXT NOT NULL, header_from TEXT NOT NULL, header_to TEXT NOT NULL, subject TEXT,
            message_id TEXT, size INTEGER NOT NULL, status TEXT NOT NULL, reason TEXT, allow_attachments INTEGER NOT NULL,
            include_envelope INTEGER NOT NULL, received_at TEXT NOT NULL, queued_at TEXT, attempts INTEGER NOT NULL DEFAULT 0,
            next_attempt_at TEXT, claimed_until TEXT, finished_at TEXT
        ) STRICT;
        -- Each ends with the place, by which lists are sorted.
        CREATE INDEX emails_account ON emails (account_id);
        CREATE INDEX emails_alias ON emails (account_id, alias_id);
        CREATE INDEX emails_domain ON emails (account_id, domain_id);
        CREATE INDEX emails_status ON emails (account_id, status);
        CREATE INDEX emails_time ON emails (account_id, received_at);
        CREATE INDEX emails_content ON emails (content_id) WHERE content_id IS NOT NULL;
        CREATE INDEX emails_due ON emails (next_attempt_at) WHERE next_attempt_at IS NOT NULL;

        CREATE INDEX emails_claimed ON emails (claimed_until) WHERE claimed_until IS NOT NULL;
        CREATE INDEX emails_waiting ON emails (webhook_id) WHERE next_attempt_at IS NOT NULL;

        -- One row an attempt.
        CREATE TABLE deliveries (
            place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL REFERENCES accounts,
            email_id TEXT NOT NULL REFERENCES emails (id) ON DELETE CASCADE, webhook_id TEXT NOT NULL, attempt INTEGER NOT NULL,
            started_at TEXT NOT NULL, milliseconds INTEGER NOT NULL, delivered INTEGER NOT NULL, response_code INTEGER, failure TEXT,
            excerpt TEXT, next_attempt_at TEXT
        ) STRICT;
        CREATE INDEX deliveries_email ON deliveries (email_id);
        CREATE INDEX deliveries_account ON deliveries (account_id, started_at);

        -- What the server knows of its resources by itself: no version and no revision moves with it.
        CREATE TABLE domain_mail (
            domain_id TEXT PRIMARY KEY REFERENCES domains ON DELETE CASCADE, account_id TEXT NOT NULL REFERENCES accounts,
            received INTEGER NOT NULL, last_received_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE alias_mail (
            alias_id TEXT PRIMARY KEY REFERENCES aliases ON DELETE CASCADE, account_id TEXT NOT NULL REFERENCES accounts,
            received INTEGER NOT NULL, last_received_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE webhook_health (
            webhook_id TEXT PRIMARY KEY REFERENCES webhooks ON DELETE CASCADE, account_id TEXT NOT NULL REFERENCES accounts,
            failures INTEGER NOT NULL DEFAULT 0, failing_since TEXT, last_delivered_at TEXT, last_failed_at TEXT, probe_at TEXT
        ) STRICT, WITHOUT ROWID;
        """

    /// What is counted over time and looked at again and again, from indices alone.
    static let mailCounts = """
        DROP INDEX emails_time;
        CREATE INDEX emails_time ON emails (account_id, received_at, status);
        DROP INDEX deliveries_account;
        CREATE INDEX deliveries_time ON deliveries (account_id, started_at, delivered);
        CREATE INDEX deliveries_failed ON deliveries (webhook_id) WHERE delivered = 0;
        CREATE INDEX emails_queue ON emails (queued_at, next_attempt_at) WHERE next_attempt_at IS NOT NULL;
        CREATE INDEX webhooks_suspended ON webhooks (suspended_at) WHERE suspended_at IS NOT NULL;
        """
}
