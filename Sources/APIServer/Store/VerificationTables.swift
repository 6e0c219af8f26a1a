extension Migrations {
    /// What the server has found out about domains and webhooks: no version and no revision moves with it.
    static let verification = """
        -- Where mail comes in, as domains' DNS has to say it.
        ALTER TABLE server ADD COLUMN mail_host TEXT NOT NULL DEFAULT 'mail.localhost';

        -- What DNS said last, of the name and for the mail host that it was asked for.
        CREATE TABLE domain_verification (
            domain_id TEXT PRIMARY KEY REFERENCES domains ON DELETE CASCADE, account_id TEXT NOT NULL REFERENCES accounts,
            name TEXT NOT NULL, mail_host TEXT NOT NULL, status TEXT NOT NULL, checked_at TEXT NOT NULL, records TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        -- The code that an endpoint was called with, as a hash, and when it answered.
        CREATE TABLE webhook_verification (
            webhook_id TEXT PRIMARY KEY REFERENCES webhooks ON DELETE CASCADE, account_id TEXT NOT NULL REFERENCES accounts,
            url_sha256 TEXT NOT NULL, code_sha256 TEXT, code_until TEXT, wrong INTEGER NOT NULL DEFAULT 0, verified_at TEXT
        ) STRICT, WITHOUT ROWID;
        """
}
