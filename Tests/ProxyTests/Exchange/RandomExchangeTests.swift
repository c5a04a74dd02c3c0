import Foundation
import PluginAPI
import Testing

@testable import Proxy

@Suite("An exchange: whatever happens", .timeLimit(.minutes(5)))
struct RandomExchangeTests {
    /// Plugins that do what a request's `X-Act` tells them, such as `b:refuse`.
    private static func actor(_ label: String, _ kind: Int) -> Part {
        let decide: @Sendable (Exchange) throws -> Decision = { exchange in
            let path = exchange.request.path
            if exchange.isTold(label, "refuse") {
                return .refuse(403, reason: "told", message: path)
            }
            if exchange.isTold(label, "answer") {
                return .answer(Answer(body: Array(path.utf8)))
            }
            if exchange.isTold(label, "throw") { throw Mistake() }
            return .proceed
        }
        let script: (inout Script) -> Void = {
            $0.request = decide
            $0.asynchronous = { exchange in
                for _ in 0..<3 where exchange.isTold(label, "suspend") { await Task.yield() }
                return try decide(exchange)
            }
            $0.bodyLimit = 60_000
            $0.whole = { exchange, body in
                if exchange.isTold(label, "replace") {
                    exchange.request.replaceBody(Array(body.reversed()))
                }
                return try decide(exchange)
            }
            $0.requestBody = { exchange, run in
                if exchange.isTold(label, "body"), run.isLast { throw Mistake() }
            }
            $0.responseHead = { exchange in
                if exchange.isTold(label, "head") { throw Mistake() }
                if exchange.isTold(label, "mark") { exchange.response.bodyWillChange() }
            }
            $0.responseBody = { exchange, run in
                if exchange.isTold(label, "run") { throw Mistake() }
                if exchange.isTold(label, "last"), run.isLast { throw Mistake() }
                guard exchange.isTold(label, "mark"), run.isLast else { return .pass }
                return .replace(run.bytes + Array("!".utf8))
            }
        }
        switch kind {
        case 0: return .probe(label, .enforce, script)
        case 1: return .waiting(label, .enforce, script)
        case 2: return .whole(label, .enforce, script)
        default: return .probe(label, .observe, script)
        }
    }

    private static let labels = ["a", "b", "c", "d"]
    private static let acts = [
        "refuse", "answer", "throw", "suspend", "replace", "body", "head", "mark", "run", "last",
    ]

    /// Answers with the request's target several times over, in the way that `X-Up` names.
    private static func upstream() throws -> ScriptedServer {
        try ScriptedServer { connection in
            while let request = try connection.request() {
                guard request.isComplete else { return }
                let text = String(repeating: request.target + ";", count: 40)
                switch request["x-up"].first {
                case "chunked":
                    try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                    let chunk = request.method == "HEAD" ? "" : request.target + ";"
                    for _ in 0..<40 where !chunk.isEmpty {
                        try connection.send(
                            "\(String(chunk.utf8.count, radix: 16))\r\n\(chunk)\r\n")
                    }
                    if request.method != "HEAD" { try connection.send("0\r\n\r\n") }
                case "break":
                    return try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n/")
                case "none": return
                case "close":
                    return try connection.send(
                        "HTTP/1.1 200 OK\r\n\r\n\(request.method == "HEAD" ? "" : text)")
                default:
                    try connection.answer(
                        request.method == "HEAD" ? "" : text,
                        fields: request.method == "HEAD" ? "X-Length: \(text.count)\r\n" : "")
                }
            }
        }
    }

