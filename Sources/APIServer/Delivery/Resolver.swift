import EmailConnect
import Glibc
import NIOPosix

/// Finds a host's addresses.
enum Resolver {
    /// Threads of their own, as many as there are attempts at a time: a name whose servers are silent keeps its thread for half a minute.
    private static let threads = {
        let threads = NIOThreadPool(numberOfThreads: DeliveryRoom.width)
        threads.start()
        return threads
    }()

    /// Every address that a host has, 4 or 16 bytes each, IPv4 first; none when there is no such host. It may take as long as the
    /// system's resolver takes, in a thread of its own.
    static func addresses(_ host: String) async -> [[UInt8]] {
        if let bytes = IPAddress.bytes(host) { return [bytes] }
        return (try? await threads.runIfActive { lookUp(host) }) ?? []
    }

    /// https://man7.org/linux/man-pages/man3/getaddrinfo.3.html
    private static func lookUp(_ host: String) -> [[UInt8]] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { unsafe freeaddrinfo(list) }
        var found: [[UInt8]] = []
        var next = unsafe list
        while let entry = unsafe next?.pointee {
            if let bytes = unsafe bytes(entry), !found.contains(bytes) { found.append(bytes) }
            unsafe next = entry.ai_next
        }
        return found.filter { $0.count == 4 } + found.filter { $0.count == 16 }
    }

    private static func bytes(_ entry: addrinfo) -> [UInt8]? {
        guard let address = unsafe entry.ai_addr else { return nil }
        switch unsafe entry.ai_family {
        case AF_INET:
            return unsafe UnsafeRawPointer(address).withMemoryRebound(to: sockaddr_in.self, capacity: 1) { pointer in
                unsafe withUnsafeBytes(of: pointer.pointee.sin_addr) { unsafe Array($0) }
            }
        case AF_INET6:
            return unsafe UnsafeRawPointer(address).withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
                unsafe withUnsafeBytes(of: pointer.pointee.sin6_addr) { unsafe Array($0) }
            }
        default: return nil
        }
    }
}
