import EmailConnect
@testable import Reconciler

/// Keys and files that other programs made, so that what is read here is not only what was written here.
enum AgeFixtures {
    /// Two key files of `age-keygen` 1.1.1.
    static let first = """
        # created: 2026-11-26T17:11:52Z
        # public key: age1f2t77n923chad8v3npe6zvqx7zgsw8gfy0mzlcu4lamvwug53fnqvtl73t
        AGE-SECRET-KEY-1KYJDPSACWMGAJRFLCZCFW7XH78HSFVDXSTZWR3Q9NX5WX6VA0QFQPGT6SH

        """
    static let second = """
        # created: 2026-11-26T17:11:52Z
        # public key: age13wp9ea26yqqkfusa67lx06268tr7k63803c3gj3y698pcc3kq3xqaj5204
        AGE-SECRET-KEY-1PNLSTMNY8F4K66NWD7WK72SAZEQE6PR9EVVDA5CMFWWP4TGL87WSKWLUVX

        """

    /// `printf 'Opens a ticket\n' | age -a -r FIRST -r SECOND`
    static let forBoth = """
        -----BEGIN AGE ENCRYPTED FILE-----
        YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSB2SEV6Slk2R1dVSGdrb0k2
        VmtEQUNNZzg5MFNkSDhaQUtNWnFCWnZsdGs4CklNZENKandTSHJ1NWZxLy9Da0s4
        QXZXemNpUGMvdGNtcGFOdmFWQ0Vva2MKLT4gWDI1NTE5IHVZZHRZWG5pZERhU3ln
        cHNHbUZ6RjdkcWlod2tJMVh6SXhxRGxpVVhxM3cKdFRjKzllZHhMaTN2TzRiMFdy
        TlFvQThENm9vK0RTZWZFQVY2d1BidDJZVQotLS0gbHR0VzIyN2ZoQ0dTMDJQcXdP
        RTRkQ3UvcXcrMlFFOHBCQ0F3QzhKZC9hSQoB+1o6W+TktbDbe9LF180hYztjNcVB
        VdMDHyGlilXneVXX/uMgZ/NeBGd4D8QKdQ==
        -----END AGE ENCRYPTED FILE-----

        """

    /// `age -a -r SECOND </dev/null`
    static let empty = """
        -----BEGIN AGE ENCRYPTED FILE-----
        YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBMeTRsWE5YZGo3a0hZL0RM
        R3dXak4raW96enRPN3dlczIxNmVqemU2bTM4CkpBc05ZQkd5dUVkQ05lbDFYUXpu
        K2VwRng3dTRJZVJJMXJ3YW53R3Q2OEkKLS0tIFZMRmhmN25RMkhTRHRpWVVQcW5J
        WFFKNUlMWjh2bWFQTzk4WHVSMGFLa3cKv8ExcJYIzyIKfVbS1T3M7Vj5PGycmr7P
        PqNNaV7bUPc=
        -----END AGE ENCRYPTED FILE-----

        """

    /// `age -a -p`
    static let withPassphrase = """
        -----BEGIN AGE ENCRYPTED FILE-----
        YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBtWDdMaE5NRDJ4b0h2azRk
        TmJ6NjhBIDE4CkVwREJCRDBrb0VLa1ZVTFlqMWRYdS90MmVrYnhDcGRvSzFoWldO
        S0hwaEkKLS0tIDBBRGl0WTRtMTVxT1FQZHhEYk82VWM3WEQ1dEFzcER1RHh2bXBB
        MFgyZUEK0s7gmChhnB4Q9FFlF/wQbsURFXDF2vhgM06D0fmGIdN0+dO/X9lwUR9R
        HH0Jv7fZ4Uc=
        -----END AGE ENCRYPTED FILE-----

        """

    /// `age -a -R ssh_ed25519.pub`
    static let withSSH = """
        -----BEGIN AGE ENCRYPTED FILE-----
        YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNzaC1lZDI1NTE5IDR5NHVLdyBiRGVI
        Vi9lMUN2Y1lLZ3VsMkk5b0l2REZDWXJIemlrbXNUdDJ0cW9tWXdzCnpyV2FWQjFR
        UjNWOWlaZXFadjlaRnBOcjgrNm16MElzVWQ3aU1IVmdrb2cKLS0tIFlEaFBYeDVv
        Y3RGbjVZM09UVnl5T0VTQk9ld0xOaGN2RW56OFNwbTdMVmsK/2P2OfJH1jESjVpw
        a61YzvG8+juF5En1jHFrdB0JEtQxrBttO98=
        -----END AGE ENCRYPTED FILE-----

        """

    /// Vectors of C2SP/CCTV, CC0: `armor` and `armor_full_last_line`. https://github.com/C2SP/CCTV/tree/main/age
    static let vectorKey = "AGE-SECRET-KEY-1XMWWC06LY3EE5RYTXM9MFLAZ2U56JJJ36S0MYPDRWSVLUL66MV4QX3S7F6\n"
    static let vectors = [
        (
            """
            -----BEGIN AGE ENCRYPTED FILE-----
            YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBURWlGMHlwcXIrYnB2Y3FY
            TnlDVkpwTDdPdXdQZFZ3UEw3S1FFYkZET0NjCkVtRUNBRWNLTituL1ZzOVNiV2lW
            K0h1MHIrRThSNzdEZFdZeWQ4M253N1UKLS0tIFZuKzU0anFpaVVDRStXWmNFVlkz
            ZjFzcUhqbHUvejFMQ1EvVDdYbTdxSTAK7s9ix86RtDMnTmjU8vkTTLdMW/73vqpS
            yPC8DpksHoMx+2Y=
            -----END AGE ENCRYPTED FILE-----

            """, "013f54400c82da08037759ada907a8b864e97de81c088a182062c4b5622fd2ab"
        ),
        (
            """
            -----BEGIN AGE ENCRYPTED FILE-----
            YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBURWlGMHlwcXIrYnB2Y3FY
            TnlDVkpwTDdPdXdQZFZ3UEw3S1FFYkZET0NjCkVtRUNBRWNLTituL1ZzOVNiV2lW
            K0h1MHIrRThSNzdEZFdZeWQ4M253N1UKLS0tIFZuKzU0anFpaVVDRStXWmNFVlkz
            ZjFzcUhqbHUvejFMQ1EvVDdYbTdxSTAK7s9ix86RtDMnTmjU8vkTTLdMW3bj4iHS
            YS3WWUtZB5wJqKgEe8kpsp0iOnD2CNG4DVKBC0Z7SAcCFb8xdwV9CRavSEE7OU1c
            -----END AGE ENCRYPTED FILE-----

            """, "724a112a2cac139a4fca3ea0f799f2e5ccd1d0db46af654dee40567bff16ee33"
        ),
    ]

    /// The identities of a key file.
    static func identities(_ file: String) throws -> [AgeIdentity] { try AgeIdentity.list(in: Array(file.utf8)) }

    /// Decrypts a text.
    static func open(_ file: String, _ keys: String...) throws -> String {
        try Age.secret(in: file, with: keys.flatMap { try identities($0) }).reveal()
    }
}
