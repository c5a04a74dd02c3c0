import PluginAPI

/// What a plugin saw.
enum Sight: Sendable {
    case request
    case asynchronousRequest
    case wholeRequest([UInt8])
    case requestBody(Run)
    case responseHead
    case responseBody(Run)
    case completed(Ending)

    var name: String {
        switch self {
        case .request: "request"
        case .asynchronousRequest: "asynchronous"
        case .wholeRequest: "whole"
        case .requestBody: "request body"
        case .responseHead: "head"
        case .responseBody: "body"
        case .completed: "completed"
        }
    }
}

/// What all plugins saw of one exchange, in order.
struct Account: Sendable {
    struct Entry: Sendable {
        let plugin: String
        let sight: Sight
    }

    let number: Int
    let file: ProxyFile
    var path = ""
    var entries: [Entry] = []

    /// `a request`, `b request`, `b head`, `a head`, `b completed`, `a completed`: without bodies.
    var order: [String] {
        entries.compactMap {
            switch $0.sight {
            case .requestBody, .responseBody: nil
            default: "\($0.plugin) \($0.sight.name)"
            }
        }
    }

    /// The plugins that saw it, in order.
    func seers(of name: String) -> [String] {
        entries.filter { $0.sight.name == name }.map(\.plugin)
    }

    /// The plugins that were asked about the request, in order.
    var asked: [String] {
        entries.filter {
            ["request", "asynchronous", "whole"].contains($0.sight.name)
        }.map(\.plugin)
    }

    /// The plugins that saw the answer's head, in order.
    var answered: [String] { seers(of: "head") }

    /// How it ended, as the plugin that is told first was told.
    var ending: Ending! { endings.first }
    var endings: [Ending] {
        entries.compactMap { if case .completed(let ending) = $0.sight { ending } else { nil } }
    }

    /// The completed phase has reached the chain's first plugin.
    var isOver: Bool {
        guard let chain else { return false }
        return seers(of: "completed").last == chain.first
    }

    /// The labels of the chain that it went through; nil while that is not known.
    var chain: [String]? {
        guard let ending else { return nil }
        return (file.plugins + (ending.route.isEmpty ? [] : file.route)).map(\.label)
    }

    func requestBody(_ label: String) -> [Run] {
        entries.compactMap {
            if $0.plugin == label, case .requestBody(let run) = $0.sight { run } else { nil }
        }
    }

    func responseBody(_ label: String) -> [Run] {
        entries.compactMap {
            if $0.plugin == label, case .responseBody(let run) = $0.sight { run } else { nil }
        }
    }

    func wholeBody(_ label: String) -> String? {
        for entry in entries where entry.plugin == label {
            if case .wholeRequest(let bytes) = entry.sight {
                return String(decoding: bytes, as: UTF8.self)
            }
        }
        return nil
    }
}

extension Account: CustomStringConvertible {
    var description: String { "\(path): \(order.joined(separator: ", "))" }
}
