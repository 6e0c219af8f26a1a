import AsyncHTTPClient
import EmailConnect
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

extension AccountClient {
    /// What the API said no to.
    func refusal(_ problem: Problem) -> AccountFailure {
        let remedy =
            switch problem.code {
            case .unauthorized: "check EMAILCONNECT_API_KEY"
            case .missingScope: "use a key that has it"
            case .forbidden: "use another key, or another address"
            case .wrongAccount: "use this account's key, or correct server.account in the manifest"
            case .notFound:
                endpoint.dialect == .v1
                    ? "check EMAILCONNECT_URL; it ends with /v1" : "run the command again; it plans from what the account is now"
            case .stale, .duplicate: "run the command again; it plans from what the account is now"
            case .olderRun: "this run came too late; --allow-older applies it all the same"
            case .otherRepository: "choose another manifest name, or say repository_moved_from: in the manifest"
            case .unavailable, .busy, .rateLimited: "try again in a moment"
            case .accountLimit: "delete what nobody needs, or have the account's limit raised"
            case .storage: "make room or mend the disk, and run the command again, which is harmless"
            case .damaged: "restore a backup of the server's database"
            default: problem.requestID.map { "the server's log has it as \($0)" } ?? ""
            }
        return AccountFailure(.refused(problem), "\(name) refused: \(problem.detail)", remedy)
    }

    /// An answer that cannot be the API's: a page of HTML, a redirect, another service.
    func notTheAPI(_ status: HTTPResponseStatus, _ type: String, isWrite: Bool) -> AccountFailure {
        let unknown: AccountFailure.Kind = isWrite && status.code / 100 != 4 ? .unknown : .unreachable
        let what = type.isEmpty ? "no content type" : String(type.prefix(60))
        if (300..<400).contains(status.code) {
            return AccountFailure(
                .unreachable, "\(name) answers with a redirect (\(status.code)), which is never followed",
                "set EMAILCONNECT_URL to the API itself, as in https://host/v1")
        }
        if status.code == 404 {
            return AccountFailure(
                .missing, "\(name) is not the EmailConnect API: it answered 404 with \(what)",
                "check EMAILCONNECT_URL; it ends with /v1, or with /api")
        }
        if [429, 502, 503, 504].contains(status.code) {
            return AccountFailure(
                unknown, "\(name) does not answer: something before it said \(status.code)",
                isWrite ? Self.again(isWrite) : "try again in a moment, or check EMAILCONNECT_URL")
        }
        return AccountFailure(
            unknown, "\(name) is not the EmailConnect API: it answered \(status.code) with \(what)",
            "check EMAILCONNECT_URL; it ends with /v1")
    }

    /// An error on the way, in words, and what it means for trying again. Only what is known to have happened before anything
    /// was sent is *unreachable*.
    func failure(_ error: any Error, isWrite: Bool) -> (AccountFailure, RetryPolicy.Trouble) {
        let unknown: AccountFailure.Kind = isWrite ? .unknown : .unreachable
        switch error {
        case _ where Self.isNeverConnected(error):
            return (
                AccountFailure(
                    .unreachable, "no server answers at \(name)", "check EMAILCONNECT_URL and that the server runs; --local needs none"),
                .notConnected
            )
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            return (
                AccountFailure(
                    .unreachable,
                    "no TLS connection to \(name): its certificate is not trusted or names another host, or it speaks no TLS",
                    "name the authority's certificate with --ca-file, or correct EMAILCONNECT_URL"), .final
            )
        case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
            return (AccountFailure(unknown, "\(name) did not answer in time", Self.again(isWrite)), .broken)
        default: return (AccountFailure(unknown, "the connection to \(name) broke", Self.again(isWrite)), .broken)
        }
    }

    private static func isNeverConnected(_ error: any Error) -> Bool {
        if error is NIOConnectionError { return true }
        if let error = error as? IOError { return [ECONNREFUSED, ENOENT, EHOSTUNREACH, ENETUNREACH].contains(error.errnoCode) }
        let error = error as? HTTPClientError
        return error == .connectTimeout || error == .tlsHandshakeTimeout
    }

    static func remedy(_ rejection: Rejection) -> String {
        rejection.remedy.isEmpty ? "the answer is not what this version of reconcile reads" : rejection.remedy
    }

    static func again(_ isWrite: Bool) -> String {
        isWrite ? "nobody knows whether it was done; run the command again, which is harmless" : "run the command again"
    }
}
