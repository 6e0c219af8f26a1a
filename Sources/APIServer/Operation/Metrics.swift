import FoundationEssentials
import Synchronization

/// What the server counts, in the text that Prometheus reads.
/// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
final class Metrics: Sendable {
    private struct Request: Hashable {
        var method: String
        var route: String
        var status: Int
    }

    /// How long requests of a route took.
    private struct Times {
        var buckets = Array(repeating: 0, count: Metrics.bounds.count)
        var count = 0
        var seconds = 0.0
    }

    private struct Memory {
        var requests: [Request: Int] = [:]
        var times: [String: Times] = [:]
        var inFlight = 0
    }

    private static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    private static let methods: Set = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    private let memory = Mutex(Memory())
    private let database: String
    private let start = Date().timeIntervalSince1970

    init(database: String) { self.database = database }

    func begin() { memory.withLock { $0.inFlight += 1 } }

    func end(_ method: String, _ route: String, _ status: Int, _ duration: Duration) {
        let seconds = duration / .seconds(1)
        // Anybody can make up methods.
        let method = Self.methods.contains(method) ? method : "other"
        memory.withLock { memory in
            memory.inFlight -= 1
            memory.requests[Request(method: method, route: route, status: status), default: 0] += 1
            var times = memory.times[route, default: Times()]
            times.count += 1
            times.seconds += seconds
            if let bucket = Self.bounds.firstIndex(where: { seconds <= $0 }) { times.buckets[bucket] += 1 }
            memory.times[route] = times
        }
    }

    /// The text, sorted.
    /// - Parameter more: what others count.
    func text(_ more: [MetricFamily]) -> String {
        let memory = memory.withLock { $0 }
        var lines: [String] = []
        func family(_ name: String, _ type: String, _ about: String) {
            lines.append("# HELP \(name) \(about)")
            lines.append("# TYPE \(name) \(type)")
        }
        family("reconcile_http_requests_total", "counter", "Requests that were answered.")
        lines += memory.requests.map { request, count in
            "reconcile_http_requests_total{method=\"\(request.method)\",route=\"\(request.route)\",status=\"\(request.status)\"} \(count)"
        }.sorted()
        family("reconcile_http_request_duration_seconds", "histogram", "How long it took until the answer began.")
        for (route, times) in memory.times.sorted(by: { $0.key < $1.key }) {
            var sum = 0
            for (bound, count) in zip(Self.bounds, times.buckets) {
                sum += count
                lines.append("reconcile_http_request_duration_seconds_bucket{route=\"\(route)\",le=\"\(bound)\"} \(sum)")
            }
            lines.append("reconcile_http_request_duration_seconds_bucket{route=\"\(route)\",le=\"+Inf\"} \(times.count)")
            lines.append("reconcile_http_request_duration_seconds_sum{route=\"\(route)\"} \(times.seconds)")
            lines.append("reconcile_http_request_duration_seconds_count{route=\"\(route)\"} \(times.count)")
        }
        family("reconcile_http_requests_in_flight", "gauge", "Requests that are being answered.")
        lines.append("reconcile_http_requests_in_flight \(memory.inFlight)")
        lines += more.flatMap(\.lines)
        family("reconcile_database_bytes", "gauge", "The database and its log.")
        lines.append("reconcile_database_bytes \(Self.size(database) + Self.size(database + "-wal"))")
        family("process_resident_memory_bytes", "gauge", "Resident memory.")
        lines.append("process_resident_memory_bytes \(Self.residentBytes)")
        family("process_start_time_seconds", "gauge", "When the server was started, in seconds since 1970.")
        lines.append("process_start_time_seconds \(Int(start))")
        return lines.joined(separator: "\n") + "\n"
    }

    private static func size(_ path: String) -> Int {
        (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    }

    /// The second number of `statm`, in pages. https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html
    private static var residentBytes: Int {
        let statm = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (statm.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }
}
