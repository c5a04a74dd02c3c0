/// What instances of plugins keep through reloads, by name. An object goes with its last user.
package final class KeptObjects: Sendable {
    private struct Kept: Sendable {
        weak var object: (any AnyObject & Sendable)?
    }

    private let objects = Locked<[String: Kept]>([:])

    package init() {}

    func object<Object: AnyObject & Sendable>(_ name: String, make: () -> Object) -> Object {
        objects.withLock { objects in
            if let known = objects[name]?.object as? Object { return known }
            objects = objects.filter { $0.value.object != nil }
            let made = make()
            objects[name] = Kept(object: made)
            return made
        }
    }
}

extension Setup {
    /// What this instance shares with those of the same label in earlier configurations, as long as their
    /// last exchanges have not ended, and with those after it: made where there is none of that name and
    /// type. For what must not begin anew with a reload, such as who is under way; of one process only.
    ///
    /// A configuration that is checked, or refused later, makes instances too. So nothing is changed in it
    /// before `start`.
    /// - Parameter name: names whatever gives the content another meaning.
    public func kept<Object: AnyObject & Sendable>(_ name: String, make: () -> Object) -> Object {
        keptObjects.object("\(label)/\(name)", make: make)
    }
}
