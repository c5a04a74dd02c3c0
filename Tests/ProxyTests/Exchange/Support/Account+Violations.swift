/// What holds of every exchange, whatever happened to it.
extension Account {
    /// What the plugin protocol promises and this account shows broken.
    var violations: [String] {
        guard let chain else { return ["\(path): nobody was told of the end"] }
        var found: [String] = []
        let completing = seers(of: "completed")
        if completing != chain.reversed() {
            found.append("completed for \(completing), expected \(Array(chain.reversed()))")
        }
        for label in chain { found += violations(of: label) }
        let places = asked.map { chain.firstIndex(of: $0) ?? -1 }
        if places != places.sorted() { found.append("asked in the order \(asked)") }
        let answerers = answered.map { chain.firstIndex(of: $0) ?? -1 }
        if answerers != answerers.sorted(by: >) {
            found.append("answered in the order \(answered)")
        }
        // An observed plugin that does not take so long a body is passed over.
        let observed = file.parts.filter { $0.mode == .observe }.map(\.label)
        if let one = answered.first(where: { !asked.contains($0) && !observed.contains($0) }) {
            found.append("\(one) saw the answer and not the request")
        }
        if let one = seers(of: "body").first(where: { !answered.contains($0) }) {
            found.append("\(one) saw the answer's body and not its head")
        }
        return found.map { "\(self): \($0)" }
    }

    /// An upstream's head may have been held back, and given way to an error of the proxy's own.
    private var headGaveWay: Bool {
        ending.outcome.attempts > 0 && ending.outcome.status >= 500 && ending.outcome.error != nil
    }

    private func violations(of label: String) -> [String] {
        let names = entries.filter { $0.plugin == label }.map(\.sight.name)
        var found: [String] = []
        for name in ["request", "asynchronous", "whole", "head", "completed"]
        where names.count(where: { $0 == name }) > (name == "head" && headGaveWay ? 2 : 1) {
            found.append("\(label) saw \(name) more than once")
        }
        if names.last != "completed" {
            found.append("\(label) saw \(names.last ?? "nothing") last")
        }
        for (body, runs) in [
            ("the request's body", requestBody(label)), ("the body", responseBody(label)),
        ] {
            if runs.dropLast().contains(where: \.isLast) {
                found.append("\(label) saw more of \(body) after its last run")
            }
            if runs.contains(where: { $0.bytes.isEmpty && !$0.isLast }) {
                found.append("\(label) saw an empty run of \(body) that is not its end")
            }
        }
        return found
    }
}
