import NIOSSL

/// A certificate's two files, read for those who speak TLS with it.
enum TLSFiles {
    /// TLS for a server, 1.2 at least.
    /// - Throws: when a file is missing or is no PEM, or they do not belong together.
    static func configuration(_ certificate: ServerOptions.Certificate) throws(CertificateFailure) -> TLSConfiguration {
        let chain: [NIOSSLCertificate]
        do { chain = try NIOSSLCertificate.fromPEMFile(certificate.chain) } catch { throw .init(certificate.chain, "certificate") }
        guard !chain.isEmpty else { throw .init(certificate.chain, "certificate") }
        let key: NIOSSLPrivateKey
        do { key = try NIOSSLPrivateKey(file: certificate.key, format: .pem) } catch { throw .init(certificate.key, "private key") }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        // Both are good: what can be wrong now is that one is not the other's.
        do { _ = try NIOSSLContext(configuration: configuration) } catch { throw .init(certificate) }
        return configuration
    }

    /// The same, ready for use.
    static func context(_ certificate: ServerOptions.Certificate) throws(CertificateFailure) -> NIOSSLContext {
        do { return try NIOSSLContext(configuration: try configuration(certificate)) } catch let failure as CertificateFailure {
            throw failure
        } catch { throw .init(certificate) }
    }
}

/// A certificate cannot be used.
public struct CertificateFailure: Error, Equatable, Sendable {
    /// Which file, and what is wrong with it.
    public let problem: String

    /// A file that is not there, or has nothing of what it is for.
    fileprivate init(_ path: String, _ what: String) {
        problem = FileTrouble.reason(path).map { "\(path): \($0)" } ?? "\(path) has no \(what) in PEM that can be read"
    }

    /// Two files that do not belong together.
    fileprivate init(_ certificate: ServerOptions.Certificate) {
        problem = "the key in \(certificate.key) does not belong to the first certificate in \(certificate.chain)"
    }
}
