import GRDB

/// The schema, one numbered step after the other; a step that has been released is never edited.
enum Migrations {
    static var all: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("0001 accounts, resources, history") { db in try db.execute(sql: first) }
        migrator.registerMigration("0002 what was applied last") { db in try db.execute(sql: second) }
        migrator.registerMigration("0003 ceilings") { db in
            // What a key with api_keys:grant may grant beyond its own scopes.
            try db.execute(sql: "ALTER TABLE api_keys ADD COLUMN grants TEXT")
        }
        migrator.registerMigration("0004 limits, use, web sessions") { db in try db.execute(sql: fourth) }
        migrator.registerMigration("0005 mail and deliveries") { db in try db.execute(sql: mail) }
        migrator.registerMigration("0006 mail over time") { db in try db.execute(sql: mailCounts) }
        migrator.registerMigration("0007 verification") { db in try db.execute(sql: verification) }
        return migrator
    }

    private static let first = """
        CREATE TABLE server (id TEXT NOT NULL) STRICT;

        CREATE TABLE accounts (
            id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, epoch TEXT NOT NULL, revision INTEGER NOT NULL DEFAULT 0,
            plan TEXT NOT NULL DEFAULT 'free', created_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE owners (
            id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts, name TEXT NOT NULL, repository TEXT,
            sequence INTEGER, created_at TEXT NOT NULL, UNIQUE (account_id, name)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE webhooks (
            id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts, owner_id TEXT REFERENCES owners,
            key TEXT, name TEXT NOT NULL, url TEXT, description TEXT NOT NULL, enabled INTEGER NOT NULL,
            protected INTEGER NOT NULL, headers TEXT NOT NULL DEFAULT '{}', verified INTEGER NOT NULL DEFAULT 0,
            suspended_at TEXT, version INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL, UNIQUE (account_id, owner_id, key)
        ) STRICT;

        -- Write-only values: a URL, header values, signing secrets. What comes back is salt and hmac.
        CREATE TABLE webhook_secrets (
            webhook_id TEXT NOT NULL REFERENCES webhooks ON DELETE CASCADE, field TEXT NOT NULL, name TEXT NOT NULL,
            value TEXT NOT NULL, salt TEXT NOT NULL, hmac TEXT NOT NULL, server_made INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (webhook_id, field, name)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE domains (
            id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts, owner_id TEXT REFERENCES owners,
            name TEXT NOT NULL, description TEXT NOT NULL, enabled INTEGER NOT NULL, protected INTEGER NOT NULL,
            webhook_id TEXT REFERENCES webhooks DEFERRABLE INITIALLY DEFERRED,
            allow_attachments INTEGER NOT NULL, include_envelope INTEGER NOT NULL,
            version INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
            UNIQUE (account_id, name)
        ) STRICT;
        CREATE INDEX domains_webhook ON domains (webhook_id) WHERE webhook_id IS NOT NULL;

        CREATE TABLE aliases (
            id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts, owner_id TEXT REFERENCES owners,
            domain_id TEXT NOT NULL REFERENCES domains DEFERRABLE INITIALLY DEFERRED, name TEXT NOT NULL,
            description TEXT NOT NULL, enabled INTEGER NOT NULL, protected INTEGER NOT NULL,
            webhook_id TEXT REFERENCES webhooks DEFERRABLE INITIALLY DEFERRED,
            version INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
            UNIQUE (domain_id, name)
        ) STRICT;
        CREATE INDEX aliases_webhook ON aliases (webhook_id) WHERE webhook_id IS NOT NULL;

        CREATE TABLE api_keys (
            id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts, owner_id TEXT REFERENCES owners,
            key TEXT, name TEXT NOT NULL, description TEXT NOT NULL, protected INTEGER NOT NULL, scopes TEXT NOT NULL,
            expires_after TEXT, expires_at TEXT, rotate_every TEXT, grace TEXT NOT NULL, allowed_ips TEXT NOT NULL,
            bound_owner_id TEXT REFERENCES owners, first INTEGER NOT NULL DEFAULT 0, revoked_at TEXT,
            version INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
            UNIQUE (account_id, owner_id, key)
        ) STRICT;

        CREATE TABLE key_tokens (
            prefix TEXT PRIMARY KEY, key_id TEXT NOT NULL REFERENCES api_keys ON DELETE CASCADE, sha256 TEXT NOT NULL,
            issued_at TEXT NOT NULL, acknowledged_at TEXT, grace_until TEXT
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX key_tokens_key ON key_tokens (key_id);

        -- One row for each commit that changed something.
        CREATE TABLE applies (
            id INTEGER PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts, revision INTEGER NOT NULL, owner TEXT,
            actor TEXT NOT NULL, digest TEXT, sequence INTEGER, context TEXT NOT NULL, operations INTEGER NOT NULL,
            time TEXT NOT NULL
        ) STRICT;
        CREATE INDEX applies_digest ON applies (account_id, digest) WHERE digest IS NOT NULL;

        -- What each commit changed, without secrets.
        CREATE TABLE changes (
            id INTEGER PRIMARY KEY, apply_id INTEGER NOT NULL REFERENCES applies ON DELETE CASCADE, kind TEXT NOT NULL,
            resource_id TEXT NOT NULL, before TEXT, after TEXT
        ) STRICT;
        CREATE INDEX changes_apply ON changes (apply_id);

        CREATE TABLE idempotency (
            account_id TEXT NOT NULL REFERENCES accounts, key TEXT NOT NULL, request TEXT NOT NULL, answer TEXT NOT NULL,
            time TEXT NOT NULL, PRIMARY KEY (account_id, key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX idempotency_time ON idempotency (time);
        """

    /// What others change between an owner's applies: a resource's configuration as it was applied last, the revision
    /// at which it was left, and what is gone.
    private static let second = """
        ALTER TABLE webhooks ADD COLUMN applied TEXT;
        ALTER TABLE webhooks ADD COLUMN drifted_at INTEGER;
        ALTER TABLE domains ADD COLUMN applied TEXT;
        ALTER TABLE domains ADD COLUMN drifted_at INTEGER;
        ALTER TABLE aliases ADD COLUMN applied TEXT;
        ALTER TABLE aliases ADD COLUMN drifted_at INTEGER;
        ALTER TABLE api_keys ADD COLUMN applied TEXT;
        ALTER TABLE api_keys ADD COLUMN drifted_at INTEGER;
        CREATE INDEX webhooks_applied ON webhooks (owner_id) WHERE applied IS NOT NULL;
        CREATE INDEX domains_applied ON domains (owner_id) WHERE applied IS NOT NULL;
        CREATE INDEX aliases_applied ON aliases (owner_id) WHERE applied IS NOT NULL;
        CREATE INDEX api_keys_applied ON api_keys (owner_id) WHERE applied IS NOT NULL;

        -- The resource's version after a change: a secret's change shows in nothing else.
        ALTER TABLE changes ADD COLUMN version INTEGER;

        CREATE TABLE lost (
            owner_id TEXT NOT NULL REFERENCES owners, kind TEXT NOT NULL, name TEXT NOT NULL, resource_id TEXT NOT NULL,
            applied TEXT NOT NULL, drifted_at INTEGER NOT NULL, PRIMARY KEY (owner_id, kind, name)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX lost_resource ON lost (resource_id);
        """

    /// How much an account may hold and ask for, how much it does, and who is logged in.
    private static let fourth = """
        -- What an account has instead of its plan's limits, by name.
        ALTER TABLE accounts ADD COLUMN limits TEXT NOT NULL DEFAULT '{}';

        -- Whether somebody was given the account's first key: no other is made by itself then, whatever became of that one.
        ALTER TABLE accounts ADD COLUMN handed_over INTEGER NOT NULL DEFAULT 0;
        UPDATE accounts SET handed_over = 1 WHERE id IN (SELECT k.account_id FROM api_keys k JOIN key_tokens t ON t.key_id = k.id
            WHERE k.scopes = '["full"]' AND t.acknowledged_at IS NOT NULL);

        -- How many of each kind an account has: counting 100,000 rows takes as long as reading them.
        CREATE TABLE counts (
            account_id TEXT NOT NULL REFERENCES accounts, kind TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (account_id, kind)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO counts SELECT account_id, 'webhook', count(*) FROM webhooks GROUP BY account_id;
        INSERT INTO counts SELECT account_id, 'domain', count(*) FROM domains GROUP BY account_id;
        INSERT INTO counts SELECT account_id, 'alias', count(*) FROM aliases GROUP BY account_id;
        INSERT INTO counts SELECT account_id, 'api_key', count(*) FROM api_keys GROUP BY account_id;

        -- Requests in the current window of each length, so that a restart gives nobody a fresh quota.
        CREATE TABLE requests (
            account_id TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE, seconds INTEGER NOT NULL, started INTEGER NOT NULL,
            number INTEGER NOT NULL, PRIMARY KEY (account_id, seconds)
        ) STRICT, WITHOUT ROWID;

        -- What was used of a key, apart from its configuration: no version and no revision moves with it.
        CREATE TABLE key_use (
            key_id TEXT NOT NULL REFERENCES api_keys ON DELETE CASCADE, prefix TEXT NOT NULL, requests INTEGER NOT NULL,
            first_at TEXT NOT NULL, last_at TEXT NOT NULL, last_ip TEXT, PRIMARY KEY (key_id, prefix)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE key_scopes (
            key_id TEXT NOT NULL REFERENCES api_keys ON DELETE CASCADE, scope TEXT NOT NULL, last_at TEXT NOT NULL,
            PRIMARY KEY (key_id, scope)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE key_addresses (
            key_id TEXT NOT NULL REFERENCES api_keys ON DELETE CASCADE, address TEXT NOT NULL, last_at TEXT NOT NULL,
            PRIMARY KEY (key_id, address)
        ) STRICT, WITHOUT ROWID;

        -- Whoever is logged in to the web pages, by key or by a one-time link; hashes, never what the browser holds.
        CREATE TABLE web_links (
            sha256 TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE, ends_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE web_sessions (
            sha256 TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE, prefix TEXT,
            started_at TEXT NOT NULL, ends_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
