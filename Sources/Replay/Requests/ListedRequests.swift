import ActivityReport
import PluginAPI
import Proxy

/// Reads requests of a list: `{"method": "POST", "path": "/v1/x", "peer": "203.0.113.7", …}`.
///
/// Every key is known, and of its type: a misspelt one would be a request that nobody meant.
struct ListedRequests {
    /// What is not told at once comes when the one before it came.
    private var time: WallTime

    init(start: WallTime) { time = start }

    private enum Key: CaseIterable {
        case time, method, path, peer, headers, body, status, duration

        var name: StaticString {
            switch self {
            case .time: "time"
            case .method: "method"
            case .path: "path"
            case .peer: "peer"
            case .headers: "headers"
            case .body: "body"
            case .status: "status"
            case .duration: "duration_ms"
            }
        }
    }

    private static let keys: StaticString =
        "one of \"time\", \"method\", \"path\", \"peer\", \"headers\", \"body\", \"status\", \"duration_ms\""

    private struct Parts {
        var time: WallTime?
        var method: String?
        var path: String?
        var peer = Peer.local
        var fields: [(name: String, value: String)] = []
        var body: [UInt8] = []
        var status: Int?
        var duration: Int64?
    }

    mutating func request(in line: UnsafeBufferPointer<UInt8>) throws(RecordProblem)
        -> ReplayRequest
    {
        var cursor = JSONCursor(line)
        var parts = Parts()
        var key: Key? = nil
        do throws(JSONCursor.Fault) {
            cursor.skipSpace()
            var members = try cursor.members()
            var place = cursor
            while let name = try members.next(&cursor) {
                key = Key.allCases.first { "\($0.name)" == name.string }
                guard let known = key else {
                    throw JSONCursor.Fault(
                        offset: place.nextKey, expected: Self.keys)
                }
                try Self.read(known, &cursor, into: &parts)
                place = cursor
            }
            key = nil
            cursor.skipSpace()
            guard cursor.isAtEnd else { throw cursor.fault("nothing behind the request") }
            guard let method = parts.method else { throw cursor.fault("a \"method\"") }
            guard let path = parts.path else { throw cursor.fault("a \"path\"") }
            time = parts.time ?? time
            return ReplayRequest(
                time: time,
                request: DryRun.Request(
                    method, path, fields: parts.fields, body: parts.body, peer: parts.peer),
                status: parts.status, duration: parts.duration)
        } catch {
            throw RecordProblem(key: key?.name, expected: error.expected, offset: error.offset)
        }
    }

    private static func read(
        _ key: Key, _ cursor: inout JSONCursor, into parts: inout Parts
    ) throws(JSONCursor.Fault) {
        let start = cursor
        switch key {
        case .time:
            guard let time = WallTime(rfc3339: try cursor.text().string),
                SteppedTime.range.contains(time)
            else { throw start.fault("a time such as \"2026-01-31T12:00:00Z\"") }
            parts.time = time
        case .method:
            let method = try cursor.text().string
            guard !method.isEmpty, method.utf8.allSatisfy(ASCII.isTokenByte) else {
                throw start.fault("a method such as \"POST\"")
            }
            parts.method = method
        case .path:
            let path = try cursor.text().string
            guard path.hasPrefix("/"), path.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
                throw start.fault("a path that begins with \"/\" and has no space")
            }
            parts.path = path
        case .peer:
            let text = try cursor.text().string
            if text == "unix" { return parts.peer = .local }
            guard let address = IPAddress(text) else {
                throw start.fault("an address such as \"203.0.113.7\"")
            }
            parts.peer = .address(address, port: 0)
        case .headers:
            parts.fields = []
            var members = try cursor.members()
            while let name = try members.next(&cursor) {
                try readField(name.string, &cursor, into: &parts)
            }
        case .body: parts.body = Array(try cursor.text().string.utf8)
        case .status:
            guard cursor.byte != UInt8(ascii: "\""),
                let status = Int(String(decoding: try cursor.number().bytes, as: UTF8.self)),
                200...599 ~= status
            else { throw start.fault("a status from 200 to 599") }
            parts.status = status
        case .duration:
            guard cursor.byte != UInt8(ascii: "\""),
                let milliseconds = Double(
                    String(decoding: try cursor.number().bytes, as: UTF8.self)),
                0...31_536_000_000 ~= milliseconds
            else { throw start.fault("milliseconds, not negative") }
            parts.duration = Int64((milliseconds * 1000).rounded())
        }
    }

    /// The fields that frame a message, or are about its connection, are made anew.
    private static let notTaken: Set<String> = [
        "content-length", "transfer-encoding", "expect", "connection", "keep-alive", "upgrade",
    ]

    private static func readField(
        _ name: String, _ cursor: inout JSONCursor, into parts: inout Parts
    ) throws(JSONCursor.Fault) {
        guard HeaderName(name) != nil else {
            throw cursor.fault("before it the name of a field")
        }
        func readValue() throws(JSONCursor.Fault) {
            let start = cursor
            guard cursor.byte == UInt8(ascii: "\"") else {
                throw start.fault("a field's value, or a list of them")
            }
            let value = try cursor.text().string
            guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                throw start.fault("a field's value without control characters")
            }
            if !notTaken.contains(name.lowercased()) { parts.fields.append((name, value)) }
        }
        guard cursor.byte == UInt8(ascii: "[") else { return try readValue() }
        var elements = try cursor.elements()
        while try elements.next(&cursor) { try readValue() }
    }
}

extension JSONCursor {
    /// In bytes from the beginning, where the next key stands.
    fileprivate var nextKey: Int {
        var cursor = self
        cursor.skipSpace()
        if cursor.take(UInt8(ascii: ",")) { cursor.skipSpace() }
        return cursor.fault("").offset
    }
}