    @Test("each request ends once, and each client gets what is its own", arguments: 1...4)
    func random(_ seed: Int) throws {
        let server = try Self.upstream()
        var random = Randomness(seed: seed)
        let parts = Self.labels.map { label in
            Self.actor(label, Int.random(in: 0...3, using: &random))
        }
        var file = ProxyFile(
            Array(parts[..<2]), route: Array(parts[2...]), to: server.port)
        file.workers = 2
        file.connections = 6
        file.upstreamTimeouts["connect"] = "30s"
        file.limits["requestBody"] = 100_000
        let proxy = try RunningProxy(file)
        let port = proxy.port
        let answers = Watched<[String: SeenAnswer]>([:])
        let problems = Watched<[String]>([])
        let ended = Watched(0)
        for number in 0..<6 {
            Thread.detachNewThread {
                var visitor = Visitor(seed: seed * 100 + number, port: port)
                for _ in 0..<25 {
                    do {
                        let (path, answer) = try visitor.visit(Self.labels, Self.acts)
                        if let answer { answers.change { $0[path] = answer } }
                    } catch {
                        problems.change { $0.append("\(visitor.story): \(error)") }
                    }
                }
                ended.change { $0 += 1 }
            }
        }
        // Chains are exchanged meanwhile.
        for count in 1...5 {
            try answers.wait(for: "\(count * 10) answers") { $0.count >= count * 10 }
            proxy.reload(file)
        }
        try ended.wait(for: "the visitors to end", patience: .seconds(30)) { $0 == 6 }
        try proxy.drain()

        #expect(problems.current == [])
        let accounts = Dictionary(grouping: proxy.stage.accounts.current, by: \.path)
        for (path, accounts) in accounts {
            #expect(accounts.count == 1, "\(path) happened more than once")
        }
        for (path, answer) in answers.current {
            let outcome = try #require(accounts[path]?.first?.ending?.outcome)
            #expect(outcome.status == answer.status, "\(path)")
            if outcome.aborted == nil { #expect(answer.isComplete, "\(path)") }
            // A plugin that fails behind the last byte has nothing left to break off.
            let hasItsLength = answer["content-length"] != [] || answer.body.isEmpty
            if outcome.aborted != nil { #expect(!answer.isComplete || hasItsLength, "\(path)") }
        }
    }
}

extension Exchange {
    fileprivate func isTold(_ label: String, _ act: String) -> Bool {
        guard let told = request.headers["x-act"] else { return false }
        return told == "\(label):\(act)"
    }
}

/// A client that does this and that.
private struct Visitor {
    private var random: Randomness
    private let seed: Int
    private let port: UInt16
    private var client: RawClient?
    private var count = 0
    private(set) var story = ""

    init(seed: Int, port: UInt16) {
        self.seed = seed
        self.port = port
        random = Randomness(seed: seed)
    }

    /// Makes one request.
    /// - Returns: its path, and the answer if it was waited for.
    mutating func visit(_ labels: [String], _ acts: [String]) throws -> (String, SeenAnswer?) {
        count += 1
        let path = "/\(seed)-\(count)"
        let method = ["GET", "POST", "POST", "HEAD"].randomElement(using: &random)!
        let act =
            labels.randomElement(using: &random)! + ":" + acts.randomElement(using: &random)!
        let upstream = ["length", "chunked", "chunked", "break", "none", "close"]
            .randomElement(using: &random)!
        let leaves = Int.random(in: 0..<12, using: &random)
        story = "\(method) \(path), \(act), \(upstream), leaves \(leaves)"
        let client = try self.client ?? RawClient(port)
        self.client = nil
        let size = [0, 3, 10_000, 70_000, 120_000].randomElement(using: &random)!
        let body = Pattern.bytes(size)
        let isChunked = Bool.random(using: &random)
        var fields = ["X-Act: \(act)", "X-Up: \(upstream)"]
        if method == "POST" {
            fields.append(isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(size)")
        }
        try client.request("\(method) \(path)", fields)
        if leaves == 0 { return (path, nil) }
        if method == "POST" {
            // A refused body may find the connection closed; the answer is there all the same.
            try? send(body, isChunked, leaves == 1 ? size / 2 : size, client)
            if leaves == 1 { return (path, nil) }
        }
        if leaves == 2 {
            client.reset()
            return (path, nil)
        }
        if leaves == 3 {
            _ = try client.head()
            return (path, nil)
        }
        let answer = try client.answer(to: "\(method) \(path)")
        try judge(answer, path)
        let mayBeBrokenOff = act.hasSuffix(":run") || act.hasSuffix(":last")
        if answer.isComplete, answer["connection"] == [], !mayBeBrokenOff { self.client = client }
        return (path, answer)
    }

    private mutating func send(
        _ body: [UInt8], _ isChunked: Bool, _ count: Int, _ client: RawClient
    ) throws {
        guard isChunked else { return try client.send(Array(body[..<count])) }
        var start = 0
        while start < count {
            let end = min(count, start + Int.random(in: 1...40_000, using: &random))
            try client.send("\(String(end - start, radix: 16))\r\n")
            try client.send(Array(body[start..<end]))
            try client.send("\r\n")
            start = end
        }
        if count == body.count { try client.send("0\r\n\r\n") }
    }

    /// What came is of this request, and of no other.
    private func judge(_ answer: SeenAnswer, _ path: String) throws {
        let words = answer.text.split { !("0"..."9" ~= $0 || $0 == "-" || $0 == "/") }
        let paths = words.filter { $0.hasPrefix("/") && $0.contains("-") }
        guard paths.allSatisfy({ answer.isComplete ? $0 == path : path.hasPrefix($0) }) else {
            throw Failure("another's answer: \(answer)")
        }
        if answer.status == 200, answer.isComplete, answer.text.count > path.count + 1 {
            let expected = String(repeating: path + ";", count: 40)
            guard answer.text == expected || answer.text == expected + "!" else {
                throw Failure("not the whole answer: \(answer)")
            }
        }
    }
}
