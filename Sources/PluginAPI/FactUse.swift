/// How a plugin uses a fact, where that is more than "at its first phase, if it is known":
///
///     static var reads: [any FactDeclaration] {
///         [Facts.clientAddress, Facts.identity.required, Facts.forwardedFor.whenCompleted]
///     }
public struct FactUse: FactDeclaration {
    public let name: String
    /// Whether it is read, or written, in the completed phase, when the whole chain has run.
    public package(set) var isWhenCompleted = false
    /// Whether an instance that uses the fact is of no use where nothing writes it.
    public package(set) var isRequired = false

    private init(name: String) { self.name = name }

    package static func of(_ fact: any FactDeclaration) -> FactUse {
        fact as? FactUse ?? FactUse(name: fact.name)
    }
}

extension FactDeclaration {
    /// Read, or written, in the completed phase: the place in the chain is then judged by the order
    /// in which plugins learn how the exchange ended, last to first.
    public var whenCompleted: FactUse {
        var use = FactUse.of(self)
        use.isWhenCompleted = true
        return use
    }

    /// Read by a plugin that is of no use without it, or whose instances are that use it
    /// (`Plugin.uses`): `sluice check` warns when nothing in a chain writes it.
    public var required: FactUse {
        var use = FactUse.of(self)
        use.isRequired = true
        return use
    }
}
