/// What is said to the server that an address names, and what is said about it.
extension RedisAddress {
    /// For people: no secret.
    var place: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    /// The arguments of AUTH; nil where nobody has to say who he is.
    var credentials: RedisArguments? {
        guard let password else { return nil }
        return RedisArguments([user, password].compactMap { $0.map { Array($0.utf8) } })
    }

    /// The arguments of SELECT; nil for the database that is selected anyway.
    var selection: RedisArguments? {
        database == 0 ? nil : RedisArguments([Array(String(database).utf8)])
    }

    /// Some servers repeat what they do not understand.
    func withoutSecret(_ words: String) -> String {
        guard let password, !password.isEmpty else { return words }
        return words.replacing(password, with: "[redacted]")
    }
}
